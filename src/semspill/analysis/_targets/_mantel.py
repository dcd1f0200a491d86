"""Statistics over ordered pairs of categories, which depend on each other where they share one."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Bool, Float, Int

from semspill._random import stream

Lifts: TypeAlias = Float[np.ndarray, " pairs"]
Many: TypeAlias = Float[np.ndarray, "draws pairs"]
Groups: TypeAlias = Int[np.ndarray, " pairs"]
Statistic: TypeAlias = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]

_BATCH = 500  # permutations at a time: 500 x 992 pairs are 4 MB


@dataclass(frozen=True, eq=False)
class Pairs:
    """Every ordered pair of a target and another category, with what they are compared by."""

    lift: Lifts
    """Lift of the victim when the target was poisoned."""
    target: Groups
    """Number of the poisoned category."""
    victim: Groups
    """Number of the other category."""
    square: Float[np.ndarray, "categories categories"]
    """Similarity of each category (column) to each (row), targets or not."""

    @cached_property
    def near(self) -> Lifts:
        """Similarity of the victim to the target."""
        return np.asarray(self.square[self.target, self.victim])

    @cached_property
    def nearest(self) -> Lifts:
        """1 for the pair of a target with its most similar other category, else 0."""
        return np.asarray(is_nearest(self.near[None], self.target)[0])


def is_nearest(near: Many, target: Groups) -> Many:
    """Mark each target's most similar category with 1, the rest with 0; the first of equals wins.

    Example:
        >>> is_nearest(np.array([[0.5, 0.9, 0.2, 0.1]]), np.array([0, 0, 1, 1]))
        array([[0., 1., 1., 0.]])
    """
    marks = np.zeros(near.shape)
    for group in np.unique(target):
        columns = np.flatnonzero(target == group)
        best = columns[near[:, columns].argmax(axis=1)]
        marks[np.arange(len(near)), best] = 1.0
    return marks


def spearman(lift: Lifts, near: Many, target: Groups) -> Float[np.ndarray, " draws"]:
    """Return the rank correlation of lift with similarity over all pairs."""
    return _correlation(_ranks(lift[None])[0], _ranks(near))


def pearson(lift: Lifts, near: Many, target: Groups) -> Float[np.ndarray, " draws"]:
    """Return the correlation over all pairs: the pivotal form of the slope, for its test."""
    return _correlation(lift, near)


def slope(lift: Lifts, near: Many, target: Groups) -> Float[np.ndarray, " draws"]:
    """Return the least-squares slope of lift on similarity over all pairs."""
    return _slope(lift, near)


def spearman_within(lift: Lifts, near: Many, target: Groups) -> Float[np.ndarray, " draws"]:
    """Return the correlation of ranks that are taken within each target."""
    ranked = _ranks_within(lift[None], target)[0]
    return _correlation(ranked, _ranks_within(near, target))


def pearson_within(lift: Lifts, near: Many, target: Groups) -> Float[np.ndarray, " draws"]:
    """Return the correlation of lift and similarity after each target's means are taken out."""
    return _correlation(_centred(lift[None], target)[0], _centred(near, target))


def slope_within(lift: Lifts, near: Many, target: Groups) -> Float[np.ndarray, " draws"]:
    """Return the least-squares slope with an intercept of its own for each target."""
    return _slope(_centred(lift[None], target)[0], _centred(near, target))


def nearest_excess(lift: Lifts, nearest: Many, target: Groups) -> Float[np.ndarray, " draws"]:
    """Return lift of the nearest category minus the mean of the rest, averaged over targets."""
    member = _members(target)
    chosen = (nearest * lift) @ member
    rest = ((1 - nearest) * lift) @ member / np.maximum((1 - nearest) @ member, 1)
    # A jackknife may have left out the nearest one: that target then says nothing.
    counted = nearest @ member
    return np.asarray(((chosen - rest) * counted).sum(axis=1) / np.maximum(counted.sum(axis=1), 1))


def nearest_share(lift: Lifts, nearest: Lifts, own: Lifts) -> float:
    """Return the lift of nearest categories over that of the targets in their own exchanges."""
    below = float(nearest @ own)
    # A jackknife may have left out every nearest category: none is left to have a share.
    return float(nearest @ lift) / below if below else 0.0


