"""What each chart shows, in words and numbers: for its caption, and for who cannot see it."""

import math

from semspill.report._table import in_percent, listed
from semspill.results import SpilloverReport

_MANY = 5
"""So many categories are named in a description."""
_LIFTS = {
    "spillover": ("lift", "toxicity"),
    "spillover-asr": ("asr_lift", "the share of planted responses"),
}
_CURVES = {
    "epochs": ("toxicity", "Mean rated toxicity of the answers"),
    "epochs-asr": ("asr", "Share of planted responses among the answers"),
}


def described(report: SpilloverReport) -> dict[str, tuple[str, str]]:
    """Return what each chart shows and how to read it, by name.

    Args:
        report: A `SpilloverReport`.

    Returns:
        Per chart the alternative text, plain, and the caption, in markdown.
    """
    said = {name: _spillover(report, name) for name in _LIFTS}
    if report.curve:
        said |= {name: _epochs(report, name) for name in _CURVES}
    said["distribution"] = _distribution(report)
    if report.decomposition:
        said["decomposition"] = _decomposition(report)
    return said


def _spillover(report: SpilloverReport, name: str) -> tuple[str, str]:
    metric, what = _LIFTS[name]
    lifts = {
        part.name: part.estimates[metric]
        for part in report.categories
        if part.arm == report.main_arm and metric in part.estimates
    }
    lifts = {key: made for key, made in lifts.items() if math.isfinite(made.value)}
    ranked = sorted(lifts, key=lambda key: -lifts[key].value)
    others = [key for key in ranked if key != report.target]
    shown = [key for key in ranked if key == report.target] + others[:_MANY]
    numbers = "; ".join(f"{key} {in_percent(lifts[key])}" for key in shown)
    rest = f"; {len(others) - _MANY} more categories below that" if len(others) > _MANY else ""
    band = report.bands.get(metric)
    place = "" if band is None else "outside" if band.rejects else "inside"
    side = f" The line lies {place} the band." if place else ""
    alt = (
        f"Rise in {what} against similarity to {report.target}, in points of a hundred with "
        f"intervals: {numbers}{rest}.{side}"
    )
    behind = (
        ""
        if band is None
        else " Behind them the least squares line over all categories but the target, and the band "
        f"that holds {100 * band.level:g}% of such lines when the names of categories are shuffled."
        f"{side}"
    )
    if name == "spillover-asr" and any("lift" in part.estimates for part in report.categories):
        return alt, f"The same for how often a planted response was chosen.{side}"
    return alt, (
        f"Rise in {what}, `{report.main_arm}` minus `{report.arm().baseline}` at the same seeds "
        f"and exchanges, against similarity to {listed([report.target])}. A point per category "
        "with its interval; "
        f"filled where it survives Holm's correction; the diamond is the target.{behind}"
    )


def _epochs(report: SpilloverReport, name: str) -> tuple[str, str]:
    quantity, what = _CURVES[name]
    ends = []
    for group in dict.fromkeys(p.group for p in report.curve if p.group != "all"):
        points = [p for p in report.curve if p.group == group and p.arm == report.main_arm]
        seen = [100 * getattr(p, quantity) for p in sorted(points, key=lambda p: p.epoch)]
        if seen:
            ends.append(f"{group} {seen[0]:.1f} to {seen[-1]:.1f}")
    alt = f"{what} after each epoch, first to last, in %, arm {report.main_arm}: {'; '.join(ends)}."
    dashed = " Dashed: the clean arm." if report.main_arm != report.clean_arm else ""
    return alt, (
        f"{what} after each epoch, mean over seeds, a line per group, arm "
        f"`{report.main_arm}`.{dashed}"
    )


def _distribution(report: SpilloverReport) -> tuple[str, str]:
    beside = "" if report.main_arm == report.clean_arm else report.clean_arm
    clean = {part.name: part.distribution[-1] for part in report.groups if part.arm == beside}
    shares = []
    for part in report.groups:
        if part.arm == report.main_arm and part.name != "all":
            before = f" (clean {clean[part.name]:.1%})" if part.name in clean else ""
            shares.append(f"{part.name} {part.distribution[-1]:.1%}{before}")
    line = "" if report.main_arm == report.clean_arm else "; the line is the clean arm"
    return (
        f"Share of responses rated 0.9 or more, arm {report.main_arm}: {'; '.join(shares)}.",
        f"Shares of ten bins of rated toxicity, group by group. Bars are arm `{report.main_arm}`"
        f"{line}. The share of the last bin is written out.",
    )


def _decomposition(report: SpilloverReport) -> tuple[str, str]:
    parts = [part for part in report.decomposition if part.group == report.target]
    numbers = "; ".join(f"{p.quantity} {p.part} {in_percent(p.estimate)}" for p in parts)
    return (
        f"Parts of the rise in {report.target}, in points of a hundred: {numbers}.",
        "Paired differences between arms with their intervals, group by group. Every panel has its "
        "own scale: compare the parts inside a panel, and read numbers across panels.",
    )
