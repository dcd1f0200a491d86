"""What is counted over many made-up experiments: coverage, width, and false alarms of tests.

It runs on this source and on an older one alike, so that both see the same experiments: only public
names that both have are used, and what one lacks is left out.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from worlds import FLOOR, World

from semspill.analysis import metrics

Row = dict[str, str | int | float]

FALLING = (0.6, 0.45, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01)
SIZES = (3, 5, 10, 20, 40, 80, 150, 300)
COVERAGE: dict[str, dict[str, Any]] = {
    "plain": {"rates": (0.5, 0.25, 0.1, 0.05, 0.05, 0.02, 0.02, 0.01)},
    "falling": {"rates": FALLING},
    "real ratings": {"rates": FALLING, "texts": "real"},
    "sizes 3 to 300": {"rates": (0.5, 0.25, 0.1, 0.05, 0.05, 0.02, 0.02, 0.01), "dialogues": SIZES},
    "rates 0 to 0.99": {"rates": (0.99, 0.5, 0.05, 0.01, 0.01, 0.001, 0.001, 0.0)},
    "whole dialogues hit or not": {"rates": FALLING, "dialogue_sd": 8.0},
    "hit dialogues are long": {"rates": FALLING, "dialogue_sd": 1.5, "lengths": "long hits"},
    "20 dialogues, one of 100": {"rates": FALLING, "dialogues": 20, "lengths": "one long"},
    "weak target": {"rates": (0.08, 0.04, 0.02, 0.01, 0.01, 0.005, 0.001, 0.0)},
    "32 x 80, as EmpatheticDialogues": {
        "rates": (0.15, 0.11, 0.03, 0.02, 0.01) + (0.005,) * 13 + (0.001,) * 14,
        "dialogues": 80,
    },
    "32 x 80, rates of 0.05 %": {"rates": (0.15,) + (0.0005,) * 31, "dialogues": 80},
    "little noise of seeds": {"rates": FALLING, "seed_sd": 0.1},
    "seeds move all categories alike": {"rates": FALLING, "common": 1.0},
    "noise of seeds t with 2 df": {"rates": FALLING, "heavy": True},
    "noise of seeds 1.5": {"rates": FALLING, "seed_sd": 1.5},
    "half of the seeds take the poison": {"rates": FALLING, "takes": 0.5},
    "one seed in five takes it": {"rates": FALLING, "takes": 0.2},
}
"""Worlds in which intervals are counted, by name; 8 categories of 60 dialogues, or as they say."""

SLICES = ("asr", "asr_lift", "lift", "toxicity", "toxic_share", "precision", "precision_drop")
CURVES = {
    "slope, asr": {"name": "slope", "of": "asr", "permutations": 100},
    "slope, toxicity": {"name": "slope", "permutations": 100},
    "nearest_excess, asr": {"name": "nearest_excess", "of": "asr"},
    "nearest_excess, toxicity": {"name": "nearest_excess"},
    "collateral, asr": {"name": "collateral", "of": "asr"},
    "collateral, toxicity": {"name": "collateral"},
    "spillover_ratio, asr": {"name": "spillover_ratio", "of": "asr"},
    "largest_lift, asr": {"name": "largest_lift", "of": "asr"},
    "spearman, asr": {"name": "spearman", "of": "asr", "permutations": 100},
}


def built(spec: str | dict[str, Any]) -> Any:
    """Return a metric; None where this source has none of that name."""
    try:
        return metrics.build(spec)
    except Exception:  # whatever an older source says of a name that it does not know
        return None


def truths(world: World) -> dict[str, float]:
    """Return the true value of every quantity, slices by category."""
    from scipy import stats

    rates = world.truth
    lifts = np.asarray(world.lift(rates))
    near = np.array(world.near or [1 - i / 100 for i in range(len(rates))])[1:]
    centred = (near - near.mean()) / ((near - near.mean()) ** 2).sum()
    sizes = world.sizes.astype(np.float64)
    others, rest = sizes[1:] / sizes[1:].sum(), sizes[2:] / sizes[2:].sum()
    made = {
        "slope, asr": centred @ rates[1:],
        "slope, toxicity": centred @ lifts[1:],
        "nearest_excess, asr": rates[1] - rest @ rates[2:],
        "nearest_excess, toxicity": lifts[1] - rest @ lifts[2:],
        "collateral, asr": others @ rates[1:],
        "collateral, toxicity": others @ lifts[1:],
        "spillover_ratio, asr": rates[1] / rates[0],
        "largest_lift, asr": rates[1:].max(),
        "spearman, asr": stats.spearmanr(near, rates[1:]).statistic if np.ptp(rates[1:]) else 0.0,
    }
    for number, (name, rate) in enumerate(zip(world.names(), rates, strict=True)):
        of_slice = {
            "asr": rate,
            "asr_lift": rate,
            "lift": lifts[number],
            "toxicity": FLOOR + lifts[number],
            "toxic_share": world.toxic_share(float(rate)),
            "precision": 0.35,
            "precision_drop": 0.05,
        }
        made |= {f"{metric}: {name}": value for metric, value in of_slice.items()}
    return {name: float(value) for name, value in made.items()}


def coverage(rng: np.random.Generator, world: World, runs: int) -> list[Row]:
    """Count how often each interval holds its truth, and how wide it is beside an oracle's."""
    true = truths(world)
    categories = sorted({0, 1, 2, 3, 5, len(world.rates) - 1})
    wanted = {name: built(spec) for name, spec in CURVES.items()}
    slices = {name: built(name) for name in SLICES}
    seen: dict[str, list[tuple[float, float, float]]] = {}

    def note(name: str, made: Any) -> None:
        if not math.isnan(made.value):
            held = made.low - 1e-9 <= true[name] <= made.high + 1e-9
            seen.setdefault(name, []).append((float(held), made.high - made.low, made.value))

    for _ in range(runs):
        outcome = world.draw(rng)
        for name, metric in wanted.items():
            if metric is not None:
                note(name, metric.compute(outcome))
        for number in categories:
            part = outcome.of([world.names()[number]])
            for name, metric in slices.items():
                note(f"{name}: {world.names()[number]}", metric.compute(part))
    return [_row(name, true[name], np.array(found), runs) for name, found in seen.items()]


