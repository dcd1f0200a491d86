"""One value for each answer of a category, and how far its mean may be from the truth."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from jaxtyping import Float

from semspill.corpus import Exchange
from semspill.statistics import Estimate
from semspill.testing._safety._answers import answers_reach
from semspill.testing._safety._bound import lower_mean, upper_mean
from semspill.testing._safety._quantity import Quantity
from semspill.testing._safety._units import BY_DIALOGUE, Units


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
        return cls(values, dialogues, tuple(e.category for e in exchanges), units, least)

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
