"""The page of several runs: differences of design, findings, and every number."""

from collections.abc import Mapping, Sequence
from functools import partial

from semspill.errors import DataError
from semspill.report._page._charts import Chart, chart
from semspill.report._page._differences import (
    Runs,
    cautions,
    differences_table,
    shared_table,
)
from semspill.report._page._prose import html
from semspill.report._page._templates import filled
from semspill.report._table import cell, in_percent, literal, table
from semspill.report.figures._axes import lifted
from semspill.report.figures._comparison import MEASURES, ROLES, in_role, plot_curves, plot_groups
from semspill.report.figures._matrix import plot_matrix, plot_pairs
from semspill.report.figures._spillover import TITLES
from semspill.report.figures._style import COLOURS
from semspill.results import SpilloverMatrix, SpilloverReport
from semspill.statistics import Estimate

_OVERLAID = len(COLOURS)
"""Most runs in one chart; more are in the tables and the matrix only."""
_LIFTS = {"compare": "lift", "compare-asr": "asr_lift"}
"""The lift that each chart of curves draws."""
_CELLS = "A row is a poisoned category, a column one that was looked at"
_ASKED = (
    ("asr", "target", "Planted responses in the target", "%"),
    ("asr", "nearest", "Planted responses in its nearest neighbour", "%"),
    ("asr", "all but the target", "Planted responses everywhere but in the target", "%"),
    (
        "lift",
        "all but the target",
        "Toxicity lift everywhere but in the target",
        "percentage points",
    ),
    ("precision", "all", "P@1 over all exchanges", "%"),
)
_TABLES = {
    "asr": "Attack success, %",
    "toxicity": "Mean rated toxicity, %",
    "lift": "Toxicity lift, percentage points",
    "precision": "P@1, %",
}


def compared(
    reports: Mapping[str, SpilloverReport],
    matrices: Sequence[SpilloverMatrix],
    links: Mapping[str, str],
) -> str:
    """Return the page; see `comparison_page`."""
    if not reports:
        raise DataError("There is no run to compare; give one report or more, by name.")
    charts = _charts(reports) if len(reports) <= _OVERLAID else {}
    for matrix in matrices:
        charts |= _matrix_charts(matrix)
    return filled(
        "comparison.html.j2",
        title=_title(reports, matrices),
        charts=charts,
        differing=differences_table(reports),
        shared=shared_table(reports),
        cautions=cautions(reports, targets=not matrices),
        ranges=_ranges(reports),
        links=links,
        overlaid=len(reports) <= _OVERLAID,
        many=len(reports) > 1,
        names={"asr": "attack success", "toxicity": "toxicity"},
        most=_OVERLAID,
        tables=_tables(reports),
        curves={
            name: html(_curve_table(reports, of), f"Lift of every category, {name}")
            for name, of in _LIFTS.items()
        },
        matrices=[(matrix.quantity, _body(matrix)) for matrix in matrices],
    )


def _title(reports: Runs, matrices: Sequence[SpilloverMatrix]) -> str:
    if matrices:
        return f"Spillover from {len(matrices[0].targets)} targets"
    return "One run" if len(reports) == 1 else f"{len(reports)} runs side by side"


def _ranges(reports: Runs) -> list[str]:
    """Return a sentence per measure: in which run it is largest, in which smallest."""
    sentences = []
    for measure, role, title, unit in _ASKED:
        estimates = {label: in_role(report, role, measure) for label, report in reports.items()}
        known = {label: one for label, one in estimates.items() if one is not None}
        if known:
            sentences.append(f"{title}: {_range(known, unit)}")
    return sentences


def _range(known: Mapping[str, Estimate], unit: str) -> str:
    most = max(known, key=lambda label: known[label].value)
    least = min(known, key=lambda label: known[label].value)
    high, low = (in_percent(known[label]) for label in (most, least))
    if len(known) == 1:
        return f"{high} {unit} in *{literal(most)}*."
    if high == low:
        return f"{high} {unit} in every run."
    apart = known[least].high < known[most].low
    return (
        f"from {low} {unit} in *{literal(least)}* to {high} {unit} in *{literal(most)}*; these two "
        f"intervals {'do not overlap' if apart else 'overlap'}."
    )


