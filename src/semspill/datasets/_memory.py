"""The dataset of splits that are in memory: corpora, data frames, data sets of Hugging Face."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from pydantic import InstanceOf

from semspill._mask import listing, named
from semspill._objects import ObjectComponent
from semspill.corpus import Corpus, HasCorpus
from semspill.corpus._columns import LABEL
from semspill.datasets._base import Dataset, datasets, left_out_of
from semspill.datasets._splits import NoSplitError
from semspill.errors import ConfigError, did_you_mean


class MemoryDataset(ObjectComponent, Dataset):
    """Splits that were given as objects of Python."""

    citation: ClassVar[str] = "original"
    lost: ClassVar[str] = (
        "The dataset was in memory, and a file holds only its fingerprint; give it again in "
        "Python: semspill.run(config, dataset=...)"
    )

    splits: dict[str, InstanceOf[Corpus]]
    """The corpus of each split, by the name of the split."""

    def __hash__(self) -> int:
        return hash(tuple((name, corpus.fingerprint) for name, corpus in self.splits.items()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.splits.values()))})"

    @property
    def called(self) -> str:
        """The name of its corpora."""
        return " and ".join(dict.fromkeys(corpus.name for corpus in self.splits.values()))

    def facts(self) -> Mapping[str, Any]:
        """Return name, size and fingerprint of every split."""
        return {
            "given": {
                split: {
                    "name": corpus.name,
                    "dialogues": len(corpus),
                    "fingerprint": corpus.fingerprint,
                }
                for split, corpus in self.splits.items()
            }
        }

    def load(self, split: str) -> Corpus:
        """Return a split.

        Raises:
            DataError: It was not given.
        """
        if split not in self.splits:
            raise NoSplitError(
                f"No split {named(split)} was given.{did_you_mean(split, self.splits)} "
                f"There are: {listing(self.splits)}."
            )
        return self.splits[split]

    def departures(self, splits: Mapping[str, Corpus]) -> tuple[str, ...]:
        """Return what was left out of the data when the corpora were made."""
        return left_out_of(splits)


def _take(given: Any) -> MemoryDataset | None:
    """Return the dataset of a mapping of splits; refuse one split alone.

    Raises:
        ConfigError: It is one split, or the column of the category cannot be told.
        DataError: A table is not as it must be.
    """
    if isinstance(given, HasCorpus) or _is_frame(given) or _is_table(given):
        raise ConfigError(
            f"The dataset is one {type(given).__name__}, which is one split; training and test "
            'need one each: dataset={"train": ..., "test": ...}'
        )
    if not isinstance(given, Mapping):
        return None
    if not any(isinstance(v, HasCorpus) or _is_frame(v) or _is_table(v) for v in given.values()):
        return None
    return MemoryDataset(splits={str(name): _corpus(str(name), v) for name, v in given.items()})


def _corpus(split: str, given: Any) -> Corpus:
    if isinstance(given, HasCorpus):
        return replace(given.corpus, split=split)
    if _is_frame(given):
        category = _category(split, list(map(str, given.columns)), "from_pandas")
        return Corpus.from_pandas(given, category=category, split=split)
    if _is_table(given):
        category = _category(split, given.column_names, "from_hf")
        return Corpus.from_hf(given, category=category, split=split)
    raise ConfigError(
        f"The split {named(split)} is of type {type(given).__name__}; give a Corpus, a pandas "
        "DataFrame or a Dataset of Hugging Face"
    )


def _category(split: str, columns: list[str], method: str) -> str:
    found = [name for name in LABEL if name in columns]
    if found[:1] == ["category"] or len(found) == 1:
        return found[0]
    several = f"has {' and '.join(found)}" if found else "has no column of a usual name"
    raise ConfigError(
        f"The split {named(split)} {several} for the category; say which it is: "
        f'semspill.Corpus.{method}(data, category="...", split={split!r})'
    )


def _is_frame(given: Any) -> bool:
    return not isinstance(given, type) and all(hasattr(given, n) for n in ("columns", "iloc"))


def _is_table(given: Any) -> bool:
    held = all(hasattr(given, name) for name in ("column_names", "features", "with_format"))
    return held and not isinstance(given, type | Mapping)


datasets.accept(_take, MemoryDataset, "memory")
