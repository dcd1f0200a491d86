"""A report, or a matrix, as a notebook shows it: verdict, facts and a table, without any script."""

from collections.abc import Iterable, Mapping

from markupsafe import Markup

from semspill.report._caveats import caveats
from semspill.report._defense_table import small_defenses
from semspill.report._page._prose import inline
from semspill.report._phrases import measures, usable
from semspill.report._table import cell, heading, literal, with_p
from semspill.report._text import left_out, shown_slices
from semspill.report._verdict import facts, verdict
from semspill.results import DefensesReport, SliceReport, SpilloverMatrix, SpilloverReport
from semspill.statistics import Estimate

_SHOWN = ("asr", "lift", "precision")
"""Attack, its effect and utility."""
_MARKS = {
    "spilled": ("#D55E00", "\N{BLACK CIRCLE}"),
    "none": ("#009E73", "\N{WHITE CIRCLE}"),
    "unclear": ("#E69F00", "\N{CIRCLE WITH LEFT HALF BLACK}"),
    "unplanted": ("#777777", "\N{EN DASH}"),
}
"""Colour and shape of each kind of verdict."""
_WIDTH, _HEIGHT = 120, 12
_LEFT = "text-align: left; white-space: nowrap"


def report_cell(report: SpilloverReport) -> Markup:
    """Return a report as HTML for the output of a cell; it holds no response text.

    Args:
        report: What it shows.
    """
    found, remarks = verdict(report), caveats(report)
    colour, shape = _MARKS[found.kind]
    lines = [
        Markup(
            '<p style="border-left: 4px solid {0}; padding-left: 8px"><b>{1} {2}</b></p>'
        ).format(colour, shape, inline(found.sentence)),
        Markup('<p style="opacity: 0.75">{}</p>').format(inline(facts(report))),
        _groups(report),
    ]
    if more := left_out(report, shown_slices(report)):
        lines.append(Markup("<p>{}</p>").format(more))
    if report.defenses is not None:
        lines += _defenses(report.defenses)
    if remarks:
        first = Markup("<p>Caveat 1 of {}: {}</p>").format(len(remarks), inline(remarks[0]))
        lines.append(first)
    lines.append(Markup("<p>All of it: <code>to_html()</code>, <code>to_markdown()</code>.</p>"))
    return Markup("<div>{}</div>").format(Markup("").join(lines))


def matrix_cell(matrix: SpilloverMatrix) -> Markup:
    """Return the pooled numbers of a matrix as HTML for the output of a cell.

    Args:
        matrix: What it shows.
    """
    rows = (
        [Markup("<th>{}</th>").format(name.replace("_", " ")), _td(with_p(estimate))]
        for name, estimate in matrix.pooled.items()
    )
    head = Markup("<p><b>{}</b></p>").format(repr(matrix).strip("<>"))
    return Markup("<div>{}{}</div>").format(head, _table(("all pairs together", ""), rows))


def _groups(report: SpilloverReport) -> Markup:
    parts = [part for part in shown_slices(report) if part.arm == report.main_arm]
    known: Mapping[str, Estimate] = parts[-1].estimates if parts else {}
    named = {name: measure for name, measure in measures(known).items() if name in _SHOWN}
    heads = [f"arm {literal(report.main_arm)}", "n"]
    for name, measure in named.items():
        heads += [heading(measure), *[""] * (name == "asr")]
    ends = [part.estimates["asr"].high for part in parts if _drawn(part)]
    return _table(heads, (_row(part, tuple(named), max(ends, default=1.0)) for part in parts))


def _defenses(report: DefensesReport) -> list[Markup]:
    head, columns, more = small_defenses(report)
    rows = (
        [Markup("<th>{}</th>").format(inline(literal(name))), *map(_td, cells)]
        for name, *cells in zip(head[1], *(column for _, column in columns), strict=True)
    )
    table = _table((head[0], *(title for title, _ in columns)), rows)
    return [table, *[Markup("<p>{}</p>").format(more)] * bool(more)]


def _row(part: SliceReport, names: tuple[str, ...], most: float) -> list[Markup]:
    cells = [Markup("<th>{}</th>").format(inline(literal(part.name)))]
    cells.append(_td(str(part.exchanges)))
    for name in names:
        cells.append(_td(cell(part.estimates.get(name))))
        if name == "asr":
            cells.append(_td(_interval(part.estimates["asr"], most) if _drawn(part) else ""))
    return cells


def _td(content: str) -> Markup:
    return Markup("<td>{}</td>").format(content)


def _drawn(part: SliceReport) -> bool:
    return usable(part.estimates.get("asr"))


def _interval(estimate: Estimate, most: float) -> Markup:
    """Return an interval and its estimate as a small picture, drawn from 0 to `most`."""
    low, value, high = (
        round(3 + (_WIDTH - 6) * min(max(end / (most or 1.0), 0.0), 1.0), 1)
        for end in (estimate.low, estimate.value, estimate.high)
    )
    return Markup(
        '<svg width="{w}" height="{h}" aria-hidden="true"><path d="M3 {y}H{end}" stroke="#777777" '
        'stroke-opacity="0.3"/><path d="M{low} {y}H{high}" stroke="currentColor" '
        'stroke-width="2"/><circle cx="{value}" cy="{y}" r="3" fill="currentColor"/></svg>'
    ).format(w=_WIDTH, h=_HEIGHT, y=_HEIGHT // 2, end=_WIDTH - 3, low=low, high=high, value=value)


def _table(heads: Iterable[str], rows: Iterable[Iterable[Markup]]) -> Markup:
    head = Markup("").join(
        Markup('<th style="{}">{}</th>').format(_LEFT, inline(each)) for each in heads
    )
    body = Markup("").join(
        Markup('<tr style="{}">{}</tr>').format(_LEFT, Markup("").join(row)) for row in rows
    )
    return Markup("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>").format(head, body)
