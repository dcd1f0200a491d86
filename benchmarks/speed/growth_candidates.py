"""Time and memory of answering 500 contexts from 10 thousand to 10 million candidates.

`python growth_candidates.py --folder FOLDER` runs it whole; FOLDER needs room for the largest pool
as float16 (7.7 GB). `--sizes 2000 20000 --stored 50000 --approximate 20000` is a trial. Each size
runs in a fresh process. Pools up to `--stored` are float32 in memory; that one is a store on disk.
"""

import argparse
import csv
import ctypes
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

RESULTS = Path(__file__).parent / "results"
DIM, QUERIES, BLOCK, CENTRES = 384, 500, 16384, 2000


def unit_rows(start: int, count: int) -> np.ndarray:
    """Return unit rows around 2,000 centres, as those of real texts lie; any part is repeatable."""
    centres = np.random.default_rng(0).standard_normal((CENTRES, DIM), dtype=np.float32)
    made = np.empty((count, DIM), dtype=np.float32)
    for at in range(0, count, BLOCK):
        part = made[at : at + BLOCK]
        rng = np.random.default_rng([1, start + at])
        rng.standard_normal(out=part, dtype=np.float32)
        part += centres[rng.integers(CENTRES, size=len(part))]
        part /= np.linalg.norm(part, axis=1, keepdims=True)
    return made


def status(key: str) -> float:
    """Return a line of this process's status in MiB: VmRSS is now, VmHWM the peak."""
    said = Path("/proc/self/status").read_text()
    return int(re.search(rf"{key}:\s+(\d+)", said)[1]) / 1024


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds a piece of work takes, and the MiB it adds at its peak."""
    ctypes.CDLL(None).malloc_trim(0)  # what was freed before would hide what is taken now
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    before, began = status("VmRSS"), time.perf_counter()
    work()
    return time.perf_counter() - began, status("VmHWM") - before


def measure(kind: str, count: int, folder: Path) -> dict[str, object]:
    """Answer from one pool, in this process."""
    import torch  # noqa: F401 - a model would have loaded it

    from semspill import BiEncoder, Candidates, ContextFormat, Exchange, RetrievalResponder
    from semspill.responding import ApproximateSearch

    kept = None if kind == "stored" else unit_rows(0, count)
    queries = unit_rows(10**9, QUERIES)

    class Known(BiEncoder):
        context = ContextFormat()
        fingerprint = "unit rows"

        def encode_contexts(self, exchanges: object, *, progress: object = iter) -> np.ndarray:
            return queries

        def encode_responses(self, texts: list[str], *, progress: object = iter) -> np.ndarray:
            return unit_rows(int(texts[0]), len(texts)) if kept is None else kept

    pool = Candidates(tuple(map(str, range(count))), np.zeros(count, dtype=np.bool_))
    asked = [Exchange(f"d{i}", 1, "joy", ("Hello.",), "Hi.") for i in range(QUERIES)]
    row: dict[str, object] = {"kind": kind, "candidates": count, "queries": QUERIES}
    if kind == "stored":
        path = folder / "growth_candidates.npy"
        first = RetrievalResponder(Known(), pool, store=path)
        row["first_s"], row["first_mib"] = timed(lambda: first.respond(asked))
        responder = RetrievalResponder(Known(), pool, store=path)
    elif kind == "approximate":
        checked = RetrievalResponder(Known(), pool, search=ApproximateSearch(check=QUERIES))
        row["recall"] = checked.respond(asked).recall
        responder = RetrievalResponder(Known(), pool, search=ApproximateSearch(check=0))
        row["first_s"], row["first_mib"] = timed(lambda: responder.respond(asked))
    else:
        responder = RetrievalResponder(Known(), pool)
    row["seconds"], row["search_mib"] = timed(lambda: responder.respond(asked))
    row["pool_mib"] = count * DIM * (2 if kind == "stored" else 4) / 2**20
    return row


def draw(rows: list[dict[str, object]], path: Path) -> None:
    """Draw time and memory against the number of candidates, on logarithmic axes."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
    exact = [row for row in rows if row["kind"] != "approximate"]
    sizes = np.array([float(row["candidates"]) for row in exact])
    seconds = np.array([float(row["seconds"]) for row in exact])
    left.plot(sizes, seconds, "o-", label="exact")
    left.plot(sizes, seconds[-1] * sizes / sizes[-1], "--", color="grey", label="slope 1")
    for row in rows:
        if row["kind"] == "approximate":
            said = f"approximate, recall {row['recall']:.2f}"
            left.plot(row["candidates"], row["seconds"], "s", label=said)
            left.plot(
                row["candidates"], row["first_s"], "^", label="approximate, lists built first"
            )
    left.set(ylabel=f"seconds for {QUERIES} contexts")
    right.plot(sizes, [row["search_mib"] for row in exact], "o-", label="added by the search")
    right.plot(sizes, [row["pool_mib"] for row in exact], "s:", label="the vectors themselves")
    last = float(exact[-1]["search_mib"])
    right.plot(sizes, last * sizes / sizes[-1], "--", color="grey", label="slope 1")
    right.set(ylabel="MiB at the peak")
    for axes in (left, right):
        axes.set(xscale="log", yscale="log", xlabel="candidates")
        axes.grid(alpha=0.3)
        axes.legend()
    stored = ", ".join(f"{row['candidates']:,}" for row in exact if row["kind"] == "stored")
    figure.suptitle(f"Exact answers; float16 on disk for {stored}, else float32 in memory", size=10)
    figure.savefig(path, dpi=120)


def main() -> None:
    """Run every size in a process of its own, then write the table and the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--stored", type=int, default=10_000_000)
    parser.add_argument("--approximate", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, default=Path.cwd(), help="room for the store")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--label", default="growth_candidates", help="name of the files in results/"
    )
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measure(given.one[0], int(given.one[1]), given.folder)))
        return
    tasks = [("exact", size) for size in given.sizes]
    tasks += [("stored", given.stored), ("approximate", given.approximate)]
    rows = []
    for kind, size in tasks:
        command = [
            sys.executable,
            __file__,
            "--one",
            kind,
            str(size),
            "--folder",
            str(given.folder),
        ]
        environment = os.environ | {"OMP_NUM_THREADS": str(given.threads)}
        said = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        rows.append(json.loads(said.stdout))
        print(rows[-1], flush=True)
    for name in ("growth_candidates.npy", "growth_candidates.npy.json"):
        (given.folder / name).unlink()
    RESULTS.mkdir(exist_ok=True)
    fields = ("kind", "candidates", "queries", "seconds", "search_mib", "pool_mib")
    with (RESULTS / f"{given.label}.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, [*fields, "first_s", "first_mib", "recall"])
        writer.writeheader()
        writer.writerows(rows)
    draw(rows, RESULTS / f"{given.label}.png")


if __name__ == "__main__":
    main()
