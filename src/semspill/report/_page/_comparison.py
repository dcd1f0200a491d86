"""The page of several runs: differences of design, findings, and every number."""

from collections.abc import Mapping, Sequence
from functools import partial

from semspill.errors import DataError
from semspill.report._compared import NOUNS, kind, sentences
from semspill.report._defended import PHRASES
from semspill.report._difference_table import GROUPS, difference_table
from semspill.report._matrix_page import pooled_sentences
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
from semspill.report.figures._differences import plot_differences
from semspill.report.figures._matrix import plot_matrix, plot_pairs
from semspill.report.figures._spillover import TITLES
from semspill.report.figures._style import COLOURS
from semspill.results import Comparison, Role, SpilloverMatrix, SpilloverReport

_OVERLAID = len(COLOURS)
"""Most runs in one chart; more are in the tables and the matrix only."""
_LIFTS = {"compare": "lift", "compare-asr": "asr_lift"}
"""The lift that each chart of curves draws."""
_CELLS = "A row is a poisoned category, a column one that was looked at"
_TABLES = {
    "asr": "Planted rate, %",
    "toxicity": "Toxicity, %",
    "lift": "Toxicity lift, percentage points",
    "precision": "P@1, %",
}


def compared(
    reports: Mapping[str, SpilloverReport],
    matrices: Sequence[SpilloverMatrix],
    comparison: Comparison | None,
    links: Mapping[str, str],
) -> str:
    """Return the page; see `comparison_page`."""
    if not reports:
        raise DataError("There is no run to compare; give one report or more, by name.")
    charts = {} if comparison is None else _difference_charts(comparison, reports)
    if len(reports) <= _OVERLAID:
        charts |= _charts(reports)
    for matrix in matrices:
        charts |= _matrix_charts(matrix)
    return filled(
        "comparison.html.j2",
        title=_title(reports, matrices),
        charts=charts,
        differing=differences_table(reports),
        shared=shared_table(reports),
        cautions=cautions(reports, targets=not matrices, told=comparison is not None),
        said=_said(matrices, comparison),
        kind="" if comparison is None else kind(comparison),
        compared={} if comparison is None else _compared(comparison),
        links=links,
        overlaid=len(reports) <= _OVERLAID,
        many=len(reports) > 1,
        names={matrix.quantity: NOUNS[matrix.quantity] for matrix in matrices},
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


def _said(matrices: Sequence[SpilloverMatrix], comparison: Comparison | None) -> list[str]:
    """Return what came out, the most important first."""
    of_pairs = [sentence for matrix in matrices for sentence in pooled_sentences(matrix)]
    return [*of_pairs, *(sentences(comparison) if comparison else ())]


def _compared(comparison: Comparison) -> dict[str, str]:
    """Return the tables of differences: of groups in short, and of everything."""
    every: tuple[Role, ...] = (*GROUPS, "category")
    return {
        "groups": difference_table(comparison, GROUPS, ("asr", "lift", "precision")),
        "every": difference_table(comparison, every),
    }


def _difference_charts(comparison: Comparison, reports: Runs) -> dict[str, Chart]:
    """Return a chart per lift of how runs differ; none of too many runs."""
    if len(comparison.runs) >= _OVERLAID:
        return {}
    similarity = reports[comparison.baseline].similarity
    order = sorted(similarity, key=lambda name: -similarity[name])
    return {
        f"difference-{metric}": chart(
            f"difference-{metric}",
            f"Differences in {NOUNS[metric]} from the baseline, group by group, with intervals.",
            "A point is a run less the baseline, with its interval; left of 0 is less in the run. "
            "Filled points differ significantly after Holm's correction. Groups stand above the "
            "line, categories below it, the most similar to the target first.",
            partial(plot_differences, comparison, metric, order),
        )
        for metric in ("asr", "lift")
        if any(one.metric == metric for one in comparison.differences)
    }


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
    rows = [
        [literal(label), literal(one.name), *[in_percent(worth.get(group)) for group in PHRASES]]
        for label, report in reports.items()
        for one in (report.defenses.defenses if report.defenses else ())
        if (worth := one.equivalent_budget)
    ]
    if rows:
        tables[_BUDGETS] = table(["run", "defense", *_HEADS[:3]], rows)
    return tables


_BUDGETS = "Equivalent budget, %: what plants as many answers without the defense"
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
            "Each run's groups side by side, with the intervals of single runs.",
            partial(plot_groups, runs),
        )
    return charts


def _matrix_charts(matrix: SpilloverMatrix) -> dict[str, Chart]:
    what = NOUNS[matrix.measure.metric]
    heat, pairs = f"matrix-{matrix.quantity}", f"pairs-{matrix.quantity}"
    return {
        heat: chart(
            heat,
            f"Heat map of the {what} of every category when each target was poisoned.",
            f"{_CELLS}; similar categories stand side by side. A dot marks the most similar "
            "category of each target. The diagonal, the target itself, has shades of its own.",
            partial(plot_matrix, matrix),
        ),
        pairs: chart(
            pairs,
            f"The {what} of every pair of categories against their similarity.",
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
