"""Numbers that are equal up to a tolerance: their last digits hang on the batch and the threads."""

from collections.abc import Sequence
from typing import Any

import numpy as np

ROUNDING = 1e-5
"""How far float32 results of other batches may be apart, as a share of their scale."""


class Numbers:
    """Numbers that `==` compares up to a tolerance; NaN equals NaN.

    Example:
        >>> Numbers([0.5, float("nan")], 0.1) == Numbers([0.55, float("nan")], 0.1)
        True

    Args:
        values: Any array of numbers.
        tolerance: How far they may be apart.
    """

    def __init__(self, values: "np.ndarray | Sequence[float]", tolerance: float) -> None:
        self.values = np.asarray(values, dtype=np.float64)
        self.tolerance = tolerance

    __hash__ = None  # type: ignore[assignment]  # what is equal up to a tolerance has no hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Numbers) and same(self.values, other.values, self.tolerance)


def same(first: Any, second: Any, tolerance: float) -> bool:
    """Return whether two arrays have one shape and nowhere differ by more than a tolerance."""
    if np.shape(first) != np.shape(second):
        return False
    return bool(np.allclose(first, second, rtol=0, atol=tolerance, equal_nan=True))


def scale(rows: np.ndarray) -> float:
    """Return the largest finite size among numbers; 0 where there is none."""
    sizes = np.abs(rows[np.isfinite(rows)])
    return float(sizes.max(initial=0.0))
