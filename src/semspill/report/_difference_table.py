"""A comparison in tables: the value in the baseline, in each run, and the difference."""

import math
from collections.abc import Collection

from semspill.report._compared import NOUNS, UNSEEN, bound
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
_NS = (
    f"n.s.: not significant at any level, {UNSEEN}: dialogues that behave otherwise than those of "
    "the categories in which nothing differs could outweigh the difference."
)


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
                rows.append((what, *((run,) * several), *cells, _p(one, one.estimate.p_holm)))
    after = "in run" if several else comparison.runs[0]
    return (
        "in %",
        *(("run",) * several),
        comparison.baseline,
        after,
        "difference, points",
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
    if not rows:
        return ""
    shown = table([*head, "difference, points", "p", "p, Holm"], rows)
    return f"{shown}\n\n{_NS}" if any("n.s." in row for row in rows) else shown


def _cells(one: Difference) -> list[str]:
    estimate = one.estimate
    cells = [_percent(one.before), _percent(one.after), in_percent(estimate)]
    return [*cells, _p(one, estimate.p_value), _p(one, estimate.p_holm)]


def _p(one: Difference, p_value: float | None) -> str:
    return "n.s." if p_value is not None and bound(one) else p_text(p_value)


def _percent(share: float) -> str:
    return "" if math.isnan(share) else f"{100 * share + 0.0:.1f}"
