"""SIGINT and SIGTERM: the first one stops cleanly, a second one at once."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupted(Exception):
    """A command was stopped from outside; the message says what is kept."""


class Stop:
    """Which signal has asked the command to stop, if any."""

    def __init__(self) -> None:
        self.signal: int | None = None

    @property
    def code(self) -> int:
        """The exit code that shells expect: 130 after Ctrl-C, 143 after SIGTERM."""
        return 128 + (self.signal or signal.SIGINT)

    def check(self) -> None:
        """Stop now if it was asked for and the asking was lost, as in a finalizer."""
        if self.signal is not None:
            raise KeyboardInterrupt

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Take the first signal, and let the system kill the process at the next."""
        self.signal = number
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_DFL)
        raise KeyboardInterrupt


stop = Stop()


@contextmanager
def stoppable() -> Iterator[None]:
    """Let signals stop what is done in the block; a signal that was ignored stays ignored."""
    stop.signal = None
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    for each, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(each, stop)
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
