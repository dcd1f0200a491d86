"""Any dialogue data set of the Hugging Face hub, or a local one in its formats."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from semspill._model import PathOrName
from semspill._progress import Progress, quiet
from semspill.corpus import Corpus
from semspill.datasets._base import Dataset
from semspill.datasets._mapping import Columns
from semspill.datasets._splits import SPLITS, NoSplitError
from semspill.errors import DataError, MissingExtraError, did_you_mean

_BUILDERS = {".json": "json", ".jsonl": "json", ".parquet": "parquet", ".csv": "csv"}


class HuggingFaceDataset(Dataset):
    """Dialogues from a hub or local data set, by naming its columns.

    The hub's copy of EmpatheticDialogues, one row per utterance, is
    `HuggingFaceDataset(path="facebook/empathetic_dialogues", revision="refs/convert/parquet",
    columns={"id": "conv_id", "index": "utterance_idx", "utterances": "utterance",
    "category": "context", "situation": "prompt", "substitute": {"_comma_": ","}})`.

    Example:
        >>> HuggingFaceDataset(path="talks", columns={"category": "emotion"}).columns.category
        'emotion'
    """

    source: ClassVar[str] = (
        "Lhoest et al. 2021, Datasets: A Community Library for Natural Language Processing, "
        "arXiv:2109.02846"
    )

    path: PathOrName = Field(min_length=1)
    """A hub id; a folder of data files, or one written by `save_to_disk`; or a file (.jsonl,
    .json, .parquet, .csv) with `{split}` in its name."""
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
        rows = _table(self, self.splits.get(split, split))
        self.columns.check(rows.column_names)
        dialogues = self.columns.dialogues(rows, split)
        return Corpus(dialogues, name=self.path, split=split, licence=self.licence)

    def fetch(self, *, progress: Progress = quiet) -> str | None:
        """Let the library `datasets` download every split that there is into its own cache.

        Args:
            progress: Wraps the splits.

        Raises:
            DataError: A split that the data set has cannot be had, or it has none.
            MissingExtraError: The package `datasets` is not installed.
        """
        found: list[str] = []
        unknown: list[DataError] = []
        problems: list[str] = []
        for split in progress(SPLITS):
            try:
                _table(self, self.splits.get(split, split))
                found.append(split)
            except NoSplitError as error:
                unknown.append(error)
                found.append(f"no {split}")
            except DataError as error:
                problems.append(str(error))
        if problems:
            raise DataError("\n".join(problems))
        if len(unknown) == len(SPLITS):
            raise unknown[0]
        return f"{self.path} ({', '.join(found)}), where the library `datasets` keeps it"

    def unavailable(self) -> str | None:
        """Say what must be installed or downloaded; None where nothing."""
        if find_spec("datasets") is None:
            return 'needs an extra: pip install "semspill[datasets]"'
        names = [self.splits.get(split, split) for split in SPLITS]
        if any(self._place(name).exists() for name in names):
            return None
        return f"needs a download of {self.path}, unless it was loaded"

    def _place(self, split: str) -> Path:
        return Path(self.path.replace("{split}", split)).expanduser()


def _table(wanted: HuggingFaceDataset, split: str) -> Any:
    """Return the table of one split, from disk or from the hub."""
    try:
        import datasets as hub
    except ImportError as error:
        raise MissingExtraError(
            'HuggingFaceDataset needs datasets: pip install "semspill[datasets]".'
        ) from error
    place = wanted._place(split)
    if "{split}" in wanted.path and not place.exists():
        raise NoSplitError(f"{place} is not there; check path and splits.")
    try:
        if (place / "dataset_dict.json").is_file() or (place / "state.json").is_file():
            return _pick(hub.load_from_disk(str(place)), split, wanted.path)
        if place.is_file():
            kind = _builder(place, wanted.path)
            return hub.load_dataset(kind, data_files={split: str(place)}, split=split)
        path = str(place) if place.is_dir() else wanted.path
        return hub.load_dataset(path, wanted.subset, split=split, revision=wanted.revision)
    except DataError:
        raise
    except (OSError, ValueError, RuntimeError, LookupError, hub.exceptions.DatasetsError) as error:
        unknown = isinstance(error, ValueError) and str(error).startswith("Unknown split")
        raise (NoSplitError if unknown else DataError)(
            f"Split {split!r} of {wanted.path!r} could not be loaded ({type(error).__name__}: "
            f"{error}); check path, subset, revision and splits, and that the network is allowed "
            "if it is on the hub."
        ) from error


def _builder(file: Path, path: str) -> str:
    if "{split}" not in path:
        raise DataError(f"{path!r} is one file; write '{{split}}' where its name says the split.")
    kind = _BUILDERS.get(file.suffix)
    if kind is None:
        raise DataError(
            f"{file} has the suffix {file.suffix!r}; allowed are {', '.join(_BUILDERS)}."
        )
    return kind


def _pick(saved: Any, split: str, path: str) -> Any:
    """Return one split of what `save_to_disk` wrote: splits by name, or a single one."""
    tables = saved if isinstance(saved, dict) else {str(saved.split): saved}
    if split not in tables:
        raise NoSplitError(
            f"{path!r} has no split {split!r}.{did_you_mean(split, tables)} It has: "
            f"{', '.join(tables)}; map names with 'splits'."
        )
    return tables[split]
