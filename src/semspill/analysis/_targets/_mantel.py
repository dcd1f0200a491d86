"""Statistics over ordered pairs of categories, which are dependent where they share one."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Float, Int

from semspill._random import stream

Lifts: TypeAlias = Float[np.ndarray, " pairs"]
Many: TypeAlias = Float[np.ndarray, "draws pairs"]
Groups: TypeAlias = Int[np.ndarray, " pairs"]

_NOTHING = 1e-12
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
    def marks(self) -> Float[np.ndarray, "categories categories"]:
        """1 where the column is the row's most similar other category, else 0."""
        others = np.where(np.eye(len(self.square), dtype=np.bool_), -np.inf, self.square)
        nearest = np.zeros(self.square.shape)
        nearest[np.arange(len(nearest)), others.argmax(axis=1)] = 1.0  # the first of equals wins
        return nearest

    @cached_property
    def nearest(self) -> Lifts:
        """1 for the pair of a target with its most similar other category, else 0."""
        return np.asarray(self.marks[self.target, self.victim])


def coefficient(pairs: Pairs, x: Lifts, keep: Bool[np.ndarray, " pairs"] | None = None) -> float:
    """Return how much lift rises with x, with the effects of targets and of victims taken out.

    Least squares with an intercept of its own for each target and each victim: neither a target
    that takes the poison well nor a victim that catches everything can make a trend.

    Args:
        pairs: The pairs.
        x: What lift is compared with, such as the similarity of each pair.
        keep: Which pairs count; None for all.
    """
    away, rise = _residuals(pairs, np.stack([x, pairs.lift]), keep)
    return _over(float(away @ rise), float(away @ away))


def hubness(pairs: Pairs) -> float:
    """Return the share of similarity's variance that is between targets and between victims.

    1 where some categories are simply like everybody; 0 where similarity is a matter of pairs.
    """
    (away,) = _residuals(pairs, pairs.near[None], None)
    around = pairs.near - pairs.near.mean()
    return 1 - _over(float(away @ away), float(around @ around))


def nearest_share(lift: Lifts, nearest: Lifts, own: Lifts) -> float:
    """Return the lift of nearest categories over that of the targets in their own exchanges."""
    below = float(nearest @ own)
    # A jackknife may have left out every nearest category: none is left to have a share.
    return float(nearest @ lift) / below if below else 0.0


def permutation_p(pairs: Pairs, *, permutations: int) -> float:
    """Return the two-sided p-value of the partial correlation of lift with similarity.

    The double-semi-partialling test of Dekker, Krackhardt and Snijders (2007), given targets and
    victims: their effects are taken out of the similarities, one order relabels rows and columns of
    what is left together (Mantel 1967; QAP, Krackhardt 1988), and what is then correlated with the
    lifts is again what targets and victims do not explain.

    Args:
        pairs: The pairs.
        permutations: How many orders are drawn.
    """
    count = len(pairs.square)
    square, basis = _two_way(pairs.square), _basis(pairs)
    rise = pairs.lift - basis @ (basis.T @ pairs.lift)

    def reached(x: Many) -> Float[np.ndarray, " draws"]:
        away = x - (x @ basis) @ basis.T
        size = np.sqrt((away**2).sum(axis=1))
        return np.asarray(np.abs(away @ rise) / np.where(size > _NOTHING, size, np.inf))

    rng, beaten = stream(0, "mantel"), 0
    seen = float(reached(square[pairs.target, pairs.victim][None])[0])
    for start in range(0, permutations, _BATCH):
        drawn = min(_BATCH, permutations - start)
        orders = rng.permuted(np.tile(np.arange(count), (drawn, 1)), axis=1)
        near = square[orders[:, pairs.target], orders[:, pairs.victim]]
        beaten += int((reached(near) >= seen - 1e-12).sum())
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


def _residuals(pairs: Pairs, values: Many, keep: Bool[np.ndarray, " pairs"] | None) -> Many:
    """Return what targets and victims do not explain; 0 for pairs that do not count."""
    counts = np.ones(len(pairs.lift)) if keep is None else keep.astype(np.float64)
    marks = _marks(pairs) * counts[:, None]
    effects = np.linalg.lstsq(marks.T @ marks, marks.T @ values.T, rcond=None)[0]
    return np.asarray((values.T - marks @ effects).T * counts)


def _marks(pairs: Pairs) -> Float[np.ndarray, "pairs effects"]:
    sides = [pairs.target, pairs.victim]
    return np.hstack([(side[:, None] == np.unique(side)) for side in sides]).astype(np.float64)


def _basis(pairs: Pairs) -> Float[np.ndarray, "pairs effects"]:
    """Return orthonormal columns that span the effects of targets and victims."""
    left, sizes, _ = np.linalg.svd(_marks(pairs), full_matrices=False)
    return np.asarray(left[:, sizes > 1e-9 * sizes[0]])


def _two_way(square: Float[np.ndarray, "categories categories"]) -> np.ndarray:
    """Return what rows and columns do not explain of all cells but the diagonal."""
    count = len(square)
    target, victim = np.nonzero(~np.eye(count, dtype=np.bool_))
    cells = Pairs(lift=square[target, victim], target=target, victim=victim, square=square)
    left = np.zeros(square.shape)
    left[target, victim] = _residuals(cells, cells.lift[None], None)[0]
    return left


def _over(above: float, below: float) -> float:
    # Where nothing varies there is nothing to correlate: 0 rather than 0 / 0.
    return above / below if below > _NOTHING else 0.0
