"""Hold the closed formulas against a fitted hierarchical model: coverage and width of both.

python benchmarks/calibration/reference.py --runs 200

The model is the normal-normal hierarchical one of meta-analysis (Roever 2020, bayesmeta), with
seeds for studies: the log odds of a category under one seed are normal around its mean, with a
variance over seeds that all categories have in common and a half-normal prior of scale 1 for its
root (Friede et al. 2017), integrated on a grid. It is another prior and another likelihood than
those of the formulas, and knows nothing of rare hits; where hits are not rare they have to agree.
"""

import argparse
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from cells import FALLING
from scipy import optimize, special, stats
from worlds import World

from semspill import Outcome
from semspill.analysis import metrics

_GRID = np.linspace(0.005, 5, 400)


def fitted(outcome: Outcome) -> dict[str, tuple[float, float]]:
    """Return the 95 % interval of every category's planted rate by the fitted model."""
    seeds = len(outcome.seeds)
    logs = stats.halfnorm.logpdf(_GRID)
    made = {}
    for name in sorted(set(outcome.categories)):
        part = outcome.of([name])
        sizes = np.bincount(part.clusters)
        hits = np.stack([np.bincount(part.clusters, row) for row in part.planted.astype(float)])
        rates = (hits.sum(axis=1) + 0.5) / (sizes.sum() + 1)
        steep = rates * (1 - rates)
        away = hits / sizes.sum() - rates[:, None] * sizes / sizes.sum()
        count = len(sizes) / (len(sizes) - 1)
        dialogue = count * (away.mean(axis=0) ** 2).sum() / steep.mean() ** 2
        private = count * ((away - away.mean(axis=0)) ** 2).sum() / (seeds - 1) / steep.mean() ** 2
        around = special.logit(rates)
        total = _GRID**2 + private
        logs = logs - (seeds - 1) / 2 * np.log(total) - around.var() * seeds / 2 / total
        centre = special.logit(np.clip(part.planted.mean(), 0.5 / sizes.sum(), 1 - 1e-9))
        made[name] = centre, dialogue, total
    weights = np.exp(logs - logs.max())
    weights /= weights.sum()
    ends = {}
    for name, (centre, dialogue, total) in made.items():
        spread = np.sqrt(dialogue + total / seeds)
        half = optimize.brentq(
            lambda x, sd=spread: float(weights @ stats.norm.sf(x / sd)) - 0.025, 0, 100
        )
        ends[name] = special.expit(centre - half), special.expit(centre + half)
    return ends


def main() -> None:
    """Print coverage and median width of both, by number of seeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    runs = parser.parse_args().runs
    metric = metrics.build("asr")
    print("| seeds | rate | formula: covers, width | fitted model: covers, width |")
    print("| --- | --- | --- | --- |")
    for seeds in (2, 3, 5, 10):
        world, rng = World(FALLING, seeds=seeds), np.random.default_rng(seeds)
        made: dict[int, list[tuple[float, float, float, float]]] = {0: [], 2: [], 4: [], 5: []}
        for _ in range(runs):
            outcome = world.draw(rng)
            reference = fitted(outcome)
            for number, rows in made.items():
                name = world.names()[number]
                own = metric.compute(outcome.of([name]))
                rows.append((own.low, own.high, *reference[name]))
        for number, rows in made.items():
            ends, truth = np.array(rows), world.truth[number]
            said = [
                f"{100 * np.mean((low <= truth) & (truth <= high)):.0f} %, "
                f"{np.median(high - low):.3f}"
                for low, high in (ends[:, :2].T, ends[:, 2:].T)
            ]
            print(f"| {seeds} | {truth:.2f} | {said[0]} | {said[1]} |", flush=True)


if __name__ == "__main__":
    main()
