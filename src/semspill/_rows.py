"""Rows of CSV files and JSON; messages never quote a cell."""

import csv
import difflib
import io
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from semspill._files import EncodingError, not_utf8, opened
from semspill._read import NotUtf8Error, UnreadableError, parse_json
from semspill.errors import DataError

# Longer than any sane cell, and still a C long everywhere.
_LONGEST_CELL = 2**31 - 1
_SEPARATORS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}
HEADER = (
    "the first line must name the columns, separated by commas (or by semicolons, tabs or bars "
    "throughout)"
)


class Place(NamedTuple):
    """Where a row stands; printed as a message calls it.

    Example:
        >>> print(Place("talks.csv", 3, 5))
        talks.csv, row 3 (line 5)
    """

    source: str
    row: int
    """Its number, counted from 1."""
    line: int | None = None

    def __str__(self) -> str:
        line = "" if self.line is None else f" (line {self.line})"
        return f"{self.source}, row {self.row}{line}"


def csv_rows(
    path: Path,
    wanted: Collection[str] = (),
    *,
    delimiter: str | None = None,
    encoding: str | None = None,
) -> Iterator[tuple[Place, dict[str, str]]]:
    """Yield the rows of a CSV file with a header, each with its place.

    Cells may be quoted and hold line breaks. White space around names of columns is no part of
    them.

    Args:
        path: The file, perhaps compressed.
        wanted: Columns that it must have; none to take what there is.
        delimiter: What separates cells; None for the one of comma, semicolon, tab and bar with
            which the header holds all wanted columns, or else the most columns.
        encoding: Its encoding; None for what its mark says, or else UTF-8.

    Raises:
        DataError: It is no text in that encoding, a wanted column is missing, a column stands
            twice, a row has more or fewer cells than the header, or a quote is never closed.
        OSError: It cannot be read.
    """
    number, line = 0, 0
    with opened(path, encoding) as file, _long_cells():
        text = io.TextIOWrapper(file, encoding="utf-8", newline="")
        try:
            first = text.readline()
            separator = delimiter or _separator(first, wanted)
            reader = csv.reader(_behind(first, text), delimiter=separator, strict=True)
            header = [name.strip() for name in next(reader, [])]
            require_columns(f"{path}, header", header, wanted or _twice(header), HEADER)
            for number, cells in enumerate(filter(None, reader), 1):
                line = reader.line_num
                where = Place(str(path), number, line)
                if len(cells) != len(header):
                    raise DataError(
                        f"{where}: the row has {len(cells)} cells, the header names {len(header)}; "
                        f"quote cells that hold {_SEPARATORS.get(separator, 'the delimiter')}."
                    )
                yield where, dict(zip(header, cells, strict=True))
        except UnicodeDecodeError as error:
            raise not_utf8(f"{path}, after row {number}") from error
        except csv.Error as error:
            raise DataError(f"{path}, after row {number}: {error}.") from error


def json_rows(path: Path, *, encoding: str | None = None) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Yield the objects of a file of JSON lines, or of one JSON list, each with its place.

    Args:
        path: The file, perhaps compressed.
        encoding: Its encoding; None for what its mark says, or else UTF-8.

    Raises:
        DataError: It is no text in that encoding, or a line is no JSON object, has a key twice, or
            holds what JSON does not allow (NaN) or Python cannot keep (half a surrogate pair, a
            number of thousands of digits, hundreds of brackets in each other).
        OSError: It cannot be read.
    """
    with opened(path, encoding) as file:
        for number, line in enumerate(file, 1):
            if number == 1 and line.lstrip().startswith(b"["):
                yield from _listed(line + file.read(), str(path))
                return
            if line.strip():
                where = Place(str(path), number)
                yield where, _object(line, where)


def require_columns(
    where: str, columns: Sequence[str], wanted: Collection[str], advice: str
) -> None:
    """Refuse a table that lacks a column or has it twice, without quoting its header.

    A file without a header has text in its first row.

    Raises:
        DataError: With the place of the column whose name is nearest, and the advice.
    """
    for name in wanted:
        if columns.count(name) > 1:
            raise DataError(f"{where}: the column {name!r} stands twice; rename one of the two.")
        if name not in columns:
            spelled = {column.strip().lower(): place for place, column in enumerate(columns, 1)}
            near = difflib.get_close_matches(name.lower(), spelled, n=1, cutoff=0.5)
            place = f", of which number {spelled[near[0]]} has the nearest name" if near else ""
            raise DataError(
                f"{where}: there is no column {name!r} among the {len(columns)}{place}; {advice}."
            )


def _separator(header: str, wanted: Collection[str]) -> str:
    """Return what separates the cells of a header; of those with as many columns, the usual one."""
    cells = {one: next(csv.reader([header], delimiter=one), []) for one in _SEPARATORS}
    names = {one: {cell.strip() for cell in row} for one, row in cells.items()}
    return max(_SEPARATORS, key=lambda one: (set(wanted) <= names[one], len(cells[one])))


def _twice(header: Sequence[str]) -> set[str]:
    return {name for name in header if name and header.count(name) > 1}


def _behind(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _listed(content: bytes, source: str) -> Iterator[tuple[Place, dict[str, Any]]]:
    try:
        rows = parse_json(content, strict=True)
    except UnreadableError as error:
        raise DataError(f"{source}: {error}.") from None
    for number, row in enumerate(rows, 1):
        where = Place(source, number)
        yield where, _checked(row, where)


def _object(line: bytes, where: Place) -> dict[str, Any]:
    try:
        row = parse_json(line.rstrip(b"\r\n"), strict=True)
    except UnreadableError as error:
        kind = EncodingError if isinstance(error, NotUtf8Error) else DataError
        said = str(error).replace(" at line 1 column ", " at column ")  # a row is one line
        raise kind(f"{where}: {said}.") from None  # its cause may hold the whole line
    return _checked(row, where)


def _checked(row: object, where: Place) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise DataError(f"{where}: the row must be an object, got {type(row).__name__}.")
    return row


@contextmanager
def _long_cells() -> Iterator[None]:
    """Let cells be long while a file is read; the limit is the process's, so it is put back."""
    before = csv.field_size_limit(_LONGEST_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(before)
