"""Errors as one sentence and an exit code."""

import errno
import re
import traceback

from pydantic import ValidationError

from semspill.cli._stop import Interrupted, stop
from semspill.errors import ConfigError, RegistryError, SemspillError

ASSERTION, USAGE, DATA, INTERNAL = 1, 2, 3, 70
BROKEN_PIPE = 141
"""What shells report of a program whose reader has left."""

_OPTIONS = {
    r"^overrides(?=: )": "--set",
    r"^vary(?=: )": "--vary",
    r"\boverwrite=True\b": "--overwrite",
    r"\bshow_text=True\b": "--show-text",
}
"""What the library calls an argument, and the command an option."""
_DISK = "The disk is full; free some space and run the same command again."
_MEMORY = (
    "The memory is used up; lower model.finetuner.batch_size, set "
    "model.finetuner.micro_batch, or take less of the data with train_share."
)


def explain(error: BaseException) -> tuple[str, int]:
    """Return a sentence for a person and an exit code."""
    message, code = _expected(error) or _unexpected(error)
    # What is kept of a run, or the table of an assertion, was added to the error as a note.
    return "\n".join([as_command(message), *getattr(error, "__notes__", ())]), code


def as_command(message: str) -> str:
    """Return a message that names options of the command instead of arguments of the library.

    Example:
        >>> as_command("overrides: 'seeds': write it as field=value.")
        "--set: 'seeds': write it as field=value."
        >>> as_command("x already exists; choose another folder, or pass overwrite=True.")
        'x already exists; choose another folder, or pass --overwrite.'
    """
    for argument, option in _OPTIONS.items():
        message = re.sub(argument, option, message, flags=re.MULTILINE)
    return message


def _expected(error: BaseException) -> tuple[str, int] | None:
    if isinstance(error, Interrupted):
        return str(error), stop.code
    if isinstance(error, ConfigError | RegistryError):
        return str(error), USAGE
    if isinstance(error, SemspillError):
        return str(error), DATA
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        return f"{error.title} was given what it does not take: {place}: {first['msg']}.", DATA
    # A plain `assert` that fails is a defect; one of our own kinds is a verdict.
    if isinstance(error, AssertionError) and type(error) is not AssertionError:
        return str(error), ASSERTION
    return None


def _unexpected(error: BaseException) -> tuple[str, int]:
    if _out_of_memory(error):
        return _MEMORY, DATA
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return _DISK, DATA
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror}; check the path, its rights and the disk.", DATA
    # Its own words may quote harmful text: only --debug shows them.
    frames = traceback.extract_tb(error.__traceback__)
    place = f" in {frames[-1].filename}, line {frames[-1].lineno}" if frames else ""
    return (
        f"Internal error: {type(error).__name__}{place}; run the same command again with --debug "
        "and report what it shows.",
        INTERNAL,
    )


def _out_of_memory(error: BaseException) -> bool:
    # torch has a class of its own for a GPU, and a plain RuntimeError for main memory.
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError)
        and (type(error).__name__ == "OutOfMemoryError" or "can't allocate memory" in str(error))
    )
