"""Any dialogue data set of the Hugging Face hub, or a local folder that its library reads."""

import os
from importlib.util import find_spec
from typing import ClassVar

from pydantic import Field

from semspill._files import place_of
from semspill._filters import Where
from semspill._model import PathOrName
from semspill._progress import Progress, quiet
from semspill._tables._files_of import table_line
from semspill._tables._hub_rows import HubTable, table_of
from semspill._tables._splits import SPLITS, NoSplitError, Splits, of_split, source_of
from semspill.corpus import Columns, Corpus
from semspill.corpus._reading import OnError, read
from semspill.datasets._base import Dataset
from semspill.errors import DataError


class HuggingFaceDataset(Dataset):
    """Dialogues from the hub, or a folder that the library `datasets` reads.

    The hub's copy of EmpatheticDialogues, one row per utterance, is
    `HuggingFaceDataset(path="facebook/empathetic_dialogues", revision="refs/convert/parquet",
    columns={"id": "conv_id", "index": "utterance_idx", "text": "utterance",
    "category": "context", "situation": "prompt", "speaker": "speaker_idx",
    "substitute": {"_comma_": ","}}, on_error="skip")`; three of its dialogues have no response.
    Files of your own are read by `table`.

    Example:
        >>> HuggingFaceDataset(path="talks", columns={"category": "emotion"}).columns.category
        'emotion'
    """

    citation: ClassVar[str] = (
        "Lhoest et al. 2021, Datasets: A Community Library for Natural Language Processing, "
        "arXiv:2109.02846"
    )

    path: PathOrName = Field(min_length=1)
    """A hub id, a folder written by `save_to_disk`, or a folder of data files. Cells of CSV files
    are text, whatever they hold."""
    subset: str | None = None
    """Name of the configuration, for data sets that have several."""
    revision: str | None = None
    """Branch, tag or commit on the hub; name a commit to be sure of the content. The report names
    the commit that was read."""
    columns: Columns = Columns()
    """Which columns hold what."""
    on_error: OnError = "refuse"
    """What becomes of a dialogue that contradicts itself (two categories, an empty text, no
    response): `refuse` ends with its row, `skip` leaves it out and warns."""
    where: Where = Field(default={})
    """Which rows are read: a column, and the value or values that it must have, or a comparison,
    as for `table`."""
    splits: Splits = Field(default={"valid": "validation"})
    """What the data set calls a split, where it differs; or a share of the dialogues of `train`,
    which are then not in `train`: `{ train = "test", test = 0.2 }` parts data that have only a
    test."""
    seed: int = Field(0, ge=0)
    """Decides which dialogues the shares take."""
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
        name = source_of(split, self.splits)
        table = self._table(name)
        try:
            found = read(
                table.rows,
                self.columns,
                split,
                self.on_error,
                names=table.names,
                quote=table.quote,
                where=self.where,
            )
        except OSError as error:
            raise DataError(f"{self.path} cannot be read ({error.strerror}).") from error
        dialogues = of_split(found, self.splits, self.seed, split)
        if not dialogues:
            met = " that meets 'where'; widen it, or" if self.where else ";"
            raise DataError(
                f"The split {name!r} of {self.path!r} holds no dialogue{met} give another."
            )
        return Corpus(
            dialogues,
            name=self.path,
            split=split,
            licence=self.licence,
            left_out=found.left_out,
            numbered=not found.has_ids,
            merged=found.merged,
            revision=table.revision,
        )

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
        at = ""
        for split in progress(SPLITS):
            try:
                table = self._table(source_of(split, self.splits))
                at = f" at revision {table.revision}" if table.revision else at
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
        return f"{self.path}{at} ({', '.join(parts)}), where the library `datasets` keeps it"

    def unavailable(self) -> str | None:
        """Say what must be installed or downloaded; None where nothing."""
        if find_spec("datasets") is None:
            return 'needs an extra: pip install "semspill[datasets]"'
        if place_of(self.path).exists():
            return None
        return f"needs a download of {self.path}, unless it was loaded"

    def _table(self, split: str) -> HubTable:
        place = place_of(self.path)
        if "{split}" in self.path or os.path.isfile(place):
            raise DataError(
                f"{self.path!r} is a file; a file is read by the dataset 'table': "
                f"{table_line(self.path)}."
            )
        local = str(place) if os.path.exists(place) else self.path
        return table_of(local, split, self.subset, self.revision)
