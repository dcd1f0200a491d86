"""How a metric is tried: on which parts of an outcome, and what is looked for in its estimates."""

import math

from semspill.analysis import Metric, Outcome
from semspill.statistics import Estimate
from semspill.testing._conformance._check import Broken, first_line

EXACT = 1e-9
"""How far numbers of the same data may be apart: what another order of adding makes."""
MAKE = "Make it with outcome.mean, .contrast, .ratio or .bootstrap"


def parts(metric: Metric, outcome: Outcome) -> list[Outcome]:
    """Return what a report would have the metric compute."""
    if metric.whole:
        return [outcome]
    tested = sorted(set(outcome.categories), key=lambda name: (name != outcome.target, name))
    slices = [outcome.of([name]) for name in tested[:2]] + [outcome]
    return slices if metric.paired else [*slices, outcome.baseline]


def estimate_of(metric: Metric, outcome: Outcome) -> Estimate:
    """Return what comes, as an Estimate."""
    made: object = metric.compute(outcome)
    if not isinstance(made, Estimate):
        raise Broken(f"compute gave {type(made).__name__}", MAKE)
    return made


def numbers(made: Estimate) -> list[float]:
    """Return the value and the ends of its interval."""
    return [made.value, made.low, made.high]


def must_take(metric: Metric, outcome: Outcome, said: str, mend: str) -> None:
    """Refuse a metric that fails on an outcome.

    Args:
        metric: The metric.
        outcome: What it has to take.
        said: What is special about it, as the beginning of "... it raised".
        mend: What to do.
    """
    for part in parts(metric, outcome):
        try:
            made = estimate_of(metric, part)
        except Broken:
            raise
        except Exception as error:
            raise Broken(
                f"{said}it raised {type(error).__name__}: {first_line(error)}", mend
            ) from error
        refuse_outside(made, said)


def refuse_outside(made: Estimate, said: str) -> None:
    """Refuse a number outside of its interval, and one that is missing without a word."""
    if math.isnan(made.value):
        if not made.note.strip():
            raise Broken(
                f"{said}its value is NaN without a note", "Say in `note` why there is none"
            )
    elif not made.low <= made.value <= made.high:
        raise Broken(
            f"{said}it gave {made.value:.9g} in the interval [{made.low:.9g}, {made.high:.9g}]",
            MAKE,
        )
