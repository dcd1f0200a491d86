"""Poison strategies that are functions of Python."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from semspill._functions import FunctionComponent, function_title
from semspill.corpus import Dialogue
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
        ConfigError: It is no function, or the name is no short text.

    Example:
        >>> def shout(victims, responses, rng):
        ...     return [d.with_response(-1, d.response(-1).upper()) for d in victims]
        >>> strategy(shout, name="shouted")
        FunctionStrategy(title='shouted')
    """
    return FunctionStrategy(
        function=function, title=function_title(function, name), version=version
    )


def _take(given: Any) -> FunctionStrategy | None:
    if isinstance(given, type) or not callable(given):
        return None
    return FunctionStrategy(function=given, title=function_title(given, None))


strategies.accept(_take, FunctionStrategy, "function")