def _tables(reports: Runs) -> dict[str, str]:
    tables = {}
    for measure, title in _TABLES.items():
        rows = [
            [
                literal(label),
                literal(report.target),
                literal(report.nearest),
                *[cell(in_role(report, role, measure)) for role in ROLES],
            ]
            for label, report in reports.items()
        ]
        if any(any(row[3:]) for row in rows):
            tables[title] = table(["run", "target", "nearest", *_HEADS], rows)
    return tables


_HEADS = ("in the target", "in its nearest", "all but the target", "all")


def _charts(runs: Runs) -> dict[str, Chart]:
    """Return the charts that overlay runs, by name; what no run has is left out."""
    charts = {}
    for name, quantity in _LIFTS.items():
        if any(lifted(report, quantity) for report in runs.values()):
            what = TITLES[quantity].capitalize()
            charts[name] = chart(
                name,
                f"{what} of every category against its similarity to the target, run by run.",
                "A point is a category, its bar the interval, the line a run's least squares line "
                "over all categories but the target. Points of one category stand slightly apart.",
                partial(plot_curves, runs, quantity),
            )
    if any(in_role(report, "all", name) for report in runs.values() for name in MEASURES):
        charts["groups"] = chart(
            "groups",
            "Groups of every run with intervals: the target, its nearest, all but the target, all.",
            "Each run's groups side by side. The bars are intervals of single runs; whether they "
            "overlap is no test of the difference.",
            partial(plot_groups, runs),
        )
    return charts


def _matrix_charts(matrix: SpilloverMatrix) -> dict[str, Chart]:
    what = {"asr": "attack success", "toxicity": "toxicity"}[matrix.quantity]
    heat, pairs = f"matrix-{matrix.quantity}", f"pairs-{matrix.quantity}"
    return {
        heat: chart(
            heat,
            f"Heat map of the {what} lift of every category when each target was poisoned.",
            f"{_CELLS}; similar categories stand side by side. A dot marks the most similar "
            "category of each target. The diagonal, the target itself, has shades of its own.",
            partial(plot_matrix, matrix),
        ),
        pairs: chart(
            pairs,
            f"The {what} lift of every pair of categories against their similarity.",
            "A point is a target and another category.",
            partial(plot_pairs, matrix),
        ),
    }


def _curve_table(runs: Runs, quantity: str) -> str:
    """Return lifts by category and run: each run's target first, then from the most similar on."""
    lifts = {}
    for label, report in runs.items():
        parts = lifted(report, quantity)
        parts.sort(key=lambda part: (part.name != report.target, -(part.similarity or 0.0)))
        lifts[label] = {part.name: part.estimates[quantity] for part in parts}
    order = dict.fromkeys(category for estimates in lifts.values() for category in estimates)
    rows = [
        [literal(category), *[in_percent(estimates.get(category)) for estimates in lifts.values()]]
        for category in order
    ]
    return table(["category", *map(literal, runs)], rows)


def _body(matrix: SpilloverMatrix) -> str:
    """Return the matrix's own page without its title, and lift and similarity of every pair."""
    head = ["poisoned", *map(literal, matrix.victims)]
    names, columns = [literal(name) for name in matrix.targets], range(len(matrix.victims))
    lifts = [
        [name, *[in_percent(matrix.cell(row, column)) for column in columns]]
        for row, name in enumerate(names)
    ]
    near = [
        [name, *[f"{value:.3f}" for value in row]]
        for name, row in zip(names, matrix.similarities.tolist(), strict=True)
    ]
    return (
        f"{matrix.to_markdown().partition(chr(10))[2].strip()}\n\n"
        f"## Every pair\n\n{_CELLS}.\n\n### Lift, percentage points\n\n{table(head, lifts)}\n\n"
        f"### Similarity\n\n{table(head, near)}"
    )
