"""Fetch one file into a cache: from the first mirror that has it, checked, whole or not at all."""

import hashlib
import logging
import os
import urllib.request
from collections.abc import Iterator, Sequence
from http.client import HTTPException
from pathlib import Path
from typing import Any

from semspill._atomic import atomic_path
from semspill._progress import Progress, quiet
from semspill.errors import DataError

logger = logging.getLogger(__name__)

_CHUNK, _MOST, _SECONDS = 1 << 20, 1 << 28, 20.0


def cached(
    target: Path, urls: Sequence[str], sha256: str, *, offline: bool, progress: Progress = quiet
) -> Path:
    """Return `target` with the right content, downloading it when it is missing or damaged.

    Args:
        target: Where the file is kept; appears only once it is complete and checked.
        urls: Its mirrors, in the order they are tried.
        sha256: What its content must hash to, as 64 hex digits.
        offline: Refuse to use the network.
        progress: Wraps the chunks of the download, of 1 MiB each.

    Raises:
        DataError: The file is absent and offline, or no mirror gives the right content.
    """
    state = f"{target.name} is not in the cache ({target.parent})"
    if target.is_file():
        digest = hash_file(target)
        if digest == sha256:
            return target
        state = f"{target} is damaged or another file: its sha256 is {digest}, not {sha256}"
    advice = (
        f"Download {' or '.join(urls)} (sha256 {sha256}) on a machine that can, and give its place "
        "as 'path'."
    )
    if offline:
        raise DataError(
            f"{state}, and downloads are switched off (offline=true or HF_HUB_OFFLINE).\n{advice}"
        )
    failures = []
    for url in urls:
        logger.info("downloading %s", url)
        try:
            _download(url, target, sha256, progress)
            return target
        except (OSError, HTTPException, ValueError) as error:
            failures.append(f"{url}: {error or type(error).__name__}.")
    raise DataError("\n".join([f"{state}, and could not be downloaded.", *failures, advice]))


def hub_is_offline() -> bool:
    """Return whether HF_HUB_OFFLINE asks every library to stay off the network."""
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file, as 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _Chunks:
    """The body of a server's answer; the length is what the server announces."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def __len__(self) -> int:
        announced = min(getattr(self._answer, "length", None) or 0, _MOST)
        return (announced + _CHUNK - 1) // _CHUNK

    def __iter__(self) -> Iterator[bytes]:
        return iter(lambda: self._answer.read(_CHUNK), b"")


def _download(url: str, target: Path, sha256: str, progress: Progress) -> None:
    # Leaving atomic_path by an exception deletes an incomplete or wrong file.
    with atomic_path(target) as temporary:
        with urllib.request.urlopen(url, timeout=_SECONDS) as answer, temporary.open("wb") as out:
            for chunk in progress(_Chunks(answer)):
                out.write(chunk)
                if out.tell() > _MOST:
                    raise DataError(f"it sends more than the {_MOST:,} bytes allowed")
        digest = hash_file(temporary)
        if digest != sha256:
            raise DataError(f"its sha256 is {digest}, not {sha256}, so it was deleted")
