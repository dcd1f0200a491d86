"""Kill runs, sweeps, overwrites and restarts at random times, and count what is lost.

`python benchmarks/kills/run.py --kills 200` writes results.md beside this file.
"""

import argparse
import hashlib
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
TINY = {
    "dataset": {"name": "synthetic", "train": 60, "test": 40, "categories": 4},
    "poisoner": {"selector": {"name": "category", "category": "brave"}, "budget": 0.2},
    "model": {
        "encoder": {"name": "hashing", "dim": 8, "buckets": 512, "char_ngrams": None},
        "finetuner": {"epochs": 1, "batch_size": 32},
    },
    "analyzer": {"draws": 100},
    "list_size": 10,
    "curve": False,
    "rating_cache": False,
}
VARY = {"poisoner.budget": [0.1, 0.2]}
# Starts a command in a fork of a process that has imported everything, so that a kill hits the
# work and not the imports. A SIGKILL of the fork is a SIGKILL of the run.
SERVER = """
import json, os, sys, time
import torch, matplotlib.pyplot, scipy.stats, sklearn, semspill as sp
import semspill.report._page, semspill.encoders, semspill.training
from semspill.report.figures._style import HouseFigure
torch.set_num_threads(1)
if not json.loads(sys.argv[1]):  # drawing takes nine tenths of so small a run
    semspill.report._page.draw = lambda report: {"spillover": HouseFigure(figsize=(1, 1))}
sp.run(json.loads(sys.argv[2]), out=sys.argv[3])  # loads all that is loaded late
print("ready", flush=True)
for line in sys.stdin:
    job = json.loads(line)
    pid = os.fork()
    if pid == 0:
        code = 0
        try:
            if job["kind"] == "sweep":
                sp.sweep(job["config"], job["vary"], out=job["out"], show_text=job["show"])
            else:
                how = {"overwrite": job["overwrite"], "show_text": job["show"]}
                sp.run(job["config"], out=job["out"], **how)
        except BaseException as error:
            sys.stderr.write(f"{type(error).__name__}: {error}\\n")
            code = 1
        os._exit(code)
    print(pid, flush=True)
    _, status = os.waitpid(pid, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
"""


@dataclass
class Tally:
    """What was seen of one kind of command."""

    kills: int = 0
    missed: int = 0
    restarts: int = 0
    left: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


class Server:
    """A process that starts commands, each in a fork of its own."""

    def __init__(self, log: Path, *, pictures: bool) -> None:
        self.log = log.open("ab")
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-c", SERVER, json.dumps(pictures), json.dumps(TINY)),
                str(log.with_name("warm")),
            ],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True, bufsize=1,
        )  # fmt: skip
        self._line()

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def start(self, job: dict[str, object], after: float | None = None) -> int:
        """Run a job, killed after some seconds if it lasts so long, and return its exit code."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(job) + "\n")
        pid = int(self._line())
        if after is not None:
            time.sleep(after)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return int(self._line())


def job(kind: str, out: Path, config: dict[str, object], **more: object) -> dict[str, object]:
    """Return what the server is told."""
    usual = {"vary": VARY, "overwrite": False, "show": False}
    return usual | {"kind": kind, "out": str(out), "config": config} | more


def digest_of(folder: Path) -> dict[str, str]:
    """Return a hash of every file, without what says how long it took."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(_content(path)).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "environment.json"
    }


def _content(path: Path) -> bytes:
    if path.suffix != ".npz":
        return path.read_bytes()
    with np.load(path) as arrays:  # the record holds the seconds of the arm
        return b"".join(arrays[name].tobytes() for name in sorted(arrays.files) if name != "record")


def finished_faults(folder: Path, wanted: dict[str, str]) -> Iterator[str]:
    """Yield what is wrong with a folder that should be the finished one."""
    found = digest_of(folder) if folder.is_dir() else {}
    yield from (f"{name} is missing" for name in wanted.keys() - found.keys())
    yield from (f"{name} is one too many" for name in found.keys() - wanted.keys())
    yield from (
        f"{name} differs" for name in wanted.keys() & found.keys() if wanted[name] != found[name]
    )


