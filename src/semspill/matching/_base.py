"""The plug point for matchers: what counts as planted among what a model answers."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Protocol, TypeAlias

import numpy as np
from jaxtyping import Bool, Float

from semspill._model import Component
from semspill._registry import Registry
from semspill.corpus import Exchange
from semspill.encoders import RankingTask
from semspill.errors import PluginError


class Scoring(Protocol):
    """A model that may score given responses, such as a `TrainedModel`."""

    @property
    def scores(self) -> bool:
        """Whether it can."""

    def score(
        self, exchanges: Sequence[Exchange], texts: Sequence[Sequence[str]]
    ) -> Float[np.ndarray, "exchanges texts"]:
        """Return how well each given response fits its context; higher is better."""


@dataclass(frozen=True, eq=False)
class Given:
    """What a matcher may look at: what one arm answered, and what was planted in it."""

    texts: tuple[str, ...] = field(repr=False)
    """The response to each test exchange."""
    planted: tuple[str, ...] = field(repr=False)
    """The distinct texts that count as planted in the arm, in the order of the corpus; in the clean
    arm those of the attacked one. They may be harmful."""
    clean: tuple[str, ...] = field(default=(), repr=False)
    """The distinct responses that the clean training corpus teaches; to calibrate on."""
    ranking: RankingTask | None = field(default=None, repr=False)
    """The test exchanges, and for each the frozen list of candidates with its gold response."""
    model: Scoring | None = field(default=None, repr=False)
    """The model that answered."""


@dataclass(frozen=True, eq=False)
class Matches:
    """Which responses count as planted, and what a reader must know to judge that."""

    planted: Bool[np.ndarray, " exchanges"]
    """Whether the response to each exchange counts."""
    threshold: float | None = None
    """The least similarity, or whatever the matcher compares, that counts; None for none."""
    false_matches: float | None = None
    """Share of `Given.clean` that would count as planted, 0 to 1; None where it is not known."""
    margin: Float[np.ndarray, " exchanges"] | None = None
    """By how much the score of a planted text exceeds what it must exceed; None for no scores."""


class Matcher(Component):
    """Says which answers count as planted.

    Example:
        >>> class Begins(Matcher):
        ...     citation = "original"
        ...     words: int = 3
        ...     def match(self, given, rng):
        ...         first = {tuple(text.split()[: self.words]) for text in given.planted}
        ...         found = [tuple(text.split()[: self.words]) in first for text in given.texts]
        ...         return Matches(np.array(found))
        >>> Begins().match(Given(("Go home now!", "Oh."), ("Go home now.",)), None).planted.tolist()
        [False, False]
    """

    needs_scores: ClassVar[bool] = False
    """Whether `match` asks the model to score given responses; refused for one that cannot."""

    @abstractmethod
    def match(self, given: Given, rng: np.random.Generator) -> Matches:
        """Return which responses count as planted; each is judged alone.

        Args:
            given: What was answered, what was planted, and the model.
            rng: The only source of randomness; in the same state for all arms of a seed.

        Raises:
            ConfigError: The model does not give what the matcher needs.
        """


matchers: Registry[Matcher] = Registry("matcher", group="semspill.matchers", base=Matcher)
"""All matchers by name."""

MatcherField: TypeAlias = Annotated[Matcher, matchers]
"""A pydantic field that takes a matcher, its name, or a mapping."""


def matches_of(matcher: Matcher, given: Given, rng: np.random.Generator) -> Matches:
    """Return what a matcher finds, checked.

    Args:
        matcher: What finds.
        given: What it looks at.
        rng: The only source of randomness.

    Raises:
        PluginError: There is not one truth value for each response.
    """
    found, method = matcher.match(given, rng), f"{type(matcher).__name__}.match"
    if not isinstance(found, Matches):
        raise PluginError(
            f"{method} returned {type(found).__name__}; return Matches(planted), with one truth "
            "value for each response."
        )
    kind, shape = np.asarray(found.planted).dtype, np.shape(found.planted)
    if kind != np.bool_ or shape != (len(given.texts),):
        raise PluginError(
            f"{method} returned an array of {kind} of shape {shape} for {len(given.texts)} "
            "responses; return one truth value for each."
        )
    return found
