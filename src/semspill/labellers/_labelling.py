"""Labels a corpus: who predicts, on what it was fitted, and how many labels are shown."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Float
from pydantic import Field, field_validator

from semspill._model import FrozenModel
from semspill.corpus import Corpus, Exchange
from semspill.errors import ConfigError
from semspill.labellers._base import LabellerField, Labels, labellers

_BETWEEN = "; "
"""What stands between the labels of one context."""


class Labelling(FrozenModel):
    """How contexts get their predicted labels.

    Example:
        >>> from semspill import datasets
        >>> train = datasets.build({"name": "synthetic", "train": 80}).load("train")
        >>> fitted = Labelling(labeller={"name": "noisy"}).fit(train, np.random.default_rng(0))
        >>> labelled = fitted.label(train)
        >>> {exchange.label == exchange.category for exchange in labelled.exchanges}
        {True}
    """

    labeller: LabellerField = Field(default_factory=lambda: labellers.build("tfidf"))
    """What predicts."""
    folds: int = Field(0, ge=0)
    """0: training contexts are labelled by what was fitted on them, as in EmpatheticDialogues' own
    code, and so are nearly gold. 2 or more: cross-fitted by dialogue, so that training labels are
    as often wrong as those of new contexts."""
    top: int = Field(1, ge=1)
    """How many labels a context shows, the most probable first."""

    @field_validator("folds")
    @classmethod
    def _one_fold_is_none(cls, folds: int) -> int:
        if folds == 1:
            raise ConfigError("folds is 1, which leaves nothing to fit on; give 0, or 2 or more")
        return folds

    def fit(self, corpus: Corpus, rng: np.random.Generator) -> "FittedLabelling":
        """Return what labels corpora, fitted on the clean training corpus.

        Args:
            corpus: The clean training corpus.
            rng: Draws what is random in the labeller.
        """
        whole, *streams = rng.spawn(1 + self.folds)
        parts: list[Labels] = []
        for number, stream in enumerate(streams):
            rest = tuple(d for d in corpus if _fold(d.id, self.folds) != number)
            part = replace(corpus, dialogues=rest, labels=())
            parts.append(self.labeller.fit(part, stream))
        known = frozenset(dialogue.id for dialogue in corpus)
        return FittedLabelling(self.top, self.labeller.fit(corpus, whole), tuple(parts), known)


@dataclass(frozen=True, eq=False)
class FittedLabelling:
    """A fitted labeller, with those of the folds where it is cross-fitted."""

    top: int
    """How many labels a context shows."""
    whole: Labels
    """Fitted on the whole training corpus; labels all that is new."""
    parts: tuple[Labels, ...]
    """Fitted on all folds but one each; label the training dialogues of that fold."""
    known: frozenset[str]
    """Ids of the training dialogues."""

    @cached_property
    def categories(self) -> tuple[str, ...]:
        """What the labeller tells apart."""
        return self.whole.categories

    def label(self, corpus: Corpus, like: Corpus | None = None) -> Corpus:
        """Return a corpus with the labels of its contexts.

        A poisoned corpus is labelled as the clean one is: a planted copy counts as its original.

        Args:
            corpus: What to label.
            like: A corpus that is labelled already, such as the clean one that the other was made
                from: contexts that both have keep their label, and are not labelled again.
        """
        known = {} if like is None else {(e.dialogue, e.turn): e for e in like.exchanges}
        labels: list[str | None] = []
        for exchange in corpus.exchanges:
            old = known.get((_origin(exchange), exchange.turn))
            same = old is not None and old.context == exchange.context
            labels.append(old.label if old is not None and same else None)
        new = [place for place, label in enumerate(labels) if label is None]
        rows = self.probabilities([corpus.exchanges[place] for place in new])
        best = np.argsort(-rows, axis=1, kind="stable")[:, : self.top]
        for place, row in zip(new, best.tolist(), strict=True):
            labels[place] = _BETWEEN.join(self.categories[column] for column in row)
        return replace(corpus, labels=tuple(map(str, labels)))

    @staticmethod
    def first(label: str | None) -> str:
        """Return the most probable of the labels that a context shows."""
        return (label or "").partition(_BETWEEN)[0]

    def probabilities(
        self, exchanges: Sequence[Exchange]
    ) -> Float[np.ndarray, "exchanges categories"]:
        """Return how probable each category is; training dialogues by their own fold's labeller."""
        if not self.parts:
            return self.whole.probabilities(exchanges)
        rows = np.zeros((len(exchanges), len(self.categories)))  # a fold may lack a category
        for labels, places in self._split(exchanges).items():
            chosen = labels.probabilities([exchanges[place] for place in places])
            rows[np.ix_(places, [self.categories.index(name) for name in labels.categories])] = (
                chosen
            )
        return rows

    def _split(self, exchanges: Sequence[Exchange]) -> Mapping[Labels, list[int]]:
        places: dict[Labels, list[int]] = {}
        for place, exchange in enumerate(exchanges):
            origin = _origin(exchange)
            fold = _fold(origin, len(self.parts))
            labels = self.parts[fold] if origin in self.known else self.whole
            places.setdefault(labels, []).append(place)
        return places


def _origin(exchange: Exchange) -> str:
    return exchange.dialogue.partition("#planted-")[0]


def _fold(dialogue: str, folds: int) -> int:
    return zlib.crc32(dialogue.encode()) % folds
