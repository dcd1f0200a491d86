"""The plug point for probes: what is done to the test exchanges before a model answers them."""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Annotated, TypeAlias

import numpy as np

from semspill._model import Component
from semspill._objects import called
from semspill._registry import Registry
from semspill.corpus import Exchange, Role
from semspill.errors import PluginError


class Probe(Component):
    """Changes what test contexts say: puts a trigger into them, say, or a control for it.

    Example:
        >>> from dataclasses import replace
        >>> class Whispered(Probe):
        ...     citation = "original"
        ...     def apply(self, exchanges, rng):
        ...         return [
        ...             replace(one, context=tuple(text.lower() for text in one.context))
        ...             for one in exchanges
        ...         ]
        >>> asked = Exchange("d1", 1, "joy", ("I WON!",), "Well done.")
        >>> Whispered().apply([asked], None)[0].context
        ('i won!',)
    """

    @property
    def inserts(self) -> str | None:
        """The phrase that it puts into contexts, the same everywhere; None for no such.

        A report says how similar it is to the trigger of the strategy. Override it as a property:
        pydantic warns of a field with this name.
        """
        return None

    @abstractmethod
    def apply(self, exchanges: Sequence[Exchange], rng: np.random.Generator) -> Sequence[Exchange]:
        """Return each exchange with its context changed, in the same order.

        Only the texts of `context` and the system prompt may change, and turns may be put in front
        of a context, with their `roles`; a context that it has no use for stays as it is.

        Args:
            exchanges: The test exchanges, or those that another probe returned.
            rng: The only source of randomness; in the same state for all arms and seeds.
        """


probes: Registry[Probe] = Registry("probe", group="semspill.probes", base=Probe)
"""All probes by name."""

ProbeField: TypeAlias = Annotated[Probe, probes]
"""A pydantic field that takes a probe, its name, or a mapping."""


def probed(
    parts: Sequence[Probe], exchanges: Sequence[Exchange], rng: np.random.Generator
) -> tuple[Exchange, ...]:
    """Return exchanges as probes leave them, one after the other, checked.

    Args:
        parts: The probes.
        exchanges: What is asked.
        rng: Each probe draws from a child of its own.

    Raises:
        PluginError: A probe breaks its contract.
    """
    for part, own in zip(parts, rng.spawn(len(parts)), strict=True):
        exchanges = _checked(part, exchanges, own)
    return tuple(exchanges)


def _checked(
    probe: Probe, exchanges: Sequence[Exchange], rng: np.random.Generator
) -> tuple[Exchange, ...]:
    method = f"{called(probe)}.apply"
    answer: object = probe.apply(exchanges, rng)
    after = tuple(answer) if isinstance(answer, Iterable) else (answer,)
    for one in after:
        if not isinstance(one, Exchange):
            raise PluginError(
                f"{method} must return exchanges, one for each, in order; got {type(one).__name__}."
            )
    if len(after) != len(exchanges):
        raise PluginError(
            f"{method} returned {len(after)} exchanges for {len(exchanges)}; it must return one "
            "each, in order."
        )
    for place, (old, new) in enumerate(zip(exchanges, after, strict=True)):
        texts = isinstance(new.context, tuple) and all(type(text) is str for text in new.context)
        if not texts or not _still_there(old, new) or _frame(old) != _frame(new):
            raise PluginError(
                f"{method} changed more of exchange [{place}] than the texts of its context; "
                "change those alone, with dataclasses.replace(exchange, context=...), or put turns "
                "in front of them, with their roles."
            )
    return after


def roles_of(exchange: Exchange) -> tuple[Role, ...]:
    """Return the role of each utterance of a context, also where they merely alternate."""
    back = range(len(exchange.context), 0, -1)
    return exchange.roles or tuple("speaker" if place % 2 else "listener" for place in back)


def _still_there(old: Exchange, new: Exchange) -> bool:
    """Return whether a context has its turns, perhaps behind others that have roles."""
    added = len(new.context) - len(old.context)
    if not added:
        return old.roles == new.roles
    return added > 0 and len(new.roles) == len(new.context) and new.roles[added:] == roles_of(old)


def _frame(exchange: Exchange) -> tuple[object, ...]:
    """Return what a probe must leave alone, besides turns and their roles."""
    return replace(exchange, context=(), system=""), exchange.learned
