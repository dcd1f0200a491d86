"""Reads text and JSON from outside within bounds; what it raises quotes nothing of the content."""

import codecs
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

MOST_BYTES = 2**20
"""How large a file that is read whole may be, unless its reader says otherwise."""

_MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
_GZIP = b"\x1f\x8b"


class UnreadableError(ValueError):
    """Content that cannot be used; the message is the reason, without a full stop."""


class RepeatedKeyError(UnreadableError):
    """A key that one table has twice; only `key` holds it, because it may be a harmful word."""

    def __init__(self, key: str, where: str = "") -> None:
        super().__init__(f"a key is given twice in one table{where}")
        self.key = key


def can_be_path(path: str | Path) -> bool:
    """Return whether the system could have a file of that name: no null, no half a surrogate.

    Args:
        path: The name.
    """
    try:
        return b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        return False


def read_text(path: Path, *, most: int = MOST_BYTES) -> str:
    """Return the text of a UTF-8 file, without a byte order mark.

    Args:
        path: A regular file, or a link to one.
        most: Largest size in bytes.

    Raises:
        OSError: The file cannot be opened.
        UnreadableError: It is no regular file, is too large or is not UTF-8.
    """
    if not can_be_path(path):
        raise UnreadableError("its path holds a character that no path can have")
    if path.exists() and not path.is_file() and not path.is_dir():
        raise UnreadableError("it is a pipe or a device, not a file")  # which might never end
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise UnreadableError(f"it is larger than {most:,} bytes")
    return decoded(content)


def decoded(content: bytes) -> str:
    r"""Return bytes as text, without a byte order mark.

    Raises:
        UnreadableError: They are not UTF-8; the message says what they look like.

    Example:
        >>> decoded("\ufeffa = 1".encode())
        'a = 1'
    """
    for mark, name in _MARKS.items():
        if content.startswith(mark):
            raise UnreadableError(f"it is {name}; save it as UTF-8")
    if content.startswith(_GZIP):
        raise UnreadableError("it is compressed with gzip; unpack it first")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        said = f"it is not UTF-8, as byte {error.start + 1} shows; save it as UTF-8"
        raise UnreadableError(said) from None


def parse_json(text: str | bytes, *, unique: bool = False) -> Any:
    """Return a JSON value.

    Args:
        text: The JSON; bytes are UTF-8.
        unique: Whether an object that has a key twice is refused, instead of its last value taken.

    Raises:
        UnreadableError: It is not JSON, is nested too deep or has a number that is too long.

    Example:
        >>> parse_json('{"a": [1, 2]}')
        {'a': [1, 2]}
    """
    said = decoded(text) if isinstance(text, bytes) else text.removeprefix("\ufeff")
    try:
        return json.loads(said, object_pairs_hook=_unique if unique else None)
    except UnreadableError:
        raise
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column {error.colno}"
        raise UnreadableError(f"{error.msg} at {place}") from None
    except RecursionError:
        raise UnreadableError("it is nested too deep") from None
    except ValueError as error:
        raise UnreadableError(reason(error)) from None


def reason(error: ValueError) -> str:
    """Return what a reader of numbers or dates says of one; Python's words for length are long."""
    said = " ".join(str(error).split())
    return "a number has too many digits" if said.startswith("Exceeds the limit") else said


def _unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in pairs:
        if key in made:
            raise RepeatedKeyError(key)
        made[key] = value
    return made
