"""The page of several runs: what differs between them, what came out, and every number."""

import io
from collections.abc import Iterator, Mapping, Sequence

from matplotlib.figure import Figure

from semspill.errors import DataError
from semspill.report._page._compared import (
    LIFTS,
    curve_table,
    described,
    matrix_described,
    matrix_tables,
)
from semspill.report._page._comparison_charts import ROLES, comparison_charts, in_role
from semspill.report._page._differences import (
    Runs,
    cautions,
    differences_table,
    shared_table,
)
from semspill.report._page._document import Picture, render
from semspill.report._page._matrix_charts import matrix_charts
from semspill.report._page._stills import data_uri
from semspill.report._table import cell, in_percent, literal, table
from semspill.report.figures._comparison import draw_curves, draw_groups
from semspill.report.figures._matrix import draw_matrix, draw_pairs
from semspill.report.figures._style import COLOURS, WIDTHS, Look
from semspill.results import SpilloverMatrix, SpilloverReport
from semspill.statistics import Estimate

_OVERLAID = len(COLOURS)
"""Most runs that can be told apart in one chart; of more, the tables and the matrix speak."""
_LOOK = Look(WIDTHS["page"])
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
    overlaid = len(reports) <= _OVERLAID
    charts = comparison_charts(reports) if overlaid else {}
    pictures = dict(_pictures(reports, charts))
    curves = {name: curve_table(reports, name) for name in LIFTS if name in charts}
    for matrix in matrices:
        charts |= matrix_charts(matrix)
        pictures |= dict(_matrix_pictures(matrix))
    return render(
        "comparison.html.j2",
        title=_title(reports, matrices),
        charts=charts,
        pictures=pictures,
        differing=differences_table(reports),
        shared=shared_table(reports),
        cautions=cautions(reports, targets=not matrices),
        found=_found(reports),
        links=links,
        overlaid=overlaid,
        many=len(reports) > 1,
        names={"asr": "attack success", "toxicity": "toxicity"},
        most=_OVERLAID,
        tables=_tables(reports),
        curves=curves,
        matrices=[(matrix.quantity, _body(matrix)) for matrix in matrices],
    )


def _title(reports: Runs, matrices: Sequence[SpilloverMatrix]) -> str:
    if matrices:
        return f"Spillover from {len(matrices[0].targets)} targets"
    return "One run" if len(reports) == 1 else f"{len(reports)} runs side by side"


def _found(reports: Runs) -> list[str]:
    """Return a sentence per measure: in which run it is largest, in which smallest."""
    said = []
    for measure, role, title, unit in _ASKED:
        made = {label: in_role(report, role, measure) for label, report in reports.items()}
        known = {label: one for label, one in made.items() if one is not None}
        if known:
            said.append(f"{title}: {_range(known, unit)}")
    return said


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
    made = {}
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
            made[title] = table(["run", "target", "nearest", *_HEADS], rows)
    return made


_HEADS = ("in the target", "in its nearest", "all but the target", "all")


def _pictures(reports: Runs, charts: Mapping[str, object]) -> Iterator[tuple[str, Picture]]:
    for name in charts:
        if name == "groups":
            figure = draw_groups(reports, _LOOK)
        else:
            figure = draw_curves(reports, LIFTS[name], _LOOK)
        yield name, _picture(figure, *described(reports, name))


def _matrix_pictures(matrix: SpilloverMatrix) -> Iterator[tuple[str, Picture]]:
    drawn = (draw_matrix(matrix, _LOOK), draw_pairs(matrix, None, _LOOK))
    for figure, (name, said) in zip(drawn, matrix_described(matrix).items(), strict=True):
        yield name, _picture(figure, *said)


def _picture(figure: Figure, alt: str, caption: str) -> Picture:
    made = io.StringIO()
    figure.savefig(made, format="svg", metadata={"Date": None})
    return Picture(data_uri(made.getvalue()), alt, caption)


def _body(matrix: SpilloverMatrix) -> str:
    """Return the matrix's own page without its title, and every pair."""
    return f"{matrix.to_markdown().partition(chr(10))[2].strip()}\n\n{matrix_tables(matrix)}"
