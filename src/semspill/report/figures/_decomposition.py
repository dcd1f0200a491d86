"""The parts of the lift in one picture: a panel per group, its own scale each."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from semspill.report.figures._colours import PARTS
from semspill.report.figures._fonts import short
from semspill.report.figures._style import COLOURS, RUN, HouseFigure, Look, house, tidy
from semspill.results import SpilloverReport

_TITLES = {"asr": "attack success", "toxicity": "toxicity"}
_SAID = "lift in percentage points; every panel has its own scale"


def plot_decomposition(report: SpilloverReport) -> HouseFigure:
    """Return the parts of each group's lift with their intervals.

    A row of panels per quantity, a panel per group but `all`, which is nearly all but the target.
    Every panel has its own scale: compare the parts inside it, and read the numbers across.

    Args:
        report: What is drawn; its decomposition is not empty.
    """
    return draw_decomposition(report, tuple(_TITLES), RUN)


@house
def draw_decomposition(
    report: SpilloverReport, quantities: Sequence[str], look: Look
) -> HouseFigure:
    """Return the same for a given look; in a column, the panels of a quantity take several rows."""
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
    said = _SAID if len(quantities) > 1 else f"{_TITLES[quantities[0]]} {_SAID}"
    figure.supxlabel(said.replace("; ", ";\n") if look.narrow else said)
    return figure


def _panel(axes: Axes, report: SpilloverReport, quantity: str, group: str) -> None:
    parts = [p for p in report.decomposition if p.quantity == quantity and p.group == group]
    # sharey keeps one order; the first part stands on top.
    for place, part in enumerate(parts):
        value, low, high = (
            100 * end for end in (part.estimate.value, part.estimate.low, part.estimate.high)
        )
        axes.errorbar(
            value, place, xerr=[[value - low], [high - value]], marker="o", markersize=4,
            color=COLOURS[PARTS[part.part]], elinewidth=1.2,
        )  # fmt: skip
    axes.axvline(0, color="black", linewidth=0.6)
    axes.set(yticks=range(len(parts)), yticklabels=[part.part for part in parts])
    axes.set_ylim(len(parts) - 0.5, -0.5)
    axes.xaxis.set_major_locator(MaxNLocator(3))
    tidy([axes], grid="x")
