"""The parts of the lift in one picture: a panel per group, its own scale each."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from semspill.report.figures._fonts import short
from semspill.report.figures._marks import intervals, mark, points
from semspill.report.figures._style import COLOURS, PAGE, HouseFigure, Look, house, tidy
from semspill.results import SpilloverReport

_TITLES = {"asr": "attack success", "toxicity": "toxicity"}
_COLOURS = {"total": 4, "pool": 3, "training": 2, "both": 5, "quality": 1, "harm": 0}
"""Colour of each part of the lift, by its place in the palette."""
_LABEL = "lift in percentage points; every panel has its own scale"


@house
def plot_decomposition(
    report: SpilloverReport, quantities: Sequence[str] = tuple(_TITLES), look: Look = PAGE
) -> HouseFigure:
    """Return the parts of each group's lift with their intervals.

    A row of panels per quantity, in a column several; a panel per group but `all`, which is nearly
    all but the target. Every panel has its own scale: compare the parts inside it, and read the
    numbers across.

    Args:
        report: What is drawn; its decomposition is not empty.
        quantities: `asr`, `toxicity` or both.
        look: How wide.
    """
    groups = list(dict.fromkeys(p.group for p in report.decomposition if p.group != "all"))
    wide = len(groups) if not look.narrow else min(2, len(groups))
    deep = -(-len(groups) // wide)
    rows = deep * len(quantities)
    figure = look.figure((1.2 if look.narrow else 1.55) * rows + 0.4)
    panels = figure.subplots(rows, wide, sharey=True, squeeze=False)
    for start, quantity in enumerate(quantities):
        some = panels[start * deep : (start + 1) * deep]
        row: list[Axes] = list(some.flat)
        for axes, group in zip(row, groups, strict=False):
            _panel(axes, report, quantity, group)
            axes.set_title(short(group) if start == 0 else "")
        for axes in row[len(groups) :]:
            axes.remove()
        if len(quantities) > 1:
            row[0].set_ylabel(_TITLES[quantity])
    label = _LABEL if len(quantities) > 1 else f"{_TITLES[quantities[0]]} {_LABEL}"
    figure.supxlabel(label.replace("; ", ";\n") if look.narrow else label)
    return figure


def _panel(axes: Axes, report: SpilloverReport, quantity: str, group: str) -> None:
    parts = [p for p in report.decomposition if p.quantity == quantity and p.group == group]
    # sharey keeps one order; the first part stands on top.
    for place, part in enumerate(parts):
        made, shade = part.estimate, COLOURS[_COLOURS[part.part]]
        drawn = {"marker": "o", "color": shade, "elinewidth": 1.2}
        [at] = intervals(axes, [place], [made], along="x", **drawn)
        what = f"{_TITLES[quantity]}, {part.part}: {points(made)}"
        mark(axes, at, group, group, what, f"n = {made.n}")
    axes.axvline(0, color="black", linewidth=0.6)
    axes.set(yticks=range(len(parts)), yticklabels=[part.part for part in parts])
    axes.set_ylim(len(parts) - 0.5, -0.5)
    axes.xaxis.set_major_locator(MaxNLocator(3))
    tidy([axes], grid="x")
