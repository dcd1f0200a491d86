"""What a metric promises: an estimate with its interval, whatever names and order it is given."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from semspill.analysis import Metric, Outcome, metrics
from semspill.testing._conformance._check import Broken, Checks
from semspill.testing._conformance._common import add_common, built, errors_pickle
from semspill.testing._conformance._estimates import (
    EXACT,
    estimate_of,
    must_take,
    numbers,
    parts,
    refuse_outside,
)
from semspill.testing._conformance._invariance import add_invariance
from semspill.testing._conformance._numbers import Numbers
from semspill.testing._conformance._outcomes import (
    at_level,
    constant,
    given_to_metric,
    of_seeds,
    reordered,
)
from semspill.testing._conformance._repeat import Wording, add_repeatable


def check_metric(
    metric: Metric | str | Mapping[str, Any], *, outcome: Outcome | None = None
) -> None:
    """Run all checks of a metric.

    A metric of a `whole` arm gets all categories at once, any other one after the other and
    together; one that is not `paired` gets the clean arm alone as well.

    Args:
        metric: An object, a registered name, or a mapping with `name` and fields.
        outcome: A whole arm with its clean one; None for a made-up one.

    Raises:
        ConformanceError: With one sentence for each broken promise.

    Example:
        >>> check_metric("toxicity")
    """
    __tracebackhide__ = True
    CHECKS.run(built(metrics, metric), outcome=outcome)


_UNDEFINED = "Return value, low and high NaN and a note where nothing is defined"

CHECKS: Checks[Metric, Outcome] = Checks("metric", given_to_metric)
"""All checks of a metric."""

add_common(CHECKS, metrics)


@CHECKS.add("gives an Estimate")
def gives_an_estimate(metric: Metric, given: Outcome) -> None:
    """Look at the type of what comes."""
    for part in parts(metric, given):
        estimate_of(metric, part)


@CHECKS.add("gives an interval that holds its value, or NaN and a note that says why")
def interval_holds_the_value(metric: Metric, given: Outcome) -> None:
    """Compare value and ends."""
    for part in parts(metric, given):
        refuse_outside(estimate_of(metric, part), "")


@CHECKS.add("counts the units behind a number: at least 1")
def counts_its_units(metric: Metric, given: Outcome) -> None:
    """Look at `n` of what is defined."""
    for part in parts(metric, given):
        made = estimate_of(metric, part)
        if made.n < 1 and not math.isnan(made.value):
            raise Broken(f"n is {made.n}", "Set n to how many dialogues, or categories, it used")


@CHECKS.add("makes its interval at the level that the outcome asks for")
def level_of_the_outcome(metric: Metric, given: Outcome) -> None:
    """Ask for two levels; the higher one takes wider intervals."""
    widths = []
    for part in parts(metric, given):
        made = [estimate_of(metric, at_level(part, level)) for level in (0.5, 0.99)]
        said = [one.level for one in made]
        if said != [0.5, 0.99]:
            raise Broken(
                f"it says {said[0]:g} and {said[1]:g} for 0.5 and 0.99",
                "Give Estimate level=outcome.resampling.level",
            )
        widths.append([one.high - one.low for one in made])
    varied = any(width > 0 for width, _ in widths)
    # The interval of a whole arm may end at categories, and so at the same ones.
    if varied and not metric.whole and all(wide <= narrow for narrow, wide in widths):
        raise Broken(
            "no interval is wider for 0.99 than for 0.5",
            "Take the quantiles at outcome.resampling.level",
        )


@CHECKS.add("says where its number comes from and how its interval was made")
def says_source_and_method(metric: Metric, given: Outcome) -> None:
    """Look for both."""
    for part in parts(metric, given):
        made = estimate_of(metric, part)
        if not made.citation.strip():
            raise Broken("the estimate's citation is empty", "Give it citation=self.citation")
        if not made.method.strip():
            raise Broken("the estimate's method is empty", "Name the interval, such as 'Wilson'")


@CHECKS.add("gives p-values from 0 to 1, or none")
def p_values_are_probabilities(metric: Metric, given: Outcome) -> None:
    """Look at all three."""
    for part in parts(metric, given):
        made = estimate_of(metric, part)
        for name in ("p_value", "p_holm", "p_bh"):
            p = getattr(made, name)
            if p is not None and not 0 <= p <= 1:
                raise Broken(f"{name} is {p!r}", "Give a probability, or None where none is tested")


add_invariance(CHECKS)


@CHECKS.add("leaves the arrays of the outcome as they were")
def leaves_the_outcome(metric: Metric, given: Outcome) -> None:
    """Give copies, and compare them with what they held."""
    for part in parts(metric, given):
        copy = of_seeds(part, np.arange(len(part.seeds)))
        metric.compute(copy)
        for arm, before in ((copy, part), (copy.baseline, part.baseline)):
            for name in ("toxicity", "planted", "correct"):
                if not np.array_equal(getattr(arm, name), getattr(before, name)):
                    raise Broken(
                        f"{name} of arm {arm.arm.name!r} changed", f"Work on a copy: {name}.copy()"
                    )


@CHECKS.add("takes an outcome of one seed and of several")
def takes_one_seed(metric: Metric, given: Outcome) -> None:
    """Give each seed alone, and all."""
    rows = [np.array([row]) for row in range(len(given.seeds))]
    for chosen in (*rows, np.arange(len(given.seeds))):
        said = f"for {len(chosen)} of the seeds "
        must_take(metric, of_seeds(given, chosen), said, "Let it be sure of less, not fail")


@CHECKS.add("takes an outcome in which nothing varies: nothing toxic, or everything")
def takes_extremes(metric: Metric, given: Outcome) -> None:
    """Rate all answers alike."""
    for toxicity, clean in ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0)):
        said = f"where all answers are rated {toxicity:g} and all clean ones {clean:g} "
        must_take(metric, constant(given, toxicity, clean), said, _UNDEFINED)


@CHECKS.add("takes a category with a single exchange")
def takes_one_exchange(metric: Metric, given: Outcome) -> None:
    """Leave one exchange of each category."""
    firsts = [given.categories.index(name) for name in sorted(set(given.categories))]
    must_take(
        metric, reordered(given, np.array(firsts)), "where each has one exchange ", _UNDEFINED
    )


@CHECKS.add("raises errors that get out of a worker")
def errors_get_out(metric: Metric, given: Outcome) -> None:
    """Give the target alone without similarities, and pickle the error that comes."""
    alone = replace(given.of([given.categories[0]]), similarity={}, nearest=None)
    errors_pickle(lambda: metric.compute(alone))


def _again(metric: Metric, given: Outcome) -> list[Numbers]:
    return [Numbers(numbers(estimate_of(metric, part)), EXACT) for part in parts(metric, given)]


_WORDING = Wording(
    "same_at_every_call",
    "at every call",
    "Draw with outcome.bootstrap, or from a generator that `compute` makes of a constant",
)

add_repeatable(CHECKS, _again, "estimates", _WORDING)
