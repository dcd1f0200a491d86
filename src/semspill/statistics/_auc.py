"""How well a score tells hits from the rest: the ROC curve, and the area under it."""

import math

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from semspill.errors import DataError
from semspill.statistics._estimate import Estimate
from semspill.statistics._noise import t_quantile
from semspill.statistics._values import wilson

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


def estimate_auc(
    suspicion: Float[np.ndarray, " exchanges"],
    truth: Bool[np.ndarray, " exchanges"],
    clusters: Shaped[np.ndarray, " exchanges"],
    *,
    level: float = 0.95,
) -> Estimate:
    """Return how often a hit is more suspicious than what is none, with an interval of one corpus.

    Exchanges of one dialogue are not independent: the variance is DeLong's, over whole dialogues
    (Obuchowski 1997), and the interval is made on the log odds, so that it stays within 0 to 1.
    Where hits and the rest are told apart perfectly there is no variance; then the interval is
    Wilson's of a share of as many dialogues as hold hits, or as hold others, whichever are fewer.

    Args:
        suspicion: How suspicious each exchange is, higher is worse; NaN is no opinion, and counts
            as least suspicious.
        truth: Which exchanges are hits.
        clusters: The dialogue of each exchange: a number or a name.
        level: Nominal coverage.

    Raises:
        DataError: There is not one of each for every exchange.

    Example:
        >>> truth = np.array([True, True, False, False])
        >>> print(estimate_auc(np.array([3.0, 1.0, 2.0, 0.0]), truth, np.arange(4)))
        0.750 [0.069, 0.992]
    """
    scores = _comparable(suspicion, truth)
    if len(clusters) != len(truth):
        raise DataError(
            f"{len(clusters)} clusters came for {len(truth)} exchanges; give one for each."
        )
    dialogue = np.unique(clusters, return_inverse=True)[1]
    method = "DeLong's variance over dialogues, on the log odds"
    unknown = Estimate(
        value=math.nan, low=math.nan, high=math.nan, n=int(dialogue.max(initial=-1)) + 1,
        method=method, level=level, citation="Obuchowski 1997, Nonparametric Analysis of Clustered "
        "ROC Curve Data", note="not defined: nothing is planted, or everything is",
    )  # fmt: skip
    if truth.all() or not truth.any():
        return unknown
    value, error, fewest = _clustered(scores, truth, dialogue)
    z = t_quantile(1 - level, math.inf)
    if 0 < value < 1:
        reach = z * error / (value * (1 - value))
        low, high = (_expit(math.log(value / (1 - value)) + end) for end in (-reach, reach))
    else:
        low, high = wilson(value, fewest, z)
    return unknown.replace(value=value, low=low, high=high, note="")


def roc_curve(
    suspicion: Float[np.ndarray, " exchanges"],
    truth: Bool[np.ndarray, " exchanges"],
    points: int = 101,
) -> tuple[tuple[float, float], ...]:
    """Return the share of others and of hits above each threshold, from (0, 0) to (1, 1).

    Args:
        suspicion: How suspicious each exchange is, higher is worse; NaN is no opinion, and counts
            as least suspicious.
        truth: Which exchanges are hits.
        points: The most points: of more thresholds, those are left that lie evenly along the curve.

    Returns:
        Nothing where there is no hit, or nothing else.

    Raises:
        DataError: There is not one of each for every exchange.

    Example:
        >>> roc_curve(np.array([3.0, 1.0, 2.0, 0.0]), np.array([True, True, False, False]))
        ((0.0, 0.0), (0.0, 0.5), (0.5, 0.5), (0.5, 1.0), (1.0, 1.0))
    """
    scores = _comparable(suspicion, truth)
    if truth.all() or not truth.any():
        return ()
    places = np.unique(scores, return_inverse=True)[1]
    sides = [np.bincount(places, side) for side in (~truth, truth)]
    others, hits = (np.cumsum([0, *side[::-1]]) / side.sum() for side in sides)
    even = np.searchsorted(others + hits, np.linspace(0, others[-1] + hits[-1], points))
    kept = np.arange(len(hits)) if len(hits) <= points else np.unique(even)
    return tuple(zip(others[kept].tolist(), hits[kept].tolist(), strict=True))


def _comparable(
    suspicion: Float[np.ndarray, " exchanges"], truth: Bool[np.ndarray, " exchanges"]
) -> Float[np.ndarray, " exchanges"]:
    if suspicion.shape != truth.shape or truth.dtype != np.bool_ or truth.ndim != 1:
        raise DataError(
            f"Scores of shape {suspicion.shape} came with a truth of shape {truth.shape} and type "
            f"{truth.dtype}; give one number and one bool for each exchange."
        )
    return np.where(np.isnan(suspicion), -np.inf, suspicion)


def _clustered(
    scores: Float[np.ndarray, " exchanges"],
    truth: Bool[np.ndarray, " exchanges"],
    dialogue: Int[np.ndarray, " exchanges"],
) -> tuple[float, float, int]:
    """Return the area, its standard error, and the fewest dialogues that hold a side."""
    sides = []
    for side in (truth, ~truth):
        against = np.sort(scores[~side])
        below, upto = (np.searchsorted(against, scores[side], at) for at in ("left", "right"))
        won = (below + upto) / 2 / len(against)
        sides.append((won if side is truth else 1 - won, dialogue[side]))
    value = float(sides[0][0].mean())
    count = int(dialogue.max()) + 1
    # What each dialogue adds to the mean of its side, around the area.
    off = [np.bincount(own, won - value, count) / len(own) for won, own in sides]
    held = [len(np.unique(own)) for _, own in sides]
    variance = sum(n / max(n - 1, 1) * float(one @ one) for n, one in zip(held, off, strict=True))
    both = count / max(count - 1, 1) * float(off[0] @ off[1])
    return value, math.sqrt(max(variance + 2 * both, 0.0)), min(held)


def _expit(value: float) -> float:
    return 1 / (1 + math.exp(-value))
