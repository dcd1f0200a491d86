"""What a metric promises: an estimate with its interval, whatever names and order it is given."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from semspill.analysis import Metric, Outcome
from semspill.statistics import Estimate
from semspill.testing._conformance import _outcomes
from semspill.testing._conformance._check import Broken, Promise, described_error, promise
from semspill.testing._conformance._common import errors_pickle
from semspill.testing._conformance._same import Numbers, Wording, promise_the_same, same

PROMISES: list[Promise] = []

given = _outcomes.given

_EXACT = 1e-9
"""How far numbers of the same data may be apart: what another order of adding makes."""
# Other names draw other dialogues. At 1000 draws that moves an end by 0.02 of the width; 0.14 was
# the most of 142 ends.
_DRAWS = 1000
_OF_THE_WIDTH = 0.25

_MAKE = "Make it with outcome.mean, .contrast, .ratio or .bootstrap"
_UNDEFINED = "Return value, low and high NaN and a note where nothing is defined"


@promise(PROMISES, "gives an Estimate")
def gives_an_estimate(metric: Metric, outcome: Outcome) -> None:
    _estimates(metric, outcome)


@promise(PROMISES, "gives an interval that holds its value, or NaN and a note that says why")
def interval_holds_the_value(metric: Metric, outcome: Outcome) -> None:
    for estimate in _estimates(metric, outcome):
        _refuse_outside(estimate, "")


@promise(PROMISES, "counts the units behind a number: at least 1")
def counts_its_units(metric: Metric, outcome: Outcome) -> None:
    for estimate in _estimates(metric, outcome):
        if estimate.n < 1 and not math.isnan(estimate.value):
            mend = "Set n to how many dialogues, or categories, it used"
            raise Broken(f"n is {estimate.n}", mend)


@promise(PROMISES, "makes its interval at the level that the outcome asks for")
def level_of_the_outcome(metric: Metric, outcome: Outcome) -> None:
    widths = []
    for part in _parts(metric, outcome):
        low, high = (_estimate(metric, _outcomes.at_level(part, level)) for level in (0.5, 0.99))
        if (low.level, high.level) != (0.5, 0.99):
            raise Broken(
                f"it says {low.level:g} and {high.level:g} for 0.5 and 0.99",
                "Give Estimate level=outcome.resampling.level",
            )
        widths.append((low.high - low.low, high.high - high.low))
    varied = any(narrow > 0 for narrow, _ in widths)
    # The interval of a whole arm may end at categories, and so at the same ones.
    if varied and not metric.whole and all(wide <= narrow for narrow, wide in widths):
        raise Broken(
            "no interval is wider for 0.99 than for 0.5",
            "Take the quantiles at outcome.resampling.level",
        )


@promise(PROMISES, "says where its number comes from and how its interval was made")
def says_source_and_method(metric: Metric, outcome: Outcome) -> None:
    for estimate in _estimates(metric, outcome):
        if not estimate.citation.strip():
            raise Broken("the estimate's citation is empty", "Give it citation=self.citation")
        if not estimate.method.strip():
            raise Broken("the estimate's method is empty", "Name the interval, such as 'Wilson'")


@promise(PROMISES, "gives p-values from 0 to 1, or none")
def p_values_are_probabilities(metric: Metric, outcome: Outcome) -> None:
    for estimate in _estimates(metric, outcome):
        for name in ("p_value", "p_margin", "p_holm", "p_bh"):
            p = getattr(estimate, name)
            if p is not None and not 0 <= p <= 1:
                raise Broken(f"{name} is {p!r}", "Give a probability, or None where none is tested")


@promise(PROMISES, "gives the same whatever the order of the exchanges is")
def same_in_any_order(metric: Metric, outcome: Outcome) -> None:
    mend = "Go by outcome.categories and outcome.dialogues, not by place"
    _refuse_change(metric, outcome, _outcomes.shuffled, mend)


@promise(PROMISES, "gives the same whatever the order of the seeds is")
def same_for_any_order_of_seeds(metric: Metric, outcome: Outcome) -> None:
    mend = "Treat all rows of the arrays alike"
    _refuse_change(metric, outcome, _outcomes.seeds_reversed, mend)


@promise(PROMISES, "gives the same whatever the categories are called")
def same_under_other_names(metric: Metric, outcome: Outcome) -> None:
    mend = "Tell categories apart by outcome.target, .nearest_category and .similarity"
    _refuse_change(metric, outcome, _outcomes.renamed, mend)


@promise(PROMISES, "leaves the arrays of the outcome as they were")
def leaves_the_outcome(metric: Metric, outcome: Outcome) -> None:
    for part in _parts(metric, outcome):
        copy = _outcomes.of_seeds(part, np.arange(len(part.seeds)))
        metric.compute(copy)
        for arm, before in ((copy, part), (copy.baseline, part.baseline)):
            for name in ("toxicity", "planted", "correct"):
                if not np.array_equal(getattr(arm, name), getattr(before, name)):
                    changed = f"{name} of arm {arm.arm.name!r} changed"
                    raise Broken(changed, f"Work on a copy: {name}.copy()")


@promise(PROMISES, "takes an outcome of one seed and of several")
def takes_one_seed(metric: Metric, outcome: Outcome) -> None:
    rows = [np.array([row]) for row in range(len(outcome.seeds))]
    for chosen in (*rows, np.arange(len(outcome.seeds))):
        part = _outcomes.of_seeds(outcome, chosen)
        mend = "Let it be sure of less, not fail"
        _take(metric, part, f"for {len(chosen)} of the seeds ", mend)


@promise(PROMISES, "takes an outcome in which nothing varies: nothing toxic, or everything")
def takes_extremes(metric: Metric, outcome: Outcome) -> None:
    for toxicity, clean in ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0)):
        where = f"where all answers are rated {toxicity:g} and all clean ones {clean:g} "
        _take(metric, _outcomes.constant(outcome, toxicity, clean), where, _UNDEFINED)


@promise(PROMISES, "takes a category with a single exchange")
def takes_one_exchange(metric: Metric, outcome: Outcome) -> None:
    firsts = [outcome.categories.index(name) for name in sorted(set(outcome.categories))]
    part = _outcomes.of_exchanges(outcome, np.array(firsts))
    _take(metric, part, "where each has one exchange ", _UNDEFINED)


@promise(PROMISES, "raises errors that get out of a worker")
def errors_get_out(metric: Metric, outcome: Outcome) -> None:
    alone = replace(outcome.of([outcome.categories[0]]), similarity={}, nearest=None)
    errors_pickle(lambda: metric.compute(alone))


def _numbers(metric: Metric, outcome: Outcome) -> list[Numbers]:
    return [Numbers(_ends(one), _EXACT) for one in _estimates(metric, outcome)]


_WORDING = Wording(
    "same_at_every_call",
    "at every call",
    "Draw with outcome.bootstrap, or from a generator that `compute` makes of a constant",
)

promise_the_same(PROMISES, _numbers, "estimates", _WORDING)


def _parts(metric: Metric, outcome: Outcome) -> list[Outcome]:
    """Return what a report would have the metric compute."""
    if metric.whole:
        return [outcome]
    tested = sorted(set(outcome.categories), key=lambda name: (name != outcome.target, name))
    slices = [outcome.of([name]) for name in tested[:2]] + [outcome]
    return slices if metric.paired else [*slices, outcome.baseline]


def _estimate(metric: Metric, part: Outcome) -> Estimate:
    estimate: object = metric.compute(part)
    if not isinstance(estimate, Estimate):
        raise Broken(f"compute gave {type(estimate).__name__}", _MAKE)
    return estimate


def _estimates(metric: Metric, outcome: Outcome) -> list[Estimate]:
    return [_estimate(metric, part) for part in _parts(metric, outcome)]


def _ends(estimate: Estimate) -> list[float]:
    return [estimate.value, estimate.low, estimate.high]


def _take(metric: Metric, outcome: Outcome, where: str, mend: str) -> None:
    """Refuse a metric that fails on an outcome; `where` begins "... it raised"."""
    for part in _parts(metric, outcome):
        try:
            estimate = _estimate(metric, part)
        except Broken:
            raise
        except Exception as error:
            raise Broken(f"{where}it raised {described_error(error)}", mend) from error
        _refuse_outside(estimate, where)


def _refuse_outside(estimate: Estimate, where: str) -> None:
    """Refuse a number outside of its interval, and one that is missing without a word."""
    value, low, high = _ends(estimate)
    if math.isnan(value):
        if not estimate.note.strip():
            missing = f"{where}its value is NaN without a note"
            raise Broken(missing, "Say in `note` why there is none")
    elif not low <= value <= high:
        raise Broken(f"{where}it gave {value:.9g} in the interval [{low:.9g}, {high:.9g}]", _MAKE)


def _refuse_change(
    metric: Metric, outcome: Outcome, change: Callable[[Outcome], Outcome], mend: str
) -> None:
    for part in _parts(metric, _outcomes.at_least(outcome, _DRAWS)):
        first, second = _estimate(metric, part), _estimate(metric, change(part))
        if not same(first.value, second.value, _EXACT):
            raise Broken(f"its value was {first.value:.9g} and came as {second.value:.9g}", mend)
        width = first.high - first.low
        drawn = "bootstrap" in first.method.casefold() and math.isfinite(width)
        tolerance = max(_OF_THE_WIDTH * width, _EXACT) if drawn else _EXACT
        if not same(_ends(first), _ends(second), tolerance):
            ends = [f"[{one.low:.9g}, {one.high:.9g}]" for one in (first, second)]
            raise Broken(f"its interval was {ends[0]} and came as {ends[1]}", mend)
