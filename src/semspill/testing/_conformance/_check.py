"""A check: one promise of a kind of component, tested on one component."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias, TypeVar

from semspill.errors import SemspillError
from semspill.testing._failures import ConformanceError

Test: TypeAlias = Callable[[Any, Any], None]
"""Takes a component and what it is tried on; raises `Broken` where the promise is broken."""
T = TypeVar("T", bound=Test)

_TRACEBACK = "See the traceback above for where, and let it take what it is given"


class Broken(Exception):
    """A promise is broken.

    Args:
        came: What came instead, as the end of "..., but ...".
        mend: What to do about it, as an order.
    """

    def __init__(self, came: str, mend: str) -> None:
        super().__init__(came, mend)
        self.came = came
        self.mend = mend


class Promise(NamedTuple):
    """What every component of a kind promises."""

    name: str
    """Short and without spaces, such as `same_rng_same_result`."""
    sentence: str
    """Without a subject: "gives the same with the same rng"."""
    test: Test


def promise(promises: list[Promise], sentence: str) -> Callable[[T], T]:
    """Return a decorator that adds a test to a list of promises, under the function's name.

    Args:
        promises: Those of one kind of component.
        sentence: What is promised, without a subject.
    """

    def add(test: T) -> T:
        promises.append(Promise(test.__name__, sentence, test))
        return test

    return add


@dataclass(frozen=True)
class Check:
    """One promise of a kind of component. `str` gives its name, for ids in pytest."""

    kind: str
    """The kind of component, such as `strategy`."""
    name: str
    """Short and without spaces, such as `same_rng_same_result`."""
    promise: str
    """What is promised, as a sentence without a subject: "gives the same with the same rng"."""
    _test: Test = field(repr=False, compare=False)
    _given: Callable[..., Any] = field(repr=False, compare=False)
    """Makes what the component is tried on, from the user's options."""
    _find: Callable[[Any], Any] = field(repr=False, compare=False)
    """Returns the component that a name or a mapping means."""

    def __str__(self) -> str:
        return self.name

    def __call__(self, component: Any, **options: object) -> None:
        """Try the promise.

        Args:
            component: What is checked: an object, a registered name, or a mapping.
            **options: As in the function that runs all checks of the kind.

        Raises:
            ConformanceError: It is broken.
            ConfigError: What came is no component of this kind.
        """
        __tracebackhide__ = True
        component = self._find(component)
        promised = f"{type(component).__name__} promises: {self.promise}"
        # Outside of `try`: what a user gives wrongly is no fault of the component.
        given = self._given(**options)
        try:
            self._test(component, given)
        except Broken as broken:
            sentence = f"{promised}; but {broken.came}. {broken.mend}."
            raise ConformanceError(sentence) from broken.__cause__
        except Exception as error:
            # Our own errors say what to do.
            mend = "Do what it says" if isinstance(error, SemspillError) else _TRACEBACK
            sentence = f"{promised}; but it raised {described_error(error)}. {mend}."
            raise ConformanceError(sentence) from error


def described_error(error: BaseException) -> str:
    """Return the type of an error and the first line of its message, short, without full stop."""
    # A message may quote the whole of an odd text.
    line = (str(error).splitlines() or ["no message"])[0]
    line = line.rstrip(".") if len(line) <= 200 else f"{line[:200]}..."
    return f"{type(error).__name__}: {line}"
