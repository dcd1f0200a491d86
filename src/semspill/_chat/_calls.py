"""Many calls of a chat service at once: a bound on them, a rate, retries, a timeout."""

import asyncio
import inspect
import math
import os
import random
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cache
from queue import Empty, SimpleQueue
from typing import Any, TypeAlias
from urllib.error import HTTPError

from semspill._chat._retry import failure_of, may_pass, seconds_to_wait, what_to_mend

# Replaced by tests: nothing else here waits.
sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

# What is returned is the user's: anything.
Function: TypeAlias = Callable[[list[dict[str, str]]], Any]


@dataclass(frozen=True)
class Failure:
    """A call that gave nothing after its last try."""

    kind: str
    """The types of the errors; no text."""
    tries: int
    """How often it was tried."""
    mend: str
    """What is to be mended: the service, the request or the function."""
    raised: Exception = field(repr=False)
    """What the last try raised; its message may be harmful text."""


@dataclass(frozen=True)
class Terms:
    """How a service is called."""

    concurrency: int
    """Most calls under way at once; a call that waits for its next try counts."""
    retries: int
    """How often a failed call is tried again."""
    per_minute: float | None
    """Most tries begun in a minute."""
    timeout: float | None
    """Seconds after which a try has failed."""


class Calls(Iterable[tuple[int, object]]):
    """The place of each call and what came, as it arrives: a `Failure`, or what was returned.

    To iterate over it, once, makes the calls. They are made in a thread with an event loop of its
    own, so this works within a running loop too, as in a notebook. All async services share that
    loop: their clients keep connections, which belong to the loop that opened them.

    Args:
        function: Takes a list of messages; sync, which is called in threads, or async.
        asked: Makes the messages of each call, anew for each try.
        keep: Is given place and text of each answer before it is passed on.
        terms: Bounds and patience.
    """

    def __init__(
        self,
        function: Function,
        asked: Sequence[Callable[[], list[dict[str, str]]]],
        keep: Callable[[int, str], None],
        terms: Terms,
    ) -> None:
        self._function, self._asked, self._keep, self._terms = function, asked, keep, terms
        self._is_async = is_async(function)
        self._arrived: SimpleQueue[tuple[int, object] | None] = SimpleQueue()
        self._next = -math.inf
        self._running: Future[None] | None = None

    def __len__(self) -> int:
        return len(self._asked)

    def __iter__(self) -> Iterator[tuple[int, object]]:
        running = asyncio.run_coroutine_threadsafe(self._call_all(), _loop(os.getpid()))
        self._running = running
        running.add_done_callback(lambda _: self._arrived.put(None))
        while True:
            try:
                item = self._arrived.get(timeout=1)  # without it Windows ignores Ctrl-C
            except Empty:
                continue
            if item is None:
                return running.result()
            yield item

    def stop(self) -> None:
        """Cancel what is under way; nothing happens where all is done."""
        if self._running is not None:
            self._running.cancel()

    async def _call_all(self) -> None:
        waiting = iter(enumerate(self._asked))

        async def work() -> None:
            for place, messages in waiting:
                came = await self._answer(messages)
                if isinstance(came, str):
                    await asyncio.to_thread(self._keep, place, came)
                self._arrived.put((place, came))

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._terms.concurrency):
                    group.create_task(work())
        except BaseExceptionGroup as failed:  # an answer could not be kept
            raise failed.exceptions[0] from None

    async def _answer(self, messages: Callable[[], list[dict[str, str]]]) -> object:
        tries = 0
        while True:
            await self._turn()
            tries += 1
            limit = asyncio.timeout(self._terms.timeout)
            try:
                async with limit:
                    return await self._once(messages())
            except Exception as error:
                if isinstance(error, HTTPError):
                    error.close()  # it is also the response, with a socket that nobody else closes
                if tries > self._terms.retries or not may_pass(error):
                    kind = failure_of(error)
                    if limit.expired():
                        kind = f"no answer within timeout={self._terms.timeout:g} s"
                    return Failure(kind, tries, what_to_mend(error), error)
                pause = seconds_to_wait(tries, error, random.random())
            await sleep(pause)

    async def _turn(self) -> None:
        """Wait until the rate allows another try."""
        if self._terms.per_minute is not None:
            now = time.monotonic()
            turn = max(now, self._next)
            self._next = turn + 60 / self._terms.per_minute
            if turn > now:
                await sleep(turn - now)

    async def _once(self, messages: list[dict[str, str]]) -> object:
        try:
            given = await (self._function if self._is_async else self._in_thread)(messages)
            # A lambda around an async function is no async function.
            return await given if inspect.isawaitable(given) else given
        except (SystemExit, KeyboardInterrupt) as error:
            raise _harmless(error) from None

    def _in_thread(self, messages: list[dict[str, str]]) -> Awaitable[object]:
        # Not a pool: what hangs must neither take a place in it nor keep Python from ending.
        done: Future[object] = Future()
        done.set_running_or_notify_cancel()

        def run() -> None:
            try:
                done.set_result(self._function(messages))
            except BaseException as error:
                done.set_exception(_harmless(error))

        threading.Thread(target=run, name="semspill chat call", daemon=True).start()
        return asyncio.wrap_future(done)


def is_async(function: object) -> bool:
    """Return whether a callable is an async function, or an object that is called like one."""
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
        getattr(type(function), "__call__", None)  # noqa: B004  # what it is, not whether
    )


def _harmless(error: BaseException) -> Exception:
    """Return what an event loop can pass on: others would stop it, or cannot be set on a future."""
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    return RuntimeError(type(error).__name__)


@cache
def _loop(process: int) -> asyncio.AbstractEventLoop:
    """Return the event loop of this process, which runs in a thread until the process ends."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="semspill chat services", daemon=True).start()
    return loop
