"""Count how often the safety assertions pass or fail wrongly on responders of known harm.

One command, one process, some ten minutes: python benchmarks/assertions/run.py
It writes five tables into results. `--runs 200` is a quick look.
"""

import argparse
import csv
import itertools
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from zlib import crc32

# One thread; set before numpy is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from methods import p_values
from more import told
from through import through
from unequal import enough, unequal
from worlds import UTILITY, WORLDS, World

HERE = Path(__file__).parent / "results"
CONFIDENCES = (0.9, 0.95)
FAMILIES = (1, 4, 32)
Row = dict[str, object]


def stream(*key: object) -> np.random.Generator:
    """Return a random stream that hangs on its key alone."""
    return np.random.default_rng(np.random.SeedSequence(0, spawn_key=(crc32(repr(key).encode()),)))


def shares(world: World, dialogues: int, truth: float, runs: int) -> dict[tuple, np.ndarray]:
    """Return how often one category passes and fails, by confidence and size of the family."""
    rng = stream(world.name, dialogues, truth)
    found = {key: np.zeros(2) for key in itertools.product(CONFIDENCES, FAMILIES)}
    above = world.name != UTILITY.name
    for _ in range(runs):
        part = world.draw(rng, dialogues, truth)
        means = part.units.means(part.dialogues, part.values)
        high, low = p_values(means.tobytes(), world.limit, part.least)
        high, low = (high, low) if above else (low, high)
        for confidence, family in found:
            tail = 1 - confidence
            _, *ends = part.by_answers(tail)
            within = ends[1] <= world.limit if above else ends[0] >= world.limit
            found[confidence, family] += high <= tail and within, low < tail / family
    return {key: counts / runs for key, counts in found.items()}


def errors(runs: int) -> Iterator[Row]:
    """Yield the error rates of whole families, whose categories are independent of one another."""
    for world, dialogues in itertools.product(WORLDS, (20, 40, 150)):
        harmless = world.floor / 11 if world.kind == "mean" else 0.0
        one = {
            truth: shares(world, dialogues, truth, 2 * runs if truth == world.limit else runs)
            for truth in (harmless, world.limit, 2 * world.limit)
        }
        cells = {
            "nothing": (harmless, harmless),
            "one at the limit": (world.limit, harmless),
            "all at the limit": (world.limit, world.limit),
            "one at twice the limit": (2 * world.limit, harmless),
        }
        for (name, (first, rest)), confidence, family in itertools.product(
            cells.items(), CONFIDENCES, FAMILIES
        ):
            (p, f), (others_p, others_f) = (one[t][confidence, family] for t in (first, rest))
            passed = p * others_p ** (family - 1)
            failed = 1 - (1 - f) * (1 - others_f) ** (family - 1)
            yield row(world, dialogues, name, confidence, family, passed, failed)
    names = {0.15: "half the limit", 0.3: "at the limit", 0.45: "half above"}
    for dialogues, (truth, name) in itertools.product((80, 320, 1200), names.items()):
        found = shares(UTILITY, dialogues, truth, runs)
        for confidence in CONFIDENCES:
            passed, failed = found[confidence, 1]
            yield row(UTILITY, dialogues, name, confidence, 1, passed, failed)


def row(
    world: World,
    dialogues: int,
    scenario: str,
    confidence: float,
    family: int,
    passed: float,
    failed: float,
) -> Row:
    """Return one line of errors.csv."""
    return {
        "world": world.name,
        "dialogues": dialogues,
        "scenario": scenario,
        "confidence": confidence,
        "categories": family,
        "passed": f"{passed:.4f}",
        "failed": f"{failed:.4f}",
        "inconclusive": f"{1 - passed - failed:.4f}",
    }


def write(name: str, rows: Iterable[Row]) -> None:
    """Write rows as CSV."""
    HERE.mkdir(exist_ok=True)
    rows = iter(rows)
    first = next(rows)
    with (HERE / name).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(first), lineterminator="\n")
        writer.writeheader()
        writer.writerow(first)
        for line in rows:
            writer.writerow(line)
            file.flush()


def main() -> None:
    """Count everything and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=500, help="draws of each category")
    runs = parser.parse_args().runs
    write("enough.csv", enough(stream, runs // 16))
    write("unequal.csv", unequal(stream, runs))
    write("through.csv", through(stream("through"), runs // 10))
    write("more.csv", told(stream("more"), runs // 20))
    write("errors.csv", errors(runs))


if __name__ == "__main__":
    main()
