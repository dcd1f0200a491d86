"""Times contenders side by side: fresh processes, in turn, results compared before times count."""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

RESULTS = Path(__file__).parent / "results"
Arrays = Mapping[str, np.ndarray]
PACKAGES = ("semspill", "torch", "sentence-transformers", "transformers", "faiss-cpu", "scipy")
PACKAGES += ("detoxify", "inspect-ai", "numpy")
KEEP_FREED_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": "4294967296",
    "MALLOC_TRIM_THRESHOLD_": "8589934592",
    "MALLOC_TOP_PAD_": "268435456",
}
"""Tells glibc to keep what is freed: half of a rival's training step is page faults without it."""


@dataclass(frozen=True)
class Timed:
    """What one contender did in one process."""

    seconds: float
    """Wall time of the work itself: imports, loading of data and weights left out."""
    result: Arrays
    """What it computed, to be compared with what the others computed."""


@dataclass(frozen=True)
class Contender:
    """One way of doing the work."""

    run: Callable[[argparse.Namespace], Timed]
    """Does the work once, in a process of its own."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Environment variables it is given besides those of all."""


@dataclass(frozen=True)
class Stage:
    """One row of the table: the same work done by several contenders, `semspill` among them."""

    name: str
    unit: str
    """What is counted, such as `pairs`."""
    work: Callable[[argparse.Namespace], float]
    """How many units the work has."""
    contenders: Mapping[str, Contender]
    agree: Callable[[Mapping[str, Arrays]], str]
    """Raises AssertionError where results differ; returns a sentence on how far they agree."""
    arguments: Callable[[argparse.ArgumentParser], None] = lambda parser: None
    """Adds what the stage needs to be told."""
    limit: Callable[[argparse.Namespace], float] | None = None
    """Units per second that the machine could do at most, where that can be told."""

    def main(self) -> None:
        """Run the contenders in turn, compare, print the table and keep it."""
        given = self._parse()
        if given.contender:
            self._be(given.contender, given)
            return
        seconds: dict[str, list[float]] = {name: [] for name in self.contenders}
        memory: dict[str, float] = {}
        said = ""
        with tempfile.TemporaryDirectory() as folder:
            for number in range(given.rounds):
                names = list(self.contenders)
                for name in names if number % 2 == 0 else names[::-1]:
                    made = self._let(name, given, Path(folder) / f"{name}.npz")
                    seconds[name].append(made["seconds"])
                    memory[name] = max(made["peak_mib"], memory.get(name, 0.0))
                    print(f"round {number + 1}: {name} {made['seconds']:.3g} s", flush=True)
                said = self.agree({n: np.load(Path(folder) / f"{n}.npz") for n in names})
        units = self.work(given)
        limit = self.limit(given) if self.limit else None
        self._report(given, seconds, memory, units, limit, said)

    def _parse(self) -> argparse.Namespace:
        parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
        parser.add_argument("--rounds", type=int, default=5, help="times each contender runs")
        parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
        parser.add_argument("--contender", help=argparse.SUPPRESS)
        parser.add_argument("--save", type=Path, help=argparse.SUPPRESS)
        parser.add_argument("--label", default=self.name, help="name of the file in results/")
        self.arguments(parser)
        return parser.parse_args()

    def _be(self, name: str, given: argparse.Namespace) -> None:
        """Be one contender, in the process that `_let` began."""
        made = self.contenders[name].run(given)
        with given.save.open("wb") as file:
            np.savez(file, **made.result)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        given.save.with_suffix(".json").write_text(
            json.dumps({"seconds": made.seconds, "peak_mib": peak})
        )

    def _let(self, name: str, given: argparse.Namespace, save: Path) -> dict[str, float]:
        threads = str(given.threads)
        environment = {"OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads}
        environment |= {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "true"}
        command = [sys.executable, *sys.argv, "--contender", name, "--save", str(save)]
        subprocess.run(
            command, env=os.environ | environment | self.contenders[name].environment, check=True
        )
        made: dict[str, float] = json.loads(save.with_suffix(".json").read_text())
        return made

    def _report(
        self,
        given: argparse.Namespace,
        seconds: Mapping[str, list[float]],
        memory: Mapping[str, float],
        units: float,
        limit: float | None,
        said: str,
    ) -> None:
        ours = statistics.median(seconds["semspill"])
        rows: list[dict[str, Any]] = []
        for name, taken in seconds.items():
            middle = statistics.median(taken)
            # Paired by round: what slows the machine for a while slows both.
            ratios = [
                theirs / mine for theirs, mine in zip(taken, seconds["semspill"], strict=True)
            ]
            row = {"contender": name, "median_s": middle, "low_s": min(taken), "high_s": max(taken)}
            row |= {f"{self.unit}_per_s": units / middle, "peak_mib": memory[name]}
            row |= {"ratio": middle / ours, "ratio_low": min(ratios), "ratio_high": max(ratios)}
            rows.append(row | ({"of_limit": units / middle / limit} if limit else {}))
        print(f"\n{self.name}: {units:g} {self.unit}, {given.rounds} rounds; {said}")
        for row in rows:
            share = f", {row['of_limit']:.0%} of the limit" if limit else ""
            print(
                f"  {row['contender']:<32} {row['median_s']:9.3f} s "
                f"[{row['low_s']:.3f}, {row['high_s']:.3f}], {row[f'{self.unit}_per_s']:.4g} "
                f"{self.unit}/s, {row['peak_mib']:.0f} MiB, semspill is {row['ratio']:.2f} x "
                f"[{row['ratio_low']:.2f}, {row['ratio_high']:.2f}] as fast{share}"
            )
        RESULTS.mkdir(exist_ok=True)
        options = {k: str(v) for k, v in vars(given).items() if k not in HIDDEN and v is not None}
        kept = {"stage": self.name, "work": units, "unit": self.unit, "agreement": said}
        kept |= {"options": options, "limit_per_s": limit, "rows": rows, "machine": machine()}
        (RESULTS / f"{given.label}.json").write_text(json.dumps(kept, indent=2) + "\n")


HIDDEN = ("contender", "save", "label", "corpus", "toxic", "rival_python")


def machine() -> dict[str, Any]:
    """Return what a time depends on."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    models = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    model = models[0] if models else platform.processor()
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "versions": versions,
    }


def sgemm_rate(threads: int) -> float:
    """Return the most float32 operations per second of large products here, by torch or oneDNN."""
    import time

    import torch

    from semspill._fast.layers import available, product

    torch.set_num_threads(threads)
    a, b = torch.randn(4096, 4096), torch.randn(4096, 4096)
    taken = []
    for multiply in (torch.mm, product) if available() else (torch.mm,):
        for _ in range(5):
            began = time.perf_counter()
            multiply(a, b)
            taken.append(time.perf_counter() - began)
    return float(2 * 4096**3 / min(taken))
