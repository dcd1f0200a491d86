"""In which order, and on which scale, a target-by-victim matrix is shown."""

import numpy as np
from jaxtyping import Float
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import pdist

from semspill.results import SpilloverMatrix

_NEVER_0 = 1e-6  # a colour scale must have some width


def similarity_order(matrix: SpilloverMatrix) -> list[str]:
    """Return all categories in an order that puts similar ones side by side.

    They are the leaves of an average-linkage tree, ordered so that neighbours are as near as can
    be (Bar-Joseph, Gifford and Jaakkola 2001). Where not all were poisoned, two are alike when
    they are alike to the targets.
    """
    tree = linkage(_distances(matrix), "average", optimal_ordering=True)
    return [matrix.victims[leaf] for leaf in leaves_list(tree)]


def reach_of(lift: Float[np.ndarray, " cells"]) -> float:
    """Return the largest size of a lift, and never 0."""
    return max(float(np.abs(lift).max()), _NEVER_0)


def stretched_ticks(lift: Float[np.ndarray, " cells"]) -> list[float]:
    """Return places on a stretched scale whose labels do not run into each other."""
    reach = reach_of(lift)
    steps = [digit * 10.0**power for power in range(-8, 1) for digit in (1, 2, 5)]
    wide = [step for step in steps if reach / 15 < step <= reach]
    both = [*(-step for step in wide[::-1]), 0.0, *wide]
    return [tick for tick in both if tick >= min(float(lift.min()), 0.0)]


def _distances(matrix: SpilloverMatrix) -> Float[np.ndarray, " distances"]:
    near = matrix.similarities
    if len(matrix.targets) < len(matrix.victims):
        return np.asarray(pdist(near.T))
    square = near[[matrix.targets.index(name) for name in matrix.victims]]
    both = ((square + square.T) / 2)[np.triu_indices(len(square), 1)]
    return np.asarray(both.max() - both)
