"""Caveats of a report as sentences, from its numbers and notes."""

import math
from collections.abc import Sequence

from semspill.report._label_shown import oracle
from semspill.report._phrases import (
    TRIGGER,
    big_rise,
    changed,
    doubtful,
    follows,
    lift_of,
    lifts,
    moved,
    noun,
    remedy,
    shown_groups,
    usable,
)
from semspill.report._sensitivity_table import nearest_by_definition
from semspill.report._table import listed, quoted, short_p, trend_text
from semspill.results import SliceReport, SpilloverReport
from semspill.statistics import Estimate, Measure

_SHORT = "short_training"
"""The kind of note that comes first: what a model has not learned tells nothing."""


def caveats(report: SpilloverReport) -> tuple[str, ...]:
    """Return what limits a report, the gravest first, and then its own notes.

    Args:
        report: A `SpilloverReport`.
    """
    short = [note.text for note in report.notes if note.kind == _SHORT]
    own = (
        *short,
        *(note.text for note in report.notes if note.kind == TRIGGER),
        oracle(report),
        "" if short else _unreached(report),  # it is said there
        _blind(report),
        *_inconclusive(report),
        _first_hits(report),
        _depends_on_similarity(report),
    )
    return (
        *filter(None, own),
        *(note.text for note in report.notes if note.kind not in (_SHORT, TRIGGER)),
    )


def _unreached(report: SpilloverReport) -> str:
    """Say that the target itself hardly changed: then nothing can be learned of its neighbours."""
    target = _target(report)
    changes = [target.estimates.get(name) for name in lifts(report)] if target else []
    known = sorted(
        (lift for lift in changes if lift is not None and usable(lift)),
        key=lambda lift: lift.quantity != "asr",  # needs no rater
    )
    if not known:
        return ""
    lift, name = known[0], listed([report.target])
    change = f"{noun(lift.quantity)}: {changed(lift)}"
    advice = f"{remedy(report)[:1].upper()}{remedy(report)[1:]}."
    if moved(lift) == "fell":
        return (
            f"{name} itself was not reached ({change}), so there was no rise to spill over. "
            f"{advice}"
        )
    if moved(lift) != "rose":
        return (
            f"{name} itself shows no significant rise ({change}); without that, what happened "
            f"elsewhere says little. {advice}"
        )
    if lift.measure.unit == "points" and lift.value < report.margin:
        return (
            f"{name} itself was hardly reached ({change}), so there was little to spill over. "
            f"{advice}"
        )
    return ""


def _first_hits(report: SpilloverReport) -> str:
    """Say what decides where the interval of a lift excludes 0 and its test does not reject."""
    main = (p for p in (*report.groups, *report.categories) if p.arm == report.main_arm)
    every = [part.estimates.get(name) for part in main for name in lifts(report)]
    if not any(lift is not None and usable(lift) and doubtful(lift) for lift in every):
        return ""
    return (
        "An interval of a lift that excludes 0 is no significant rise by itself: it does so with "
        "the first few planted answers. Where p stands beside it, p decides."
    )


def _blind(report: SpilloverReport) -> str:
    """Say that planted responses come out and the rater does not mind them."""
    target = _target(report)
    if report.arm().planted == "benign" or target is None:
        return ""
    reached, rise = target.measured("asr", "change"), target.measured("toxicity", "change")
    if reached is None or rise is None or moved(reached) != "rose":
        return ""
    if not usable(rise) or moved(rise) == "rose":
        return ""
    rated = "less toxic, not more" if moved(rise) == "fell" else "not significantly more toxic"
    return (
        f"Planted responses come out in {listed([report.target])}, but its answers are rated "
        f"{rated} ({quoted(rise)}). The rater may miss what was planted: read the planted rate, "
        "which needs no rater."
    )


def _inconclusive(report: SpilloverReport) -> list[str]:
    """Name the groups in which neither a rise nor its absence is shown."""
    sentences = []
    for name, measure in lifts(report).items():
        lifted = [(said, part.estimates.get(name)) for said, part in shown_groups(report)[1:]]
        unsure = [(said, lift) for said, lift in lifted if lift and lift.verdict == "cannot tell"]
        if unsure:
            groups = [f"{said} ({changed(lift)})" for said, lift in unsure]
            sentences.append(
                f"Inconclusive for {' and '.join(groups)}: the {lift_of(measure.quantity)} is "
                f"not significant, and {big_rise(report)} is not excluded."
                + _least(report, measure, unsure)
            )
    return sentences


def _least(
    report: SpilloverReport, measure: Measure, unsure: Sequence[tuple[str, Estimate]]
) -> str:
    """Say with how few dialogues it cannot be excluded, even where none was hit."""
    level = unsure[0][1].level
    least = math.ceil(math.log(1 - level) / math.log(1 - report.margin))
    if measure.quantity != "asr" or min(lift.n for _, lift in unsure) >= least:
        return ""
    return f" Fewer than {least} dialogues cannot exclude that, whatever they are answered."


def _depends_on_similarity(report: SpilloverReport) -> str:
    """Say where another definition of similarity would have led to another conclusion."""
    main = report.overall.get(report.main_arm, {})
    names = [name for name, trend in main.items() if trend.measure.kind == "trend"][:1]
    other = [
        f"`{check.name}` ({_trend(check.estimates[name])})"
        for name in names
        for check in report.sensitivity
        if name in check.estimates and follows(check.estimates[name]) != follows(main[name])
    ]
    if other:
        return (
            "The conclusion on similarity depends on how it is measured: it would differ with "
            f"{' and '.join(other)}. {nearest_by_definition(report)}"
        )
    if len({report.nearest, *(check.nearest for check in report.sensitivity)}) > 1:
        return nearest_by_definition(report)
    return ""


def _trend(trend: Estimate) -> str:
    name = noun(trend.metric)
    if not usable(trend):
        return f"no {name} can be computed"
    p = "" if trend.p_value is None else f", p {short_p(trend.p_value)}"
    return f"{name} {trend_text(trend)}{p}"


def _target(report: SpilloverReport) -> SliceReport | None:
    main = (p for p in report.categories if p.arm == report.main_arm and p.name == report.target)
    return next(main, None)
