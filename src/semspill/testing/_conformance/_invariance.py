"""What must not matter to a metric: the order of exchanges and seeds, the names of categories."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from semspill.analysis import Metric, Outcome
from semspill.testing._conformance._check import Broken, Checks
from semspill.testing._conformance._estimates import EXACT, estimate_of, numbers, parts
from semspill.testing._conformance._numbers import same
from semspill.testing._conformance._outcomes import at_least, of_seeds, renamed, reordered

# Other names draw other dialogues. At 1000 draws that moves an end by 0.02 of the width; 0.14 was
# the most of 142 ends.
_DRAWS = 1000
_OF_THE_WIDTH = 0.25


class _Change(NamedTuple):
    name: str
    """Of the check."""
    what: str
    """What may change, as the end of "whatever ..."."""
    made: Callable[[Outcome], Outcome]
    """Changes it, in the clean arm alike."""
    mend: str
    """What to do where it matters."""


def _shuffled(outcome: Outcome) -> Outcome:
    return reordered(outcome, np.random.default_rng(0).permutation(len(outcome.categories)))


def _turned(outcome: Outcome) -> Outcome:
    return of_seeds(outcome, np.arange(len(outcome.seeds))[::-1])


_CHANGES = (
    _Change(
        "same_in_any_order",
        "the order of the exchanges is",
        _shuffled,
        "Go by outcome.categories and outcome.dialogues, not by place",
    ),
    _Change(
        "same_for_any_order_of_seeds",
        "the order of the seeds is",
        _turned,
        "Treat all rows of the arrays alike",
    ),
    _Change(
        "same_under_other_names",
        "the categories are called",
        renamed,
        "Tell categories apart by outcome.target, .nearest_category and .similarity",
    ),
)


def add_invariance(checks: Checks[Metric, Outcome]) -> None:
    """Add to the checks of metrics what must not matter."""
    for change in _CHANGES:
        checks.add(f"gives the same whatever {change.what}", change.name)(_tried(change))


def _tried(change: _Change) -> Callable[[Metric, Outcome], None]:
    def tried(metric: Metric, given: Outcome) -> None:
        for part in parts(metric, at_least(given, _DRAWS)):
            _refuse_change(metric, part, change)

    return tried


def _refuse_change(metric: Metric, part: Outcome, change: _Change) -> None:
    first, second = estimate_of(metric, part), estimate_of(metric, change.made(part))
    if not same(first.value, second.value, EXACT):
        raise Broken(f"its value was {first.value:.9g} and came as {second.value:.9g}", change.mend)
    width = first.high - first.low
    drawn = "bootstrap" in first.method.casefold() and math.isfinite(width)
    tolerance = max(_OF_THE_WIDTH * width, EXACT) if drawn else EXACT
    if not same(numbers(first), numbers(second), tolerance):
        ends = [f"[{made.low:.9g}, {made.high:.9g}]" for made in (first, second)]
        raise Broken(f"its interval was {ends[0]} and came as {ends[1]}", change.mend)
