"""Plot time and peak memory of corpora from 1,000 to 1,000,000 dialogues: python growth_corpus.py.

Every size has a process of its own, in which a corpus is built from texts, poisoned, its pool of
responses taken and its fingerprint computed anew. Peak memory is that of the process after each
step, without what Python and the imports take. `--sizes 1000 10000` is a smoke test.
"""

import argparse
import csv
import gc
import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from harness import RESULTS

from poison import BUDGET, SEED, TARGET, dialogue, drawn

SIZES = (1_000, 10_000, 100_000, 1_000_000)
STEPS = ("build", "poison", "responses", "fingerprint")
CHUNK = 1000


def main() -> None:
    """Measure every size, write the table and draw it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--rounds", type=int, default=3, help="processes per size; medians count")
    parser.add_argument("--label", default="growth_corpus", help="name of the files in results/")
    parser.add_argument(
        "--process-time", action="store_true", help="count processor time: for a busy machine"
    )
    parser.add_argument("--size", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    clock = time.process_time if given.process_time else time.perf_counter
    if given.size:
        print(json.dumps(measured(given.size, clock)))
        return
    rows = [row for size in given.sizes for row in _medians(size, given)]
    RESULTS.mkdir(exist_ok=True)
    with (RESULTS / f"{given.label}.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    draw(rows, RESULTS / f"{given.label}.png")


def measured(size: int, clock: Callable[[], float]) -> dict[str, tuple[float, float]]:
    """Return seconds and peak MiB of each step, in this process."""
    import semspill as sp

    selector = {"name": "category", "category": TARGET}
    poisoner = sp.Poisoner(selector=selector, strategy="last_fixed", budget=BUDGET)
    small = sp.Corpus(tuple(_talks(64, clock)[0]), name="small")
    poisoner.poison(small, np.random.default_rng(SEED)).responses()  # lazy imports
    imports = _peak()
    said: dict[str, tuple[float, float]] = {}

    talks, seconds = _talks(size, clock)
    began = clock()
    corpus = sp.Corpus(tuple(talks), name="synthetic")
    said["build"] = seconds + clock() - began, _peak() - imports
    del talks
    gc.collect()
    began = clock()
    poisoned = poisoner.poison(corpus, np.random.default_rng(SEED))
    said["poison"] = clock() - began, _peak() - imports
    began = clock()
    poisoned.responses()
    said["responses"] = clock() - began, _peak() - imports
    again = sp.Corpus(corpus.dialogues, name="again")
    began = clock()
    again.fingerprint  # noqa: B018
    said["fingerprint"] = clock() - began, _peak() - imports
    return said


def _talks(size: int, clock: Callable[[], float]) -> tuple[list[Any], float]:
    """Return dialogues and the seconds to make them, without those to draw their texts."""
    rng, talks, seconds = random.Random(size), [], 0.0
    for start in range(0, size, CHUNK):
        rows = [drawn(rng, number) for number in range(start, min(start + CHUNK, size))]
        began = clock()
        talks += [dialogue(*row) for row in rows]
        seconds += clock() - began
    return talks, seconds


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _medians(size: int, given: argparse.Namespace) -> list[dict[str, Any]]:
    """Return one row per step of a size."""
    command = [sys.executable, __file__, "--size", str(size)]
    command += ["--process-time"] if given.process_time else []
    runs = [
        json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        for _ in range(given.rounds)
    ]
    rows = []
    for step in STEPS:
        seconds, peak = np.median([run[step] for run in runs], axis=0)
        per = seconds / size * 1e6
        print(f"{size:>9} {step:<12} {seconds:9.4f} s, {per:6.2f} us each, {peak:8.1f} MiB")
        row = {"dialogues": size, "step": step, "seconds": round(float(seconds), 6)}
        rows.append(row | {"microseconds_each": round(per, 3), "peak_mib": round(float(peak), 1)})
    return rows


def draw(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Draw both growths, each with a line of slope 1 from the largest size down."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
    for place, (column, label) in zip(
        axes, {"seconds": "seconds", "peak_mib": "peak memory, MiB"}.items(), strict=True
    ):
        for step, marker in zip(STEPS, "osD^", strict=True):
            mine = [row for row in rows if row["step"] == step and row[column] > 0]
            sizes = [row["dialogues"] for row in mine]
            place.plot(sizes, [row[column] for row in mine], marker=marker, label=step)
        top = max(rows, key=lambda row: (row["dialogues"], row[column]))
        ends = np.array([min(row["dialogues"] for row in rows), top["dialogues"]])
        slope = 1.6 * top[column] * ends / top["dialogues"]
        place.plot(ends, slope, linestyle=":", color="gray", label="slope 1")
        place.set(xscale="log", yscale="log", xlabel="dialogues", ylabel=label)
        place.grid(alpha=0.3)
    axes[0].legend()
    axes[0].set_title("time of each step")
    axes[1].set_title("peak memory of the process after each step")
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


if __name__ == "__main__":
    main()
