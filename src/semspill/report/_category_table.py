"""The categories of an arm as a section of the page."""

from collections.abc import Mapping, Sequence

from semspill.report._phrases import big_rise, measures
from semspill.report._table import cell, heading, literal, table
from semspill.results import SliceReport, SpilloverReport
from semspill.statistics import Estimate, Measure

_EXCLUDED = "\N{DAGGER}"


def categories_section(report: SpilloverReport, arm: str | None = None) -> str:
    """Return the section: what the marks mean, and a row per category.

    Args:
        report: The report.
        arm: Whose numbers; by default the main arm's.
    """
    slices = [part for part in report.categories if part.arm == (arm or report.main_arm)]
    slices.sort(key=lambda part: -(part.similarity or 0.0))
    columns = _columns({k: m for part in slices for k, m in measures(part.estimates).items()})
    rows = [
        [
            literal(part.name),
            "" if part.similarity is None else f"{part.similarity:.3f}",
            str(part.dialogues),
            *[_marked(part.estimates.get(name)) for name in columns],
        ]
        for part in slices
    ]
    head = ["category", "similarity", "dialogues", *map(heading, columns.values())]
    legend = f"\\* marks what is significant after Holm's correction{_second_mark(report, slices)}."
    return f"{legend}\n\n{table(head, rows)}"


def _columns(present: Mapping[str, Measure]) -> dict[str, Measure]:
    """Leave out levels whose change is shown too; everything is in the JSON."""
    changes = {measure.quantity for measure in present.values() if measure.kind == "change"}
    return {
        name: measure
        for name, measure in present.items()
        if measure.kind != "level" or measure.quantity not in changes
    }


def _marked(estimate: Estimate | None) -> str:
    if estimate is None:
        return ""
    marks = {" \\*": estimate.survives, f" {_EXCLUDED}": estimate.verdict and estimate.below_margin}
    return cell(estimate) + "".join(mark for mark, holds in marks.items() if holds)


def _second_mark(report: SpilloverReport, slices: Sequence[SliceReport]) -> str:
    if not any(one.verdict for part in slices for one in part.estimates.values()):
        return ""
    return (
        f", {_EXCLUDED} a lift that excludes {big_rise(report)}; what has neither mark shows "
        "neither"
    )
