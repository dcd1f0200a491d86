"""Similarity by what a classifier of clean text makes of a category: odds of the target."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from jaxtyping import Float
from pydantic import Field

from semspill.analysis._similarity._base import Similarity
from semspill.corpus import Corpus, Exchange
from semspill.encoders import BiEncoder
from semspill.labellers import FittedLabelling, LabellerField, Labelling, Labels, labellers

_LEAST = 1e-6
"""Nearest that a probability comes to 0 or 1; a classifier of few texts is surer than it may be."""


class DiscriminativeSimilarity(Similarity):
    """How much the contexts of a category look like those of the target to a classifier.

    The mean, over the contexts of the category, of the log odds that a classifier gives the target.
    It is fitted on clean dialogues only, and labels each by folds that do not hold it. The cosine
    of means tells whether two categories talk of the same things; this one tells whether their
    texts can be told apart, which is what a model needs in order to answer them differently.
    """

    citation: ClassVar[str] = "original"

    labeller: LabellerField = Field(default_factory=lambda: labellers.build("tfidf"))
    """The classifier."""
    folds: int = Field(2, ge=2)
    """Parts of the cross-validation, by dialogue."""

    @property
    def method(self) -> str:
        """What it is and what it is measured on."""
        name = labellers.name_of(self.labeller) or type(self.labeller).__name__
        return (
            f"mean log odds that a classifier ({name}) gives the target, over the clean contexts "
            f"of a category, {self.folds} folds by dialogue"
        )

    def measure(
        self, corpus: Corpus, model: BiEncoder, rng: np.random.Generator
    ) -> Float[np.ndarray, "categories categories"]:
        """Return the log odds, a column for each target; the encoder is not asked.

        Raises:
            DataError: There are fewer than two categories.
        """
        fitted = Labelling(labeller=self.labeller, folds=self.folds).fit(corpus, rng)
        odds = _log_odds(fitted, corpus.exchanges, corpus.categories)
        names = np.array([exchange.category for exchange in corpus.exchanges], dtype=object)
        return np.stack([odds[names == name].mean(axis=0) for name in corpus.categories])

    def each(
        self,
        exchanges: Sequence[Exchange],
        corpus: Corpus,
        model: BiEncoder,
        rng: np.random.Generator,
    ) -> Float[np.ndarray, "exchanges categories"]:
        """Return the log odds of single contexts, by a classifier fitted on the whole corpus."""
        return _log_odds(self.labeller.fit(corpus, rng), exchanges, corpus.categories)


def _log_odds(
    labels: Labels | FittedLabelling, exchanges: Sequence[Exchange], categories: Sequence[str]
) -> Float[np.ndarray, "exchanges categories"]:
    place = {name: column for column, name in enumerate(labels.categories)}
    rows = labels.probabilities(exchanges)[:, [place[name] for name in categories]]
    rows = np.clip(rows, _LEAST, 1 - _LEAST)
    return np.asarray(np.log(rows / (1 - rows)))
