"""A check: one promise of a plug point, tried on one component, with a sentence where it fails."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from semspill._model import Component
from semspill.errors import SemspillError
from semspill.testing._failures import ConformanceError

C = TypeVar("C", bound=Component)
G = TypeVar("G")

_TRACEBACK = "See the traceback above for where, and let it take what it is given"


class Broken(Exception):
    """A check found a promise broken.

    Args:
        came: What came instead, as the end of "..., but ...".
        mend: What to do about it, as an order.
    """

    def __init__(self, came: str, mend: str) -> None:
        super().__init__(came, mend)
        self.came = came
        self.mend = mend


@dataclass(frozen=True)
class Check(Generic[C, G]):
    """One promise of a plug point and how it is tried. `str` gives its name, for ids in pytest."""

    kind: str
    """The plug point, such as `strategy`."""
    name: str
    """Short and without spaces, such as `same_rng_same_result`."""
    promise: str
    """What is promised, as a sentence without a subject: "gives the same with the same rng"."""
    test: Callable[[C, G], None] = field(repr=False, compare=False)
    """Tries it on what `given` makes; raises `Broken`."""
    given: Callable[..., G] = field(repr=False, compare=False)
    """Makes what the component is tried on, from what the user gave."""
    find: Callable[[Any], C] = field(repr=False, compare=False)
    """Returns the component that a name or a mapping means."""

    def __str__(self) -> str:
        return self.name

    def __call__(self, component: Any, **given: object) -> None:
        """Try the promise.

        Args:
            component: What is checked: an object, a registered name, or a mapping.
            **given: What it is tried on, as in the function that runs all checks of the kind.

        Raises:
            ConformanceError: It is broken.
            ConfigError: What came is no component of this kind.
        """
        __tracebackhide__ = True
        component = self.find(component)
        said = f"{type(component).__name__} promises: {self.promise}"
        # Outside of `try`: what a user gives wrongly is no fault of the component.
        tried_on = self.given(**given)
        try:
            self.test(component, tried_on)
        except Broken as broken:
            sentence = f"{said}; but {broken.came}. {broken.mend}."
            raise ConformanceError(sentence) from broken.__cause__
        except Exception as error:
            # Our own errors say what to do.
            mend = "Do what it says" if isinstance(error, SemspillError) else _TRACEBACK
            raised = f"it raised {type(error).__name__}: {first_line(error)}"
            raise ConformanceError(f"{said}; but {raised}. {mend}.") from error


class Checks(Generic[C, G]):
    """The checks of one plug point, in the order in which they are run.

    Args:
        kind: The plug point, such as `strategy`.
        given: Makes what components are tried on, from what the user gave.
    """

    def __init__(self, kind: str, given: Callable[..., G]) -> None:
        self.kind = kind
        self.given = given
        self.find: Callable[[Any], C] = lambda component: component
        """Returns the component that is meant; `add_common` sets it."""
        self._checks: list[Check[C, G]] = []

    def __iter__(self) -> Iterator[Check[C, G]]:
        return iter(self._checks)

    def add(
        self, promise: str, name: str | None = None
    ) -> Callable[[Callable[[C, G], None]], Callable[[C, G], None]]:
        """Return a decorator that makes a function a check, under the function's name or another.

        Args:
            promise: What is promised, as a sentence without a subject.
            name: Short and without spaces; None for the function's.
        """

        def decorate(test: Callable[[C, G], None]) -> Callable[[C, G], None]:
            named = name or test.__name__
            self._checks.append(Check(self.kind, named, promise, test, self.given, self.find))
            return test

        return decorate

    def run(self, component: C, **given: object) -> None:
        """Run all checks.

        Raises:
            ConformanceError: With one sentence for each broken promise, and what was raised on the
                way as its cause.
        """
        __tracebackhide__ = True
        sentences: list[str] = []
        causes: list[Exception] = []
        for check in self:
            try:
                check(component, **given)
            except ConformanceError as error:
                sentences += error.sentences
                if isinstance(error.__cause__, Exception):
                    causes.append(error.__cause__)
        if sentences:
            cause = ExceptionGroup("raised by what was checked", causes) if causes else None
            raise ConformanceError(*sentences) from cause


def first_line(error: Exception) -> str:
    """Return what an error says, short and without its full stop."""
    # A message may quote the whole of an odd text.
    line = (str(error).splitlines() or ["no message"])[0]
    return line.rstrip(".") if len(line) <= 200 else f"{line[:200]}..."
