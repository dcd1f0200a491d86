"""The command `semspill`: loads the command line, and leaves in a sentence if stopped meanwhile."""

import os
import sys
from contextlib import suppress

# Threads that wait by spinning take the cores that a second run beside this one needs; after a
# thousand turns they sleep. Read by torch's OpenMP as it is loaded.
_SPINS = "1000"
_CHOSEN = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")


def main() -> None:
    """Run the command line."""
    if not any(name in os.environ for name in _CHOSEN):
        os.environ["GOMP_SPINCOUNT"] = _SPINS
    if sys.argv[1:] == ["--version"]:
        from importlib.metadata import version

        with suppress(OSError):  # nobody reads, or the disk is full: the command line tells
            sys.stdout.write(f"semspill {version('semspill')}\n")
            sys.stdout.flush()
            sys.exit()
    try:
        from semspill.cli import main as run  # half a second in which a person may press Ctrl-C
    except KeyboardInterrupt:
        sys.stderr.write("semspill: Interrupted. Nothing was begun.\n")
        sys.exit(130)
    run()
