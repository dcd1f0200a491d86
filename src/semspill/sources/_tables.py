"""Responses from tables: one column of text, and which rows to take."""

import json
import logging
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from semspill._files import place_of
from semspill._filters import Where, cell, has, meets
from semspill._harmful import Harmless
from semspill._model import PathOrName
from semspill._rows import Place, require_columns
from semspill._tables._any import rows_at
from semspill.errors import DataError
from semspill.sources._base import ResponseSource

logger = logging.getLogger(__name__)


class _TableSource(ResponseSource):
    """What all tables have in common."""

    text: str = "text"
    """Column of the text; a dot leads into a cell, as in `continuation.text`."""
    where: Harmless[Where] = Field(default={})
    """Which rows to take: a column, and the value or list of values it must have, or a comparison,
    such as `{ toxicity = { ">=" = 0.5 } }`; several columns must all agree. Values are compared as
    strings, so 1 matches "1", and those of a list one by one."""
    min_chars: int = Field(1, ge=1)
    """Shortest response taken, in characters after white space is cleaned."""
    max_chars: int | None = Field(None, ge=1)
    """Longest response taken, in characters; None for no limit."""

    def __hash__(self) -> int:
        return hash((type(self), self.model_dump_json()))

    def load(self) -> tuple[str, ...]:
        """Return the distinct responses that qualify, in the order of the table.

        Line breaks become spaces. Messages never quote the text.

        Raises:
            DataError: The table cannot be read, a column is missing, a row is malformed, or no
                row qualifies.
        """
        rows = 0
        distinct: dict[str, None] = {}
        conditions = self._conditions
        for where, row in self._rows():
            rows += 1
            for field, named in (("text", (self.text,)), ("where", conditions)):
                lacking = [name for name in named if not has(row, name)]
                require_columns(str(where), tuple(row), lacking, f"name another in '{field}'")
            text = cell(row, self.text)
            if not isinstance(text, str):
                raise DataError(
                    f"{where}: {self.text!r} must be a text, got {type(text).__name__}."
                )
            if meets(row, conditions, where):
                distinct[_one_line(text)] = None
        texts = tuple(text for text in distinct if self._fits(text))
        if not texts:
            raise DataError(
                f"No response is left of {rows} rows of {self._called}: {len(distinct)} distinct "
                f"texts match where={json.dumps(conditions)}, none has {self.min_chars} to "
                f"{self.max_chars or 'any number of'} characters; widen the filter."
            )
        return texts

    @property
    def _conditions(self) -> Where:
        """What rows must meet."""
        return self.where

    @property
    @abstractmethod
    def _called(self) -> str:
        """What messages call the table."""

    @abstractmethod
    def _rows(self) -> Iterable[tuple[Place, Mapping[str, Any]]]:
        """Yield each row with what a message calls it."""

    def _fits(self, text: str) -> bool:
        return self.min_chars <= len(text) and (
            self.max_chars is None or len(text) <= self.max_chars
        )


class _AnyTableSource(_TableSource):
    """What the sources that read the hub, folders and files have in common."""

    path: PathOrName = Field(min_length=1)
    """A hub id, a folder, or a file; a file is one split, whatever it holds."""
    subset: str | None = None
    """Name of the configuration on the hub, for data sets that have several."""
    revision: str | None = None
    """Branch, tag or commit on the hub; name a commit to be sure of the content."""
    split: str = "train"
    """What the data set calls the split that is read."""

    def reads(self) -> tuple[Path, ...]:
        """Return the file or folder, where it is one."""
        place = place_of(self.path)
        return (place,) if place.exists() else ()

    @property
    def _called(self) -> str:
        return self.path

    def _rows(self) -> Iterable[tuple[Place, Mapping[str, Any]]]:
        table = rows_at(self.path, self.split, self.subset, self.revision)
        if table.revision is not None:
            logger.info("%s is read at commit %s of the hub", self.path, table.revision)
        return table.rows


class HuggingFaceSource(_AnyTableSource):
    """Responses from a column of any table: of the hub, of a folder, or of a file.

    Files are CSV, JSON and Parquet, compressed or not; folders hold a file per split, or what
    `save_to_disk` wrote.

    Example:
        >>> HuggingFaceSource(path="some/texts", text="continuation.text",
        ...                   where={"continuation.toxicity": {">=": 0.5}}).split
        'train'
    """

    citation: ClassVar[str] = (
        "Lhoest et al. 2021, Datasets: A Community Library for Natural Language Processing, "
        "arXiv:2109.02846"
    )


def _one_line(text: str) -> str:
    return " ".join(part.strip() for part in text.splitlines() if part.strip())
