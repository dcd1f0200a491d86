"""The files of EmpatheticDialogues, in their archive or unpacked. No declared size is trusted."""

import gzip
import io
import tarfile
import zlib
from itertools import islice
from pathlib import Path, PurePosixPath

from semspill._files import opened
from semspill.corpus import Dialogue
from semspill.datasets._rows import read_dialogues
from semspill.errors import DataError

_FOLDER = "empatheticdialogues"
# Far more than the official archive needs, which is 28 MB when packed and has four members.
_MOST_BYTES = 1 << 29
_MOST_MEMBERS = 100
# What the readers of archives raise when an archive is damaged or made to hurt.
_DAMAGED = (
    EOFError,
    OSError,
    tarfile.TarError,
    zlib.error,
    ValueError,
    OverflowError,
    RecursionError,
)


def from_folder(folder: Path, split: str) -> tuple[Dialogue, ...]:
    """Return the dialogues of a split from a folder of CSV files.

    Raises:
        DataError: The file is missing or malformed.
    """
    file = file_of(folder, split)
    try:
        with opened(file) as lines:
            return _some(read_dialogues(lines, str(file)), str(file))
    except OSError as error:
        raise DataError(f"{file} cannot be read ({error.strerror}).") from error


def file_of(folder: Path, split: str) -> Path:
    """Return where in a folder the file of a split lies.

    Raises:
        DataError: It is not there.
    """
    for file in (folder / f"{split}.csv", folder / _FOLDER / f"{split}.csv"):
        if file.is_file():
            return file
    raise DataError(
        f"{folder} holds neither {split}.csv nor {_FOLDER}/{split}.csv; give 'path' as the "
        "official archive or its unpacked folder."
    )


def from_archive(path: Path, split: str) -> tuple[Dialogue, ...]:
    """Return the dialogues of a split from a tar.gz archive, whatever sizes it declares.

    Raises:
        DataError: The archive is damaged, too large or another one, or the file is malformed.
    """
    try:
        content = _unzipped(path)
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
            members = list(islice(archive, _MOST_MEMBERS))
            for member in members:
                # A sparse member declares any size and holds nothing.
                if not 0 <= member.size <= len(content) or member.issparse():
                    raise tarfile.ReadError("a member declares another size than it has")
            for member in members:
                if member.isreg() and PurePosixPath(member.name).name == f"{split}.csv":
                    where = f"{path}:{split}.csv"
                    start = member.offset_data
                    lines = io.BytesIO(content[start : start + member.size])
                    return _some(read_dialogues(lines, where), where)
    except DataError:
        raise
    except _DAMAGED as error:
        raise DataError(
            f"{path} is not a whole tar.gz archive ({type(error).__name__}); download it again, or "
            "give 'path' as the unpacked folder."
        ) from error
    raise DataError(
        f"{path} holds no {split}.csv, only {len(members)} other members; give 'path' as the "
        "official EmpatheticDialogues archive."
    )


def _unzipped(path: Path) -> bytes:
    """Return the content of a gzip file, which its end proves to be whole."""
    if not path.is_file():
        raise DataError(f"{path} is a pipe or a device, which may never end; give a regular file.")
    with gzip.open(path) as unzipped:
        content = unzipped.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise DataError(
            f"{path} unpacks to more than {_MOST_BYTES:,} bytes, which the official archive does "
            "not; download it again."
        )
    return content


def _some(dialogues: tuple[Dialogue, ...], where: str) -> tuple[Dialogue, ...]:
    if not dialogues:
        raise DataError(f"{where} holds a header and no dialogue; give a file with rows.")
    return dialogues
