"""Files given by the user: their location, and their text in UTF-8, whatever it was before."""

import bz2
import codecs
import gzip
import io
import lzma
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from semspill._read import not_text
from semspill.errors import DataError

_SAVE = "save it as UTF-8"
# What a compressed file begins with.
_PACKED: dict[bytes, Callable[..., Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
}
_ZIP = b"PK\x03\x04"
_DAMAGED = (EOFError, lzma.LZMAError, zlib.error, zipfile.BadZipFile)
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32",  # begins like that of UTF-16
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


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
def opened(path: Path, encoding: str | None = None) -> Iterator[IO[bytes]]:
    """Open a file of text, perhaps compressed, as bytes in UTF-8 behind a byte order mark.

    Compressed are gzip, bzip2, xz, and a zip archive of one file.

    Args:
        path: The file.
        encoding: Its encoding; None for what its mark says, or else UTF-8.

    Raises:
        DataError: It is no regular file, in another format or encoding, or damaged.
        OSError: It cannot be read.
    """
    mode = path.stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):  # a folder has an OSError of its own
        raise DataError(f"{path} is a pipe or a device, which may never end; give a regular file.")
    try:
        with path.open("rb") as file, _unpacked(file, path) as content:
            yield _in_utf8(content, path, encoding)
    except _DAMAGED as error:
        raise DataError(
            f"{path} is compressed and damaged ({type(error).__name__}); copy it again."
        ) from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise DataError(f"{path} is compressed and damaged; copy it again.") from error


def _unpacked(file: BinaryIO, path: Path) -> IO[bytes]:
    start = file.read(6)
    file.seek(0)
    for mark, opening in _PACKED.items():
        if start.startswith(mark):
            return cast(IO[bytes], opening(file))
    if not start.startswith(_ZIP):
        return file
    archive = zipfile.ZipFile(file)
    members = [name for name in archive.namelist() if not name.endswith("/")]
    if len(members) != 1:
        what = "a spreadsheet" if "[Content_Types].xml" in members else "a zip archive"
        raise DataError(
            f"{path} is {what} of {len(members)} files; save it as CSV, or give an archive of one."
        )
    return archive.open(members[0])


def _in_utf8(content: IO[bytes], path: Path, encoding: str | None) -> IO[bytes]:
    """Return what follows a byte order mark, in UTF-8 if it is not so already."""
    start = content.read(64)
    marked = next((name for mark, name in _MARKS.items() if start.startswith(mark)), None)
    if marked == "utf-8" and _is_utf8(encoding or marked):
        return _from(content, len(codecs.BOM_UTF8))
    coded = marked or encoding or "utf-8"
    if not _is_utf8(coded):
        return _decoded(_from(content, 0), path, coded)
    if problem := not_text(start):
        raise DataError(f"{path} {problem}.")
    if b"\0" in start:
        raise DataError(f"{path} is binary, or text in UTF-16 without a mark; {_SAVE}.")
    return _from(content, 0)


def _decoded(content: IO[bytes], path: Path, encoding: str) -> IO[bytes]:
    try:
        return io.BytesIO(content.read().decode(encoding).removeprefix("\ufeff").encode())
    except UnicodeError as error:
        raise DataError(
            f"{path}: the text is not in the encoding {encoding!r}; give the right 'encoding', or "
            f"{_SAVE}."
        ) from error


def _from(content: IO[bytes], place: int) -> IO[bytes]:
    content.seek(place)
    return content


def _is_utf8(encoding: str) -> bool:
    return codecs.lookup(encoding).name == "utf-8"


class EncodingError(DataError):
    """A file of text is in another encoding than it is read in."""


def not_utf8(where: str) -> EncodingError:
    """Return the error for bytes that are not UTF-8.

    Args:
        where: The file, and where in it.
    """
    return EncodingError(
        f"{where}: the text is not UTF-8 (perhaps Latin-1 or Windows-1252); {_SAVE}."
    )
