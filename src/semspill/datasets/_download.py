"""Fetch one file into a cache: from the first mirror that has it, checked, whole or not at all."""

import hashlib
import logging
import os
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

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
        with (
            urllib.request.urlopen(url, timeout=remote.timeout) as answer,
            temporary.open("wb") as out,
        ):
            # As many pieces as the server says there are; a rest it did not speak of follows.
            for _ in progress(range(int(answer.headers.get("Content-Length") or 0) // _CHUNK)):
                out.write(answer.read(_CHUNK))
            while chunk := answer.read(_CHUNK):
                out.write(chunk)
        found = hash_file(temporary)
        if found != remote.sha256:
            # Leaving atomic_path by an exception deletes the bad file.
            raise DataError(f"its sha256 is {found}, not {remote.sha256}, so it was deleted")


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file, as 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _advice(remote: Remote) -> str:
    return (
        f"download {' or '.join(remote.urls)} (sha256 {remote.sha256}) on a machine that can, and "
        "give its place as 'path'."
    )
