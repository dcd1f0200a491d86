"""Responses from a file of a known kind: CSV or JSON lines."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from semspill._files import place_of
from semspill._rows import Place, csv_rows, json_rows
from semspill.errors import DataError
from semspill.sources._tables import _TableSource


class _FileSource(_TableSource):
    """What files have in common."""

    path: Path
    """The file, UTF-8 or with the mark of another encoding, compressed or not; `~` is the home
    folder."""

    @property
    def _called(self) -> str:
        return str(self.path)

    def _rows(self) -> Iterator[tuple[Place, Mapping[str, Any]]]:
        try:
            yield from self._read(place_of(self.path))
        except OSError as error:
            raise DataError(
                f"{self.path} cannot be read ({error.strerror}); give 'path' as a file."
            ) from error

    @abstractmethod
    def _read(self, path: Path) -> Iterable[tuple[Place, Mapping[str, Any]]]:
        """Yield each row with what a message calls it."""


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

    def _read(self, path: Path) -> Iterable[tuple[Place, Mapping[str, Any]]]:
        return csv_rows(path, (self.text, *self.where))


class JsonlSource(_FileSource):
    """Responses from a key of JSON lines, one object per line.

    Example:
        >>> JsonlSource(path="toxic.jsonl", text="comment", min_chars=5).text
        'comment'
    """

    citation: ClassVar[str] = "original"

    def _read(self, path: Path) -> Iterable[tuple[Place, Mapping[str, Any]]]:
        return json_rows(path)