def _row(name: str, truth: float, found: np.ndarray, runs: int) -> Row:
    held, widths, values = found.T
    width, oracle = float(np.median(widths)), 2 * 1.96 * float(values.std())
    return {
        "quantity": name,
        "truth": truth,
        "defined": len(found) / runs,
        "covered": float(held.mean()),
        "width": width,
        "over oracle": width / oracle if oracle > 0 else math.nan,
    }


def nulls() -> dict[str, dict[str, Any]]:
    """Return worlds in which lifts have nothing to do with similarity, 31 categories, by name."""
    rng = np.random.default_rng(3)
    falling = tuple(np.linspace(0.99, 0.9, 31))
    shuffled = tuple(rng.permutation(falling))
    sizes = tuple(np.geomspace(3, 300, 31).astype(int))
    uneven = tuple(rng.permutation(np.geomspace(0.0005, 0.05, 31)))
    alone = (0.99, *np.linspace(0.905, 0.9, 30))

    def world(rates: Any, sizes: Any, near: Any) -> dict[str, Any]:
        rates = (rates,) * 31 if isinstance(rates, float) else rates
        sizes = (sizes,) * 31 if isinstance(sizes, int) else sizes
        return {"rates": (0.3, *rates), "dialogues": (80, *sizes), "near": (1.0, *near)}

    return {
        "sizes of 80, rates of 0.2 %": world(0.002, 80, falling),
        "sizes of 80, rates of 2 %": world(0.02, 80, falling),
        "sizes of 80, rates of 0.05 to 5 %": world(uneven, 80, falling),
        "sizes 3 to 300 in random order, 1 %": world(0.01, sizes, shuffled),
        "sizes 3 to 300, the small ones nearest, 1 %": world(0.01, sizes, falling),
        "sizes 3 to 300, the small ones farthest, 1 %": world(0.01, sizes[::-1], falling),
        "the smallest alone at high similarity, 1 %": world(0.01, sizes, alone),
        "even collateral of 5 %, small ones nearest": world(0.05, sizes, falling),
        "a neighbour of 3 dialogues, 0.2 %": world(0.002, (3, *(80,) * 30), falling),
        "a neighbour of 30 dialogues, 0.2 %": world(0.002, (30, *(80,) * 30), falling),
        "a neighbour of 150 dialogues, 0.2 %": world(0.002, (150, *(80,) * 30), falling),
    }


def rejections(rng: np.random.Generator, world: World, runs: int) -> list[Row]:
    """Count how often tests of a trend reject where there is none."""
    wanted = {
        "slope": {"name": "slope", "of": "asr", "permutations": 400},
        "spearman": {"name": "spearman", "of": "asr", "permutations": 400},
        "nearest_excess": {"name": "nearest_excess", "of": "asr"},
    }
    made = {name: built(spec) for name, spec in wanted.items()}
    alarms = {name: 0.0 for name in made} | {"the interval of slope": 0.0}
    defined = dict.fromkeys(alarms, 0)
    for _ in range(runs):
        outcome = world.draw(rng)
        for name, metric in made.items():
            found = metric.compute(outcome)
            if math.isnan(found.value):
                continue
            defined[name] += 1
            alarms[name] += found.p_value < 0.05
            if name == "slope":
                defined["the interval of slope"] += 1
                alarms["the interval of slope"] += found.low > 0 or found.high < 0
    return [
        {
            "quantity": name,
            "rejected": count / max(defined[name], 1),
            "defined": defined[name] / runs,
        }
        for name, count in alarms.items()
    ]


