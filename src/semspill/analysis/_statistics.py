"""Intervals for means over exchanges, which are nested in dialogues and in training seeds."""

from functools import lru_cache
from statistics import NormalDist
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Float, Int
from pydantic import Field

from semspill._model import FrozenModel
from semspill._random import stream
from semspill.report import Estimate

Kind: TypeAlias = Literal["mean", "rate", "difference"]


class Resampling(FrozenModel):
    """How intervals are made."""

    level: float = Field(0.95, gt=0, lt=1)
    """Nominal coverage of an interval."""
    draws: int = Field(2000, ge=100)
    """Bootstrap draws."""


def wilson(rate: float, n: float, level: float) -> tuple[float, float]:
    """Return Wilson's score interval of a rate seen in `n` independent trials.

    Source: Wilson 1927. `n` may be an effective number, not a whole one.

    Example:
        >>> low, high = wilson(0.0, 10.0, 0.95)
        >>> round(low, 3), round(high, 3)
        (0.0, 0.278)
    """
    z = NormalDist().inv_cdf(0.5 + level / 2)
    centre = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * float(np.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n)))
    return max(centre - half, 0.0), min(centre + half, 1.0)


def estimate_mean(
    values: Float[np.ndarray, "seeds exchanges"],
    clusters: Int[np.ndarray, " exchanges"],
    kind: Kind,
    resampling: Resampling,
) -> Estimate:
    """Return a mean over seeds and exchanges with its interval.

    A mean and a difference get a percentile interval from the hierarchical bootstrap: seeds are
    drawn with replacement, and dialogues with all their exchanges. A rate gets Wilson's interval
    at its effective sample size, taken from the bootstrap's variance, so that it does not vanish
    near 0 or 1. Where nothing varies, as when no exchange changed, the interval is Wilson's bound
    on the share of dialogues that could have.

    Args:
        values: One row per seed, one column per exchange.
        clusters: Dialogue number of each exchange, 0 to the number of dialogues minus 1.
        kind: What the values are.
        resampling: Level and draws.
    """
    seeds, exchanges = values.shape
    dialogues = int(clusters.max()) + 1
    value = float(values.mean())
    draws = _bootstrap(values, clusters, resampling.draws)
    spread = float(draws.var())
    many = " over seeds" if seeds > 1 else ""
    if spread < 1e-18:
        method = "Wilson bound, nothing varies; n = dialogues"
        low, high = _constant(value, dialogues, kind, resampling.level)
    elif kind == "rate":
        effective = min(max(value * (1 - value) / spread, 1.0), float(seeds * exchanges))
        method = f"Wilson at the effective n of a cluster bootstrap by dialogue{many}"
        low, high = wilson(value, effective, resampling.level)
    else:
        method = f"percentile cluster bootstrap by dialogue{many}"
        tail = (1 - resampling.level) / 2
        low, high = (float(end) for end in np.quantile(draws, [tail, 1 - tail]))
    return Estimate(
        value=value, low=low, high=high, n=dialogues, method=method, level=resampling.level
    )


def _constant(value: float, dialogues: int, kind: Kind, level: float) -> tuple[float, float]:
    reach = wilson(0.0, float(dialogues), level)[1]
    floor = -1.0 if kind == "difference" else 0.0
    return max(value - reach, floor), min(value + reach, 1.0)


def _bootstrap(
    values: Float[np.ndarray, "seeds exchanges"],
    clusters: Int[np.ndarray, " exchanges"],
    draws: int,
) -> Float[np.ndarray, " draws"]:
    sizes = np.bincount(clusters).astype(np.float64)
    sums = np.stack([np.bincount(clusters, weights=row, minlength=len(sizes)) for row in values])
    of_dialogues, of_seeds = _weights(len(sizes), len(values), draws)
    total = of_dialogues @ sizes
    return np.asarray(((of_dialogues @ sums.T) * of_seeds).sum(axis=1) / total)


# Every slice with as many dialogues shares its draws, so estimates of one slice are paired.
@lru_cache(maxsize=16)
def _weights(
    dialogues: int, seeds: int, draws: int
) -> tuple[Float[np.ndarray, "draws dialogues"], Float[np.ndarray, "draws seeds"]]:
    rng = stream(0, "bootstrap")
    picked = rng.integers(dialogues, size=(draws, dialogues))
    rows = np.arange(draws)[:, None] * dialogues
    counts = np.bincount((picked + rows).ravel(), minlength=draws * dialogues)
    of_dialogues = counts.reshape(draws, dialogues).astype(np.float64)
    of_seeds = rng.multinomial(seeds, np.full(seeds, 1 / seeds), size=draws) / seeds
    return of_dialogues, of_seeds
