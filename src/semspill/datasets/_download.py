"""Fetch one file into a cache: from the first mirror that has it, checked, whole or not at all."""

import hashlib
import logging
import os
import queue
import re
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

from semspill._atomic import atomic_path
from semspill._progress import Progress, quiet
from semspill.errors import DataError

logger = logging.getLogger(__name__)

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Remote:
    """A file on the net."""

    urls: tuple[str, ...]
    """Its mirrors, in the order they are tried."""
    sha256: str
    """What its content must hash to, as 64 hex digits."""
    timeout: float = 20.0
    """How long one read may wait, in seconds."""
    patience: float = 60.0
    """How long an answer may take, and a body on top of what `slowest` allows, in seconds."""
    slowest: float = 8192.0
    """Fewest bytes per second, on average."""
    most: int = 1 << 28
    """Largest size, in bytes."""


def cached(target: Path, remote: Remote, *, offline: bool, progress: Progress = quiet) -> Path:
    """Return `target` with the right content, downloading it when it is missing or damaged.

    Args:
        target: Where the file is kept; appears only once it is complete and checked.
        remote: Where it comes from.
        offline: Refuse to use the network.
        progress: Wraps the pieces of the download.

    Raises:
        DataError: The file is absent and offline, or no mirror gives the right content.
    """
    lacking = f"{target.name} is not in the cache ({target.parent})"
    if target.is_file():
        found = hash_file(target)
        if found == remote.sha256:
            return target
        lacking = f"{target} is damaged or another file: its sha256 is {found}, not {remote.sha256}"
    if offline:
        raise DataError(
            f"{lacking}, and downloads are switched off (offline=true or HF_HUB_OFFLINE); "
            f"{_advice(remote)}"
        )
    failures = []
    for url in remote.urls:
        failure = _try(url, target, remote, progress)
        if failure is None:
            return target
        failures.append(failure)
    raise DataError(
        f"{lacking}, and could not be downloaded ({'; '.join(failures)}); {_advice(remote)}"
    )


def hub_is_offline() -> bool:
    """Return whether HF_HUB_OFFLINE asks every library to stay off the network."""
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}


def _try(url: str, target: Path, remote: Remote, progress: Progress) -> str | None:
    """Download from one mirror; return why it failed, or None."""
    logger.info("downloading %s", url)
    try:
        _download(url, target, remote, progress)
    except (OSError, HTTPException, ValueError) as error:
        return f"{url}: {error or type(error).__name__}"
    return None


def _download(url: str, target: Path, remote: Remote, progress: Progress) -> None:
    with atomic_path(target) as temporary:
        with _answer(url, remote) as answer, temporary.open("wb") as out:
            for piece in progress(_Body(answer, remote)):
                out.write(piece)
        found = hash_file(temporary)
        if found != remote.sha256:
            # Leaving atomic_path by an exception deletes the bad file.
            raise DataError(f"its sha256 is {found}, not {remote.sha256}, so it was deleted")


class _Body:
    """What a server sends, in pieces; its length is what the server announces, which may lie."""

    def __init__(self, answer: Any, remote: Remote) -> None:
        said = str(answer.headers.get("Content-Length") or "")
        self.announced = int(said) if re.fullmatch("[0-9]{1,30}", said) else 0
        if self.announced > remote.most:
            raise DataError(
                f"it announces {self.announced:,} bytes, more than the {remote.most:,} allowed"
            )
        self.answer, self.remote = answer, remote

    def __len__(self) -> int:
        return (self.announced + _CHUNK - 1) // _CHUNK

    def __iter__(self) -> Iterator[bytes]:
        begun, received = time.monotonic(), 0
        piece = bytearray()
        # read1 returns what is there: a server that drips is not waited for.
        while some := self.answer.read1(_CHUNK - len(piece)):
            received += len(some)
            if received > self.remote.most:
                raise DataError(f"it sends more than the {self.remote.most:,} bytes allowed")
            if time.monotonic() - begun > self.remote.patience + received / self.remote.slowest:
                raise DataError(f"it is too slow ({received:,} bytes so far)")
            piece += some
            if len(piece) == _CHUNK:
                yield bytes(piece)
                piece.clear()
        yield bytes(piece)


def _answer(url: str, remote: Remote) -> Any:
    """Return the server's answer, whose headers must come in time, however they drip."""
    answers: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(urllib.request.urlopen(url, timeout=remote.timeout))
        except Exception as error:
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=remote.patience)
    except queue.Empty:
        raise DataError(f"it did not answer within {remote.patience:.0f} seconds") from None
    try:
        if isinstance(answer, Exception):
            raise answer
        return answer
    finally:
        del answer  # an error that its own traceback holds would keep the socket open


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file, as 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _advice(remote: Remote) -> str:
    return (
        f"download {' or '.join(remote.urls)} (sha256 {remote.sha256}) on a machine that can, and "
        "give its place as 'path'."
    )
