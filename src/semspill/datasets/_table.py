"""Dialogues from the tables people have: CSV, JSON lines, Parquet."""

import codecs
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from pydantic import Field, field_validator

from semspill._files import place_of
from semspill._filters import Where
from semspill._rows import Place
from semspill._tables._files_of import file_of
from semspill._tables._splits import NoSplitError, Splits, of_split, source_of
from semspill.corpus import Columns, Corpus
from semspill.corpus._columns import Row
from semspill.corpus._reading import OnError, Reading, read
from semspill.datasets._base import Dataset
from semspill.errors import DataError, did_you_mean

_USUAL = ("train", "training", "valid", "validation", "dev", "val", "test", "eval")


class TableDataset(Dataset):
    """Dialogues from CSV, JSON or Parquet files, compressed or not.

    A row is an exchange (`context` and `response`), a dialogue (a list of chat `messages`) or a
    turn (`id`, `role`, `text`): `columns` says what is called otherwise. Where the data have no
    splits, `splits = { test = 0.2 }` sets a share of the dialogues aside, drawn by a hash: a
    dialogue is in the same split whatever else is in the file, and so are all of one speaker.

    Example:
        >>> TableDataset(path="talks.csv", columns={"category": "label"}, splits={"test": 0.2}).seed
        0
    """

    citation: ClassVar[str] = "original"

    path: Path
    """A file (.csv, .tsv, .txt, .jsonl, .ndjson, .json, .parquet; also with .gz, .bz2, .xz or
    .zip behind it, but for Parquet); a folder with a file per split, such as train.csv; or a file
    name with `{split}` in it."""
    columns: Columns = Columns()
    """Which columns hold what."""
    where: Where = Field(default={})
    """Which rows are read: a column, and the value or values that it must have, or a comparison,
    such as `{ label = "Safe", toxicity = { "<" = 0.2 } }`; all must agree. Values are compared as
    texts, and those of a list one by one."""
    splits: Splits = Field(default={})
    """A share of the dialogues of `train`, such as `{ test = 0.2 }`, which are then not in `train`;
    or what the data call a split, such as `{ valid = "dev" }`."""
    split_column: str | None = None
    """Column that says which split a row is of, in one file of all; None for `split`, if there is
    one."""
    seed: int = Field(0, ge=0)
    """Decides which dialogues the shares take."""
    delimiter: str | None = Field(None, min_length=1, max_length=1)
    """What separates the cells of a CSV file; None for a comma, semicolon, tab or bar, as the
    header shows."""
    encoding: str | None = None
    """The encoding, such as `cp1252` or `latin-1`; None for what a byte order mark says, or else
    UTF-8."""
    on_error: OnError = "refuse"
    """What becomes of a dialogue that contradicts itself (two categories, an empty text, no
    response, an id twice): `refuse` ends with its row, `skip` leaves it out and warns."""
    title: str | None = None
    """Name of the corpus; None for the name of the file or folder."""
    licence: str = "unknown"
    """The licence of the text."""

    def __hash__(self) -> int:
        return hash(self.model_dump_json())

    @field_validator("encoding")
    @classmethod
    def _is_known(cls, encoding: str | None) -> str | None:
        try:
            if encoding is not None:
                codecs.lookup(encoding)
                "".encode(encoding)
        except LookupError:
            raise ValueError("is no encoding of text; name one, such as 'cp1252'") from None
        return encoding

    def load(self, split: str) -> Corpus:
        """Return one split.

        Raises:
            DataError: There is no such file or split, a column is missing, or a dialogue
                contradicts itself; with file and row, never the text.
            MissingExtraError: A Parquet file needs pyarrow, which is not installed.
        """
        found = self._read(split)
        dialogues = of_split(found, self.splits, self.seed, split)
        if not dialogues:
            met = " and meet 'where'" if self.where else ""
            more = "widen it, " if met else ""
            raise NoSplitError(
                f"Split {split!r} of {self.path} holds no dialogue, of {len(found.dialogues)} that "
                f"were read{met}; {more}give more, or a larger share."
            )
        name = self.title or self.path.name.split(".")[0].replace("{split}", "").strip("-_")
        return Corpus(
            dialogues,
            name=name or "table",
            split=split,
            licence=self.licence,
            left_out=found.left_out,
            numbered=not found.has_ids,
            merged=found.merged,
        )

    def unavailable(self) -> str | None:
        """Say that Parquet needs a package; None where it does not, or has it."""
        needs = ".parquet" in self.path.suffixes and find_spec("pyarrow") is None
        return 'needs an extra: pip install "semspill[parquet]"' if needs else None

    def _read(self, split: str) -> Reading:
        """Return the dialogues of what the data call a split, or of what it is a share of."""
        called = source_of(split, self.splits)
        file = file_of(place_of(self.path), called)
        placed = list(file.rows(self.delimiter, self.encoding))
        names = tuple(dict.fromkeys(name for _, row in placed for name in row))
        if not file.is_split:
            placed = self._of_split(placed, names, called)
        if not placed:
            raise NoSplitError(f"{file.path} holds no row of split {called!r}; give one or more.")
        quote = file.kind != "csv"
        return read(
            placed, self.columns, split, self.on_error, names=names, quote=quote, where=self.where
        )

    def _of_split(
        self, placed: list[tuple[Place, Row]], names: Sequence[str], called: str
    ) -> list[tuple[Place, Row]]:
        """Return the rows of one file of all splits that are of one."""
        column = self.split_column or ("split" if "split" in names else None)
        if column is None:
            if called == "train":
                return placed
            raise NoSplitError(
                f"{self.path} is one file, and no column says what is of split {called!r}; set a "
                "share aside with splits = { test = 0.2 }, name the column with split_column, or "
                "give a folder with a file per split."
            )
        if column not in names:
            raise DataError(f"{self.path} has no column {column!r}, which split_column names.")
        of_split = [(where, row) for where, row in placed if str(row.get(column)) == called]
        if not of_split:
            values = {str(row.get(column)) for _, row in placed}
            known = [name for name in _USUAL if name in values]
            raise NoSplitError(
                f"{self.path} holds no row of split {called!r} in column {column!r}."
                f"{did_you_mean(called, known)} It has {len(values)} others"
                f"{', such as ' + ', '.join(known) if known else ''}."
            )
        return of_split
