"""Bars on a terminal for an experiment under way."""

import shutil
from collections.abc import Iterable, Iterator, Sized
from typing import TypeVar

from rich import progress as rich_progress
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from semspill._mask import printable
from semspill.experiment._events import Event
from semspill.experiment._sentences import sentence
from semspill.experiment._watching import NARROWEST, Display

T = TypeVar("T")


class _Rate(rich_progress.ProgressColumn):
    """How fast a loop is."""

    def render(self, task: rich_progress.Task) -> Text:
        """Return batches per second, once they are known."""
        speed = task.speed
        return Text(f"{speed:.{0 if speed >= 10 else 1}f} batches/s" if speed else "")


class Bars(Display):
    """Draws on a terminal: the finished arms, and below them bars for what is under way.

    Args:
        console: The terminal.
    """

    def __init__(self, console: Console) -> None:
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
            get_renderable=self._drawn, console=console, transient=True, refresh_per_second=5
        )

    def __enter__(self) -> "Bars":
        self.live.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.live.stop()

    def show(self, event: Event) -> None:
        """Draw the event; what is done scrolls up."""
        line = printable(sentence(event))
        if event.stage in ("reused", "arm"):
            self.live.console.print(line, highlight=False, soft_wrap=True)
        else:
            self.now.plain = line
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


def drawable(console: Console) -> bool:
    """Return whether bars can be drawn again and again in the same place of a console."""
    # What is drawn must not be broken into more lines by the terminal.
    return console.is_interactive and shutil.get_terminal_size().columns >= NARROWEST


def on_terminal() -> Bars | None:
    """Return bars on standard error; None where they cannot be drawn."""
    console = Console(stderr=True, markup=False, emoji=False)
    return Bars(console) if drawable(console) else None
