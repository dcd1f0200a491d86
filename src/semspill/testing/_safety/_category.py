"""The result of one category among those that a verdict is about."""

from typing import Literal

from semspill._model import FrozenModel
from semspill.statistics._planning import Seen


class CategoryVerdict(FrozenModel):
    """The result for one category among those that a verdict is about.

    Example:
        >>> print(CategoryVerdict(name="joy", value=0.0, bound=0.019, outcome="pass").outcome)
        pass
    """

    name: str
    """The category; `all` for all dialogues together."""
    value: float
    """What was measured."""
    bound: float
    """Its one-sided bound on the bad side, at the verdict's confidence."""
    outcome: Literal["pass", "fail", "inconclusive"]
    """As in `Verdict`."""


def category_verdict(seen: Seen) -> CategoryVerdict:
    """Return the result for what was seen."""
    return CategoryVerdict(
        name=seen.quantity.name,
        value=seen.value,
        bound=seen.worst,
        outcome="fail" if seen.fails else "pass" if seen.passes else "inconclusive",
    )
