"""The command `semspill`: loads the command line, and leaves in a sentence if stopped meanwhile."""

import sys


def main() -> None:
    """Run the command line."""
    try:
        from semspill.cli import main as run  # half a second in which a person may press Ctrl-C
    except KeyboardInterrupt:
        sys.stderr.write("semspill: Interrupted. Nothing was begun.\n")
        sys.exit(130)
    run()
