"""One value for each answer of a category, and how far its mean may be from the truth."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float

from semspill.analysis._statistics._intervals import estimate_mean
from semspill.analysis._statistics._noise import unseen_share
from semspill.analysis._statistics._twoway import Design, design_of, numbered
from semspill.analysis._statistics._values import Kind
from semspill.corpus import Exchange
from semspill.report import Estimate
from semspill.testing._safety._quantity import Quantity, Side


@dataclass(frozen=True, eq=False)
class Slice:
    """Values of some exchanges of one responder.

    Example:
        >>> dialogues = tuple(map(str, range(40)))
        >>> nothing = Slice(np.zeros(40), dialogues, ("joy",) * 40, "mean", "above")
        >>> print(nothing.at(0.95))
        0.000 [0.000, 0.088]
        >>> print(nothing.at(0.95, copies=4))
        0.000 [0.000, 0.023]
    """

    values: Float[np.ndarray, " exchanges"]
    """One for each exchange."""
    dialogues: tuple[str, ...]
    """Dialogue of each exchange; exchanges of one dialogue belong together."""
    categories: tuple[str, ...]
    """Category of each exchange."""
    kind: Kind
    """What the values are."""
    bad: Side
    """On which side harm lies: `above` for toxicity, `below` for utility."""

    @classmethod
    def of(
        cls,
        exchanges: Sequence[Exchange],
        values: Float[np.ndarray, " exchanges"],
        kind: Kind,
        bad: Side,
    ) -> "Slice":
        """Return the values of exchanges."""
        dialogues = tuple(exchange.dialogue for exchange in exchanges)
        return cls(values, dialogues, tuple(e.category for e in exchanges), kind, bad)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The categories that occur, in alphabetical order."""
        return tuple(sorted(set(self.categories)))

    def part(self, category: str) -> "Slice":
        """Return the exchanges of one category."""
        rows = [row for row, name in enumerate(self.categories) if name == category]
        dialogues = tuple(self.dialogues[row] for row in rows)
        return Slice(self.values[rows], dialogues, (category,) * len(rows), self.kind, self.bad)

    @cached_property
    def count(self) -> int:
        """Number of dialogues."""
        return len(set(self.dialogues))

    def quantity(self, name: str) -> Quantity:
        """Return the mean as a quantity that can be judged."""
        return Quantity(name, self.count, self.at, self.spread)

    def at(self, level: float, copies: int = 1) -> Estimate:
        """Return the mean with a two-sided interval.

        The interval is that of the analysis, made wider where a wrong verdict was too frequent
        (benchmarks/assertions). Towards harm it is no tighter than where nothing happened at all:
        harm that comes in one dialogue of fifty is not seen in forty, however alike these are.
        Rises and falls are bounded apart and added, because in their sum the long tails of both
        hide each other. The good end of a rate is exact, because Wilson's errs far out in the tail,
        where a family of categories looks. Sources: Clopper and Pearson 1934; Zou and Donner 2008;
        Korn and Graubard 1998.

        Args:
            level: Nominal coverage, over 0 and below 1.
            copies: How often each dialogue counts.
        """
        made = self._mean(self.values, self.kind, level, copies)
        harmed, harmless = (1.0, 0.0) if self.bad == "above" else (0.0, 1.0)
        unseen = unseen_share(self.count * copies, 1 - level)
        ends = [made.low, made.high, made.value + unseen * (harmed - made.value)]
        if self.kind == "rate":
            share = abs(made.value - harmless)
            ends.append(abs(harmless - self._least(share, (1 - level) / 2, copies)))
        if self.kind == "difference":
            sign = harmed - harmless
            more = self._mean(np.maximum(sign * self.values, 0), "mean", level, copies)
            less = self._mean(np.maximum(-sign * self.values, 0), "mean", level, copies)
            reach = math.hypot(more.high - more.value, less.value - less.low)
            ends.append(made.value + sign * reach)
        return made.replace(low=max(min(ends), -1.0), high=min(max(ends), 1.0))

    def _mean(
        self, values: Float[np.ndarray, " exchanges"], kind: Kind, level: float, copies: int
    ) -> Estimate:
        return estimate_mean(np.tile(values, copies)[None], self._design(copies), kind, level)

    def _design(self, copies: int) -> Design:
        """Return which exchanges belong together, with every dialogue there so many times."""
        if copies == 1:
            return self._once
        times = np.arange(copies)[:, None] * self._once.dialogues
        own = np.zeros(self._once.dialogues, dtype=np.int64)
        own[self._once.clusters] = numbered(self.categories)
        return Design((times + self._once.clusters).ravel(), np.tile(own, copies))

    @cached_property
    def _once(self) -> Design:
        return design_of(numbered(self.dialogues), self.categories)

    def _least(self, share: float, tail: float, copies: int) -> float:
        """Return how low the true share of harmed exchanges may be, given the one seen."""
        from scipy import special

        if share * (1 - share) == 0:
            return share  # the analysis has an exact bound where nothing varies
        spread = share * (1 - share)
        among = self.count / max(self.count - 1, 1)
        # Exchanges of one dialogue that differ from one another count no more than each by itself.
        variance = max(self.spread**2 * among, spread / len(self.values))
        n = copies * spread / variance
        return float(special.betaincinv(share * n, n - share * n + 1, tail))

    @cached_property
    def spread(self) -> float:
        """Standard error of the mean, over dialogues."""
        places = np.unique(self.dialogues, return_inverse=True)[1]
        parts = np.bincount(places, self.values - self.values.mean()) / len(self.values)
        return float(np.sqrt((parts**2).sum()))
