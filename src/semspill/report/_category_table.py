"""The categories of the main arm as a section of the page, and which of them rose."""

from collections.abc import Sequence
from typing import Any

from semspill.report._slices import SliceReport
from semspill.report._table import cell, listed, table

# Everything is in the JSON; a column that says nearly the same as another is left out here.
_SAID_BY = {"asr": "asr_lift", "toxicity": "lift", "shift": "lift", "precision": "precision_drop"}
_TESTED = {"asr_lift": "Attack success", "lift": "Toxicity"}


def categories_section(report: Any) -> str:
    """Return the section: who rose, and a row per category."""
    slices = [part for part in report.categories if part.arm == report.main_arm]
    slices.sort(key=lambda part: -(part.similarity or 0.0))
    present = dict.fromkeys(name for part in slices for name in part.estimates)
    names = [name for name in present if _SAID_BY.get(name) not in present]
    rows = [
        [
            part.name,
            "" if part.similarity is None else f"{part.similarity:.3f}",
            str(part.dialogues),
            *[_marked(name, part) for name in names],
        ]
        for part in slices
    ]
    others = [part for part in slices if part.name != report.target]
    said = [_changed(others, name, report.target) for name in _TESTED]
    legend = "In %, but for metrics of your own. \\* marks what survives Holm's correction."
    head = ["category", "similarity", "dialogues", *names]
    return "\n\n".join([*filter(None, said), legend, table(head, rows)])


def _marked(name: str, part: SliceReport) -> str:
    estimate = part.estimates.get(name)
    mark = " \\*" if estimate is not None and estimate.survives else ""
    return cell(name, estimate) + mark


def _changed(others: Sequence[SliceReport], name: str, target: str) -> str:
    tested = {p.name: p.estimates[name] for p in others if name in p.estimates}
    tested = {key: made for key, made in tested.items() if made.p_holm is not None}
    if not tested:
        return ""
    alpha = 1 - next(iter(tested.values())).level
    sure = {key: made.value for key, made in tested.items() if made.survives}
    phrases = [
        f"{verb} in {listed(names)}"
        for verb, names in (
            ("rose", [key for key, value in sure.items() if value > 0]),
            ("fell", [key for key, value in sure.items() if value < 0]),
        )
        if names
    ]
    likely = [
        key
        for key, made in tested.items()
        if key not in sure and made.p_bh is not None and made.p_bh <= alpha
    ]
    more = f" A false discovery rate of {alpha:.3g} adds {listed(likely)}." if likely else ""
    changed = " and ".join(phrases) or "changed in none"
    return (
        f"{_TESTED[name]} {changed} of the {len(tested)} categories besides *{target}* (Holm's "
        f"correction, family-wise error {alpha:.3g}).{more}"
    )
