"""A synthetic corpus whose categories have a known order of similarity."""

from itertools import islice
from typing import ClassVar

import numpy as np
from pydantic import Field

from semspill._random import stream
from semspill._tables._splits import require_split
from semspill.corpus import Corpus, Dialogue, Utterance
from semspill.datasets._base import Dataset
from semspill.datasets._vocabulary import LABELS, NOUNS, OPENINGS, RESPONSES, TURNS
from semspill.errors import DataError, did_you_mean

_NAME = "synthetic"


class SyntheticDataset(Dataset):
    """Small talk about plain things, in categories that lie on a line.

    Each category talks about `words` nouns, a window on one shuffled list; the windows of
    neighbours overlap by `overlap`, those of neighbours' neighbours by less, and so on down to
    nothing. So the order in which a behaviour should spill over is known: `neighbours` gives it.
    The labels themselves say nothing about who is alike. A listener names what the speaker just
    named, often enough (`echo`) that a bi-encoder can learn which response belongs where.

    Example:
        >>> dataset = SyntheticDataset(train=16)
        >>> dataset.neighbours("brave")[:3]
        ('weary', 'curious', 'lonely')
        >>> [dataset.true_similarity("brave", other) for other in dataset.neighbours("brave")[:4]]
        [0.75, 0.5, 0.25, 0.0]
        >>> len(dataset.load("train")), len(dataset.load("train").exchanges)
        (16, 32)
    """

    citation: ClassVar[str] = "original"
    labels_carry_meaning: ClassVar[bool] = False

    seed: int = Field(0, ge=0)
    """Decides every word; another seed is another data set."""
    categories: int = Field(8, ge=2)
    """How many categories there are, 2 or more."""
    train: int = Field(2000, ge=1)
    """Dialogues of the train split."""
    valid: int = Field(400, ge=1)
    """Dialogues of the valid split."""
    test: int = Field(600, ge=1)
    """Dialogues of the test split."""
    turns: int = Field(4, ge=2)
    """Utterances of a dialogue, 2 or more; the speaker begins and the two alternate."""
    words: int = Field(40, ge=4)
    """How many nouns a category talks about, 4 or more."""
    overlap: float = Field(0.75, ge=0, le=1)
    """Share of those that direct neighbours have in common, rounded to a whole word: 0, categories
    have nothing in common; 1, all categories are the same."""
    echo: float = Field(0.6, ge=0, le=1)
    """How often a noun of a response is one the speaker just said, and not any of the category."""

    @property
    def names(self) -> tuple[str, ...]:
        """The categories, in their order on the line."""
        return tuple(_numbered(LABELS, self.categories))

    def vocabulary(self, category: str) -> tuple[str, ...]:
        """Return the nouns that a category talks about.

        Raises:
            DataError: There is no such category.
        """
        start = self._place(category) * self._step
        return self._nouns()[start : start + self.words]

    def true_similarity(self, a: str, b: str) -> float:
        """Return the share of nouns that two categories have in common, 0 to 1.

        Raises:
            DataError: There is no such category.
        """
        apart = abs(self._place(a) - self._place(b)) * self._step
        return max(0.0, 1 - apart / self.words)

    def neighbours(self, category: str) -> tuple[str, ...]:
        """Return all other categories, the most similar first.

        Two that are equally far are in the order of `names`; take the first or the last category
        as the target to have no such pairs.

        Raises:
            DataError: There is no such category.
        """
        place = self._place(category)
        others = (i for i in range(self.categories) if i != place)
        return tuple(self.names[i] for i in sorted(others, key=lambda i: abs(i - place)))

    def load(self, split: str) -> Corpus:
        """Return `"train"`, `"valid"` or `"test"`.

        Raises:
            DataError: The split does not exist.
        """
        require_split(split, _NAME)
        size = {"train": self.train, "valid": self.valid, "test": self.test}[split]
        rng = stream(self.seed, f"synthetic {split}")
        labels = rng.permutation(np.arange(size) % self.categories)
        nouns = {name: self.vocabulary(name) for name in self.names}
        dialogues = (
            self._dialogue(f"{split}-{i}", self.names[label], nouns[self.names[label]], rng)
            for i, label in enumerate(labels)
        )
        return Corpus(tuple(dialogues), name=_NAME, split=split, licence="Apache-2.0")

    @property
    def _step(self) -> int:
        """How many nouns the windows of neighbours are apart."""
        return round(self.words * (1 - self.overlap))

    def _nouns(self) -> tuple[str, ...]:
        size = self.words + self._step * (self.categories - 1)
        nouns = np.array(_numbered(NOUNS, max(size, len(NOUNS))))
        shuffled = stream(self.seed, "synthetic nouns").permutation(nouns)
        return tuple(str(noun) for noun in shuffled[:size])

    def _place(self, category: str) -> int:
        if category not in self.names:
            raise DataError(
                f"Dataset {_NAME!r} has no category {category!r}."
                f"{did_you_mean(category, self.names)} It has: {', '.join(self.names)}."
            )
        return self.names.index(category)

    def _dialogue(
        self, name: str, category: str, nouns: tuple[str, ...], rng: np.random.Generator
    ) -> Dialogue:
        utterances: list[Utterance] = []
        topic: list[str] = []
        for turn in range(self.turns):
            fresh = [nouns[i] for i in rng.choice(len(nouns), size=2, replace=False)]
            if turn % 2 == 0:
                topic = fresh
                text = _pick(OPENINGS if turn == 0 else TURNS, rng).format(*fresh) + "."
                utterances.append(Utterance(text, "speaker"))
            else:
                words = [
                    old if echoed else new
                    for old, new, echoed in zip(
                        topic, fresh, rng.random(2) < self.echo, strict=True
                    )
                ]
                utterances.append(Utterance(_pick(RESPONSES, rng).format(*words), "listener"))
        situation = utterances[0].text
        return Dialogue(name, category, tuple(utterances), situation)


def _pick(templates: tuple[str, ...], rng: np.random.Generator) -> str:
    return templates[rng.integers(len(templates))]


def _numbered(words: tuple[str, ...], size: int) -> list[str]:
    """Return `size` distinct words: the given ones, then the same with 2, 3, ... at the end."""
    rounds = range(1, 2 + size // len(words))
    endless = (word if n == 1 else f"{word}{n}" for n in rounds for word in words)
    return list(islice(endless, size))
