"""The mean over all answers alike, in which a long dialogue weighs more than a short one."""

import math
from collections.abc import Hashable, Sequence

import numpy as np
from jaxtyping import Float

# A single unit has no spread that could be estimated; this stands for its infinite correction.
_LEAST = 1e-12


def answers_reach(
    values: Float[np.ndarray, " exchanges"],
    units: Sequence[Hashable],
    tail: float,
    copies: float = 1.0,
) -> float:
    """Return how far the mean over answers may lie on either side, for what varied among units.

    It is the cluster-robust CR2 error with Satterthwaite's degrees of freedom, which fall where one
    unit outweighs the others. What no unit showed is not in it. Sources: Bell and McCaffrey 2002;
    Pustejovsky and Tipton 2018.

    Example:
        >>> round(answers_reach(np.array([0.0, 0.0, 0.0, 1.0]), "abcd", tail=0.05), 3)
        0.588

    Args:
        values: One for each answer.
        units: The independent unit of each answer.
        tail: Chance of the truth lying further out on one side.
        copies: How often each unit counts.
    """
    from scipy import special

    places = {unit: place for place, unit in enumerate(dict.fromkeys(units))}
    rows = np.array([places[unit] for unit in units])
    sizes = np.bincount(rows).astype(np.float64)
    rests = np.bincount(rows, values - values.mean())
    total = copies * float(sizes.sum())
    left = np.maximum(1 - sizes / total, _LEAST)
    error = math.sqrt(copies * float((rests**2 / left).sum())) / total
    # The error as a form of independent answers; its mean and variance are those of chi-squared.
    own, shared = sizes / left / total**2, sizes**2 / left / total**3
    mean = copies * float((own - shared).sum())
    squares = copies * float((own**2 - 2 * own * shared).sum())
    squares += (copies * float(shared.sum())) ** 2
    df = max(mean**2 / squares, 1.0) if squares > 0 else 1.0
    return -float(special.stdtrit(df, tail)) * error
