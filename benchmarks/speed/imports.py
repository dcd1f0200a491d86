"""How long `import semspill` and `semspill --help` take, beside inspect_ai's, in fresh processes.

inspect_ai needs an environment of its own: it wants other versions of what semspill is tested with.

    python -m venv rival && rival/bin/pip install inspect-ai
    python imports.py --rival-python rival/bin/python          # both
    python imports.py --rival-python rival/bin/python --what help
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
from harness import Arrays, Contender, Stage, Timed

PACKAGES = {"semspill": "semspill", "inspect_ai": "inspect"}
"""What is imported, and what its command is called."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what is timed and how often in one round."""
    parser.add_argument("--rival-python", type=Path, required=True, help="one with inspect_ai")
    parser.add_argument("--what", choices=tuple(STAGES))
    parser.add_argument("--times", type=int, default=10, help="fresh processes per round")


def command(package: str, what: str, given: argparse.Namespace) -> list[str]:
    """Return the command of one fresh process."""
    python = str(given.rival_python if package == "inspect_ai" else sys.executable)
    if what == "import":
        return [python, "-c", f"import {package}"]
    place = shutil.which(PACKAGES[package], path=str(Path(python).parent))
    if place is None:
        raise SystemExit(f"{package} is not installed beside {python}: pip install it.")
    return [place, "--help"]


def fresh(package: str, what: str, given: argparse.Namespace) -> Timed:
    """Run the command some times, after a first run that may compile and is not timed."""
    # What is installed has its bytecode; an editable install must be allowed to write it.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    run = partial(
        subprocess.run,
        command(package, what, given),
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    said = run().stdout
    if what == "help":
        assert "usage" in said.lower(), f"{package} --help shows no usage"
    began, used = time.perf_counter(), processor()
    for _ in range(given.times):
        run()
    spent, busy = time.perf_counter() - began, processor() - used
    return Timed(spent / given.times, {"processor": np.array(busy / given.times)})


def processor() -> float:
    """Return the processor time of the processes run so far, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def agree(results: Mapping[str, Arrays]) -> str:
    """Say how much processor time each takes, which other work on the machine does not change."""
    each = {name: float(made["processor"]) for name, made in results.items()}
    said = ", ".join(f"{name} {seconds:.3f} s" for name, seconds in each.items())
    return f"processor time {said}: {each['semspill'] / each['inspect_ai']:.2f} of inspect_ai's"


STAGES = {
    what: Stage(
        name=f"imports-{what}",
        unit="processes",
        work=lambda given: 1.0,
        contenders={name: Contender(partial(fresh, name, what)) for name in PACKAGES},
        agree=agree,
        arguments=arguments,
    )
    for what in ("import", "help")
}

if __name__ == "__main__":
    chosen = argparse.ArgumentParser(add_help=False)
    chosen.add_argument("--what", choices=tuple(STAGES))
    one = chosen.parse_known_args()[0].what
    told = sys.argv[:]
    for name in [one] if one else STAGES:
        # A contender is started with the same words, and must know which stage it is of.
        sys.argv = told if one else [*told, "--what", name]
        STAGES[name].main()
