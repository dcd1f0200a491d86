"""Files that others wrote: where they are, and whether they are text in UTF-8."""

import codecs
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from semspill.errors import DataError

_SAVE = "save it as UTF-8"
_UNPACK = "decompress it first"
# What a file can begin with that is no UTF-8 text: its name, and what to do.
_BEGINNINGS = (
    (b"\x1f\x8b", "is compressed with gzip", _UNPACK),
    (b"BZh", "is compressed with bzip2", _UNPACK),
    (b"\xfd7zXZ\x00", "is compressed with xz", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "is compressed with zstd", _UNPACK),
    (b"PK\x03\x04", "is a zip archive or a spreadsheet", "unpack it, or save it as UTF-8 text"),
    (b"PAR1", "is a Parquet file", "read it with the dataset 'huggingface', or save it as text"),
    (codecs.BOM_UTF32_LE, "is text in UTF-32", _SAVE),
    (codecs.BOM_UTF32_BE, "is text in UTF-32", _SAVE),
    (codecs.BOM_UTF16_LE, "is text in UTF-16", _SAVE),
    (codecs.BOM_UTF16_BE, "is text in UTF-16", _SAVE),
)


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
        for beginning, what, remedy in _BEGINNINGS:
            if start.startswith(beginning):
                raise DataError(f"{path} {what}; {remedy}.")
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


def half_character(text: str) -> int | None:
    """Return the place of the first half of a surrogate pair in a text; None where there is none.

    Such a text cannot be written as UTF-8.

    Example:
        >>> half_character("ab"), half_character("a" + chr(0xD83D))
        (None, 1)
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return error.start
    return None
