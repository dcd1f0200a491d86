"""Similarity by confusion: how often a probe mistakes one category for the other."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np
from jaxtyping import Float
from pydantic import Field

from semspill._mask import named
from semspill.analysis._similarity._base import Similarity
from semspill.analysis._similarity._vectors import even_sample
from semspill.corpus import Corpus, Exchange
from semspill.encoders import BiEncoder
from semspill.errors import DataError

# The inverse penalty with the best accuracy on EmpatheticDialogues; larger ones overfit.
_INVERSE_PENALTY = 0.01
_STEPS = 1000


class ConfusionSimilarity(Similarity):
    """How often a probe mistakes two categories for each other, from contexts.

    A logistic regression on the standardised context vectors, without the label in the context,
    predicts the category of exchanges from dialogues it was not fitted on. The similarity of two
    categories is the mean of both shares: of the one taken for the other, and the other way round.
    From 0 (never) to 1 (always); of a category and itself, the share it gets right. It counts
    mistakes, so with few exchanges the order of the far categories is chance; read the near ones.
    """

    citation: ClassVar[str] = (
        "original; the probe: Alain and Bengio 2016, Understanding intermediate layers using "
        "linear classifier probes, arXiv:1610.01644"
    )

    most: int = Field(100, ge=2)
    """How many exchanges of a category are encoded at most, evenly spaced over it."""
    folds: int = Field(5, ge=2)
    """Parts of the cross-validation; all exchanges of a dialogue are in the same one."""

    @property
    def method(self) -> str:
        """What it is and what it is measured on."""
        return (
            "how often a logistic regression takes two categories for each other, on context "
            f"vectors without the label, over up to {self.most} clean exchanges of each, on the "
            f"encoder as it comes, {self.folds} folds by dialogue"
        )

    def measure(
        self, corpus: Corpus, model: BiEncoder, rng: np.random.Generator
    ) -> Float[np.ndarray, "categories categories"]:
        """Return the shares.

        Raises:
            DataError: There are fewer than two categories, or one has fewer dialogues than folds.
        """
        from sklearn.metrics import confusion_matrix

        chosen = even_sample(corpus, self.most)
        self._check(corpus, chosen)
        # Without a category to show, the context has no label, whatever the model's format.
        vectors = model.encode_contexts([replace(exchange, category="") for exchange in chosen])
        truth = [exchange.category for exchange in chosen]
        predicted = self._predict(vectors, chosen, rng)
        rates = confusion_matrix(truth, predicted, labels=corpus.categories, normalize="true")
        both: Float[np.ndarray, "categories categories"] = (rates + rates.T) / 2
        return both

    def _predict(
        self,
        vectors: Float[np.ndarray, "exchanges dim"],
        chosen: Sequence[Exchange],
        rng: np.random.Generator,
    ) -> Sequence[str]:
        """Return for each exchange the category that a probe fitted on the other folds gives."""
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
        from threadpoolctl import threadpool_limits

        folds = StratifiedGroupKFold(
            self.folds, shuffle=True, random_state=int(rng.integers(2**31))
        )
        probe = make_pipeline(
            StandardScaler(), LogisticRegression(C=_INVERSE_PENALTY, max_iter=_STEPS)
        )
        # The matrices are small: on a busy machine, more threads wait for one another.
        with threadpool_limits(1):
            predicted: Sequence[str] = cross_val_predict(
                probe,
                vectors.astype(np.float64),
                [exchange.category for exchange in chosen],
                groups=[exchange.dialogue for exchange in chosen],
                cv=folds,
            ).tolist()
        return predicted

    def _check(self, corpus: Corpus, chosen: Sequence[Exchange]) -> None:
        if len(corpus.categories) < 2:
            raise DataError(
                f"Corpus {named(corpus.name)} ({corpus.split}) has one category; nothing can be "
                "confused with it."
            )
        counts = Counter(category for category, _ in {(e.category, e.dialogue) for e in chosen})
        name, fewest = min(counts.items(), key=lambda item: (item[1], item[0]))
        if fewest < self.folds:
            raise DataError(
                f"The {fewest} dialogues of {named(name)} cannot be split into {self.folds} folds; "
                "lower 'folds' or choose another similarity."
            )
