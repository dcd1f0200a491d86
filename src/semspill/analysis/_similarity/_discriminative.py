"""Similarity by what a classifier of clean text makes of a category: odds of the target."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from jaxtyping import Float
from pydantic import Field

from semspill.analysis._similarity._base import Similarity
from semspill.corpus import Corpus, Exchange
from semspill.encoders import BiEncoder
from semspill.errors import DataError
from semspill.labellers import LabellerField, Labels, cross_fitted, fold_of, labellers

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
    unit: ClassVar[str] = "log odds of the target, by text"

    labeller: LabellerField = Field(
        default_factory=lambda: labellers.build({"name": "tfidf", "alpha": 1e-5})
    )
    """The classifier; by default `tfidf` with so much regularization that it is most often right on
    new contexts, where labels are to fit those of training."""
    folds: int = Field(2, ge=2)
    """Parts of the cross-validation, by dialogue."""

    @property
    def method(self) -> str:
        """What it is and what it is measured on."""
        name = labellers.title_of(self.labeller)
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
        exchanges = corpus.exchanges
        folds = np.array([fold_of(exchange.dialogue, self.folds) for exchange in exchanges])
        odds = np.zeros((len(exchanges), len(corpus.categories)))
        for fold, labels in enumerate(self._fitted(corpus, rng)):
            held = np.flatnonzero(folds == fold)
            odds[held] = _log_odds(labels, [exchanges[i] for i in held], corpus.categories)
        names = np.array([exchange.category for exchange in exchanges], dtype=object)
        return np.stack([odds[names == name].mean(axis=0) for name in corpus.categories])

    def each(
        self,
        exchanges: Sequence[Exchange],
        corpus: Corpus,
        model: BiEncoder,
        rng: np.random.Generator,
    ) -> Float[np.ndarray, "exchanges categories"]:
        """Return the log odds of single contexts, the mean of all classifiers."""
        fitted = self._fitted(corpus, rng)
        each = [_log_odds(labels, exchanges, corpus.categories) for labels in fitted]
        return np.asarray(np.mean(each, axis=0))

    def _fitted(self, corpus: Corpus, rng: np.random.Generator) -> tuple[Labels, ...]:
        """Return a classifier for each fold; the last are kept, as both measures ask for them."""
        seed = int(rng.integers(2**63))
        labeller = (type(self.labeller), self.labeller.model_dump_json())
        key = (*labeller, self.folds, corpus.fingerprint, seed)
        if key not in _KEPT:
            streams = np.random.default_rng(seed).spawn(self.folds)
            try:
                fitted = cross_fitted(self.labeller, corpus, streams)
            except DataError as error:
                raise DataError(
                    f"Similarity cannot be measured by a classifier: {error} Or choose other "
                    "`similarities` than 'discriminative', such as 'centroid'."
                ) from error
            _KEPT.clear()
            _KEPT[key] = fitted
        return _KEPT[key]


_KEPT: dict[tuple[object, ...], tuple[Labels, ...]] = {}


def _log_odds(
    labels: Labels, exchanges: Sequence[Exchange], categories: Sequence[str]
) -> Float[np.ndarray, "exchanges categories"]:
    """Return the log odds of each category; of one that a fold lacks, the least there are."""
    chances = np.zeros((len(exchanges), len(categories)))
    place = {name: column for column, name in enumerate(categories)}
    columns = [place[name] for name in labels.categories]
    chances[:, columns] = labels.probabilities(exchanges)
    chances = np.clip(chances, _LEAST, 1 - _LEAST)
    return np.asarray(np.log(chances / (1 - chances)))
