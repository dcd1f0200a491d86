"""Count, over made-up experiments, whether intervals and tests keep what they promise.

python benchmarks/calibration/run.py --runs 200 --against c1691b2

`--against` names an older commit, whose methods see the same experiments. It writes results.csv
and results.md beside itself; cells that are in results.csv already are not counted again, unless
`--fresh` is given. A quick look: `--runs 20 --only plain`.
"""

import argparse
import csv
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from zlib import crc32

# One thread per process; set before numpy is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from cells import (
    COVERAGE,
    CURVES,
    PAIRS,
    SLICES,
    Row,
    clean_arms,
    coverage,
    nulls,
    pairs,
    rejections,
)
from worlds import World

HERE = Path(__file__).parent
SEEDS = (2, 3, 5, 10)
FIELDS = (
    "methods", "table", "cell", "seeds", "runs", "quantity", "truth", "defined", "covered",
    "width", "over oracle", "rejected",
)  # fmt: skip
Key = tuple[str, str, int]


def keys() -> list[Key]:
    """Return every cell: table, world, seeds."""
    made: list[Key] = [("pairs", name, 1) for name in PAIRS]
    for seeds in SEEDS:
        made += [("rejections", name, seeds) for name in nulls() if seeds in (3, 5)]
        made.append(("clean arms", "31 categories of 3 to 300 dialogues", seeds))
        made += [("coverage", name, seeds) for name in COVERAGE]
    return made


def counted(key: Key, runs: int) -> list[Row]:
    """Return the rows of one cell; its random stream hangs on its name alone."""
    table, name, seeds = key
    rng = np.random.default_rng(np.random.SeedSequence(0, spawn_key=(crc32(repr(key).encode()),)))
    if table == "coverage":
        rows = coverage(rng, World(seeds=seeds, **COVERAGE[name]), runs)
    elif table == "rejections":
        rows = rejections(rng, World(seeds=seeds, **nulls()[name]), runs)
    elif table == "pairs":
        rows = pairs(rng, name, runs)
    else:
        sizes = (80, *np.geomspace(3, 300, 31).astype(int).tolist())
        rows = clean_arms(rng, World((0.0,) * 32, sizes, seeds), runs)
    return rows


def worker(lines: Sequence[str]) -> None:
    """Count the cells that standard input names, and write their rows."""
    out = csv.DictWriter(sys.stdout, FIELDS, lineterminator="\n")
    for line in lines:
        methods, table, name, seeds, runs = line.rstrip("\n").split("\t")
        head = {"methods": methods, "table": table, "cell": name, "seeds": seeds, "runs": runs}
        for row in counted((table, name, int(seeds)), int(runs)):
            short = {k: f"{v:.4g}" if isinstance(v, float) else v for k, v in row.items()}
            out.writerow(head | short)


