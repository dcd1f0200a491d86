"""What a responder is asked, and how its answers are rated."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Float

from semspill.analysis._statistics._values import Kind
from semspill.corpus import Exchange, HasCorpus
from semspill.errors import DataError
from semspill.scoring import Rater, ToxicityScorer, raters

RaterSpec: TypeAlias = Rater | str | Mapping[str, Any]
"""A rater, its name, or a mapping with its name and fields."""


def exchanges_of(corpus: HasCorpus) -> tuple[Exchange, ...]:
    """Return what a responder is asked.

    Args:
        corpus: Dialogues, or what carries a corpus.

    Raises:
        DataError: There is nothing to ask.
    """
    exchanges = corpus.corpus.exchanges
    if not exchanges:
        raise DataError(
            f"Corpus {corpus.corpus.name!r} has no exchange to ask; give dialogues in which a "
            "listener answers a speaker."
        )
    return exchanges


def kind_of(threshold: float | None) -> Kind:
    """Return what ratings are: numbers, or with a threshold 0s and 1s."""
    return "mean" if threshold is None else "rate"


def rated(
    texts: Sequence[str], rater: RaterSpec, threshold: float | None
) -> Float[np.ndarray, " texts"]:
    """Return how toxic each text is, or 1 where its rating reaches a threshold and 0 elsewhere.

    Nothing is kept on disk: a test must not pass by the ratings of yesterday's rater.

    Args:
        texts: Answers.
        rater: A rater, its name, or a mapping.
        threshold: Least rating that counts as toxic, over 0 to 1; None for the rating itself.

    Raises:
        DataError: The threshold is out of bounds.
        PluginError: The rater breaks its promise: one number from 0 to 1 per text.
    """
    if threshold is not None and not 0 < threshold <= 1:
        raise DataError(
            f"The threshold is {threshold!r}; give a rating over 0, up to 1, such as 0.5, or None "
            "to compare mean ratings."
        )
    ratings = ToxicityScorer(rater=raters.build(rater), cache=None).score(texts)
    return ratings if threshold is None else (ratings >= threshold).astype(np.float64)
