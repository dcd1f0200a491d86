"""An experiment under way on the command line: shown, and stopped with a word on what is kept."""

import logging
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from semspill.cli._app import debugging, logged
from semspill.cli._progress import Display, display
from semspill.cli._stop import Interrupted, stop
from semspill.experiment import Event


@contextmanager
def underway(kept: Path, *, quiet: bool, as_json: bool) -> Iterator[Display]:
    """Show an experiment while it lasts; say of one that stops what is kept and how to go on.

    Args:
        kept: Where finished arms are.
        quiet: Whether nothing is shown.
        as_json: Whether events are shown as JSON lines.
    """
    hushed = logging.ERROR if quiet or as_json else logging.WARNING
    shown = display(quiet=quiet, as_json=as_json)
    try:
        with logged(logging.DEBUG if debugging() else hushed), shown:
            yield shown
    except (KeyboardInterrupt, Exception) as error:
        # An interrupted import, for one, may come as an error of its own.
        if isinstance(error, KeyboardInterrupt) or stop.signal is not None:
            raise Interrupted(f"Interrupted. {_kept(shown.last, kept)}") from error
        # Of arms of an earlier start the error itself may say that they do not fit any more.
        if shown.first and shown.last and shown.last.finished > shown.first.finished:
            error.add_note(_kept(shown.last, kept))
        raise


def _kept(last: Event | None, folder: Path) -> str:
    if last is None or not last.finished:
        return "No arm was finished, so nothing is kept."
    if last.stage == "write" and not folder.exists():
        return "Everything was written before."
    command = shlex.join(["semspill", *sys.argv[1:]])
    return (
        f"{last.finished} of {last.total} arms are kept in {folder}; this goes on from there:"
        f"\n  {command}"
    )