def ask(methods: str, source: Path, key: Key, runs: int) -> str:
    """Return the rows of one cell, counted by the methods of one source in another process."""
    said = "\t".join([methods, key[0], key[1], str(key[2]), str(runs)])
    paths = [str(source), *filter(None, [os.environ.get("PYTHONPATH")])]
    done = subprocess.run(
        [sys.executable, __file__, "--worker"],
        input=said + "\n",
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print(f"{methods}, {key}: failed\n{done.stderr[-2000:]}", file=sys.stderr, flush=True)
    return done.stdout


def page(rows: Sequence[dict[str, str]]) -> str:
    """Return all tables in markdown, before and after side by side."""
    runs = sorted({int(row["runs"]) for row in rows})
    parts = [
        "# Calibration, counted",
        f"{' to '.join(map(str, runs))} experiments in each cell. Coverage of nominal 95 % "
        "intervals in %, of slices that of the worst and of the best of six categories; in "
        "brackets the median width over that of an oracle, 2 x 1.96 standard deviations of the "
        "estimate. **Bold**: below 93 %.",
    ]
    for methods in dict.fromkeys(row["methods"] for row in rows):
        mine = [row for row in rows if row["methods"] == methods]
        for names in (SLICES, tuple(CURVES)):
            parts.append(f"## Coverage, {methods}: {', '.join(names[:3])} ...")
            parts.append(_coverage(mine, names))
    for table, head in {
        "rejections": "Tests of a trend where there is none, share of p < 0.05 in %",
        "clean arms": "Two clean arms, share of p < 0.05 in %",
        "pairs": "Tests of a target-by-victim matrix, share of p < 0.05 in %",
    }.items():
        parts += [f"## {head}", _rejected([row for row in rows if row["table"] == table])]
    return "\n\n".join(parts) + "\n"


def _coverage(rows: Sequence[dict[str, str]], names: Sequence[str]) -> str:
    lines = ["| world | seeds | " + " | ".join(names) + " |", "| --- " * (len(names) + 2) + "|"]
    cells: dict[tuple[str, int], dict[str, list[dict[str, str]]]] = {}
    for row in rows:
        if row["table"] == "coverage":
            cell = cells.setdefault((row["cell"], int(row["seeds"])), {})
            cell.setdefault(row["quantity"].partition(":")[0], []).append(row)
    order = {name: place for place, name in enumerate(COVERAGE)}
    for (name, seeds), made in sorted(
        cells.items(), key=lambda item: (order[item[0][0]], item[0][1])
    ):
        said = [_said(made.get(metric, [])) for metric in names]
        lines.append(f"| {name} | {seeds} | " + " | ".join(said) + " |")
    return "\n".join(lines)


def _said(rows: Sequence[dict[str, str]]) -> str:
    if not rows:
        return ""
    held = sorted(100 * float(row["covered"]) for row in rows)
    widths = [float(row["over oracle"]) for row in rows if row["over oracle"] not in ("", "nan")]
    shown = f"{held[0]:.0f}" if len(held) == 1 else f"{held[0]:.0f}-{held[-1]:.0f}"
    shown = f"**{shown}**" if held[0] < 93 else shown
    defined = min(float(row["defined"]) for row in rows)
    part = f", of {100 * defined:.0f} %" if defined < 0.995 and len(rows) == 1 else ""
    return f"{shown} ({np.median(widths):.1f}{part})" if widths else shown


def _rejected(rows: Sequence[dict[str, str]]) -> str:
    methods = list(dict.fromkeys(row["methods"] for row in rows))
    names = list(dict.fromkeys(row["quantity"] for row in rows))
    heads = [f"{name}, {method}" for name in names for method in methods]
    lines = ["| world | seeds | " + " | ".join(heads) + " |", "| --- " * (len(heads) + 2) + "|"]
    found = {
        (row["cell"], row["seeds"], row["quantity"], row["methods"]): row["rejected"]
        for row in rows
    }
    for name, seeds in dict.fromkeys((row["cell"], row["seeds"]) for row in rows):
        values = [found.get((name, seeds, q, m)) for q in names for m in methods]
        said = [f"{100 * float(value):.1f}" if value else "" for value in values]
        lines.append(f"| {name} | {seeds} | " + " | ".join(said) + " |")
    return "\n".join(lines)


def read(path: Path) -> list[dict[str, str]]:
    """Return the rows that were counted already."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def main() -> None:
    """Count every cell and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200, help="experiments in each cell")
    parser.add_argument("--against", help="a commit whose methods are counted too")
    parser.add_argument("--only", default="", help="worlds whose name begins so")
    parser.add_argument("--fresh", action="store_true", help="count everything again")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        worker(list(sys.stdin))
        return
    path = HERE / "results.csv"
    rows = [] if given.fresh else read(path)
    seen = {(row["methods"], row["table"], row["cell"], int(row["seeds"])) for row in rows}
    sources = {"now": HERE.parents[1] / "src"}
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        if given.against:
            git = ["git", "-C", str(HERE), "worktree"]
            subprocess.run([*git, "add", "--detach", folder, given.against], check=True)
            sources["before"] = Path(folder) / "src"
        wanted = [
            (methods, source, key, given.runs)
            for key in keys()
            if key[1].startswith(given.only)
            for methods, source in sources.items()
            if (methods, *key) not in seen
        ]
        for text in pool.map(lambda each: ask(*each), wanted):
            rows += csv.DictReader(text.splitlines(), FIELDS)
            with path.open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)
            (HERE / "results.md").write_text(page(rows), encoding="utf-8")
        if given.against:
            subprocess.run([*git, "remove", "--force", folder], check=True)


if __name__ == "__main__":
    main()
