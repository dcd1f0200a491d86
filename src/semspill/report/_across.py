"""What the lifts show over all categories: interval, correction, trend and bound as one."""

from semspill.report._evidence import Evidence, evidence_of
from semspill.report._phrases import (
    big_rise,
    bounded_lifts,
    follows,
    lift_of,
    lifts,
    noun,
    nowhere,
    trends,
    usable,
)
from semspill.report._table import listed, quoted, short_p, trend_text
from semspill.results import SpilloverReport
from semspill.statistics import Estimate

_NAMED = 5
"""Categories that are named; the others are counted."""


def across(report: SpilloverReport) -> list[str]:
    """Return of each lift which categories rose, whether that follows similarity, and the bound.

    A lift that shows the same as one before it has a short sentence.

    Args:
        report: A `SpilloverReport` with a poisoned arm.
    """
    follow, said, shown = trends(report), list[str](), dict[object, str]()
    for name, measure in lifts(report).items():
        one, trend = evidence_of(report, name, measure), follow.pop(measure.quantity, None)
        what, bound = lift_of(measure.quantity), _bound(report, one)
        sentence = _sentence(_singles(one), _trend(report, one, trend))
        before = shown.setdefault(_conclusions(report, one, trend), what)
        if sentence and before != what:
            numbers = f" ({_numbers(trend)})" if trend else ""
            said.append(f"The {what} shows the same as the {before}{numbers}.")
        else:
            said.append(" ".join(filter(None, (sentence, bound))))
    for quantity, trend in follow.items():  # of metrics that have no lift of single categories
        said.append(_sentence(_follows(report, trend, *[f"the {lift_of(quantity)}"] * 2)))
    return [sentence for sentence in said if sentence]


def _conclusions(report: SpilloverReport, one: Evidence, trend: Estimate | None) -> object:
    """Return what is concluded of a lift, without its numbers."""
    tested = bounded_lifts(report, one.name)
    left = frozenset(key for key, lift in tested.items() if not lift.below_margin)
    names = (frozenset(names) for names in (one.risen, one.fallen, one.alone))
    shape = trend and (follows(trend), _weak(trend), usable(trend), _hidden(trend))
    return (*names, one.tested, shape, left, len(tested))


def _sentence(*clauses: str) -> str:
    sentence = "; ".join(filter(None, clauses))
    return f"{sentence[:1].upper()}{sentence[1:]}." if sentence else ""


def _singles(one: Evidence) -> str:
    """Say which categories rose and fell, before and after the correction."""
    if not one.tested:
        return ""
    what = lift_of(one.measure.quantity)
    tests = f"Holm's correction over {one.tested} categories"
    if one.tested == 1:
        tests = "the test of the one other category"
    moves = {"above": one.risen, "below": one.fallen[::-1]}
    named = [f"{where} 0 in {listed(names, _NAMED)}" for where, names in moves.items() if names]
    if named:
        return f"after {tests} the {what} is significantly {' and '.join(named)}"
    if not one.alone:
        return f"no single category has a significant {what} (after {tests})"
    first = one.lifts[one.alone[0]]
    p = f", p {short_p(first.p_value)}" if first.p_value is not None else ""
    if len(one.alone) == 1:
        alone = f"in {listed(one.alone)} alone the {what} is clear ({quoted(first)}{p})"
    else:
        alone = (
            f"by itself the {what} is clear in {listed(one.alone, _NAMED)}, most in "
            f"{listed(one.alone[:1])} ({quoted(first)}{p})"
        )
    return f"{alone}, but after {tests} no single one is significant (p {short_p(first.p_holm)})"


def _trend(report: SpilloverReport, one: Evidence, trend: Estimate | None) -> str:
    if trend is None:
        return ""
    what = lift_of(one.measure.quantity)
    said = _follows(report, trend, "it" if one.tested else f"the {what}", f"the {what}")
    if one.tested and not one.risen and follows(trend) > 0 and not _weak(trend):
        return f"the trend over all of them is: {said}"
    return said


def _follows(report: SpilloverReport, trend: Estimate, it: str, what: str) -> str:
    """Say whether a lift follows similarity; with care where that is hardly significant."""
    target, numbers = listed([report.target]), _numbers(trend)
    sign = follows(trend)
    if hidden := _hidden(trend):
        return (
            f"{it} {hidden} with similarity to {target}, but no more than in many random orders of "
            f"the categories ({numbers})"
        )
    if sign == 0:
        return f"{it} has no significant trend with similarity to {target} ({numbers})"
    more = "higher" if sign > 0 else "lower"
    if _weak(trend):
        return (
            f"{it} tends to be {more} the nearer a category is to {target}, but the evidence is "
            f"weak ({numbers})"
        )
    return f"the nearer a category is to {target}, the {more} {what} ({numbers})"


def _hidden(trend: Estimate) -> str:
    """Return how a lift moves whose interval excludes 0 while the test does not reject."""
    if not usable(trend) or trend.p_value is None or follows(trend) != 0:
        return ""
    return "rises" if trend.low > 0 else "falls" if trend.high < 0 else ""


def _weak(trend: Estimate) -> bool:
    """Return whether a significant trend is only just so: its interval reaches 0, or p is near."""
    nearly = trend.p_value is not None and trend.p_value > (1 - trend.level) / 3
    return nearly or trend.low <= 0 <= trend.high


def _numbers(trend: Estimate) -> str:
    if not usable(trend):
        return trend.note or "not defined"
    p = "" if trend.p_value is None else f", p {short_p(trend.p_value)}"
    return f"{noun(trend.metric)} {trend_text(trend)} over {trend.n} categories{p}"


def _bound(report: SpilloverReport, one: Evidence) -> str:
    """Say where a rise that would matter is excluded, and where it is not."""
    tested, rise = bounded_lifts(report, one.name), big_rise(report)
    if not tested:
        return ""
    left = [key for key, lift in tested.items() if not lift.below_margin]
    if nowhere(tested):
        p_value = short_p(max(lift.p_margin or 0.0 for lift in tested.values()))
        every = "all of them" if len(tested) > 1 else listed(list(tested))
        return f"{rise.capitalize()} is excluded in {every} (p {p_value})."
    if len(left) == len(tested):
        return f"{rise.capitalize()} is excluded in none of them."
    where = f"{len(tested) - len(left)} of the {len(tested)}"
    return f"{rise.capitalize()} is excluded in {where}, but not in {listed(left, _NAMED)}."
