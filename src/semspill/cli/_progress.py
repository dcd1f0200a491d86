"""Progress of a running experiment: bars, plain lines, JSON lines or nothing."""

import shutil
import time
from collections.abc import Iterable, Iterator, Sized
from typing import TypeVar

from rich import progress as rich_progress
from rich.console import Group
from rich.live import Live
from rich.text import Text

from semspill.cli._app import NARROWEST, err_console, say_json
from semspill.cli._sentences import duration, sentence
from semspill.cli._stop import stop
from semspill.experiment import Event

T = TypeVar("T")

_PATIENCE = 30.0
"""Seconds after which the epochs of a first training say how long the rest may take."""


class Display:
    """Follows an experiment and shows nothing; also where a signal that was missed stops it."""

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
        stop.check()
        self.first, self.last = self.first or event, event
        if event.stage == "train" and self._begun is None:
            self._begun = time.monotonic()
        if self._begun is not None and event.stage in ("epoch", "arm"):
            self._estimate(event, time.monotonic() - self._begun)
        self.show(event)

    def track(self, items: Iterable[T], /) -> Iterator[T]:
        """Follow an iterable, as the progress of an experiment."""
        for item in items:
            stop.check()
            yield item

    def show(self, event: Event) -> None:
        """Show an event."""

    def _estimate(self, event: Event, spent: float) -> None:
        # After its last epoch a training has still to answer, which counts as one more.
        share = event.epoch / (event.epochs + 1) if event.stage == "epoch" else 0.0
        done = event.trained + share
        # The first moments load torch and compile; they say nothing about what follows.
        if done >= 1 or (done and spent > _PATIENCE):
            self._end = time.monotonic() + spent / done * max(event.trainings - done, 0)


class JsonLines(Display):
    """Writes each event as one JSON object to standard output."""

    def show(self, event: Event) -> None:
        """Write the fields that have a value; counts are always there."""
        fields = event.model_dump(mode="json", exclude_none=True)
        stage = fields.pop("stage")
        known = {name: value for name, value in fields.items() if value != []}
        say_json({"event": stage, **known})


class Lines(Display):
    """Writes a plain line for every stage, epoch and finished arm."""

    def show(self, event: Event) -> None:
        """Write the line, if the event has one."""
        # Epochs carry what the starts of training and answering would show.
        if event.stage not in ("train", "answer"):
            left = f"; {self.left}" if event.stage in ("epoch", "arm") and self.left else ""
            err_console.print(f"{sentence(event)}{left}", highlight=False, soft_wrap=True)


class _Rate(rich_progress.ProgressColumn):
    """How fast a loop is."""

    def render(self, task: rich_progress.Task) -> Text:
        """Return batches per second, once they are known."""
        speed = task.speed
        return Text(f"{speed:.{0 if speed >= 10 else 1}f} batches/s" if speed else "")


class Bars(Display):
    """Draws on a terminal: the finished arms, and below them bars for what is under way."""

    def __init__(self) -> None:
        bar, elapsed = rich_progress.BarColumn(bar_width=None), rich_progress.TimeElapsedColumn()
        left = rich_progress.TextColumn("{task.fields[left]}", markup=False)
        self.arms = rich_progress.Progress(
            "arms", bar, rich_progress.MofNCompleteColumn(), elapsed, left, expand=True
        )
        self.batches = rich_progress.Progress(
            "    ", rich_progress.BarColumn(bar_width=None), _Rate(), expand=True
        )
        self.now = Text(no_wrap=True, overflow="ellipsis")
        self.all = self.arms.add_task("", total=None, left="")
        self.live = Live(
            get_renderable=self._drawn, console=err_console, transient=True, refresh_per_second=5
        )

    def __enter__(self) -> "Bars":
        self.live.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.live.stop()

    def show(self, event: Event) -> None:
        """Draw the event; what is done scrolls up."""
        if event.stage in ("reused", "arm"):
            err_console.print(sentence(event), highlight=False, soft_wrap=True)
        else:
            self.now.plain = sentence(event)
        self.arms.update(self.all, completed=event.finished, total=event.total)

    def track(self, items: Iterable[T], /) -> Iterator[T]:
        """Draw a bar for an iterable, with its rate."""
        task = self.batches.add_task("", total=len(items) if isinstance(items, Sized) else None)
        try:
            for item in super().track(items):
                yield item
                self.batches.advance(task)
        finally:
            self.batches.remove_task(task)

    def _drawn(self) -> Group:
        self.arms.update(self.all, left=self.left)
        return Group(self.now, self.batches, self.arms)


def display(*, quiet: bool, as_json: bool) -> Display:
    """Return what suits the options and the terminal."""
    if as_json:
        return JsonLines()
    if quiet:
        return Display()
    # What is drawn again and again must not be broken into more lines by the terminal.
    wide = shutil.get_terminal_size().columns >= NARROWEST
    return Bars() if err_console.is_interactive and wide else Lines()
