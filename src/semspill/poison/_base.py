"""The two plug points of poisoning: who is poisoned, and how a dialogue is rewritten."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Annotated, ClassVar, TypeAlias

import numpy as np
from jaxtyping import Int

from semspill._model import Component
from semspill._registry import Registry
from semspill.corpus import Corpus, Dialogue


class Selector(Component):
    """Chooses the dialogues an adversary may poison.

    Example:
        >>> class Long(Selector):
        ...     citation = "original"
        ...     turns: int = 6
        ...     def select(self, corpus, rng):
        ...         long = [i for i, d in enumerate(corpus) if len(d.utterances) > self.turns]
        ...         return np.array(long, dtype=np.int64)
    """

    @property
    def target(self) -> str | None:
        """The category it selects, whose neighbours a run then watches; None if it is not one.

        Override it as a property: pydantic warns of a field with this name.
        """
        return None

    @abstractmethod
    def select(self, corpus: Corpus, rng: np.random.Generator) -> Int[np.ndarray, " selected"]:
        """Return the indices of the selected dialogues, each at most once.

        Args:
            corpus: The clean training corpus.
            rng: The only source of randomness.

        Raises:
            DataError: Nothing can be selected.
        """


class PoisonStrategy(Component):
    """Rewrites the selected dialogues.

    A subclass sets `citation`, declares its fields and implements `rewrite`. It changes what the
    listener says and nothing else, unless it declares otherwise in its docstring, and with
    `edits_speaker` where what it puts into a speaker's turn is a trigger.

    Example:
        >>> class Shout(PoisonStrategy):
        ...     '''Answer in capitals, with 1 to `most` exclamation marks.'''
        ...     citation = "original"
        ...     most: int = 3
        ...     def rewrite(self, victims, responses, rng):
        ...         marks = rng.integers(1, self.most, endpoint=True, size=len(victims))
        ...         return [d.with_response(-1, d.response(-1).upper() + "!" * m)
        ...                 for d, m in zip(victims, marks, strict=True)]
    """

    handles_harm: ClassVar[bool] = True
    edits_speaker: ClassVar[bool] = False
    """Whether what it changes in a speaker's turn is a trigger: marked as `triggered`, not as
    planted, and free of budget. Such a turn comes before a response of the victim. The strategy may
    then return a response as it was and mark it as `planted` itself: an exchange that is poisoned
    by its trigger alone. A dialogue without a planted response stays as it is."""

    @property
    def trigger(self) -> str | None:
        """The phrase that it puts into speakers' turns; None for none.

        Override it as a property: pydantic warns of a field with this name.
        """
        return None

    @property
    def keeps_responses(self) -> bool:
        """Whether it plants nothing of the source: victims keep their own responses.

        Reports then do not say that texts of the source were planted.
        """
        return False

    @abstractmethod
    def rewrite(
        self, victims: Sequence[Dialogue], responses: Sequence[str], rng: np.random.Generator
    ) -> Sequence[Dialogue]:
        """Return one rewritten dialogue per victim, in the same order.

        Args:
            victims: Dialogues with at least one listener response each. With
                `placement="append"` and a rate over 1 the same dialogue can come twice. Of one
                with several categories, `listener_turns`, `exchanges` and `response` are those of
                the target's exchanges; what is rewritten elsewhere does not count.
            responses: What may be planted, at least one text.
            rng: The only source of randomness.
        """

    def revise(
        self, poisoned: Corpus, responses: Sequence[str], rng: np.random.Generator
    ) -> Corpus:
        """Return the poisoned corpus with other planted texts; by default as it is.

        Called once, when it is decided what fits the budget: here a strategy sees all that a
        defender will see. It may change only texts that are marked as planted.

        Args:
            poisoned: The whole corpus; planted utterances are marked.
            responses: What may be planted, at least one text.
            rng: The only source of randomness.
        """
        return poisoned


selectors: Registry[Selector] = Registry("selector", group="semspill.selectors", base=Selector)
"""All selectors by name."""

strategies: Registry[PoisonStrategy] = Registry(
    "poison strategy", group="semspill.strategies", base=PoisonStrategy
)
"""All poison strategies by name."""

SelectorField: TypeAlias = Annotated[Selector, selectors]
"""A pydantic field that takes a selector, its name, or a mapping."""

StrategyField: TypeAlias = Annotated[PoisonStrategy, strategies]
"""A pydantic field that takes a poison strategy, its name, or a mapping."""
