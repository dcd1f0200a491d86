"""Files given by the user: their location, and whether they are UTF-8 text."""

import codecs
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from semspill._read import not_text
from semspill.errors import DataError

_SAVE = "save it as UTF-8"


def place_of(path: str | Path) -> Path:
    """Return a path with `~` replaced by the home folder.

    Raises:
        DataError: There is no such home folder, or the path holds a null character.
    """
    if "\0" in str(path):
        raise DataError("A path holds a null character; no file has one in its name.")
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise DataError(
            f"The home folder at the beginning of {str(path)!r} is not known; write the whole path."
        ) from error


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file of UTF-8 text as bytes, behind its byte order mark.

    Raises:
        DataError: It is no regular file, compressed, or in another encoding.
        OSError: It cannot be read.
    """
    mode = path.stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):  # a folder has an OSError of its own
        raise DataError(f"{path} is a pipe or a device, which may never end; give a regular file.")
    with path.open("rb") as file:
        start = file.read(64)
        if problem := not_text(start):
            raise DataError(f"{path} {problem}.")
        if b"\0" in start:
            raise DataError(f"{path} is binary, or text in UTF-16 without a mark; {_SAVE}.")
        file.seek(len(codecs.BOM_UTF8) if start.startswith(codecs.BOM_UTF8) else 0)
        yield file


def not_utf8(where: str) -> DataError:
    """Return the error for bytes that are not UTF-8.

    Args:
        where: The file, and where in it.
    """
    return DataError(f"{where}: the text is not UTF-8 (perhaps Latin-1 or Windows-1252); {_SAVE}.")
