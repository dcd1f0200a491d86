"""Toxicity and planted rate over epochs as tables."""

from semspill.report._phrases import noun
from semspill.report._table import literal, table
from semspill.results import Quantity, SpilloverReport


def curve_section(report: SpilloverReport, quantity: Quantity) -> str:
    """Return a table per arm, a row per epoch and a column per group, in %.

    Args:
        report: The report.
        quantity: Mean rated toxicity, or planted rate.
    """
    groups = list(dict.fromkeys(point.group for point in report.curve))
    blocks = []
    for arm in dict.fromkeys((report.main_arm, report.clean_arm)):
        points = [point for point in report.curve if point.arm == arm]
        seen = {(point.epoch, point.group): getattr(point, quantity) for point in points}
        rows = [
            [str(epoch), *[_percent(seen.get((epoch, group))) for group in groups]]
            for epoch in sorted({point.epoch for point in points})
        ]
        head = ["epoch", *map(literal, groups)]
        blocks.append(f"### {noun(quantity).capitalize()}, arm {arm}, in %\n\n{table(head, rows)}")
    return "\n\n".join(blocks)


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f}"
