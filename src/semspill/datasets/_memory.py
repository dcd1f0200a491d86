"""The dataset of splits in memory: corpora, data frames, lists, data sets of Hugging Face."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from pydantic import InstanceOf

from semspill._mask import listing, named
from semspill._objects import ObjectComponent
from semspill._tables._splits import NoSplitError
from semspill.corpus import Corpus, HasCorpus
from semspill.corpus._columns import LABEL
from semspill.datasets._base import Dataset, datasets
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

    def __eq__(self, other: object) -> bool:
        """Return whether another one has the same dialogues under the same names."""
        if not isinstance(other, MemoryDataset):
            return NotImplemented
        return self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    @property
    def _identity(self) -> tuple[tuple[str, ...], ...]:
        return tuple(
            (split, corpus.name, corpus.split, corpus.licence, corpus.fingerprint)
            for split, corpus in sorted(self.splits.items())
        )

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


def _take(given: Any) -> MemoryDataset | None:
    """Return the dataset of a mapping of splits; refuse one split alone.

    Raises:
        ConfigError: It is one split, or the column of the category cannot be told.
        DataError: A table is not as it must be.
    """
    if _is_split(given):
        raise ConfigError(
            f"The dataset is one {type(given).__name__}, which is one split; training and test "
            'need one each: dataset={"train": ..., "test": ...}'
        )
    if not isinstance(given, Mapping):
        return None
    if not any(map(_is_split, given.values())):
        return None
    return MemoryDataset(splits={str(name): _corpus(str(name), v) for name, v in given.items()})


def _is_split(given: Any) -> bool:
    return isinstance(given, HasCorpus) or _is_frame(given) or _is_table(given) or _is_rows(given)


def _corpus(split: str, given: Any) -> Corpus:
    if isinstance(given, HasCorpus):
        return as_split(given.corpus, split)
    if _is_rows(given):
        category = _category(split, _labels(given), "from_messages")
        return Corpus.from_messages(given, category=category, split=split)
    if _is_frame(given):
        category = _category(split, list(map(str, given.columns)), "from_pandas")
        return Corpus.from_pandas(given, category=category, split=split)
    if _is_table(given):
        category = _category(split, given.column_names, "from_hf")
        return Corpus.from_hf(given, category=category, split=split)
    raise ConfigError(
        f"The split {named(split)} is of type {type(given).__name__}; give a Corpus, a pandas "
        "DataFrame, a Dataset of Hugging Face or a list of mappings"
    )


def as_split(corpus: Corpus, split: str) -> Corpus:
    """Return a corpus as a split of that name, which ids that only number its rows have too."""
    if not corpus.numbered or corpus.split == split:
        return replace(corpus, split=split)
    start = f"{corpus.split}-"
    dialogues = (replace(one, id=f"{split}-{one.id.removeprefix(start)}") for one in corpus)
    return replace(corpus, split=split, dialogues=tuple(dialogues))


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


def _labels(rows: Sequence[Any]) -> list[str]:
    """Return the keys of rows and of their turns; what is no mapping is refused by the reader."""
    parts = [row for row in rows if isinstance(row, Mapping)]
    turns = (value for row in parts for value in row.values() if isinstance(value, (list, tuple)))
    inner = [turn for own in turns for turn in own if isinstance(turn, Mapping)]
    return list(dict.fromkeys(str(key) for part in (*parts, *inner) for key in part))


def _is_rows(given: Any) -> bool:
    return isinstance(given, (list, tuple)) and bool(given) and isinstance(given[0], Mapping)


datasets.accept(_take, MemoryDataset, "memory")
