"""Groups of categories: their distribution, and where their lift comes from."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from semspill.report.figures._fonts import short
from semspill.report.figures._marks import colours_of, intervals, mark, points
from semspill.report.figures._style import (
    COLOURS,
    PAGE,
    SMALL,
    HouseFigure,
    Look,
    house,
    tidy,
)
from semspill.results import BINS, SliceReport, SpilloverReport

_PARTS_OF = {"asr": "planted rate", "toxicity": "toxicity"}
_COLOURS = {"total": 4, "pool": 3, "training": 2, "both": 5, "quality": 1, "harm": 0}
"""Colour of each part of the lift, by its place in the palette."""
_LABEL = "lift in percentage points; every panel has its own scale"


@house
def plot_distribution(report: SpilloverReport, look: Look = PAGE) -> HouseFigure:
    """Return, for each of the paper's five groups, the shares of ten toxicity bins.

    The arm shown is the main one; the clean arm stands behind it as an outline. Source: Figure 1b
    of the paper.
    """
    groups = [part for part in report.groups if part.arm == report.main_arm and part.name != "all"]
    wide = len(groups) if not look.narrow else min(3, len(groups))
    rows = -(-len(groups) // wide)
    figure = look.figure(1.25 * rows + 0.35 if look.narrow else 2.2)
    grid = figure.subplots(rows, wide, sharex=True, sharey=True, squeeze=False)
    panels: list[Axes] = list(grid.flat)
    compared = report.main_arm != report.clean_arm
    colours = colours_of(report)
    for axes, part in zip(panels, groups, strict=False):
        clean = report.group(part.name, report.clean_arm).distribution if compared else ()
        _bars(axes, part, colours[part.name], clean)
        if clean:
            axes.stairs(clean, np.arange(BINS + 1) / BINS, color="black", linewidth=0.8)
    for axes in panels[len(groups) :]:
        axes.remove()
    for axes in panels[len(groups) - wide : len(groups)]:  # the lowest of each column
        axes.tick_params(labelbottom=True)
    (figure.supylabel if rows > 1 else panels[0].set_ylabel)("share of chosen responses")
    line = ", line: clean arm" if compared else ""
    figure.supxlabel(f"rated toxicity (bars: {report.main_arm} arm{line})")
    tidy(panels[: len(groups)])
    return figure


def _bars(axes: Axes, part: SliceReport, colour: str, clean: Sequence[float]) -> None:
    edges = np.arange(BINS) / BINS
    for place, share in enumerate(part.distribution):
        before = f" (clean arm {clean[place]:.1%})" if clean else ""
        share_of = f"rated {place / BINS:.1f} to {(place + 1) / BINS:.1f}: {share:.1%}{before}"
        arm = f"{part.arm} arm, {part.dialogues} dialogues"
        mark(axes, (place / BINS, 0), part.name, part.name, arm, share_of, size=(1 / BINS, 1))
    axes.bar(edges, part.distribution, width=0.1, align="edge", color=colour)
    axes.set_title(short(part.name))
    axes.set(xlim=(0, 1), ylim=(0, 1), xticks=[0, 0.5, 1], xticklabels=["0", "0.5", "1"])
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    # Small shares at the toxic end are what the picture is for; say the number.
    axes.text(0.98, 0.88, f"0.9-1: {part.distribution[-1]:.1%}", ha="right", fontsize=SMALL)


@house
def plot_decomposition(
    report: SpilloverReport, quantities: Sequence[str] = tuple(_PARTS_OF), look: Look = PAGE
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
            axes.set_title(short(group) if start == 0 or look.narrow else "")
        for axes in row[len(groups) :]:
            axes.remove()
        if len(quantities) > 1:
            row[0].set_ylabel(_PARTS_OF[quantity])
    label = _LABEL if len(quantities) > 1 else f"{_PARTS_OF[quantities[0]]} {_LABEL}"
    figure.supxlabel(label.replace("; ", ";\n") if look.narrow else label)
    return figure


def _panel(axes: Axes, report: SpilloverReport, quantity: str, group: str) -> None:
    parts = [p for p in report.decomposition if p.quantity == quantity and p.group == group]
    # sharey keeps one order; the first part stands on top.
    for place, part in enumerate(parts):
        estimate, shade = part.estimate, COLOURS[_COLOURS[part.part]]
        drawn = {"marker": "o", "color": shade, "elinewidth": 1.2}
        [at] = intervals(axes, [place], [estimate], along="x", **drawn)
        what = f"{_PARTS_OF[quantity]}, {part.part}: {points(estimate)}"
        mark(axes, at, group, group, what, f"n = {estimate.n}")
    axes.axvline(0, color="black", linewidth=0.6)
    axes.set(yticks=range(len(parts)), yticklabels=[part.part for part in parts])
    axes.set_ylim(len(parts) - 0.5, -0.5)
    axes.xaxis.set_major_locator(MaxNLocator(3))
    tidy([axes], grid="x")
