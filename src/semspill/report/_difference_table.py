"""A comparison in tables: the value in the baseline, in each run, and the difference."""

import math
from collections.abc import Collection

from semspill.report._compared import NOUNS
from semspill.report._table import in_percent, literal, p_text, table
from semspill.results import Comparison, Difference, Role

GROUPS: tuple[Role, ...] = ("target", "nearest", "rest", "all")
"""Groups in the order in which they are shown."""
_ROWS: tuple[tuple[str, Role], ...] = (
    ("asr", "target"),
    ("asr", "nearest"),
    ("asr", "rest"),
    ("lift", "target"),
    ("lift", "rest"),
    ("precision", "all"),
)
"""What a small table shows."""


def small_rows(comparison: Comparison) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return the head and the rows of a small table, plain text: the main groups of each run.

    Args:
        comparison: A `Comparison`.
    """
    several = len(comparison.runs) > 1
    rows = []
    for metric, role in _ROWS:
        for run in comparison.runs:
            for one in comparison.of(run, metric, role):
                what = f"{NOUNS[metric]}, {one.name}"
                cells = (_percent(one.before), _percent(one.after), in_percent(one.estimate))
                rows.append((what, *((run,) * several), *cells, p_text(one.estimate.p_holm)))
    after = "in run" if several else comparison.runs[0]
    return (
        "in %",
        *(("run",) * several),
        comparison.baseline,
        after,
        "difference",
        "p, Holm",
    ), rows


def difference_table(
    comparison: Comparison, roles: Collection[Role], metrics: Collection[str] = tuple(NOUNS)
) -> str:
    """Return differences as a markdown table; empty without any.

    Args:
        comparison: A `Comparison`.
        roles: Which groups; categories by `category`.
        metrics: Of what.
    """
    several = len(comparison.runs) > 1
    rows = [
        [NOUNS[metric], literal(one.name), *([literal(one.run)] if several else []), *_cells(one)]
        for metric in metrics
        for one in comparison.differences
        if one.metric == metric and one.role in roles
    ]
    after = "in run" if several else literal(comparison.runs[0])
    head = ["in %", "in", *(["run"] if several else []), literal(comparison.baseline), after]
    return table([*head, "difference", "p", "p, Holm"], rows) if rows else ""


def _cells(one: Difference) -> list[str]:
    estimate = one.estimate
    cells = [_percent(one.before), _percent(one.after), in_percent(estimate)]
    return [*cells, p_text(estimate.p_value), p_text(estimate.p_holm)]


def _percent(share: float) -> str:
    return "" if math.isnan(share) else f"{100 * share + 0.0:.1f}"
