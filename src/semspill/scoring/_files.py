"""Fingerprints of model files."""

import hashlib
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


def hash_folder(folder: Path) -> str:
    """Return a SHA-256 over the names and content of the files in a folder, not below it.

    Raises:
        DataError: The folder or a file in it cannot be read.
    """
    try:
        files = sorted(path for path in folder.iterdir() if path.is_file())
    except OSError as error:
        raise DataError(
            f"The folder {folder} cannot be read ({error}); give one that exists."
        ) from error
    said = "".join(f"{path.name} {hash_file(path)}\n" for path in files)
    return hashlib.sha256(said.encode()).hexdigest()
