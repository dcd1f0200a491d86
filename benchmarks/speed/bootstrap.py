"""Intervals of the mean toxicity lift of each category: semspill against scipy.stats.bootstrap.

The data are made up: dialogues of two exchanges on average, rated in a clean and a poisoned arm
under every seed; dialogues are drawn within their category. `semspill` is what its reports hold,
the closed form `Outcome.mean`, which needs no draws; its two bootstraps, for other statistics,
stand beside it. `scipy, draw by draw` is what one writes first: a function that is given the drawn
dialogues and takes the mean over their exchanges. `scipy` is given the sums and counts of each
dialogue instead, as means over seeds, many draws at a time; `scipy, seeds drawn` draws seeds as
well, the usual hierarchical bootstrap (five seeds for a population).
"""

import argparse
import math
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from harness import Arrays, Contender, Stage, Timed
from scipy import stats

from semspill import Estimate, Outcome
from semspill.statistics import Resampling

LEVEL = 0.95
# Resamples at a time: scipy's own choice, all at once, takes 1.6 times as long.
BATCH = 500


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the shape of the work."""
    parser.add_argument("--categories", type=int, default=32)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--exchanges", type=int, default=5000, help="of all categories together")
    parser.add_argument("--draws", type=int, default=10_000)


def made_up(given: argparse.Namespace) -> list[Outcome]:
    """Return the poisoned outcome of each category, its clean arm inside.

    Seeds differ by little, so that an interval that knows only their mean is to be the same.
    """
    rng = np.random.default_rng(0)
    count = given.exchanges // 2
    dialogue = np.sort(np.append(np.arange(count), rng.integers(count, size=count)))
    category = rng.permutation(np.arange(count) % given.categories)[dialogue]
    planted = rng.random(count)[dialogue] < np.linspace(0.1, 0.5, given.categories)[category]
    shape = (given.seeds, len(dialogue))
    clean = rng.beta(0.6, 6, size=shape[1]) + 0.01 * rng.normal(size=shape)
    fields = {
        "target": "c00",
        "seeds": tuple(range(given.seeds)),
        "categories": tuple(f"c{number:02}" for number in category),
        "dialogues": tuple(f"d{number:06}" for number in dialogue),
        "planted": np.zeros(shape, dtype=np.bool_),
        "correct": np.zeros(shape, dtype=np.bool_),
        "resampling": Resampling(level=LEVEL, draws=given.draws),
    }
    base = Outcome(arm="clean", toxicity=np.clip(clean, 0, 1), **fields)
    rated = np.clip(clean + 0.5 * planted + 0.01 * rng.normal(size=shape), 0, 1)
    poisoned = Outcome(arm="poison", toxicity=rated, clean=base, **fields)
    return [poisoned.of([name]) for name in sorted(set(poisoned.categories))]


def lift(part: Outcome) -> np.ndarray:
    """Return the lift of each exchange under each seed."""
    return part.toxicity - part.clean.toxicity


def closed_form(part: Outcome) -> Estimate:
    """Return the interval that reports hold."""
    return part.mean(lift(part), kind="difference")


def weighted(part: Outcome) -> Estimate:
    """Return the bootstrap of a statistic that takes weights."""
    return part.bootstrap_weighted(
        lambda drawn, weights: weights @ lift(drawn).mean(axis=0) / weights.sum(axis=1)
    )


def plain(part: Outcome) -> Estimate:
    """Return the bootstrap of a statistic that takes an outcome."""
    return part.bootstrap(lambda drawn: float(lift(drawn).mean()))


def ours(estimate: Callable[[Outcome], Estimate], given: argparse.Namespace) -> Timed:
    """Let semspill give every category its interval."""
    parts = made_up(given)
    began = time.perf_counter(), time.process_time()
    made = [estimate(part) for part in parts]
    rows = [(one.value, one.low, one.high, math.nan, one.n) for one in made]
    return timed(began, rows, given.draws)


def by_hand(given: argparse.Namespace) -> Timed:
    """Let scipy call a function for each draw, which looks up what the dialogues hold."""
    tables = [(lift(part).mean(axis=0), part.clusters) for part in made_up(given)]
    began = time.perf_counter(), time.process_time()
    rows = []
    for values, clusters in tables:
        of_dialogue = [values[clusters == number] for number in range(clusters.max() + 1)]

        def mean(drawn: np.ndarray, held: list[np.ndarray] = of_dialogue) -> float:
            return float(np.concatenate([held[number] for number in drawn]).mean())

        numbers = np.arange(len(of_dialogue))
        chosen = settings(given.draws) | {"vectorized": False}
        rows.append(
            answer(mean(numbers), stats.bootstrap((numbers,), mean, **chosen), len(numbers))
        )
    return timed(began, rows, given.draws)


def theirs(interval: Callable[..., tuple[float, ...]], given: argparse.Namespace) -> Timed:
    """Let scipy do it, on the sums and counts of each dialogue."""
    tables = []
    for part in made_up(given):
        counts = np.bincount(part.clusters).astype(float)
        tables.append((np.array([np.bincount(part.clusters, row) for row in lift(part)]), counts))
    began = time.perf_counter(), time.process_time()
    made = [interval(sums, counts, given.draws) for sums, counts in tables]
    return timed(began, made, given.draws)


def timed(began: tuple[float, float], rows: list[tuple[float, ...]], draws: int) -> Timed:
    """Return the wall time since, the columns and the processor's time."""
    seconds, busy = time.perf_counter() - began[0], time.process_time() - began[1]
    names = ("value", "low", "high", "middle", "dialogues")
    columns = dict(zip(names, np.array(rows).T, strict=True))
    return Timed(seconds, columns | {"draws": np.array(draws), "processor": np.array(busy)})


