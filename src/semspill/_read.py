"""Bounded reading of text and JSON files; errors never quote the content."""

import codecs
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

MOST_BYTES = 2**20
"""How large a file that is read whole may be, unless its reader says otherwise."""

_SAVE = "save it as UTF-8"
_UNPACK = "decompress it first"
# What a file can begin with that is no UTF-8 text: what it is, and what to do.
_BEGINNINGS = (
    (b"\x1f\x8b", "compressed with gzip", _UNPACK),
    (b"BZh", "compressed with bzip2", _UNPACK),
    (b"\xfd7zXZ\x00", "compressed with xz", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", _UNPACK),
    (b"PK\x03\x04", "a zip archive or a spreadsheet", "unpack it, or save it as UTF-8 text"),
    (b"PAR1", "a Parquet file", "read it with the dataset 'table', or save it as text"),
    (codecs.BOM_UTF32_LE, "text in UTF-32", _SAVE),
    (codecs.BOM_UTF32_BE, "text in UTF-32", _SAVE),
    (codecs.BOM_UTF16_LE, "text in UTF-16", _SAVE),
    (codecs.BOM_UTF16_BE, "text in UTF-16", _SAVE),
)


class UnreadableError(ValueError):
    """Content that cannot be used; the message is the reason, without a full stop."""


class NotUtf8Error(UnreadableError):
    """Bytes that are text in another encoding, or no text."""


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
    if problem := not_text(content):
        raise UnreadableError(f"it {problem}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotUtf8Error(
            f"it is not UTF-8, as byte {error.start + 1} shows (perhaps Latin-1 or Windows-1252); "
            f"{_SAVE}"
        ) from None


def not_text(start: bytes) -> str | None:
    """Return what the first bytes of a file say it is instead of UTF-8 text, and what to do.

    Example:
        >>> not_text(b"PAR1"), not_text(b"hello")
        ("is a Parquet file; read it with the dataset 'table', or save it as text", None)
    """
    formats = [
        f"is {what}; {remedy}" for mark, what, remedy in _BEGINNINGS if start.startswith(mark)
    ]
    return formats[0] if formats else None


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


def parse_json(text: str | bytes, *, strict: bool = False) -> Any:
    """Return a JSON value.

    Args:
        text: The JSON; bytes are UTF-8.
        strict: Whether what Python's parser lets pass is refused: a key that an object has twice,
            NaN and infinity, and half a surrogate pair in a text.

    Raises:
        UnreadableError: It is not JSON, is nested too deep or has a number that is too long.

    Example:
        >>> parse_json('{"a": [1, 2]}')
        {'a': [1, 2]}
    """
    content = decoded(text) if isinstance(text, bytes) else text.removeprefix("\ufeff")
    try:
        if not strict:
            return json.loads(content)
        value = json.loads(content, object_pairs_hook=_unique, parse_constant=_no_number)
        if "\\u" in content and half_character(json.dumps(value, ensure_ascii=False)) is not None:
            raise UnreadableError(
                "a text holds half a surrogate pair, which is no character; mend it"
            )
        return value
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
    text = " ".join(str(error).split())
    return "a number has too many digits" if text.startswith("Exceeds the limit") else text


def _unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for key, value in pairs:
        if key in fields:
            raise RepeatedKeyError(key)
        fields[key] = value
    return fields


def _no_number(name: str) -> NoReturn:
    raise UnreadableError(f"{name} is no JSON; write null, or leave the key out")
