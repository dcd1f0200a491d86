"""What the datasets have in common that give the dialogues of another one new categories."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace

from semspill._progress import Progress, quiet
from semspill.corpus import Corpus, Dialogue
from semspill.datasets import Dataset, DatasetField
from semspill.datasets._base import load_corpus


class _Relabelled(Dataset):
    """A dataset whose categories are another one's no more; labels of utterances are dropped."""

    dataset: DatasetField
    """Where the dialogues come from."""

    def load(self, split: str) -> Corpus:
        """Return a split of the dataset, with the new categories.

        Raises:
            DataError: What the dataset raises, or the new categories cannot be made.
        """
        corpus = load_corpus(self.dataset, split)
        named = zip(corpus, self._categories(corpus), strict=True)
        return replace(corpus, dialogues=tuple(_labelled(*pair) for pair in named), labels=())

    @abstractmethod
    def _categories(self, corpus: Corpus) -> Sequence[str]:
        """Return the category of each dialogue."""

    def fetch(self, *, progress: Progress = quiet) -> str | None:
        """Download what the dataset needs and return its place; None where nothing is needed.

        Args:
            progress: Wraps the pieces of a download.

        Raises:
            DataError: It cannot be downloaded, or is not what it should be.
        """
        return self.dataset.fetch(progress=progress)

    def departures(self, splits: Mapping[str, Corpus]) -> tuple[str, ...]:
        """Return how the dataset's own data differ from what they should be.

        Args:
            splits: What `load` returned, by the name of the split.
        """
        return self.dataset.departures({name: load_corpus(self.dataset, name) for name in splits})

    def unavailable(self) -> str | None:
        """Say what the dataset lacks; None where nothing."""
        return self.dataset.unavailable()


def _labelled(dialogue: Dialogue, category: str) -> Dialogue:
    turns = dialogue.utterances
    if any(turn.category for turn in turns):
        turns = tuple(replace(turn, category=None) for turn in turns)
    return replace(dialogue, category=category, utterances=turns)
