"""Phrases shared by the sentences on a report."""

import math
from collections.abc import Mapping, Sequence

from semspill._mask import printable
from semspill.report._table import listed, quoted, short_p
from semspill.results import SliceReport, SpilloverReport
from semspill.statistics import Estimate, Measure

_NOUNS = {
    "asr": "planted rate",
    "precision": "P@1",
    "served_precision": "served P@1",
    "spearman": "rank correlation",
}
_LIFTS = {"asr": "planted-rate lift"}


def noun(name: str) -> str:
    """Return a quantity or a kind of metric as a sentence names it.

    Example:
        >>> noun("asr"), noun("response_length")
        ('planted rate', 'response length')
    """
    return _NOUNS.get(name, name.replace("_", " "))


def lift_of(quantity: str) -> str:
    """Return what the rise of a quantity over clean training is called.

    Example:
        >>> lift_of("asr"), lift_of("toxicity")
        ('planted-rate lift', 'toxicity lift')
    """
    return _LIFTS.get(quantity, f"{noun(quantity)} lift")


def code(name: str) -> str:
    """Return a name of a part as markdown sets it, whatever is in it; empty for none."""
    return f"`{printable(' '.join(name.replace('`', ' ').split()))}`" if name else ""


def usable(estimate: Estimate | None) -> bool:
    """Return whether there is an estimate, and it is a number with an interval."""
    return (
        estimate is not None
        and math.isfinite(estimate.value)
        and not math.isnan(estimate.low)
        and not math.isnan(estimate.high)
    )


def choosable(report: SpilloverReport) -> bool:
    """Return whether a planted response is among the candidates of the main arm.

    Where none is, none can be chosen, and how often that happens says nothing.
    """
    return report.arm().pool == "planted"


def measures(estimates: Mapping[str, Estimate]) -> dict[str, Measure]:
    """Return what each metric measures, by name; of a report made by hand, just its name."""
    return {
        name: estimate.measure if estimate.metric else Measure(metric=name, quantity=name)
        for name, estimate in estimates.items()
    }


def lifts(report: SpilloverReport) -> dict[str, Measure]:
    """Return the changes of the main arm that may show spillover, by name of the metric."""
    slices = [part for part in (*report.groups, *report.categories) if part.arm == report.main_arm]
    return {
        name: measure
        for part in slices
        for name, measure in measures(part.estimates).items()
        if measure.kind == "change" and measure.aspect != "utility"
        if measure.quantity != "asr" or choosable(report)
    }


def shown_groups(report: SpilloverReport, arm: str | None = None) -> list[tuple[str, SliceReport]]:
    """Return target, nearest and all but the target, as far as they are there, with a phrase."""
    wanted = {
        report.target: f"{listed([report.target])}, the target",
        report.nearest: f"{listed([report.nearest])}, its nearest neighbour",
        f"all but {report.target}": f"all but {listed([report.target])}",
    }
    arm = report.main_arm if arm is None else arm
    parts = {part.name: part for part in report.groups if part.arm == arm}
    return [(phrase, parts[name]) for name, phrase in wanted.items() if name in parts]


def moved(change: Estimate) -> str:
    """Return the verb of a change, by its interval and, where there is one, its test.

    The interval of a rate lies above 0 as soon as one answer is a planted one; that alone is no
    significant rise.

    Example:
        >>> lift = Estimate(value=0.03, low=0.01, high=0.09, n=9, method="by hand", p_value=0.01)
        >>> moved(lift), moved(lift.replace(p_value=0.3)), moved(lift.replace(low=-0.01))
        ('rose', 'did not change significantly', 'did not change significantly')
    """
    if doubtful(change) or change.low <= 0 <= change.high:
        return "did not change significantly"
    return "rose" if change.low > 0 else "fell"


def doubtful(change: Estimate) -> bool:
    """Return whether the interval of a change excludes 0 while its test does not reject."""
    tested = change.p_value is not None and change.p_value > 1 - change.level
    return tested and (change.low > 0 or change.high < 0)


def changed(change: Estimate) -> str:
    """Return a change with its interval, and with p where the interval alone would mislead.

    Example:
        >>> lift = Estimate(value=0.03, low=0.01, high=0.09, n=9, method="by hand", p_value=0.01)
        >>> changed(lift), changed(lift.replace(p_value=0.3))
        ('0.030 [0.010, 0.090]', '0.030 [0.010, 0.090], p 0.3')
    """
    return f"{quoted(change)}, p {short_p(change.p_value)}" if doubtful(change) else quoted(change)


TRIGGER = "trigger"
"""The kind of the note that what was planted waits for a trigger."""


def has_trigger(report: SpilloverReport) -> bool:
    """Return whether what was planted waits for a trigger."""
    return any(note.kind == TRIGGER for note in report.notes)


def remedy(report: SpilloverReport) -> str:
    """Return what to try where the target was not reached, in the imperative."""
    if has_trigger(report):
        return "see what the trigger did under a probe that holds it"
    return (
        f"check that the text tells {listed([report.target])} from the rest, then try a higher "
        "budget, more epochs or another target"
    )


def follows(trend: Estimate) -> int:
    """Return the sign of a significant trend: 1 or -1, and 0 for none."""
    if not usable(trend) or trend.p_value is None or trend.p_value > 1 - trend.level:
        return 0
    return 1 if trend.value > 0 else -1


def bounded_lifts(report: SpilloverReport, name: str) -> dict[str, Estimate]:
    """Return a lift of all categories but the target, nearest first; empty if one is not tested.

    Args:
        report: The report.
        name: Which of its lifts.
    """
    near = sorted(other_categories(report), key=lambda part: -(part.similarity or 0.0))
    every = {part.name: part.estimates.get(name) for part in near}
    tested = {key: one for key, one in every.items() if one is not None and one.verdict}
    return tested if len(tested) == len(every) else {}


def nowhere(tested: Mapping[str, Estimate]) -> bool:
    """Return whether a rise by the margin or more is excluded in every category.

    An intersection-union test: each category must be shown by its own test, so none is corrected.
    Source: Berger 1982.
    """
    return bool(tested) and all(lift.below_margin for lift in tested.values())


def other_categories(report: SpilloverReport) -> list[SliceReport]:
    """Return the slices of the main arm of all categories but the target."""
    main = (part for part in report.categories if part.arm == report.main_arm)
    return [part for part in main if part.name != report.target]


def big_rise(report: SpilloverReport) -> str:
    """Return the rise that would matter as a phrase.

    Args:
        report: A `SpilloverReport`, whose `margin` it is.
    """
    points = 100 * report.margin
    return f"a rise of {points:.3g} point{'' if points == 1 else 's'} or more"


def trends(report: SpilloverReport) -> dict[str, Estimate]:
    """Return the main arm's first trend with similarity of each quantity."""
    first: dict[str, Estimate] = {}
    for estimate in report.overall.get(report.main_arm, {}).values():
        if estimate.measure.kind == "trend" and (estimate.quantity != "asr" or choosable(report)):
            first.setdefault(estimate.quantity, estimate)
    return first


def listing(phrases: Sequence[str]) -> str:
    """Return phrases as one.

    Example:
        >>> listing(["a (1, 2)"]), listing(["a", "b", "c"])
        ('a (1, 2)', 'a, b and c')
    """
    return " and ".join(filter(None, (", ".join(phrases[:-1]), phrases[-1])))


def joined(phrases: Sequence[str]) -> str:
    """Return phrases that hold commas as one."""
    return "; and ".join(filter(None, ("; ".join(phrases[:-1]), phrases[-1])))
