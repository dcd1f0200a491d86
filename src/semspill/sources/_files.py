"""Responses from a table on disk: one text column, and which rows to take."""

import json
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from semspill._files import place_of
from semspill._harmful import Harmless
from semspill._rows import Place, csv_rows, json_rows, require_columns
from semspill.errors import DataError
from semspill.sources._base import ResponseSource


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
    """The file, UTF-8 or with the mark of another encoding, compressed or not; `~` is the home
    folder."""
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
        distinct: dict[str, None] = {}
        try:
            for where, row in self._rows(place_of(self.path)):
                rows += 1
                if not isinstance(row[self.text], str):
                    raise DataError(
                        f"{where}: {self.text!r} must be a text, got "
                        f"{type(row[self.text]).__name__}."
                    )
                if all(str(row[column]) in values for column, values in self.where.items()):
                    distinct[_one_line(row[self.text])] = None
        except OSError as error:
            raise DataError(
                f"{self.path} cannot be read ({error.strerror}); give 'path' as a file."
            ) from error
        texts = tuple(text for text in distinct if self._fits(text))
        if not texts:
            raise DataError(
                f"No response is left of {rows} rows of {self.path}: {len(distinct)} distinct "
                f"texts match where={json.dumps(self.where)}, none has {self.min_chars} to "
                f"{self.max_chars or 'any number of'} characters; widen the filter."
            )
        return texts

    @property
    def _columns(self) -> tuple[str, ...]:
        return (self.text, *self.where)

    @abstractmethod
    def _rows(self, path: Path) -> Iterator[tuple[Place, Mapping[str, Any]]]:
        """Yield each row with what a message calls it."""

    def _fits(self, text: str) -> bool:
        return self.min_chars <= len(text) and (
            self.max_chars is None or len(text) <= self.max_chars
        )


class CsvSource(_FileSource):
    """Responses from a column of a CSV file with a header.

    The separator is a comma, or what else the header shows: semicolon, tab or bar. Cells may be
    quoted and hold line breaks. A row with more or fewer cells than the header, a column that
    stands twice, or a quote that is never closed, is an error.

    Example:
        >>> CsvSource(path="toxic.csv", where={"is_toxic": "Toxic"}).where
        {'is_toxic': ('Toxic',)}
    """

    citation: ClassVar[str] = "original"

    def _rows(self, path: Path) -> Iterator[tuple[Place, Mapping[str, Any]]]:
        return csv_rows(path, self._columns)


class JsonlSource(_FileSource):
    """Responses from a key of JSON lines, one object per line.

    Example:
        >>> JsonlSource(path="toxic.jsonl", text="comment", min_chars=5).text
        'comment'
    """

    citation: ClassVar[str] = "original"

    def _rows(self, path: Path) -> Iterator[tuple[Place, Mapping[str, Any]]]:
        for where, row in json_rows(path):
            require_columns(str(where), tuple(row), self._columns, "give 'text' as one of its keys")
            yield where, row


def _one_line(text: str) -> str:
    return " ".join(part.strip() for part in text.splitlines() if part.strip())
