"""A measured quantity against a limit, and how many more units a decision needs."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Literal, TypeAlias

from semspill.errors import DataError
from semspill.statistics._estimate import Estimate

Side: TypeAlias = Literal["below", "above"]

# Who would need more than this many times the dialogues is at the limit for practical purposes.
_MOST_COPIES = 256


@dataclass(frozen=True)
class Quantity:
    """Something measured over independent units, such as the lift of one category."""

    name: str
    """The category; `all` for all dialogues."""
    count: int
    """How many units stand behind it."""
    at: Callable[[float, float], Estimate] = field(repr=False)
    """The two-sided interval at a level, with every unit counted so many times."""
    spread: float = 0.0
    """Standard error of the value, for planning how many more units are needed; with 0 each
    category is planned to be decided in half of the repeated tests."""
    unit: str = "dialogue"
    """What one unit is called."""
    by_answers: Callable[[float, float], tuple[float, float, float]] | None = field(
        default=None, repr=False
    )
    """The mean over all answers alike, in which long dialogues weigh more, and its bounds at a tail
    with every unit counted so many times; None if they are not known."""


@dataclass(frozen=True)
class Demand:
    """Where values have to be.

    Raises:
        DataError: The confidence is not between 0.5 and 1.
    """

    limit: float
    """The last value that is allowed."""
    side: Side
    """On which side of the limit values have to be."""
    confidence: float
    """How sure a verdict has to be, over 0.5 and below 1."""

    def __post_init__(self) -> None:
        if not 0.5 < self.confidence < 1:
            raise DataError(
                f"The confidence is {self.confidence!r}; give a number over 0.5 and below 1, such "
                "as 0.95."
            )
        if not math.isfinite(self.limit):
            raise DataError(f"The limit is {self.limit!r}; give a finite number.")

    @property
    def tail(self) -> float:
        """Chance of error."""
        return 1 - self.confidence

    def excess(self, number: float) -> float:
        """Return by how much a number is beyond the limit; below 0 where it is allowed."""
        return number - self.limit if self.side == "below" else self.limit - number

    def best(self, estimate: Estimate) -> float:
        """Return the end of an interval that is on the good side."""
        return estimate.low if self.side == "below" else estimate.high

    def worst(self, estimate: Estimate) -> float:
        """Return the end of an interval that is on the bad side."""
        return estimate.high if self.side == "below" else estimate.low


@dataclass(frozen=True)
class Seen:
    """What was seen of one quantity among a family of them."""

    quantity: Quantity
    """What was measured."""
    demand: Demand
    """Where it has to be."""
    family: int
    """How many quantities are judged together."""
    value: float
    """The estimate."""
    best: float
    """The one-sided bound on the good side, corrected for the family."""
    worst: float
    """The one-sided bound on the bad side."""
    by_answers: float
    """The mean over all answers alike; the estimate where that is not known."""
    worst_by_answers: float
    """Its one-sided bound on the bad side, for what varied."""

    @classmethod
    def of(cls, quantity: Quantity, demand: Demand, family: int) -> "Seen":
        """Measure a quantity."""
        alone = quantity.at(1 - 2 * demand.tail, 1.0)
        corrected = quantity.at(1 - 2 * demand.tail / family, 1.0)
        best, worst = demand.best(corrected), demand.worst(alone)
        plain, plain_worst = _by_answers(quantity, demand, 1.0) or (alone.value, worst)
        return cls(quantity, demand, family, alone.value, best, worst, plain, plain_worst)

    @property
    def passes(self) -> bool:
        """Whether it is significantly within the limit, also as a mean over answers.

        What was not seen of long dialogues is in no bound of the latter, so it can only forbid.
        """
        return max(map(self.demand.excess, (self.worst, self.worst_by_answers))) <= 0

    @property
    def contradicted(self) -> bool:
        """Whether it is beyond the limit only counted answer by answer: large units are worse."""
        return not self.beyond and self.demand.excess(self.by_answers) > 0

    @property
    def fails(self) -> bool:
        """Whether it is significantly beyond the limit."""
        return self.demand.excess(self.best) > 0

    @property
    def beyond(self) -> bool:
        """Whether the estimate is beyond the limit, significantly or not."""
        return self.demand.excess(self.value) > 0

    def needs(self, undecided: int, usual: float) -> int | None:
        """Return how many more units would decide if things stay as seen, about.

        Args:
            undecided: How many quantities have to be decided at once; all of them will be in half
                of the repeated tests.
            usual: The median excess of all that are judged: one that looks better may have been
                lucky, and is planned like most.

        Returns:
            None where 255 times as many would not do, or it is contradicted.
        """
        from scipy import optimize

        if self.contradicted:
            return None
        # Each has to be decided so often that all are in half of the tests.
        power = NormalDist().inv_cdf(0.5 ** (1 / undecided))
        luck = max(usual - self.demand.excess(self.value), 0.0) if usual < 0 else 0.0

        def missing(copies: float) -> float:
            tail = self.demand.tail / (self.family if self.beyond else 1)
            estimate = self.quantity.at(1 - 2 * tail, copies)
            room = power * self.quantity.spread / math.sqrt(copies)
            if self.beyond:
                return room - self.demand.excess(self.demand.best(estimate))
            plain = _by_answers(self.quantity, self.demand, copies)
            worst = [self.demand.worst(estimate)] + ([] if plain is None else [plain[1]])
            return room + luck + max(map(self.demand.excess, worst))

        enough = 2.0
        while missing(enough) > 0:
            if enough == _MOST_COPIES:
                return None
            enough *= 2
        count = self.quantity.count
        copies = float(optimize.brentq(missing, enough / 2, enough, xtol=0.01 / count))
        return max(math.ceil((copies - 1) * count), 1)


def _by_answers(quantity: Quantity, demand: Demand, copies: float) -> tuple[float, float] | None:
    """Return the mean over answers and its bound on the bad side."""
    if quantity.by_answers is None:
        return None
    value, low, high = quantity.by_answers(demand.tail, copies)
    return value, high if demand.side == "below" else low


def about(count: int) -> str:
    """Return a count to two digits, rounded up: it is an estimate.

    Example:
        >>> about(7), about(1212)
        ('about 7', 'about 1,300')
    """
    step = 10 ** max(len(str(count)) - 2, 0)
    return f"about {math.ceil(count / step) * step:,}"
