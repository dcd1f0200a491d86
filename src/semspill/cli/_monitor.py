"""Progress and log of a running experiment, and how to resume it where it stops."""

import logging
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.logging import RichHandler

from semspill.cli._app import debugging, err_console
from semspill.cli._stop import Interrupted, stop
from semspill.experiment import Event
from semspill.experiment._watching import Display


@contextmanager
def monitor(folder: Path, *, quiet: bool, as_json: bool) -> Iterator[Display]:
    """Show an experiment while it runs; where it stops, name its finished arms and how to resume.

    Args:
        folder: Where finished arms are.
        quiet: Whether nothing is shown.
        as_json: Whether events are shown as JSON lines.
    """
    from semspill.cli._progress import display  # rich's bars take a while to import

    hushed = logging.ERROR if quiet or as_json else logging.WARNING
    shown = display(quiet=quiet, as_json=as_json)
    try:
        with _logged(logging.DEBUG if debugging() else hushed), shown:
            yield shown
    except (KeyboardInterrupt, Exception) as error:
        # An interrupted import, for one, may come as an error of its own.
        if isinstance(error, KeyboardInterrupt) or stop.signal is not None:
            raise Interrupted(f"Interrupted. {_resume_hint(shown.last, folder)}") from error
        # Of arms of an earlier start the error itself may say that they do not fit any more.
        if shown.first and shown.last and shown.last.finished > shown.first.finished:
            error.add_note(_resume_hint(shown.last, folder))
        raise


def _resume_hint(last: Event | None, folder: Path) -> str:
    if last is None or not last.finished:
        return "No arm was finished; there is nothing to resume."
    if last.stage == "write" and not folder.exists():
        return "Everything was written before."
    return (
        f"{last.finished} of {last.total} arms are finished in {folder}; to resume:"
        f"\n  {shlex.join(['semspill', *sys.argv[1:]])}"
    )


@contextmanager
def _logged(level: int) -> Iterator[None]:
    """Show on standard error what the library logs, from `level` on."""
    handler = RichHandler(console=err_console, show_path=False, show_level=False, show_time=False)
    logger = logging.getLogger("semspill")
    before = logger.level, logger.propagate
    logger.setLevel(level)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.level, logger.propagate = before
