"""A bootstrap of any statistic, over dialogues and training seeds."""

import math
from collections.abc import Callable, Iterator
from functools import cache
from typing import TypeAlias, TypeVar

import numpy as np
from jaxtyping import Float, Int

from semspill._random import stream
from semspill.errors import DataError
from semspill.statistics._estimate import Estimate
from semspill.statistics._noise import NOTHING, Noise, t_quantile
from semspill.statistics._twoway import Design

T = TypeVar("T")
Chosen: TypeAlias = Int[np.ndarray, "draws dialogues"]
"""The dialogues of each draw; one that is drawn twice stands there twice."""
Evaluate: TypeAlias = Callable[[Chosen | None, int | None], Float[np.ndarray, " draws"]]
"""The statistic of each draw (None: of the test split as it is) without one seed (None: all)."""

# Draws that separate the seeds' own noise from the noise of single answers.
_PROBES = 100
# Dialogues drawn at a time: 16 MiB bound the memory, and glibc keeps what is freed from then on.
_DRAWN = 2**21
# Weights made at a time: 512 KiB stay in a core's cache.
_WEIGHTS = 2**16


def estimate_bootstrap(
    evaluate: Evaluate, design: Design, seeds: int, level: float, draws: int
) -> Estimate:
    """Return a statistic with a percentile interval over dialogues, widened for the seeds.

    Seeds are too few to be drawn: they are left out one at a time, and what that tells of their
    noise enters as it does for a mean. Sources: Efron and Tibshirani 1993; Tukey 1958 (jackknife);
    Owen 2007 on why drawing both counts single answers twice.

    Args:
        evaluate: The statistic of draws, with or without a seed.
        design: Which exchanges belong together.
        seeds: Number of seeds.
        level: Nominal coverage.
        draws: Bootstrap draws.
    """
    left_out = range(seeds) if seeds > 1 else range(0)
    value = float(evaluate(None, None)[0])
    without = np.array([evaluate(None, seed)[0] for seed in left_out])
    drawn = np.concatenate([evaluate(chosen, None) for chosen in _draws(design, draws)])
    drawn = drawn[np.isfinite(drawn)]
    estimate = Estimate(
        value=math.nan,
        low=math.nan,
        high=math.nan,
        n=design.dialogues,
        method=f"percentile bootstrap of dialogues, jackknife of {seeds} seeds"
        if left_out
        else "percentile bootstrap of dialogues only: one seed, training noise is not covered",
        level=level,
    )
    if not np.isfinite([value, *without]).all() or 2 * len(drawn) < draws:
        note = "not defined on the whole, without one of its seeds, or in most bootstrap draws"
        return estimate.replace(note=note)
    noise = Noise(
        # A draw from n dialogues has the variance of n - 1.
        dialogue=float(drawn.var()) * design.dialogues / design.free,
        dialogue_df=float(design.free),
        seed=float(without.var()) * (seeds - 1) if left_out else 0.0,
        seed_df=seeds - 1,
        private=_private(evaluate, design, left_out) if left_out else 0.0,
    )
    low, high = _widened(drawn, noise, 1 - level)
    return estimate.replace(value=value, low=min(low, value), high=max(high, value))


def by_draw(
    statistic: Callable[[T], float],
    part: Callable[[Int[np.ndarray, " drawn"], int | None], T],
    design: Design,
) -> Evaluate:
    """Return how to evaluate a statistic that takes one draw at a time.

    Args:
        statistic: Takes a part of an outcome; returns one number.
        part: Returns the part of the outcome of some exchanges without one seed (None: all).
        design: Which exchanges belong together.
    """
    every = np.arange(len(design.clusters))
    members = np.argsort(design.clusters, kind="stable")
    lengths = np.bincount(design.clusters)
    begins = np.cumsum(lengths) - lengths

    def exchanges(dialogues: Int[np.ndarray, " dialogues"]) -> Int[np.ndarray, " drawn"]:
        counts = lengths[dialogues]
        ends = np.cumsum(counts)
        places = np.repeat(begins[dialogues] - ends + counts, counts) + np.arange(ends[-1])
        drawn: Int[np.ndarray, " drawn"] = members[places]
        return drawn

    def evaluate(chosen: Chosen | None, left_out: int | None) -> Float[np.ndarray, " draws"]:
        drawn = [every] if chosen is None else map(exchanges, chosen)
        return np.array([float(statistic(part(one, left_out))) for one in drawn])

    return evaluate