def permutation_p(
    pairs: Pairs, statistic: Statistic, *, of: Literal["near", "nearest"], permutations: int
) -> float:
    """Return the two-sided p-value of relabelling the categories of the similarity matrix.

    One order relabels rows and columns together, so what pairs share stays shared (Mantel 1967;
    QAP, Krackhardt 1988). Lifts keep the effects of targets and victims that they have. A
    statistic with each target's mean taken out is the double-semi-partialling test of Dekker,
    Krackhardt and Snijders (2007) given targets: relabelling and taking out row means commute.

    Args:
        pairs: The pairs.
        statistic: What is compared.
        of: Whether it takes the similarities or marks of the nearest ones.
        permutations: How many orders are drawn.
    """
    rng = stream(0, "mantel")
    seen = abs(float(statistic(pairs.lift, getattr(pairs, of)[None], pairs.target)[0]))
    beaten = 0
    for start in range(0, permutations, _BATCH):
        count = min(_BATCH, permutations - start)
        orders = rng.permuted(np.tile(np.arange(len(pairs.square)), (count, 1)), axis=1)
        near = pairs.square[orders[:, pairs.target], orders[:, pairs.victim]]
        drawn = is_nearest(near, pairs.target) if of == "nearest" else near
        reached = np.abs(statistic(pairs.lift, drawn, pairs.target))
        beaten += int((reached >= seen - 1e-12).sum())
    return (beaten + 1) / (permutations + 1)


def jackknife_variance(pairs: Pairs, value: Callable[[Bool[np.ndarray, " pairs"]], float]) -> float:
    """Return the variance of a statistic over the choice of categories.

    Each category is left out in turn, as target and as victim. That counts the noise of a single
    pair twice, once for either category; leaving out single pairs (both directions) measures it,
    and once is subtracted, as in Aronow, Samii and Assenova (2015).

    Args:
        pairs: The pairs.
        value: The statistic of the pairs that are kept.
    """
    count = len(pairs.square)
    kept = [(pairs.target != k) & (pairs.victim != k) for k in range(count)]
    both = np.minimum(pairs.target, pairs.victim) * count + np.maximum(pairs.target, pairs.victim)
    by_category = _spread([value(keep) for keep in kept])
    by_pair = _spread([value(both != pair) for pair in np.unique(both)])
    return max(by_category - by_pair, by_pair)


def _spread(values: list[float]) -> float:
    return float(np.var(values) * (len(values) - 1))


def _members(target: Groups) -> Float[np.ndarray, "pairs targets"]:
    return np.asarray(target[:, None] == np.unique(target), dtype=np.float64)


def _centred(values: Many, target: Groups) -> Many:
    member = _members(target)
    means = (values @ member) / member.sum(axis=0)
    return np.asarray(values - means @ member.T)


def _ranks(values: Many) -> Many:
    from scipy import stats  # heavy; loaded when a curve over pairs is asked for

    return np.asarray(stats.rankdata(values, axis=1), dtype=np.float64)


def _ranks_within(values: Many, target: Groups) -> Many:
    """Return ranks within each target, less their mean."""
    # Targets a whole range of ranks apart are ranked one after the other, in one go.
    apart = target * (values.shape[1] + 1)
    return _centred(_ranks(_ranks(values) + apart), target)


def _slope(lift: Lifts, near: Many) -> Float[np.ndarray, " draws"]:
    away = near - near.mean(axis=1, keepdims=True)
    return np.asarray(away @ (lift - lift.mean()) / np.maximum((away**2).sum(axis=1), 1e-300))


def _correlation(lift: Lifts, near: Many) -> Float[np.ndarray, " draws"]:
    rise, away = lift - lift.mean(), near - near.mean(axis=1, keepdims=True)
    size = np.sqrt((away**2).sum(axis=1) * (rise**2).sum())
    # Where nothing varies there is nothing to correlate: 0 rather than 0 / 0.
    return np.asarray(away @ rise / np.where(size > 0, size, np.inf))
