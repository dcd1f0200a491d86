"""Answers of a chat service on disk: one file for each, so that what was stopped goes on."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from semspill._atomic import write_text

_README = """\
Answers of a chat service, kept by semspill.

They stand here as they came, unmasked: they may be insults, slurs and threats. Do not print,
publish or commit them; the .gitignore beside this file keeps git away.

Each folder is one version of the service, each file one answer, named by a hash of what was asked.
Delete what you like: it is asked again.
"""


class KeptAnswers:
    """The answers of one version of a service to a list of contexts, each under a hash of these.

    Contexts that are equal have answers of their own: a service that answers by chance is asked
    each time, as it would be by several people. Each file appears whole or not at all, so several
    processes may share a folder.

    Args:
        folder: Where all versions are kept; made when it is missing. None keeps nothing.
        version: What distinguishes this version of the service.
        keys: What distinguishes each call, as `keys_of` gives it.

    Raises:
        OSError: The folder cannot be made.
    """

    def __init__(self, folder: Path | None, version: str, keys: Sequence[str]) -> None:
        self._files: list[Path] | None = None
        if folder is None:
            return
        for name, text in (("README.txt", _README), (".gitignore", "*\n")):
            if not (folder / name).exists():
                write_text(folder / name, text)
        own = folder / _name_of(version)
        self._files = [own / f"{key}.json" for key in keys]

    def get(self, place: int) -> str | None:
        """Return an answer by its place; None where none is kept, or its file is damaged."""
        if self._files is None:
            return None
        try:
            kept = json.loads(self._files[place].read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        answer = kept.get("answer") if isinstance(kept, dict) else None
        return answer if isinstance(answer, str) else None

    def put(self, place: int, answer: str) -> None:
        """Keep an answer."""
        if self._files is not None:
            write_text(self._files[place], json.dumps({"answer": answer}))


def _name_of(version: str) -> str:
    """Return the name of a version's folder, which any file system allows."""
    digest = hashlib.sha256(version.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    readable = re.sub(r"[^A-Za-z0-9]+", "-", version).strip("-")[:40]
    return "-".join(filter(None, (readable, digest)))


def keys_of(asked: Iterable[Sequence[Mapping[str, str]]]) -> list[str]:
    """Return a hash of the messages of each call; equal ones are told apart by their order."""
    seen: Counter[str] = Counter()
    keys = []
    for messages in asked:
        text = json.dumps(messages, sort_keys=True)
        seen[text] += 1
        keys.append(hashlib.sha256(f"{seen[text]} {text}".encode()).hexdigest())
    return keys
