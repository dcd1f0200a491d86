"""What a person sees of a running experiment: on a terminal, in a notebook, or nothing."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from semspill._mask import printable
from semspill._progress import Progress, quiet
from semspill.experiment._events import Event, Observer
from semspill.experiment._sentences import duration, sentence

T = TypeVar("T")

NARROWEST = 40
"""Columns that are written for; a narrower terminal breaks the lines itself, and cuts nothing."""
_PATIENCE = 30.0
"""Seconds after which the epochs of a first training say how long the rest may take."""


class Display:
    """Follows an experiment and shows nothing."""

    first: Event | None = None
    """The event it began with."""
    last: Event | None = None
    """The latest event."""
    _begun: float | None = None
    _end: float | None = None

    @property
    def left(self) -> str:
        """How long the trainings still take, in words; empty before that is known."""
        seconds = 0.0 if self._end is None else self._end - time.monotonic()
        return f"about {duration(seconds, 0)} left" if seconds >= 1 else ""

    def __enter__(self) -> "Display":
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def observe(self, event: Event) -> None:
        """Take an event, as the observer of an experiment."""
        self.check()
        self.first, self.last = self.first or event, event
        if event.stage == "train" and self._begun is None:
            self._begun = time.monotonic()
        if self._begun is not None and event.stage in ("epoch", "arm"):
            self._estimate(event, time.monotonic() - self._begun)
        self.show(event)

    def track(self, items: Iterable[T], /) -> Iterator[T]:
        """Follow an iterable, as the progress of an experiment."""
        for item in items:
            self.check()
            yield item

    def check(self) -> None:
        """Raise where the experiment is to stop; called at every event and item."""

    def show(self, event: Event) -> None:
        """Show an event."""

    def _estimate(self, event: Event, spent: float) -> None:
        # After its last epoch a training has still to answer, which counts as one more.
        share = event.epoch / (event.epochs + 1) if event.stage == "epoch" else 0.0
        done = event.trained + share
        # The first moments load torch and compile; they say nothing about what follows.
        if done >= 1 or (done and spent > _PATIENCE):
            self._end = time.monotonic() + spent / done * max(event.trainings - done, 0)


class Cell(Display):
    """A line below the cell of a notebook.

    Args:
        show: IPython's `display`.
    """

    def __init__(self, show: Callable[..., Any]) -> None:
        self._show = show
        self._line: Any = None
        self._since = 0.0

    def __enter__(self) -> "Cell":
        self._since = time.monotonic()
        self._line = self._show({"text/plain": "..."}, raw=True, display_id=True)
        return self

    def __exit__(self, *error: object) -> None:
        if self.last is not None and error[0] is None:
            self._write(f"{_arms(self.last)} in {duration(time.monotonic() - self._since)}")

    def show(self, event: Event) -> None:
        """Write over what the line said before."""
        parts = (_arms(event) if event.total else "", printable(sentence(event)), self.left)
        self._write("; ".join(filter(None, parts)))

    def _write(self, text: str) -> None:
        self._line.update({"text/plain": text}, raw=True)


def _arms(event: Event) -> str:
    return f"{event.finished} of {event.total} arms done"


@contextmanager
def watching(progress: Progress | None, observer: Observer) -> Iterator[tuple[Progress, Observer]]:
    """Yield the progress and the observer of an experiment, and show it to whoever watches.

    Args:
        progress: What the caller chose; None shows a line in a notebook, and bars where standard
            error is a terminal.
        observer: The caller's, which gets every event besides.
    """
    shown = _display() if progress is None else None
    if shown is None:
        yield progress or quiet, observer
        return

    def observed(event: Event) -> None:
        shown.observe(event)
        observer(event)

    with shown:
        yield shown.track, observed


def _display() -> Display | None:
    # A notebook has imported it; others need not have it.
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if hasattr(shell, "kernel"):
        return Cell(sys.modules["IPython"].display.display)
    if sys.stderr is None or not sys.stderr.isatty():
        return None
    from semspill.experiment._bars import on_terminal  # rich's bars take a while to import

    return on_terminal()
