"""Any dialogue data set of the Hugging Face hub, or a local one in its formats."""

import os
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from semspill._files import place_of
from semspill._model import PathOrName
from semspill._progress import Progress, quiet
from semspill.corpus import Corpus
from semspill.datasets._base import Dataset
from semspill.datasets._hub_rows import rows_of
from semspill.datasets._mapping import Columns, Row
from semspill.datasets._splits import SPLITS, NoSplitError
from semspill.errors import DataError


class HuggingFaceDataset(Dataset):
    """Dialogues from a hub or local data set, by naming its columns.

    The hub's copy of EmpatheticDialogues, one row per utterance, is
    `HuggingFaceDataset(path="facebook/empathetic_dialogues", revision="refs/convert/parquet",
    columns={"id": "conv_id", "index": "utterance_idx", "utterances": "utterance",
    "category": "context", "situation": "prompt", "speaker": "speaker_idx",
    "substitute": {"_comma_": ","}})`.

    Example:
        >>> HuggingFaceDataset(path="talks", columns={"category": "emotion"}).columns.category
        'emotion'
    """

    citation: ClassVar[str] = (
        "Lhoest et al. 2021, Datasets: A Community Library for Natural Language Processing, "
        "arXiv:2109.02846"
    )

    path: PathOrName = Field(min_length=1)
    """A hub id; a folder of data files, or one written by `save_to_disk`; or a file (.jsonl,
    .json, .parquet, .csv, .tsv) with `{split}` in its name. Cells of CSV files are text,
    whatever they hold."""
    subset: str | None = None
    """Name of the configuration, for data sets that have several."""
    revision: str | None = None
    """Branch, tag or commit on the hub; name a commit to be sure of the content."""
    columns: Columns = Columns()
    """Which columns hold what."""
    splits: dict[str, str] = Field(default={"valid": "validation"})
    """What the data set calls a split, where it differs."""
    licence: str = "unknown"
    """The licence of the text."""

    def __hash__(self) -> int:
        return hash(self.model_dump_json())

    def load(self, split: str) -> Corpus:
        """Return one split.

        Raises:
            DataError: The data set or its split cannot be loaded, a column is missing, or a row
                is not as `columns` says.
            MissingExtraError: The package `datasets` is not installed.
        """
        name = self.splits.get(split, split)
        try:
            dialogues = self.columns.dialogues(self._rows(name), split)
        except OSError as error:
            raise DataError(f"{self.path} cannot be read ({error.strerror}).") from error
        return Corpus(dialogues, name=self.path, split=split, licence=self.licence)

    def fetch(self, *, progress: Progress = quiet) -> str | None:
        """Let the library `datasets` download every split that there is into its own cache.

        Args:
            progress: Wraps the splits.

        Raises:
            DataError: A split that the data set has cannot be had, or it has none.
            MissingExtraError: The package `datasets` is not installed.
        """
        parts: list[str] = []
        unknown: list[DataError] = []
        problems: list[str] = []
        for split in progress(SPLITS):
            try:
                self._rows(self.splits.get(split, split))
                parts.append(split)
            except NoSplitError as error:
                unknown.append(error)
                parts.append(f"no {split}")
            except DataError as error:
                problems.append(str(error))
        if problems:
            raise DataError("\n".join(problems))
        if len(unknown) == len(SPLITS):
            raise unknown[0]
        return f"{self.path} ({', '.join(parts)}), where the library `datasets` keeps it"

    def unavailable(self) -> str | None:
        """Say what must be installed or downloaded; None where nothing."""
        if find_spec("datasets") is None:
            return 'needs an extra: pip install "semspill[datasets]"'
        names = [self.splits.get(split, split) for split in SPLITS]
        if any(self._place(name).exists() for name in names):
            return None
        return f"needs a download of {self.path}, unless it was loaded"

    def _place(self, split: str) -> Path:
        return place_of(self.path.replace("{split}", split))

    def _rows(self, split: str) -> Iterable[Row]:
        place = self._place(split)
        if "{split}" in self.path and not os.path.exists(place):
            raise NoSplitError(f"{place} is not there; check path and splits.")
        if "{split}" not in self.path and os.path.isfile(place):
            raise DataError(
                f"{self.path!r} is one file; write '{{split}}' where its name says the split."
            )
        local = str(place) if os.path.exists(place) else self.path
        return rows_of(local, split, self.columns, self.subset, self.revision)