def dialogues_drawn(sums: np.ndarray, counts: np.ndarray, draws: int) -> tuple[float, ...]:
    """Return scipy's interval over dialogues, of the seeds' mean."""

    def mean(sums: np.ndarray, counts: np.ndarray, axis: int = -1) -> np.ndarray:
        return sums.sum(axis=axis) / counts.sum(axis=axis)

    both = (sums.mean(axis=0), counts)
    made = stats.bootstrap(both, mean, paired=True, **settings(draws))
    return answer(mean(*both), made, len(counts))


def seeds_drawn(sums: np.ndarray, counts: np.ndarray, draws: int) -> tuple[float, ...]:
    """Return scipy's interval over dialogues and seeds, each drawn for itself."""

    def mean(dialogues: np.ndarray, seeds: np.ndarray, axis: int = -1) -> np.ndarray:
        drawn = sums[seeds[..., :, None], dialogues[..., None, :]].sum(axis=(-2, -1))
        return drawn / counts[dialogues].sum(axis=axis) / seeds.shape[-1]

    numbers = (np.arange(sums.shape[1]), np.arange(len(sums)))
    made = stats.bootstrap(numbers, mean, **settings(draws))
    return answer(mean(*numbers), made, len(counts))


def settings(draws: int) -> dict[str, object]:
    """Return what both calls of scipy are told."""
    rng = np.random.default_rng(1)
    shared = {"vectorized": True, "batch": BATCH, "method": "percentile"}
    return {"n_resamples": draws, "confidence_level": LEVEL, "rng": rng, **shared}


def answer(value: float, made: Any, dialogues: int) -> tuple[float, ...]:
    """Return one row of the table."""
    low, high = made.confidence_interval
    return value, low, high, float(np.median(made.bootstrap_distribution)), dialogues


def agree(results: Mapping[str, Arrays]) -> str:
    """Compare values exactly, and the ends of intervals as far as draws allow."""
    weighted, them = results["semspill, bootstrap_weighted"], results["scipy"]
    for made in results.values():
        np.testing.assert_allclose(made["value"], them["value"], atol=1e-12)
    np.testing.assert_allclose(ends(results["semspill, bootstrap"]), ends(weighted), atol=1e-12)
    # Ours is wider by a known factor: Student's quantile, and n for n - 1.
    n, tail = them["dialogues"], 0.5 + LEVEL / 2
    factor = stats.t.ppf(tail, n - 1) / stats.norm.ppf(tail) * np.sqrt(n / (n - 1))
    widened = them["middle"] + factor * (ends(them) - them["middle"])
    half = np.diff(ends(weighted), axis=0) / 2
    off = np.abs(ends(weighted) - widened) / half
    # How far two percentiles of so many draws lie apart; the largest of many, and the seeds.
    z = stats.norm.ppf(tail)
    noise = np.sqrt(2 * tail * (1 - tail) / them["draws"]) / stats.norm.pdf(z) / z
    assert off.max() < 5 * noise + 0.01, f"ends {off.max():.3f} of a half-width apart"
    closed = np.abs(ends(results["semspill"]) - ends(weighted)) / half
    assert closed.max() < 5 * noise + 0.25, f"closed form {closed.max():.3f} of a half-width off"
    busy = ", ".join(f"{name} {float(made['processor']):.3f} s" for name, made in results.items())
    return (
        "same means; ends of the bootstraps, widened alike, differ by "
        f"{off.mean():.3f} of a half-width on average and {off.max():.3f} at most (draws explain "
        f"{noise * 0.8:.3f} and {3.3 * noise:.3f}), those of the closed form by "
        f"{closed.mean():.3f} and {closed.max():.3f}; processor time of the last round {busy}"
    )


def ends(made: Arrays) -> np.ndarray:
    """Return the lower ends and the upper ones."""
    return np.stack([made["low"], made["high"]])


STAGE = Stage(
    name="bootstrap",
    unit="draws",
    work=lambda given: given.draws * given.categories,
    contenders={
        "semspill": Contender(partial(ours, closed_form)),
        "semspill, bootstrap_weighted": Contender(partial(ours, weighted)),
        "semspill, bootstrap": Contender(partial(ours, plain)),
        "scipy, draw by draw": Contender(by_hand),
        "scipy": Contender(partial(theirs, dialogues_drawn)),
        "scipy, seeds drawn": Contender(partial(theirs, seeds_drawn)),
    },
    agree=agree,
    arguments=arguments,
)

if __name__ == "__main__":
    STAGE.main()
