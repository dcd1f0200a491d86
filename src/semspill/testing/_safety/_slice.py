"""The values of a category by unit of analysis, and bounds of their mean."""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from itertools import compress
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Float

from semspill.corpus import Dialogue, Exchange, HasCorpus
from semspill.errors import DataError
from semspill.statistics import Estimate
from semspill.statistics._planning import Quantity
from semspill.testing._safety._bounds import answers_reach, lower_mean, upper_mean

# A string is "dialogue" or "speaker"; errors about others are our own.
ClusterSpec: TypeAlias = str | Mapping[str, Hashable] | Callable[[Dialogue], Hashable]
"""What is independent and counts once: `"dialogue"`, `"speaker"`, or any cluster of dialogues, as a
mapping from the id of each dialogue or a function of each `Dialogue`."""


@dataclass(frozen=True)
class Units:
    """The independent units of a test.

    Each counts once, within it each dialogue, and within that each answer.

    Example:
        >>> by_speaker = Units("speaker", {"d1": "Ann", "d2": "Ann", "d3": "Bob"})
        >>> by_speaker.means(("d1", "d1", "d2", "d3"), np.array([1.0, 0.0, 0.0, 1.0]))
        array([0.25, 1.  ])
    """

    name: str = "dialogue"
    """What one is called: `dialogue`, `speaker` or `cluster`."""
    of: Mapping[str, Hashable] | None = field(default=None, repr=False)
    """The cluster of each dialogue, by its id; None where each dialogue stands for itself."""

    def means(
        self, dialogues: Sequence[str], values: Float[np.ndarray, " exchanges"]
    ) -> Float[np.ndarray, " units"]:
        """Return the mean of each unit, in the order in which they first occur.

        Args:
            dialogues: Id of the dialogue of each exchange.
            values: One for each exchange.
        """
        names = list(dict.fromkeys(dialogues))
        means = _means(dialogues, values)
        return means if self.of is None else _means([self.of[name] for name in names], means)


BY_DIALOGUE = Units()


def units_of(corpus: HasCorpus, cluster: Any) -> Units:
    """Return what counts once.

    Args:
        corpus: The dialogues that are asked.
        cluster: What `ClusterSpec` allows.

    Raises:
        DataError: It is something else, or a dialogue has no cluster.
    """
    asked = [dialogue for dialogue in corpus.corpus.dialogues if dialogue.listener_turns]
    if isinstance(cluster, str) and cluster == "dialogue":
        return BY_DIALOGUE
    if isinstance(cluster, str) and cluster == "speaker":
        return Units("speaker", _complete("speaker", {one.id: one.speaker for one in asked}))
    if isinstance(cluster, Mapping):
        return Units(
            "cluster", _complete("cluster", {one.id: cluster.get(one.id) for one in asked})
        )
    if callable(cluster):
        return Units("cluster", _complete("cluster", {one.id: cluster(one) for one in asked}))
    raise DataError(
        f"cluster is an object of type {type(cluster).__name__} that names no unit; give "
        "'dialogue', 'speaker', a mapping from dialogue ids to clusters, or a function of a "
        "Dialogue."
    )


def _complete(name: str, clusters: Mapping[str, Any]) -> Mapping[str, Hashable]:
    kinds = {type(one).__name__ for one in clusters.values() if not isinstance(one, Hashable)}
    if kinds:
        raise DataError(
            f"A cluster is of type {', '.join(sorted(kinds))}; give a text, a number or anything "
            "else that can be looked up."
        )
    # A missing value of a table is not equal to itself.
    missing = sum(one is None or one != one for one in clusters.values())
    if missing:
        raise DataError(
            f"{missing} of {len(clusters)} dialogues have no {name}; give one for each, or count "
            "dialogues with cluster='dialogue'."
        )
    return clusters


def _means(
    labels: Sequence[Hashable], values: Float[np.ndarray, " values"]
) -> Float[np.ndarray, " labels"]:
    places = {label: place for place, label in enumerate(dict.fromkeys(labels))}
    rows = np.array([places[label] for label in labels])
    means: Float[np.ndarray, " labels"] = np.bincount(rows, values) / np.bincount(rows)
    return means


