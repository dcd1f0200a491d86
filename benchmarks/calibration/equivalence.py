"""Count how often "no rise of the margin or more" is claimed: wrongly at the margin, rightly at 0.

python benchmarks/calibration/equivalence.py --runs 400

It draws the made-up experiments of `worlds.py` with 70 dialogues a category, three and five seeds
and a margin of five points, and writes equivalence.md beside itself.
"""

import argparse
import os
from dataclasses import replace
from pathlib import Path
from zlib import crc32

# One thread per process; set before numpy is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from worlds import World

from semspill import metrics
from semspill.statistics import Resampling

HERE = Path(__file__).parent
MARGIN, ALPHA = 0.05, 0.05
CATEGORIES = 8
BENT: dict[str, dict[str, object]] = {
    "plain": {},
    "little noise of seeds": {"seed_sd": 0.1},
    "much noise of seeds": {"seed_sd": 0.8},
    "dialogues of a kind": {"dialogue_sd": 2.0},
    "seeds move all categories alike": {"common": 1.0},
    "hit dialogues are long": {"lengths": "long hits"},
    "half of the seeds take the poison": {"takes": 0.5},
}
"""Worlds that are bent one way each."""


def at_margin(bent: dict[str, object], seeds: int, lift: float) -> World:
    """Return a world whose categories but the target have this true planted rate."""
    low, high = 0.0, 1.0
    for _ in range(40):  # the rate that a world is given is not always the one it has
        middle = (low + high) / 2
        made = World((0.6, *[middle] * (CATEGORIES - 1)), 70, seeds, **bent)
        low, high = (middle, high) if made.truth[1] < lift else (low, middle)
    return World((0.6, *[high if lift else 0.0] * (CATEGORIES - 1)), 70, seeds, **bent)


def shares(world: World, runs: int, rng: np.random.Generator) -> tuple[float, float, float]:
    """Return how often a category, all but the target on average, and every category is cleared."""
    single, mean, all_ = [], [], []
    metric = metrics.build("asr_lift")
    for _ in range(runs):
        outcome = world.draw(rng)
        how = Resampling(margin=MARGIN)
        outcome = replace(outcome, resampling=how, clean=replace(outcome.clean, resampling=how))
        found = [metric.compute(outcome.of([name])).p_margin for name in outcome.others]
        single += [p <= ALPHA for p in found]
        all_.append(max(found) <= ALPHA)
        mean.append(metric.compute(outcome.of(outcome.others)).p_margin <= ALPHA)
    return float(np.mean(single)), float(np.mean(mean)), float(np.mean(all_))


def main() -> None:
    """Count and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=400, help="experiments in each cell")
    runs = parser.parse_args().runs
    lines = [
        "# Tests of equivalence, counted",
        "",
        f"{runs} experiments in each cell, {CATEGORIES - 1} categories of 70 dialogues besides the "
        "target, margin 5 points, alpha 5 %. Share of experiments, in %, in which a rise of the "
        "margin or more is excluded: in one category, in the mean of all, in every category at "
        "once. At a true lift of 5 points each is an error, at 0 and 1 point it is power.",
        "",
        "| world | seeds | true lift | one category | mean of all | every category |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, bent in BENT.items():
        for seeds in (3, 5):
            for lift in (MARGIN, 0.01, 0.0):
                if lift != MARGIN and name != "plain":
                    continue
                rng = np.random.default_rng(crc32(repr((name, seeds, lift)).encode()))
                found = shares(at_margin(bent, seeds, lift), runs, rng)
                said = " | ".join(f"{100 * share:.1f}" for share in found)
                lines.append(f"| {name} | {seeds} | {100 * lift:.0f} | {said} |")
                print(lines[-1], flush=True)
    (HERE / "equivalence.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
