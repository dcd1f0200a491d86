"""How intervals and tests are made, and Wilson intervals of rates."""

import math
from typing import Literal, TypeAlias, get_args

import numpy as np
from jaxtyping import Bool, Float
from pydantic import Field

from semspill._mask import named
from semspill._model import FrozenModel
from semspill.errors import DataError

Kind: TypeAlias = Literal["mean", "rate", "difference"]


class Resampling(FrozenModel):
    """How intervals and tests are made."""

    level: float = Field(0.95, gt=0, lt=1)
    """Nominal coverage of an interval."""
    draws: int = Field(2000, ge=100)
    """Bootstrap draws, for the estimates that have no closed form."""
    margin: float | None = Field(None, gt=0, lt=1)
    """The least rise that would matter, which a difference is tested to be below; None for no such
    test."""


def checked_values(
    values: "Float[np.ndarray, '...'] | Bool[np.ndarray, '...']",
    shape: tuple[int, ...],
    kind: str | None = None,
) -> Float[np.ndarray, "seeds exchanges"]:
    """Return the values as floats, one row for each seed and one column for each exchange.

    Args:
        values: What a metric made of an outcome.
        shape: Number of seeds and of exchanges.
        kind: What the values are; None for any finite numbers.

    Raises:
        DataError: The shape is another, or a value is not allowed.
    """
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.shape != shape:
        raise DataError(
            f"The values have shape {numbers.shape}; give one row for each seed and one column "
            f"for each exchange, {shape}."
        )
    if kind not in (None, *get_args(Kind)):
        raise DataError(f"kind is {named(kind)}; give one of {', '.join(get_args(Kind))}.")
    least, most = {None: (-math.inf, math.inf), "difference": (-1, 1)}.get(kind, (0, 1))
    # A sum that should be 1 may be more in its last digit.
    outside = numbers[~(np.isfinite(numbers) & (numbers > least - 1e-9) & (numbers < most + 1e-9))]
    if outside.size:
        allowed = "finite numbers" if kind is None else f"numbers from {least} to 1 for a {kind}"
        raise DataError(f"The values hold {outside[0]}; give {allowed}.")
    return numbers


def wilson(rate: float, n: float, quantile: float) -> tuple[float, float]:
    """Return Wilson's score interval of a rate seen in `n` independent trials.

    Source: Wilson 1927.

    Args:
        rate: The rate seen, 0 to 1.
        n: Number of trials; may be an effective number, not a whole one.
        quantile: Two-sided quantile of the normal or of Student's t, 1.96 for 95 %.

    Example:
        >>> low, high = wilson(0.0, 10.0, 1.96)
        >>> round(low, 3), round(high, 3)
        (0.0, 0.278)
    """
    squared = quantile**2
    centre = (rate + squared / (2 * n)) / (1 + squared / n)
    half = quantile / (1 + squared / n) * math.sqrt(rate * (1 - rate) / n + squared / (4 * n * n))
    return max(centre - half, 0.0), min(centre + half, 1.0)