@dataclass(frozen=True, eq=False)
class Slice:
    """Values of some exchanges of one responder.

    Example:
        >>> dialogues = tuple(map(str, range(40)))
        >>> nothing = Slice(np.zeros(40), dialogues, ("joy",) * 40)
        >>> print(nothing.at(0.95))
        0.000 [0.000, 0.088]
        >>> print(nothing.at(0.95, copies=4.0))
        0.000 [0.000, 0.023]
    """

    values: Float[np.ndarray, " exchanges"]
    """One for each exchange, at most 1."""
    dialogues: tuple[str, ...]
    """Dialogue of each exchange."""
    categories: tuple[str, ...]
    """Category of each exchange."""
    units: Units = BY_DIALOGUE
    """What is independent and counts once."""
    least: float = 0.0
    """The least value that is possible: 0, or -1 for a difference."""
    turns: tuple[int, ...] = ()
    """Turn of each exchange in its dialogue; none where nobody asks for the worst."""
    low: "Slice | None" = None
    """The same with what nobody answered, at the least value that is possible there; None where all
    is answered."""
    high: "Slice | None" = None
    """With what nobody answered at the largest value that is possible there."""

    @classmethod
    def between(
        cls,
        exchanges: Sequence[Exchange],
        low: Float[np.ndarray, " exchanges"],
        high: Float[np.ndarray, " exchanges"],
        units: Units,
        *,
        answered: Sequence[bool],
        least: float = 0.0,
    ) -> "Slice":
        """Return the values of what was answered, with the bounds of all that was asked.

        Args:
            exchanges: What was asked.
            low: The least value of each that is possible; where it was answered, its value.
            high: The largest one.
            units: What counts once.
            answered: Which of them belong to the measurement.
            least: The least value of any exchange.
        """
        rows = np.flatnonzero(answered)
        some = cls.of(tuple(compress(exchanges, answered)), low[rows], units, least)
        if len(rows) == len(exchanges):
            return some
        ends = (cls.of(exchanges, values, units, least) for values in (low, high))
        return replace(some, low=next(ends), high=next(ends))

    @cached_property
    def unanswered(self) -> Mapping[str, int]:
        """How many exchanges of each category nobody answered; only categories with any."""
        asked = self.categories if self.low is None else self.low.categories
        return dict(sorted((Counter(asked) - Counter(self.categories)).items()))

    @classmethod
    def of(
        cls,
        exchanges: Sequence[Exchange],
        values: Float[np.ndarray, " exchanges"],
        units: Units,
        least: float = 0.0,
    ) -> "Slice":
        """Return the values of exchanges."""
        dialogues = tuple(exchange.dialogue for exchange in exchanges)
        turns = tuple(exchange.turn for exchange in exchanges)
        return cls(values, dialogues, tuple(e.category for e in exchanges), units, least, turns)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The categories that occur, in alphabetical order."""
        return tuple(sorted(set(self.categories)))

    def part(self, category: str) -> "Slice":
        """Return the exchanges of one category."""
        rows = [row for row, name in enumerate(self.categories) if name == category]
        dialogues = tuple(self.dialogues[row] for row in rows)
        names = (category,) * len(rows)
        return Slice(self.values[rows], dialogues, names, self.units, self.least)

    @cached_property
    def estimates(self) -> Mapping[str, Estimate]:
        """The mean of each category, and of `all`, with 95 % intervals."""
        parts = {name: self.part(name) for name in self.names}
        return {name: part.at(0.95) for name, part in {**parts, "all": self}.items()}

    @cached_property
    def count(self) -> int:
        """Number of units."""
        return len(self._means)

    def quantity(self, name: str, unit: str = "") -> Quantity:
        """Return the mean as a quantity that can be judged.

        Args:
            name: The category; `all` for all dialogues.
            unit: What one unit is called, if not as usual.
        """
        return Quantity(
            name,
            self.count,
            cache(self.at),
            self.spread,
            unit=unit or self.units.name,
            by_answers=cache(self.by_answers),
        )

    def at(self, level: float, copies: float = 1.0) -> Estimate:
        """Return the mean over units with a two-sided interval.

        Each unit counts once, so no long dialogue or busy speaker outweighs the others, and units
        are independent values in a known range, of which nothing else has to be assumed. The mean
        over answers has no such bound: long dialogues that are harmed may not have been seen.
        Sources: Gaffke 2005; Williamson, Datta and Satten 2003 (clusters of telling size).

        Args:
            level: Nominal coverage, over 0 and below 1.
            copies: How often each unit counts.
        """
        value, tail = float(self._means.mean()), (1 - level) / 2
        return Estimate(
            value=value,
            low=min(lower_mean(self._means, tail, self.least, copies), value),
            high=max(upper_mean(self._means, tail, 1.0, copies), value),
            n=self.count,
            method=f"Gaffke's bounds, each {self.units.name} counts once; n = {self.units.name}s",
            level=level,
        )

    def by_answers(self, tail: float, copies: float = 1.0) -> tuple[float, float, float]:
        """Return the mean over all answers alike, and its bounds for what varied among units.

        Args:
            tail: Chance of the truth lying beyond either bound.
            copies: How often each unit counts.
        """
        of = self.units.of
        units = self.dialogues if of is None else [of[name] for name in self.dialogues]
        value = float(self.values.mean())
        reach = answers_reach(self.values, units, tail, copies)
        return value, value - reach, value + reach

    @cached_property
    def spread(self) -> float:
        """Standard error of the mean, over units."""
        return float(self._means.std() / np.sqrt(self.count))

    @cached_property
    def _means(self) -> Float[np.ndarray, " units"]:
        return self.units.means(self.dialogues, self.values).clip(self.least, 1.0)
