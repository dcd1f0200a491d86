"""Responses from a table on disk: one text column, and which rows to take."""

import csv
import json
import re
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from semspill._harmful import Harmless
from semspill._read import UnreadableError, parse_json
from semspill.errors import DataError, did_you_mean
from semspill.sources._base import ResponseSource

# Longer than any sane cell, and still a C long everywhere.
_LONGEST_CELL = 2**31 - 1
# A file without a header has text in its first row, and messages never quote the text.
_NAME = re.compile(r"[A-Za-z_][\w.-]{0,39}")


def _allowed(value: object) -> tuple[str, ...]:
    """Return the values of a filter as strings; one value stands for a list of one."""
    values = value if isinstance(value, (list, tuple)) else [value]
    if not all(isinstance(one, (str, int, float)) for one in values):
        raise ValueError("a filter value must be a string, a number, or a list of them")
    return tuple(str(one) for one in values)


Allowed = Annotated[tuple[str, ...], BeforeValidator(_allowed), Field(min_length=1)]
"""One or more values a cell may have."""


class _FileSource(ResponseSource):
    """What all tables on disk have in common."""

    path: Path
    """The file, UTF-8."""
    text: str = "text"
    """Column of the text."""
    where: Harmless[dict[str, Allowed]] = Field(default={})
    """Which rows to take: a column, and the value or list of values it must have; several columns
    must all agree. Values are compared as strings, so 1 matches "1"."""
    min_chars: int = Field(1, ge=1)
    """Shortest response taken, in characters after white space is cleaned."""
    max_chars: int | None = Field(None, ge=1)
    """Longest response taken, in characters; None for no limit."""

    def __hash__(self) -> int:
        return hash((type(self), self.model_dump_json()))

    def load(self) -> tuple[str, ...]:
        """Return the distinct responses that qualify, in the order of the file.

        Line breaks become spaces. Messages never quote the text.

        Raises:
            DataError: The file cannot be read, a column is missing, a row is malformed, or no
                row qualifies.
        """
        rows = 0
        kept: dict[str, None] = {}
        try:
            for where, row in self._rows(self.path.expanduser()):
                rows += 1
                self._check(where, row)
                if all(str(row[column]) in values for column, values in self.where.items()):
                    kept[_one_line(row[self.text])] = None
        except UnicodeDecodeError as error:
            raise DataError(f"{self.path}, after row {rows}: the file is not UTF-8.") from error
        except OSError as error:
            raise DataError(
                f"{self.path} cannot be read ({error.strerror}); give 'path' as a file."
            ) from error
        texts = tuple(text for text in kept if self._fits(text))
        if not texts:
            raise DataError(
                f"No response is left of {rows} rows of {self.path}: {len(kept)} distinct texts "
                f"match where={json.dumps(self.where)}, none has {self.min_chars} to "
                f"{self.max_chars or 'any number of'} characters; widen the filter."
            )
        return texts

    @abstractmethod
    def _rows(self, path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield each row with what a message calls it."""

    def _check(self, where: str, row: Mapping[str, Any]) -> None:
        for column in (self.text, *self.where):
            if column not in row:
                known = [name for name in row if _NAME.fullmatch(name)]
                hidden = f" and {len(row) - len(known)} not shown" if len(known) < len(row) else ""
                raise DataError(
                    f"{where}: there is no column {column!r}.{did_you_mean(column, known)} "
                    f"It has: {', '.join(known) or 'none that looks like a name'}{hidden}."
                )
        if not isinstance(row[self.text], str):
            raise DataError(
                f"{where}: {self.text!r} must be a text, got {type(row[self.text]).__name__}."
            )

    def _fits(self, text: str) -> bool:
        return self.min_chars <= len(text) and (
            self.max_chars is None or len(text) <= self.max_chars
        )


class CsvSource(_FileSource):
    """Responses from a column of a CSV file with a header.

    Cells may be quoted and hold line breaks. A row with more or fewer cells than the header, or a
    quote that is never closed, is an error.

    Example:
        >>> CsvSource(path="toxic.csv", where={"is_toxic": "Toxic"}).where
        {'is_toxic': ('Toxic',)}
    """

    source: ClassVar[str] = "original"

    def _rows(self, path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
        with path.open(encoding="utf-8-sig", newline="") as file, _long_cells():
            reader = csv.reader(file, strict=True)
            number = 0
            try:
                header = next(reader, [])
                self._check(f"{path}, header", dict.fromkeys(header, ""))
                for number, cells in enumerate(filter(None, reader), 1):
                    where = f"{path}, row {number} (line {reader.line_num})"
                    if len(cells) != len(header):
                        raise DataError(
                            f"{where}: the row has {len(cells)} cells, the header names "
                            f"{len(header)}; quote cells that hold a comma."
                        )
                    yield where, dict(zip(header, cells, strict=True))
            except csv.Error as error:
                raise DataError(f"{path}, after row {number}: {error}.") from error


class JsonlSource(_FileSource):
    """Responses from a key of JSON lines, one object per line.

    Example:
        >>> JsonlSource(path="toxic.jsonl", text="comment", min_chars=5).text
        'comment'
    """

    source: ClassVar[str] = "original"

    def _rows(self, path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
        with path.open(encoding="utf-8-sig", newline="\n") as file:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                where = f"{path}, row {number}"
                try:
                    row = parse_json(line)
                except UnreadableError as error:
                    raise DataError(f"{where}: {error}.") from error
                if not isinstance(row, dict):
                    raise DataError(
                        f"{where}: the row must be an object, got {type(row).__name__}."
                    )
                yield where, row


@contextmanager
def _long_cells() -> Iterator[None]:
    """Let cells be long while a file is read; the limit is the process's, so it is put back."""
    before = csv.field_size_limit(_LONGEST_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _one_line(text: str) -> str:
    return " ".join(part.strip() for part in text.splitlines() if part.strip())