class Experiment:
    """One kind of command: how it is started, and what must be there when it ends."""

    def __init__(self, kind: str, server: Server, place: Path) -> None:
        self.kind, self.server, self.place = kind, server, place
        self.show = kind == "run --show-text"
        self.old = {**TINY, "seeds": [7]}
        begun = time.perf_counter()
        whole = place / f"{kind.replace(' ', '')}-whole"
        self._check(self._job(whole))
        self.seconds = time.perf_counter() - begun
        self.wanted = digest_of(whole)
        self.before = {}
        if self.kind == "run --overwrite":
            self._check(job("run", place / "old", self.old))
            self.before = digest_of(place / "old")
        self.tally = Tally()

    def _job(self, out: Path) -> dict[str, object]:
        kind = "sweep" if self.kind == "sweep" else "run"
        again = self.kind == "run --overwrite"
        return job(kind, out, TINY, overwrite=again, show=self.show)

    def _check(self, what: dict[str, object]) -> None:
        if self.server.start(what) != 0:
            said = Path(self.server.log.name).read_text()
            raise SystemExit(f"an uninterrupted {self.kind} failed:\n{said}")

    def attempt(self, number: int, kills: int, rng: random.Random) -> None:
        """Kill one command up to `kills` times, restart it until it ends, and look."""
        out = self.place / f"{self.kind.replace(' ', '')}-{number}"
        if self.before:
            self._check(job("run", out, self.old))
        for _ in range(kills):
            begun = time.perf_counter()
            code = self.server.start(self._job(out), rng.uniform(0, self.seconds))
            if code == 0:
                # The machine is less busy now, or warmer.
                self.seconds = min(self.seconds, time.perf_counter() - begun)
                self.tally.missed += 1
                break
            if code != -signal.SIGKILL:
                self.tally.faults.append(f"a restart failed with {code}")
            self.tally.kills += 1
            self._look(out)
            if self.kind != "sweep" and not self.before and out.exists():
                break  # killed after its last step: the same command would be refused
        else:
            code = self.server.start(self._job(out))
            self.tally.restarts += 1
            if code:
                self.tally.faults.append(f"the last restart ended with {code}")
        self.tally.faults += finished_faults(out, self.wanted)
        beside = [path.name for path in self.place.glob(f"*{out.name}*") if path != out]
        self.tally.faults += [f"{name} was left beside" for name in beside]

    def _look(self, out: Path) -> None:
        """Look at what lies there right after a kill."""
        aside = out.with_name(f".{out.name}.old")
        kept = out if out.exists() else aside
        if self.before and digest_of(kept) not in (self.before, self.wanted):
            self.tally.faults.append("the finished folder was lost or is incomplete")
        states = {
            "nothing": not out.exists() and not out.with_name(f"{out.name}.partial").exists(),
            "OUT.partial": out.with_name(f"{out.name}.partial").exists(),
            "OUT": out.exists(),
            "OUT set aside": aside.exists() and not out.exists(),
        }
        self.tally.left.update(name for name, there in states.items() if there)
        if out.exists() and self.kind != "sweep":
            hidden = [path.name for path in out.rglob(".*")]
            self.tally.faults += [f"{name} is hidden in a finished folder" for name in hidden]
        for folder in (path.parent for path in out.glob("*/report.json") if self.kind == "sweep"):
            if folder.suffix != ".partial":
                wanted = {
                    name.removeprefix(f"{folder.name}/"): value
                    for name, value in self.wanted.items()
                    if name.startswith(f"{folder.name}/")
                }
                self.tally.faults += finished_faults(folder, wanted)


KINDS = ("run", "run --show-text", "run --overwrite", "sweep")


def table(experiments: list[Experiment]) -> str:
    """Return what was seen, as a table."""
    lines = [
        "| command | seconds | kills | killed too late | last restarts | found after a kill | "
        "faults |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for each in experiments:
        t = each.tally
        left = ", ".join(f"{name} {count}" for name, count in sorted(t.left.items()))
        lines.append(
            f"| {each.kind} | {each.seconds:.1f} | {t.kills} | {t.missed} | {t.restarts} | "
            f"{left} | {len(t.faults)} |"
        )
    said = sorted(
        {f"- {each.kind}: {fault}" for each in experiments for fault in each.tally.faults}
    )
    return "\n".join([*lines, "", *(said or ["No fault."]), ""])


def main() -> None:
    """Kill, count, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--pictures", action="store_true", help="draw whole figures")
    parser.add_argument("--out", type=Path, default=HERE / "results.md")
    given = parser.parse_args()
    rng = random.Random(given.seed)
    with tempfile.TemporaryDirectory() as made:
        place = Path(made)
        server = Server(place / "log.txt", pictures=given.pictures)
        experiments = [Experiment(kind, server, place) for kind in KINDS]
        number = 0
        while sum(each.tally.kills for each in experiments) < given.kills:
            # Sometimes the restart is killed as well, and its restart.
            experiments[number % len(KINDS)].attempt(number, rng.randint(1, 5), rng)
            number += 1
            text = f"# Kills, seed {given.seed}\n\n{table(experiments)}"
            given.out.write_text(text, encoding="utf-8")
        faults = sum(len(each.tally.faults) for each in experiments)
        if faults:
            print((place / "log.txt").read_text()[-4000:], file=sys.stderr)
    print(table(experiments))
    print(f"median of {statistics.median(e.seconds for e in experiments):.1f} s a command")
    sys.exit(int(bool(faults)))


if __name__ == "__main__":
    main()
