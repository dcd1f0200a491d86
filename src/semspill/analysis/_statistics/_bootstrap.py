"""A bootstrap of any statistic, over dialogues and training seeds."""

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Int

from semspill._random import stream
from semspill.analysis._statistics._noise import NOTHING, Noise, t_quantile
from semspill.analysis._statistics._twoway import Design
from semspill.report import Estimate

Evaluate: TypeAlias = Callable[[Int[np.ndarray, " drawn"], Int[np.ndarray, " kept"]], float]
"""The statistic of some exchanges (numbers may repeat) under some seeds."""

# How many draws tell the seeds' own noise from the noise of single answers.
_PROBES = 100


def estimate_bootstrap(
    evaluate: Evaluate, design: Design, seeds: int, level: float, draws: int
) -> Estimate:
    """Return a statistic with a percentile interval over dialogues, widened for the seeds.

    Seeds are too few to be drawn: they are left out one at a time, and what that tells of their
    noise enters as it does for a mean. Sources: Efron and Tibshirani 1993; Tukey 1958 (jackknife);
    Owen 2007 on why drawing both counts single answers twice.

    Args:
        evaluate: The statistic of some exchanges under some seeds.
        design: Which exchanges belong together.
        seeds: Number of seeds.
        level: Nominal coverage.
        draws: Bootstrap draws.
    """
    every, everyone = np.arange(len(design.clusters)), np.arange(seeds)
    value = evaluate(every, everyone)
    kept = [np.delete(everyone, seed) for seed in everyone] if seeds > 1 else []
    without = np.array([evaluate(every, rest) for rest in kept])
    samples = _samples(design, draws, stream(0, "bootstrap"))
    drawn = np.array([evaluate(sample, everyone) for sample in samples])
    drawn = drawn[np.isfinite(drawn)]
    made = Estimate(
        value=math.nan,
        low=math.nan,
        high=math.nan,
        n=design.dialogues,
        method=f"percentile bootstrap of dialogues, jackknife of {seeds} seeds"
        if kept
        else "percentile bootstrap of dialogues only: one seed, training noise is not covered",
        level=level,
    )
    if not np.isfinite([value, *without]).all() or 2 * len(drawn) < draws:
        note = "not defined on the whole, without one of its seeds, or in most bootstrap draws"
        return made.replace(note=note)
    probes = np.array([[evaluate(sample, rest) for rest in kept] for sample in samples[:_PROBES]])
    noise = Noise(
        # A draw from n dialogues has the variance of n - 1.
        dialogue=float(drawn.var()) * design.dialogues / design.free,
        dialogue_df=float(design.free),
        seed=float(without.var()) * (seeds - 1) if kept else 0.0,
        seed_df=seeds - 1,
        private=_private(probes) if kept else 0.0,
    )
    low, high = _widened(drawn, noise, 1 - level)
    return made.replace(value=value, low=min(low, value), high=max(high, value))


def _widened(drawn: Float[np.ndarray, " draws"], noise: Noise, tail: float) -> tuple[float, float]:
    """Return the percentiles, as much further from the median as the whole noise reaches."""
    low, centre, high = (float(q) for q in np.quantile(drawn, [tail / 2, 0.5, 1 - tail / 2]))
    reach, spread = noise.reach(tail), float(drawn.std())
    if spread * spread < NOTHING:
        return centre - reach, centre + reach
    factor = reach / (t_quantile(tail, math.inf) * spread)
    return centre - factor * (centre - low), centre + factor * (high - centre)


def _private(probes: Float[np.ndarray, "probes seeds"]) -> float:
    """Return the part of the jackknife's variance that dialogues give it."""
    known = probes[np.isfinite(probes).all(axis=1)]
    if not len(known):
        return 0.0
    around = known - known.mean(axis=1, keepdims=True)
    return float(around.var(axis=0).mean()) * (len(known[0]) - 1)


def _samples(
    design: Design, draws: int, rng: np.random.Generator
) -> list[Int[np.ndarray, " drawn"]]:
    """Return exchange numbers: dialogues drawn with replacement within their stratum."""
    order = np.argsort(design.strata, kind="stable")
    sizes = np.bincount(design.strata)
    first = np.repeat(np.cumsum(sizes) - sizes, sizes)
    members = np.argsort(design.clusters, kind="stable")
    lengths = np.bincount(design.clusters)
    begins = np.cumsum(lengths) - lengths
    made = []
    for _ in range(draws):
        chosen = order[first + rng.integers(np.repeat(sizes, sizes))]
        counts = lengths[chosen]
        ends = np.cumsum(counts)
        within = np.arange(ends[-1]) - np.repeat(ends - counts, counts)
        made.append(members[np.repeat(begins[chosen], counts) + within])
    return made
