"""A chat service as people have it: a function of one list of messages."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from semspill._chat._answers import KeptAnswers, keys_of
from semspill._chat._asking import ask
from semspill._chat._calls import Failure, Function, Terms
from semspill._files import place_of
from semspill._mask import described, named, printable
from semspill._progress import Progress
from semspill.corpus import Exchange
from semspill.errors import DataError
from semspill.testing._failures import ServiceError

T = TypeVar("T")

_NUMBERS = {
    "concurrency": "",
    "retries": "",
    "requests_per_minute": ", or None",
    "timeout": ", or None",
    "max_failures": "",
}
"""The fields that are numbers, and what else they may be."""


@dataclass(frozen=True, eq=False)
class ChatService:
    """A chat service under test: a function of one list of messages, called for each exchange.

    It stands wherever a responder does, also as the baseline. Calls that fail are tried again
    after 1, 2, 4, ... seconds with jitter, or when the exception's `Retry-After` header says, a
    minute at most. Not tried again is what fails by a mistake in the code (`AssertionError`,
    `AttributeError`, `ImportError`, `IndexError`, `KeyError`, `NameError`, `NotImplementedError`,
    `TypeError`, `ZeroDivisionError`) or with an HTTP status that blames the request: 400 to 499
    but for 408, 409, 425 and 429.

    Raises:
        DataError: A field is out of bounds, or there is a cache and no version.

    Example:
        >>> import semspill as sp
        >>> from semspill.testing import ChatService
        >>> corpus = sp.datasets.build({"name": "synthetic", "test": 20}).load("test")
        >>> def bot(messages):
        ...     return f"{len(messages)} messages, the last by the {messages[-1]['role']}."
        >>> ChatService(bot, system="Be kind.").respond(corpus.exchanges[:1])
        ('2 messages, the last by the user.',)
    """

    function: Function = field(repr=False)
    """Takes `[{"role": "user", "content": ...}, ...]`, oldest first, and returns the answer's text;
    sync or async. Sync functions are called in threads. It never sees category, dialogue or gold
    response."""
    _: KW_ONLY
    version: str | None = None
    """What distinguishes this version, such as a release, a commit or the name of a model: kept
    answers of another version are not used. Needed with `cache`; reports show it."""
    system: str | None = field(default=None, repr=False)
    """The system prompt to begin with, `""` for none; None for that of each dialogue."""
    concurrency: int = 8
    """Most calls under way at once, 1 or more."""
    retries: int = 3
    """How often a failed call is tried again, 0 or more."""
    requests_per_minute: float | None = None
    """Most calls begun in a minute, retries included; they are spread evenly. None for no limit."""
    timeout: float | None = 120.0
    """Seconds after which a try has failed; None waits forever. A sync function cannot be
    interrupted: it goes on unheard."""
    cache: str | Path | None = None
    """Folder to keep answers in, by version and messages; None keeps none. What was stopped goes on
    from there. They are kept as they came: it may be harmful text. Equal messages of several
    dialogues are asked, and kept, each by itself."""
    max_failures: float = 0.0
    """Most calls that may fail after their last try, as a share of all, 0 to 1. Those exchanges are
    left out of the measurement, which says how many they were, and are not asked again by this
    object, so that all tests of a session agree. A verdict passes only if it also would with all of
    them toxic."""
    progress: Progress | None = field(default=None, repr=False)
    """Wraps the iterable of calls, for example `tqdm.tqdm`; `iter` shows nothing. None draws a bar
    where standard error is a terminal, or in a notebook."""
    _failed: dict[str, Failure] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise DataError(
                f"The chat service is given {described(self.function)}; give a function that takes "
                "a list of messages and returns a text."
            )
        if self.cache is not None and not self.version:
            raise DataError(
                "A chat service with a cache has no version; give version=..., such as a release "
                "or a commit, so that answers of one version are never taken for another's."
            )
        for name, none in _NUMBERS.items():
            held = getattr(self, name)
            if isinstance(held, bool) or not (
                isinstance(held, int | float) or (none and held is None)
            ):
                raise DataError(f"{name} is {described(held)}; give a number{none}.")
        bounds = {
            "concurrency": (self.concurrency >= 1, "1 or more"),
            "retries": (self.retries >= 0, "0 or more"),
            "requests_per_minute": (
                self.requests_per_minute is None or self.requests_per_minute > 0,
                "a number over 0, or None",
            ),
            "timeout": (self.timeout is None or self.timeout > 0, "seconds over 0, or None"),
            "max_failures": (0 <= self.max_failures <= 1, "a share from 0 to 1"),
        }
        for name, (holds, allowed) in bounds.items():
            if not holds:
                raise DataError(f"{name} is {getattr(self, name)!r}; give {allowed}.")

    def respond(self, exchanges: Sequence[Exchange]) -> tuple[str | None, ...]:
        """Return the answer to each exchange, None where `max_failures` let the call fail.

        Args:
            exchanges: What is answered; their responses are not looked at.

        Raises:
            ServiceError: More calls failed than `max_failures` allows.
            DataError: The function returned something else than a text.
            OSError: The cache cannot be written.
        """
        __tracebackhide__ = True  # pytest would show the texts
        keys = keys_of(exchange.messages(system=self.system) for exchange in exchanges)
        failed = {place: self._failed[key] for place, key in enumerate(keys) if key in self._failed}
        try:
            answers = ask(
                self.function,
                [partial(exchange.messages, system=self.system) for exchange in exchanges],
                terms=Terms(self.concurrency, self.retries, self.requests_per_minute, self.timeout),
                kept=self._kept(keys),
                failed=failed,
                refuse=partial(self._require_few, exchanges=exchanges),
                read=lambda came, place: _text(came, exchanges[place]),
                progress=self.progress or _bar,
            )
        except ServiceError:
            # The test stops here, and who runs it again has mended something.
            for place in failed:
                self._failed.pop(keys[place], None)
            raise
        self._failed.update({keys[place]: failure for place, failure in failed.items()})
        return tuple(answers)

    def _require_few(self, failed: Mapping[int, Failure], exchanges: Sequence[Exchange]) -> None:
        __tracebackhide__ = True
        if len(failed) > self.max_failures * len(exchanges):
            place, failure = list(failed.items())[-1]
            said = self._stopped(exchanges[place], failure, len(failed), len(exchanges))
            raise ServiceError(said, failure.raised) from None

    def _kept(self, keys: Sequence[str]) -> KeptAnswers:
        if self.cache is None or self.version is None:
            return KeptAnswers(None, "", [])
        return KeptAnswers(place_of(self.cache), self.version, keys)

    def __str__(self) -> str:
        version = "" if self.version is None else f" (version {printable(self.version)})"
        return f"chat service{version}"

    def _stopped(self, exchange: Exchange, failure: Failure, failed: int, count: int) -> str:
        times = f" ({failure.tries} tries)" if failure.tries > 1 else ""
        calls = "call" if count == 1 else "calls"
        so_far = f"{failed} of {count} {calls} failed so far"
        more = (
            f"{so_far}, more than max_failures={self.max_failures:g} allows"
            if self.max_failures
            else f"{so_far}, and max_failures=0.01 would leave up to 1 % of them out"
        )
        goes_on = "with a cache it would go on from here"
        if self.cache is not None:
            goes_on = "it goes on from the answers in the cache"
        return (
            f"The {self} gave no answer in {_place(exchange)}: {failure.kind}{times}; {more}; "
            f"mend the {failure.mend} and run the test again: {goes_on}."
        )


def _text(came: object, exchange: Exchange) -> str:
    __tracebackhide__ = True  # what came may be harmful
    if isinstance(came, str):
        return came
    get = "response.choices[0].message.content"
    if isinstance(came, Mapping):
        get = 'response["choices"][0]["message"]["content"]'
    advice = "for an answer without text return ''" if came is None else f"such as {get}"
    raise DataError(
        f"The chat service returned an object of type {type(came).__name__} in {_place(exchange)}; "
        f"return the text of the answer, {advice}."
    )


def _place(exchange: Exchange) -> str:
    return f"dialogue {named(exchange.dialogue)}, turn {exchange.turn}"


def _bar(items: Iterable[T], /) -> Iterable[T]:
    from rich.console import Console  # only who asks a service draws
    from rich.progress import track

    console = Console(stderr=True)
    if not (sys.stderr.isatty() or console.is_jupyter):
        return items
    total: Any = items
    return track(
        items, "Asking the chat service", total=len(total), console=console, transient=True
    )
