"""What is shown of an experiment under way: bars, plain lines, JSON lines or nothing."""

import shutil
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sized
from types import TracebackType
from typing import Any, TypeVar

from rich.console import Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from semspill.cli._app import NARROWEST, err_console, say_json
from semspill.cli._sentences import duration, sentence
from semspill.cli._stop import stop
from semspill.experiment import Event

T = TypeVar("T")

_TELLING = 30.0
"""Seconds after which the epochs of a first training say how long the rest may take."""


class Display(ABC):
    """Follows an experiment; also the place where a signal that was missed stops it."""

    first: Event | None = None
    """The event it began with."""
    last: Event | None = None
    """The latest event."""

    def __enter__(self) -> "Display":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    def tell(self, event: Event) -> None:
        """Take an event, as the observer of an experiment."""
        stop.check()
        self.first, self.last = self.first or event, event
        self.show(event)

    def track(self, items: Iterable[T], /) -> Iterator[T]:
        """Follow an iterable, as the progress of an experiment."""
        for item in items:
            stop.check()
            yield item

    @abstractmethod
    def show(self, event: Event) -> None:
        """Show an event."""


class Nothing(Display):
    """Shows nothing."""

    def show(self, event: Event) -> None:
        """Show nothing."""


class JsonLines(Display):
    """Writes each event as one JSON object to standard output."""

    def show(self, event: Event) -> None:
        """Write the fields that have a value; counts are always there."""
        fields = event.model_dump(mode="json", exclude_none=True)
        said = {name: value for name, value in fields.items() if value != []}
        say_json({"event": said.pop("stage"), **said})


class Lines(Display):
    """Writes a plain line for every stage, epoch and finished arm."""

    def show(self, event: Event) -> None:
        """Write the line, if the event has one."""
        # The epochs tell what the beginnings of training and answering would say.
        if event.stage not in ("train", "answer"):
            err_console.print(sentence(event), highlight=False, soft_wrap=True)


class Bars(Display):
    """Draws on a terminal: the finished arms, and below them bars for what is under way."""

    def __init__(self) -> None:
        bar, elapsed = BarColumn(bar_width=None), TimeElapsedColumn()
        left = TextColumn("{task.fields[left]}", markup=False)
        self.arms = Progress("arms", bar, MofNCompleteColumn(), elapsed, left, expand=True)
        rate = TextColumn("{task.fields[rate]}", markup=False)
        self.batches = Progress("    ", BarColumn(bar_width=None), rate, expand=True)
        self.now = Text(no_wrap=True, overflow="ellipsis")
        self.all = self.arms.add_task("", total=None, left="")
        self.begun: float | None = None
        self.estimate: float | None = None
        """When everything will be trained, on the clock of `time.monotonic`."""
        self.live = Live(
            get_renderable=self._drawn, console=err_console, transient=True, refresh_per_second=5
        )

    def __enter__(self) -> "Bars":
        self.live.start()
        return self

    def __exit__(self, *given: Any) -> None:
        self.live.stop()

    def show(self, event: Event) -> None:
        """Draw the event; what is done scrolls up."""
        if event.stage in ("kept", "arm"):
            err_console.print(sentence(event), highlight=False, soft_wrap=True)
        else:
            self.now.plain = sentence(event)
        if event.stage == "train" and self.begun is None:
            self.begun = time.monotonic()
        if event.stage in ("epoch", "arm"):
            self._estimate(event)
        self.arms.update(self.all, completed=event.finished, total=event.total)

    def track(self, items: Iterable[T], /) -> Iterator[T]:
        """Draw a bar for an iterable, with its rate."""
        total = len(items) if isinstance(items, Sized) else None
        task = self.batches.add_task("", total=total, rate="")
        try:
            for item in super().track(items):
                yield item
                self.batches.advance(task)
                speed = next(each.speed for each in self.batches.tasks if each.id == task)
                if speed:
                    self.batches.update(task, rate=f"{speed:.{0 if speed >= 10 else 1}f} batches/s")
        finally:
            self.batches.remove_task(task)

    def _estimate(self, event: Event) -> None:
        now, done = time.monotonic(), _trained(event)
        spent = 0.0 if self.begun is None else now - self.begun
        # The first moments load torch and compile; they say nothing about what follows.
        if done >= 1 or (done and spent > _TELLING):
            self.estimate = now + spent / done * max(event.trainings - done, 0)

    def _drawn(self) -> Group:
        left = 0.0 if self.estimate is None else self.estimate - time.monotonic()
        self.arms.update(self.all, left=f"about {duration(left, 0)} left" if left >= 1 else "")
        return Group(self.now, self.batches, self.arms)


def display(*, quiet: bool, as_json: bool) -> Display:
    """Return what suits the options and the terminal."""
    if as_json:
        return JsonLines()
    if quiet:
        return Nothing()
    # What is drawn again and again must not be broken into more lines by the terminal.
    wide = shutil.get_terminal_size().columns >= NARROWEST
    return Bars() if err_console.is_interactive and wide else Lines()


def _trained(event: Event) -> float:
    """Return how many models are trained, the one under way as a share of its epochs.

    After its last epoch a training has still to answer, which counts as one more.
    """
    share = event.epoch / (event.epochs + 1) if event.stage == "epoch" else 0.0
    return event.trained + share
