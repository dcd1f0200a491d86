"""Rows of CSV files and JSON lines; messages never quote a cell."""

import csv
import difflib
import io
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from semspill._files import not_utf8, opened
from semspill._read import UnreadableError, parse_json
from semspill.errors import DataError

# Longer than any sane cell, and still a C long everywhere.
_LONGEST_CELL = 2**31 - 1
_SEPARATORS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}
HEADER = (
    "the first line must name the columns, separated by commas (or by semicolons, tabs or bars "
    "throughout)"
)


def csv_rows(path: Path, wanted: Collection[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the rows of a CSV file with a header, each with what a message calls it.

    The separator is the one with which the header holds all wanted columns: comma, semicolon, tab
    or bar, tried in this order. Cells may be quoted and hold line breaks.

    Raises:
        DataError: It is no text in UTF-8, a wanted column is missing or stands twice, a row has
            more or fewer cells than the header, or a quote is never closed.
        OSError: It cannot be read.
    """
    number, line = 0, 0
    with opened(path) as file, _long_cells():
        text = io.TextIOWrapper(file, encoding="utf-8", newline="")
        try:
            first = text.readline()
            separator = _separator(first, wanted)
            reader = csv.reader(_behind(first, text), delimiter=separator, strict=True)
            header = next(reader, [])
            require_columns(f"{path}, header", header, wanted, HEADER)
            for number, cells in enumerate(filter(None, reader), 1):
                line = reader.line_num
                where = f"{path}, row {number} (line {line})"
                if len(cells) != len(header):
                    raise DataError(
                        f"{where}: the row has {len(cells)} cells, the header names {len(header)}; "
                        f"quote cells that hold {_SEPARATORS[separator]}."
                    )
                yield where, dict(zip(header, cells, strict=True))
        except UnicodeDecodeError as error:
            raise not_utf8(f"{path}, after row {number}") from error
        except csv.Error as error:
            raise DataError(f"{path}, after row {number}: {error}.") from error


def json_rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the objects of a file of JSON lines, each with what a message calls it.

    Raises:
        DataError: It is no text in UTF-8, or a line is no JSON object, has a key twice, or holds
            what JSON does not allow (NaN) or Python cannot keep (half a surrogate pair, a number
            of thousands of digits, hundreds of brackets in each other).
        OSError: It cannot be read.
    """
    with opened(path) as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                where = f"{path}, row {number}"
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
    for separator in _SEPARATORS:
        if set(wanted) <= set(next(csv.reader([header], delimiter=separator), [])):
            return separator
    return ","


def _behind(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _object(line: bytes, where: str) -> dict[str, Any]:
    try:
        row = parse_json(line, strict=True)
    except UnreadableError as error:
        raise DataError(f"{where}: {error}.") from None  # its cause may hold the whole line
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
