"""The plug point for data: a dataset loads one split into a corpus."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated, ClassVar, TypeAlias

from semspill._model import Component
from semspill._progress import Progress, quiet
from semspill._registry import Registry
from semspill.corpus import Corpus
from semspill.errors import PluginError


class Dataset(Component):
    """Where dialogues come from.

    A subclass sets `citation`, declares its fields and implements `load`. Loading the same split
    twice gives equal corpora, and dialogues of different splits have different ids.

    Example:
        >>> from semspill.corpus import Dialogue, Utterance
        >>> class Tiny(Dataset):
        ...     citation = "original"
        ...     def load(self, split):
        ...         turns = (Utterance("I won!", "speaker"), Utterance("Well done.", "listener"))
        ...         return Corpus((Dialogue(f"{split}-1", "joy", turns),), name="tiny", split=split)
        >>> len(Tiny().load("train"))
        1
    """

    labels_carry_meaning: ClassVar[bool] = True
    """Whether the names of the categories say what their dialogues are about. Where they do not,
    similarity by the names (`label`) says nothing, and is not among a config's defaults."""

    @abstractmethod
    def load(self, split: str) -> Corpus:
        """Return one split as a corpus.

        Args:
            split: `"train"`, `"valid"` or `"test"`, as far as the data set has them.

        Raises:
            DataError: The split does not exist or its files are not as promised.
        """

    def fetch(self, *, progress: Progress = quiet) -> str | None:
        """Download what `load` needs and return its place; None where nothing is needed.

        Args:
            progress: Wraps the pieces of a download, for example `tqdm.tqdm`.

        Raises:
            DataError: It cannot be downloaded, or is not what it should be.
        """
        return None

    def departures(self, splits: Mapping[str, Corpus]) -> tuple[str, ...]:
        """Return how the data differ from what they should be, one sentence each.

        Such as from the official files, or by dialogues that were left out. Empty where they do
        not, or where nothing is known of it.

        Args:
            splits: What `load` returned, by the name of the split.
        """
        return ()


def load_corpus(dataset: Dataset, split: str) -> Corpus:
    """Return a split of a dataset.

    Raises:
        DataError: What `load` raises.
        PluginError: It returns something else than a corpus.
    """
    corpus: object = dataset.load(split)
    if not isinstance(corpus, Corpus):
        raise PluginError(
            f"{type(dataset).__name__}.load returned {type(corpus).__name__}; it must return a "
            "semspill.Corpus."
        )
    return corpus


_FILES = ("csv", "tsv", "json", "parquet", "pandas", "file", "messages")
_TABLE = 'dataset = { name = "table", path = "FILE" }, which reads CSV, JSON and Parquet'


def _advice(name: str) -> str:
    return f" Write {_TABLE}." if name in _FILES else ""


datasets: Registry[Dataset] = Registry(
    "dataset", group="semspill.datasets", base=Dataset, advise=_advice
)
"""All datasets by name."""

DatasetField: TypeAlias = Annotated[Dataset, datasets]
"""A pydantic field that takes a dataset, its name, or a mapping with its name and fields."""