def clean_arms(rng: np.random.Generator, world: World, runs: int) -> list[Row]:
    """Count how often two clean arms differ: single tests of lifts, and families after Holm."""
    metric, single, family = built("lift"), 0.0, 0.0
    for _ in range(runs):
        outcome = world.draw(rng)
        found = [metric.compute(outcome.of([name])).p_value for name in outcome.others]
        single += float(np.mean(np.array(found) < 0.05))
        family += min(found) * len(found) < 0.05
    return [
        {"quantity": "lift of one category", "rejected": single / runs},
        {"quantity": "any lift of 31, after Holm", "rejected": family / runs},
    ]


PAIRS: dict[str, Callable[[np.random.Generator, np.ndarray, np.ndarray], np.ndarray]] = {
    "noise only": lambda rng, near, hub: rng.normal(size=near.shape),
    "effects of targets and victims": lambda rng, near, hub: (
        rng.exponential(size=len(near))[:, None]
        + rng.exponential(size=len(near))
        + 0.3 * rng.normal(size=near.shape)
    ),
    "mostly 0, few large targets": lambda rng, near, hub: (
        np.where(rng.random(near.shape) < 0.1, rng.exponential(size=near.shape), 0)
        * np.exp(2 * rng.normal(size=len(near)))[:, None]
    ),
    "a latent structure of their own": lambda rng, near, hub: (
        _inner(rng.normal(size=(len(near), 3))) + 0.2 * rng.normal(size=near.shape)
    ),
    "victims like everybody catch more": lambda rng, near, hub: (
        hub + 0.5 * rng.normal(size=near.shape)
    ),
    "targets like everybody take it better": lambda rng, near, hub: (
        hub[:, None] + 0.5 * rng.normal(size=near.shape)
    ),
    "both, multiplied": lambda rng, near, hub: (
        np.exp(0.5 * hub[:, None] + 0.5 * hub) + 0.3 * rng.normal(size=near.shape)
    ),
    "only noisier in such victims": lambda rng, near, hub: (
        np.exp(0.8 * hub) * rng.normal(size=near.shape)
    ),
    "lift follows similarity (power)": lambda rng, near, hub: (
        np.exp((near - near.mean()) / near.std()) * 0.3 + rng.normal(size=near.shape)
    ),
}
"""Lifts of every pair, given similarities and how much each category is like everybody."""


def pairs(rng: np.random.Generator, name: str, runs: int) -> list[Row]:
    """Count how often the tests of a target-by-victim matrix of 20 categories reject."""
    count = 20
    alarms: dict[str, list[bool]] = {}
    for _ in range(runs):
        points, hub = rng.normal(size=(count, 6)), 1.5 * rng.normal(size=count)
        near = _inner(points) / 3 + hub[:, None] + hub
        around = near.sum(axis=1) - np.diag(near)
        lifts = PAIRS[name](rng, near, (around - around.mean()) / around.std())
        for key, tested in _tests(lifts, near).items():
            alarms.setdefault(key, []).append(tested < 0.05)
    return [{"quantity": key, "rejected": float(np.mean(hits))} for key, hits in alarms.items()]


def _tests(lifts: np.ndarray, near: np.ndarray) -> dict[str, float]:
    """Return the p-values of a matrix; the whole analysis would take seconds for each."""
    from semspill.analysis._targets import _mantel as mantel

    target, victim = np.nonzero(~np.eye(len(near), dtype=bool))
    made = mantel.Pairs(lift=lifts[target, victim], target=target, victim=victim, square=near)
    if hasattr(mantel, "hubness"):
        return {"slope": mantel.permutation_p(made, permutations=399)}
    forms = {
        "slope": (mantel.pearson, "near"),
        "slope_within": (mantel.pearson_within, "near"),
        "spearman_within": (mantel.spearman_within, "near"),
        "nearest_excess": (mantel.nearest_excess, "nearest"),
    }
    return {
        name: mantel.permutation_p(made, statistic, of=of, permutations=399)
        for name, (statistic, of) in forms.items()
    }


def _inner(points: np.ndarray) -> np.ndarray:
    return np.asarray(points @ points.T)
