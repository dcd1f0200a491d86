"""Count, over made-up experiments, whether intervals and tests keep what they promise.

One command, two processes, some minutes: python benchmarks/calibration/run.py
It writes results.csv and results.md beside itself. `--runs 100` is a quick look.
"""

import argparse
import csv
import itertools
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from zlib import crc32

# One thread per process; set before numpy is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from cells import CORE, FALLING, Row, alarms, bootstrapped, core, power, ranked, registered
from worlds import FLOOR, PLANTED, REGIMES, World

HERE = Path(__file__).parent


def world(rates: Sequence[float], seeds: int, regime: str, dialogues: int = 40) -> World:
    """Return a world by the name of its regime."""
    return World(tuple(rates), dialogues, seeds, REGIMES[regime])


def jobs() -> dict[tuple[str, str], tuple[Callable[..., list[Row]], tuple[object, ...]]]:
    """Return what is counted, by table and cell."""
    quiet, many = "no training noise", (*CORE, *CORE[2:] * 4)
    grid = [(1, quiet), *itertools.product((2, 3, 5, 10), ("dialogues", "mixed", "seeds"))]
    grid += [(3, "wild seeds"), (5, "wild seeds")]
    found: dict[tuple[str, str], tuple[Callable[..., list[Row]], tuple[object, ...]]] = {}
    for seeds, regime in [(1, quiet), (2, "mixed"), (3, "mixed"), (3, "seeds"), (5, "mixed")]:
        found["alarms", f"{seeds}, {regime}"] = (alarms, (world([0] * 32, seeds, regime),))
    for seeds, regime in grid:
        found["core", f"{seeds}, {regime}"] = (core, (world(CORE, seeds, regime),))
    for count in (20, 75):
        found["core", f"3, mixed, n={count}"] = (core, (world(CORE, 3, "mixed", count),))
    found["core", "3, mixed, 32 categories"] = (core, (world(many, 3, "mixed"),))
    for seeds, regime in [(1, quiet), (2, "mixed"), (3, "mixed"), (5, "mixed")]:
        pair = world((0.5, 0.25), seeds, regime)
        found["bootstrap", f"{seeds}, {regime}"] = (bootstrapped, (pair,))
    for seeds, regime in [(2, "mixed"), (3, "mixed"), (5, "mixed"), (5, "dialogues")]:
        found["metrics", f"{seeds}, {regime}"] = (registered, (world(FALLING, seeds, regime),))
    found["metrics", "31 categories drawn"] = (ranked, ())
    for lift in (0.02, 0.05, 0.10):
        found["power", f"{lift}"] = (power, (lift / (PLANTED - FLOOR),))
    return found


def counted(key: tuple[str, str], runs: int) -> list[Row]:
    """Return the rows of one cell; its random stream hangs on its name alone."""
    count, args = jobs()[key]
    rng = np.random.default_rng(np.random.SeedSequence(0, spawn_key=(crc32(repr(key).encode()),)))
    return [
        {"table": key[0], "cell": key[1], "runs": runs, **row} for row in count(rng, *args, runs)
    ]


def matrix(rows: Sequence[Row], value: str) -> str:
    """Return one table in markdown: quantities down, cells across."""
    cells = list(dict.fromkeys(str(row["cell"]) for row in rows))
    lines = ["| | " + " | ".join(cells) + " |", "| --- " * (len(cells) + 1) + "|"]
    for name in dict.fromkeys(str(row["quantity"]) for row in rows):
        said = {str(row["cell"]): _said(row, value) for row in rows if row["quantity"] == name}
        lines.append(f"| {name} | " + " | ".join(said.get(cell, "") for cell in cells) + " |")
    return "\n".join(lines)


def _said(row: Row, value: str) -> str:
    shown = f"{float(row[value]):.1%}"
    defined = float(row.get("defined", 1.0))
    return shown if defined == 1 else f"{shown} (of {defined:.0%})"


def page(rows: Sequence[Row], runs: int) -> str:
    """Return all tables in markdown."""
    tables: dict[str, list[Row]] = {}
    for row in rows:
        tables.setdefault(str(row["table"]), []).append(row)
    parts = ["# Calibration, counted", f"{runs} experiments in each cell; cells: seeds, regime."]
    for name in ("core", "bootstrap", "metrics"):
        parts += [f"## Coverage of nominal 95 % intervals: {name}", matrix(tables[name], "covered")]
    parts += [
        "## False alarms of two clean arms, 31 categories",
        matrix(tables["alarms"], "alarms"),
    ]
    parts.append("## Power of the test of one category's lift (regime: mixed)")
    lines = [
        "| lift | seeds | dialogues | found | found in 80 %, as predicted |",
        "| --- " * 5 + "|",
    ]
    lines += [
        f"| {row['quantity']} | {row['seeds']} | {row['dialogues']} | {row['power']:.1%} "
        f"| {row['smallest']:.3f} |"
        for row in tables["power"]
    ]
    return "\n\n".join([*parts, "\n".join(lines)]) + "\n"


def main() -> None:
    """Count every cell and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000, help="experiments in each cell")
    runs = parser.parse_args().runs
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        made = list(pool.map(counted, jobs(), [runs] * len(jobs())))
    rows = [row for part in made for row in part]
    names = list(dict.fromkeys(name for row in rows for name in row))
    with (HERE / "results.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(
            {k: f"{v:.4g}" if isinstance(v, float) else v for k, v in row.items()} for row in rows
        )
    (HERE / "results.md").write_text(page(rows, runs), encoding="utf-8")


if __name__ == "__main__":
    main()
