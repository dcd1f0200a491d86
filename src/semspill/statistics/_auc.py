"""How well a score tells hits from the rest: the area under the receiver operating curve."""

import numpy as np
from jaxtyping import Float

CITATION = "Hanley and McNeil 1982, The meaning and use of the area under a ROC curve"


def weighted_auc(
    scores: Float[np.ndarray, " exchanges"],
    hits: Float[np.ndarray, " exchanges"],
    weights: Float[np.ndarray, "draws exchanges"],
) -> Float[np.ndarray, " draws"]:
    """Return the chance that a hit has a higher score than what is none; equal scores count half.

    Args:
        scores: The score of each exchange.
        hits: The share of its answers that are hits.
        weights: How often each draw holds each exchange.

    Returns:
        0.5 where the scores tell nothing, 1 where every hit has the higher score; NaN for a draw
        without a hit, or with nothing else.

    Example:
        >>> weighted_auc(np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0, 0.0]), np.ones((1, 3)))
        array([0.5])
    """
    values, places = np.unique(scores, return_inverse=True)
    order = np.argsort(places, kind="stable")
    begins = np.searchsorted(places[order], np.arange(len(values)))
    ordered = weights[:, order]
    hit = np.add.reduceat(ordered * hits[order], begins, axis=1)
    rest = np.add.reduceat(ordered * (1 - hits[order]), begins, axis=1)
    below = np.cumsum(rest, axis=1) - rest / 2
    pairs = hit.sum(axis=1) * rest.sum(axis=1)
    won = (hit * below).sum(axis=1)
    return np.where(pairs > 0, won / np.where(pairs > 0, pairs, 1), np.nan)