def by_weights(
    statistic: Callable[[T, Float[np.ndarray, "draws exchanges"]], Float[np.ndarray, " draws"]],
    part: Callable[[Int[np.ndarray, " drawn"], int | None], T],
    design: Design,
) -> Evaluate:
    """Return how to evaluate a statistic that takes the weights of many draws at a time.

    Args:
        statistic: Takes an outcome and one row of weights per draw; returns one number per row.
        part: Returns the part of the outcome of some exchanges without one seed (None: all).
        design: Which exchanges belong together.
    """
    every = np.arange(len(design.clusters))

    @cache
    def whole(left_out: int | None) -> T:
        return part(every, left_out)

    rows = max(_WEIGHTS // len(every), 1)

    def answer(
        weights: Float[np.ndarray, "draws exchanges"], left_out: int | None
    ) -> Float[np.ndarray, " draws"]:
        values = np.asarray(statistic(whole(left_out), weights), dtype=np.float64)
        if values.shape != (len(weights),):
            raise DataError(
                f"The statistic gave shape {values.shape} for {len(weights)} rows of weights; give "
                "one number for each row."
            )
        return values

    def evaluate(chosen: Chosen | None, left_out: int | None) -> Float[np.ndarray, " draws"]:
        if chosen is None:
            return answer(np.ones((1, len(every))), left_out)
        parts = [chosen[begin : begin + rows] for begin in range(0, len(chosen), rows)]
        return np.concatenate([answer(_weights(one, design), left_out) for one in parts])

    return evaluate


def _weights(chosen: Chosen, design: Design) -> Float[np.ndarray, "draws exchanges"]:
    """Return how often each exchange is in each draw."""
    draws, dialogues = chosen.shape
    cells = chosen + np.arange(0, draws * dialogues, dialogues)[:, None]
    times = np.bincount(cells.ravel(), minlength=draws * dialogues).astype(np.float64)
    return np.take(times.reshape(draws, dialogues), design.clusters, axis=1)


def _draws(design: Design, draws: int) -> Iterator[Chosen]:
    """Yield dialogues drawn with replacement within their stratum, some draws at a time."""
    rng = stream(0, "bootstrap")
    sizes = np.bincount(design.strata)
    order = np.argsort(design.strata, kind="stable")
    first = np.repeat(np.cumsum(sizes) - sizes, sizes)
    most = max(_DRAWN // design.dialogues, 1)
    for begin in range(0, draws, most):
        shape = (min(most, draws - begin), design.dialogues)
        if len(sizes) == 1:
            # The same numbers, four times as fast.
            yield rng.integers(sizes[0], size=shape)
        else:
            yield order[first + rng.integers(np.repeat(sizes, sizes), size=shape)]


def _widened(drawn: Float[np.ndarray, " draws"], noise: Noise, tail: float) -> tuple[float, float]:
    """Return the percentiles, as much further from the median as the whole noise reaches."""
    low, centre, high = (float(q) for q in np.quantile(drawn, [tail / 2, 0.5, 1 - tail / 2]))
    reach, spread = noise.reach(tail), float(drawn.std())
    if spread * spread < NOTHING:
        return centre - reach, centre + reach
    factor = reach / (t_quantile(tail, math.inf) * spread)
    return centre - factor * (centre - low), centre + factor * (high - centre)


def _private(evaluate: Evaluate, design: Design, left_out: range) -> float:
    """Return the part of the jackknife's variance that dialogues give it."""
    probes = np.stack(
        [
            np.concatenate([evaluate(chosen, seed) for chosen in _draws(design, _PROBES)])
            for seed in left_out
        ],
        axis=1,
    )
    known = probes[np.isfinite(probes).all(axis=1)]
    if not len(known):
        return 0.0
    around = known - known.mean(axis=1, keepdims=True)
    return float(around.var(axis=0).mean()) * (len(left_out) - 1)
