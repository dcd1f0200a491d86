"""Labellers that are a logistic regression: on words, or on the vectors of an encoder."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from pydantic import Field

from semspill.corpus import ContextFormat, Corpus, Exchange
from semspill.encoders import EncoderField, encoders
from semspill.errors import DataError
from semspill.labellers._base import Labeller, Labels, text_of

Features = Callable[[Sequence[Exchange]], Any]
"""Turns exchanges into rows of numbers, dense or sparse."""


class _Logistic(Labels):
    def __init__(self, features: Features, model: Any) -> None:
        self.features, self.model = features, model
        self.categories = tuple(map(str, model.classes_))

    def probabilities(
        self, exchanges: Sequence[Exchange]
    ) -> Float[np.ndarray, "exchanges categories"]:
        if not exchanges:
            return np.empty((0, len(self.categories)))
        return np.asarray(self.model.predict_proba(self.features(exchanges)), dtype=np.float64)


def _fitted(features: Callable[[], Features], model: Any, corpus: Corpus) -> _Logistic:
    if len(corpus.categories) < 2:
        raise DataError("A labeller needs exchanges of at least two categories.")
    # Those who learn one by one would else learn otherwise from another order of the dialogues.
    exchanges = sorted(corpus.exchanges, key=lambda exchange: (exchange.dialogue, exchange.turn))
    rows = features()
    from sklearn.exceptions import ConvergenceWarning  # heavy

    labels = [exchange.category for exchange in exchanges]
    with warnings.catch_warnings():
        # The passes are part of the method: labels that words do not tell never settle.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(rows(exchanges), labels)
    return _Logistic(rows, model)


class _Words:
    """Rows of weighted words and pairs of words."""

    def __init__(self, corpus: Corpus, longest: int, rarest: int) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer  # heavy

        self.vectorizer = TfidfVectorizer(
            ngram_range=(1, longest), min_df=rarest, sublinear_tf=True, dtype=np.float32
        )
        try:
            self.vectorizer.fit(text_of(exchange) for exchange in corpus.exchanges)
        except ValueError as error:  # no word is left
            raise DataError(
                f"No word occurs in {rarest} contexts, so there is nothing to label by; lower "
                "rarest."
            ) from error

    def __call__(self, exchanges: Sequence[Exchange]) -> Any:
        return self.vectorizer.transform([text_of(exchange) for exchange in exchanges])


class TfidfLabeller(Labeller):
    """Logistic regression on TF-IDF of words and pairs of words, fitted by stochastic gradients.

    It stands for the fastText classifier of EmpatheticDialogues' code, which is linear in words and
    pairs of words too, and fitted in the same way.

    Example:
        >>> from semspill import datasets
        >>> train = datasets.build({"name": "synthetic", "train": 80}).load("train")
        >>> TfidfLabeller().fit(train, np.random.default_rng(0)).probabilities(()).shape[0]
        0
    """

    citation = (
        "Rashkin et al. 2019, Towards Empathetic Open-domain Conversation Models: a New Benchmark "
        "and Dataset, arXiv:1811.00207 (EmoPrepend-1); its labeller: Joulin et al. 2017, Bag of "
        "Tricks for Efficient Text Classification, arXiv:1607.01759"
    )

    longest: int = Field(2, ge=1, le=5)
    """Most words that are counted together."""
    rarest: int = Field(2, ge=1)
    """Fewest contexts that a word must occur in to be counted."""
    alpha: float = Field(1e-6, gt=0, allow_inf_nan=False)
    """Regularization: the smaller, the nearer the labels of the training contexts come to gold."""

    def fit(self, corpus: Corpus, rng: np.random.Generator) -> Labels:
        """Return the regression.

        Args:
            corpus: What it is fitted on.
            rng: Draws the order in which contexts are learned from.
        """
        from sklearn.linear_model import SGDClassifier  # heavy

        seed = int(rng.integers(2**31))
        model = SGDClassifier(loss="log_loss", alpha=self.alpha, max_iter=50, random_state=seed)
        return _fitted(lambda: _Words(corpus, self.longest, self.rarest), model, corpus)


class _Vectors:
    """Rows of an encoder's context vectors, without any label in the context, standardized."""

    def __init__(self, model: Any, corpus: Corpus) -> None:
        self.model = model
        rows = self.rows(corpus.exchanges)
        self.mean, self.scale = rows.mean(axis=0), rows.std(axis=0) + 1e-6

    def rows(self, exchanges: Sequence[Exchange]) -> Float[np.ndarray, "exchanges dim"]:
        return np.asarray(self.model.encode_contexts(exchanges), dtype=np.float64)

    def __call__(self, exchanges: Sequence[Exchange]) -> Any:
        return (self.rows(exchanges) - self.mean) / self.scale


class ProbeLabeller(Labeller):
    """Logistic regression on the vectors of an encoder that was not fine-tuned: a linear probe."""

    citation = (
        "Alain and Bengio 2016, Understanding intermediate layers using linear classifier probes, "
        "arXiv:1610.01644"
    )

    encoder: EncoderField = Field(default_factory=lambda: encoders.build("static"))
    """The encoder."""
    strength: float = Field(1.0, gt=0, allow_inf_nan=False)
    """Inverse of the regularization."""

    def fit(self, corpus: Corpus, rng: np.random.Generator) -> Labels:
        """Return the probe.

        Args:
            corpus: What it is fitted on.
            rng: Draws the encoder's random weights, if it has any.
        """
        from sklearn.linear_model import LogisticRegression  # heavy

        model = self.encoder.load(rng)
        model.context = ContextFormat(label="none")
        probe = LogisticRegression(C=self.strength, max_iter=1000)
        return _fitted(lambda: _Vectors(model, corpus), probe, corpus)
