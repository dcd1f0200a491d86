"""A report as a few lines of plain text, for `print`."""

from collections.abc import Sequence

from semspill._mask import printable
from semspill.report._defense_table import small_defenses
from semspill.report._summary import summary
from semspill.report._table import in_percent, listed
from semspill.results import SliceReport, SpilloverReport
from semspill.results._verdict import unmarked

_MOST = 8
"""Categories up to which small tables show every one."""
_NAMED = 3
_TITLES = {"asr": "planted rate", "lift": "toxicity lift", "precision": "P@1"}
"""The metrics of the small table: attack, its effect, utility."""


def text(report: SpilloverReport) -> str:
    """Return title, verdict, facts and the main numbers; it shows no response text.

    Args:
        report: A `SpilloverReport`.
    """
    words = summary(report)
    slices = shown_slices(report)
    head, columns = main_numbers(report, slices)
    said = map(unmarked, (words.title, words.verdict.sentence, words.facts))
    parts = [*said, _aligned(head, columns), left_out(report, slices)]
    if report.defenses is not None:
        first, others, more = small_defenses(report.defenses)
        parts += [_aligned(first, others), more]
    return printable("\n\n".join(filter(None, parts)))


def _aligned(head: tuple[str, list[str]], columns: Sequence[tuple[str, list[str]]]) -> str:
    cells = [[title, *column] for title, column in (head, *columns)]
    widths = [max(map(len, column)) for column in cells]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in zip(*cells, strict=True)
    )


def main_numbers(
    report: SpilloverReport, slices: Sequence[SliceReport]
) -> tuple[tuple[str, list[str]], list[tuple[str, list[str]]]]:
    """Return the small table of the main arm by columns: that of the names, and the others.

    Args:
        report: Whose main arm it is.
        slices: What has a row.
    """
    parts = [part for part in slices if part.arm == report.main_arm]
    known = {name for part in parts for name in part.estimates}
    columns = [("n", [str(part.exchanges) for part in parts])]
    columns += [
        (title, [in_percent(part.estimates.get(name)) for part in parts])
        for name, title in _TITLES.items()
        if name in known
    ]
    return (f"{report.main_arm}, in %", [part.name for part in parts]), columns


def shown_slices(report: SpilloverReport) -> tuple[SliceReport, ...]:
    """Return the slices that small tables show, of all arms.

    They are every category, nearest first, and the wider groups; of more than eight categories
    only those that are groups.
    """
    names = {part.name for part in report.categories}
    if len(names) > _MOST:
        return report.groups
    held = {(part.name, part.arm) for part in report.groups}
    singles = [part for part in report.groups if part.name in names]
    singles += [part for part in report.categories if (part.name, part.arm) not in held]
    first = (report.target, report.nearest)
    singles.sort(
        key=lambda part: (
            first.index(part.name) if part.name in first else len(first),
            -report.similarity.get(part.name, 0.0),
        )
    )
    return (*singles, *(part for part in report.groups if part.name not in names))


def left_out(report: SpilloverReport, slices: Sequence[SliceReport]) -> str:
    """Say how many categories a small table of these slices does not show; empty for none."""
    count = len({p.name for p in report.categories} - {p.name for p in slices})
    kinds = "category" if count == 1 else "categories"
    return f"{count} more {kinds} in the report." if count else ""


def unwatched(report: SpilloverReport) -> str:
    """Say which categories figures of groups do not show alone; empty for none."""
    shown = {part.name for part in report.groups}
    names = list(dict.fromkeys(p.name for p in report.categories if p.name not in shown))
    return f" Not shown alone: {listed(names, _NAMED)}." if names else ""
