"""Poison strategies that are functions of Python."""

from collections.abc import Callable, Sequence
from inspect import signature
from typing import Any, ClassVar

import numpy as np

from semspill._functions import FunctionComponent, function_title
from semspill.corpus import Dialogue
from semspill.errors import ConfigError
from semspill.poison._base import PoisonStrategy, strategies


class FunctionStrategy(FunctionComponent, PoisonStrategy):
    """Rewrites by a function of Python; `semspill.strategy` makes one."""

    citation: ClassVar[str] = "original"
    lost: ClassVar[str] = (
        "The strategy was a function, which no file holds; give it again in Python, in place of "
        "what the file says of it"
    )

    def rewrite(
        self, victims: Sequence[Dialogue], responses: Sequence[str], rng: np.random.Generator
    ) -> Sequence[Dialogue]:
        """Return what the function gives."""
        rewritten: Sequence[Dialogue] = self.function(victims, responses, rng)
        return rewritten


def strategy(
    function: Callable[..., Any], *, name: str | None = None, version: str | None = None
) -> PoisonStrategy:
    """Return a poison strategy that rewrites by a function.

    A function that needs none of the settings can stand itself wherever a strategy is wanted.

    Args:
        function: Takes victims, responses and a generator, and returns one rewritten dialogue per
            victim, in order, as `PoisonStrategy.rewrite` does.
        name: What reports and manifests call it; None for the function's own name.
        version: What stands for all that the function does, so that a run goes on while it is the
            same; None for a fingerprint of the function's code.

    Raises:
        ConfigError: It is no function, takes other arguments, or the name is no short text.

    Example:
        >>> def shout(victims, responses, rng):
        ...     return [d.with_response(-1, d.response(-1).upper()) for d in victims]
        >>> strategy(shout, name="shouted")
        FunctionStrategy(title='shouted')
    """
    title = function_title(function, name)
    return FunctionStrategy(function=_checked(function), title=title, version=version)


def _checked(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that can be called as a strategy is.

    Raises:
        ConfigError: It takes other arguments.
    """
    try:
        signature(function).bind((), (), None)
    except TypeError:
        raise ConfigError(
            "The function does not take what a strategy is given: a strategy is f(victims, "
            "responses, rng) -> dialogues; change its arguments."
        ) from None
    except ValueError:  # a builtin says no signature; the call will tell
        pass
    return function


def _take(given: Any) -> FunctionStrategy | None:
    if isinstance(given, type) or not callable(given):
        return None
    return FunctionStrategy(function=_checked(given), title=function_title(given, None))


strategies.accept(_take, FunctionStrategy, "function")
