"""Fingerprints of files."""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from semspill.errors import DataError


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file's content, as 64 hex digits.

    Raises:
        DataError: The file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(
            f"The file {path} cannot be read ({error}); give one that exists."
        ) from error


def hash_inputs(paths: Sequence[Path]) -> str:
    """Return a SHA-256 over the content of files and of all files below folders, in order.

    Hidden files, and where the files lie, do not count. What was hashed and has not been written
    since is not read again.

    Raises:
        DataError: A path cannot be read.
    """
    lines = []
    for path in map(Path.expanduser, paths):
        below = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in below:
            name = file.relative_to(path)
            if not file.is_dir() and not any(part.startswith(".") for part in name.parts):
                lines.append(f"{name.as_posix()} {_hash_once(file, _state(file))}\n")
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


@lru_cache(maxsize=4096)
def _hash_once(file: Path, state: object) -> str:
    return hash_file(file)


def _state(file: Path) -> object:
    try:
        stat = file.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns
