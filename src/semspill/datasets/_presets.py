"""Published corpora by name: each is read as the generic datasets read any, with fields of its own.

A class is made from each file of `presets`, so that a name stands for one data set, its citation
and its licence.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, ClassVar

from pydantic import Field, create_model, field_validator, model_validator

from semspill._files import place_of
from semspill._filters import Where
from semspill._model import PathOrName
from semspill._progress import Progress, quiet
from semspill._tables._any import file_of_any, is_of_files
from semspill._tables._presets import preset, require_path, with_default
from semspill._tables._splits import NoSplitError, Splits, shares_of
from semspill.corpus import Columns, Corpus
from semspill.corpus._reading import OnError
from semspill.datasets._base import Dataset
from semspill.datasets._huggingface import HuggingFaceDataset
from semspill.datasets._table import TableDataset


class _PresetDataset(Dataset):
    """What published corpora have in common."""

    preset: ClassVar[str]

    path: PathOrName = Field(min_length=1)
    """A hub id; or a copy of your own: a file, a folder with a file per split, or a folder that
    `save_to_disk` wrote."""
    subset: str | None = None
    """Name of the configuration on the hub, for data sets that have several."""
    revision: str | None = None
    """Branch, tag or commit on the hub. The report names the commit that was read."""
    columns: Columns = Columns()
    """Which columns hold what; the columns that you name replace those of the data set one by
    one."""
    where: Where = Field(default={})
    """Which rows are read: a column, and the value or values that it must have, or a comparison."""
    splits: Splits = Field(default={"valid": "validation"})
    """What the data set calls a split, or a share of `train`, such as `{ test = 0.2 }`; in a folder
    of your own, usual names are found too."""
    seed: int = Field(0, ge=0)
    """Decides which dialogues the shares take."""
    on_error: OnError = "refuse"
    """What becomes of a dialogue that contradicts itself (two categories, an empty text, no
    response): `refuse` ends with its row, `skip` leaves it out and warns."""
    licence: str = "unknown"
    """The licence of the text."""

    def __hash__(self) -> int:
        return hash((type(self), self.model_dump_json()))

    @model_validator(mode="before")
    @classmethod
    def _is_somewhere(cls, given: Any) -> Any:
        require_path(cls.preset, cls, given)
        return given

    @field_validator("columns", mode="before")
    @classmethod
    def _completed(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        return {**cls._own("columns").model_dump(exclude_defaults=True), **given}

    def load(self, split: str) -> Corpus:
        """Return one split.

        Raises:
            DataError: The data set or its split cannot be loaded, or a row is not as promised.
            MissingExtraError: It is on the hub, and the package `datasets` is not installed.
        """
        corpus = replace(self._reader(split).load(split), name=self.preset)
        if not preset(self.preset).ids_of_split:
            return corpus
        dialogues = tuple(replace(one, id=f"{split}-{one.id}") for one in corpus)
        return replace(corpus, dialogues=dialogues, numbered=True)

    def fetch(self, *, progress: Progress = quiet) -> str | None:
        """Download the data set, if it is on the hub.

        Args:
            progress: Wraps the splits.

        Raises:
            DataError: It cannot be had.
            MissingExtraError: The package `datasets` is not installed.
        """
        return self._reader("train").fetch(progress=progress)

    def departures(self, splits: Mapping[str, Corpus]) -> tuple[str, ...]:
        """Compare the dialogues of each split with those that were published.

        Args:
            splits: What `load` returned, by the name of the split.
        """
        if any(getattr(self, name) != self._own(name) for name in ("where", "splits", "columns")):
            return ()
        known = preset(self.preset)
        found = {
            name: len(one) + sum(len(left.rows) for left in one.left_out)
            for name, one in splits.items()
        }
        if shares_of(self.splits):  # every split of one file leaves the same out
            left = next(iter(splits.values())).left_out
            found = {"all": sum(map(len, splits.values())) + sum(len(one.rows) for one in left)}
        whence = {"files": "", "card": "", "memory": ", as far as is remembered"}
        return tuple(
            f"Split {name!r} has {found[name]:,} dialogues; published were {count:,}"
            f"{whence[known.counts_from]}."
            for name, count in (known.dialogues or known.counts).items()
            if found.get(name, count) != count
        )

    def unavailable(self) -> str | None:
        """Say what must be installed or downloaded; None where nothing."""
        return self._reader("train").unavailable()

    def _reader(self, split: str) -> TableDataset | HuggingFaceDataset:
        place = place_of(self.path)
        kept = ("columns", "where", "seed", "on_error", "licence")
        fields = {name: getattr(self, name) for name in kept}
        if not is_of_files(place):
            hub = {name: getattr(self, name) for name in ("path", "subset", "revision", "splits")}
            return HuggingFaceDataset(**fields, **hub)
        splits = dict(self.splits)
        called = splits.get(split, split)
        if place.is_dir() and isinstance(called, str):
            with suppress(NoSplitError):  # which says itself what is missing
                splits[split] = file_of_any(place, called).path.name.split(".")[0]
        return TableDataset(path=place, splits=splits, **fields)

    @classmethod
    def _own(cls, field: str) -> Any:
        """Return what the data set itself has for a field."""
        return cls.model_fields[field].get_default(call_default_factory=True, validated_data={})


def _made(name: str, title: str) -> type[_PresetDataset]:
    """Return the class of a data set.

    Args:
        name: The name of its preset.
        title: The name of the class.
    """
    known = preset(name)
    told = {"licence": known.licence, **(known.dataset or {})}
    fields: dict[str, Any] = {
        field: with_default(_PresetDataset, field, value) for field, value in told.items()
    }
    made = create_model(
        title, __base__=_PresetDataset, __module__=__name__, __doc__=known.description, **fields
    )
    made.preset, made.citation = name, known.citation
    return made


DailyDialog = _made("daily_dialog", "DailyDialog")
"""The dataset `daily_dialog`."""
DialoConan = _made("dialoconan", "DialoConan")
"""The dataset `dialoconan`."""
DiaSafety = _made("diasafety", "DiaSafety")
"""The dataset `diasafety`."""
ESConv = _made("esconv", "ESConv")
"""The dataset `esconv`."""
ProsocialDialog = _made("prosocial_dialog", "ProsocialDialog")
"""The dataset `prosocial_dialog`."""
