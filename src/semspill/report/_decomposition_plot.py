"""The parts of the lift in one picture: a panel per group, its own scale each."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from semspill.report._report import SpilloverReport
from semspill.report._style import COLOURS, plain_text, tidy

_TITLES = {"asr": "attack success", "toxicity": "toxicity"}
_COLOURS = {
    "total": COLOURS[4], "pool": COLOURS[3], "training": COLOURS[2], "both": COLOURS[5],
    "quality": COLOURS[1], "harm": COLOURS[0],
}  # fmt: skip


@plain_text
def plot_decomposition(report: SpilloverReport) -> Figure:
    """Return the parts of each group's lift with their intervals.

    A row of panels per quantity, a panel per group but `all`, which is nearly all but the target.
    Every panel has its own scale: compare the parts inside it, and read the numbers across.

    Args:
        report: What is drawn; its decomposition is not empty.
    """
    groups = list(dict.fromkeys(p.group for p in report.decomposition if p.group != "all"))
    figure = Figure(figsize=(1.9 * len(groups) + 0.8, 4.4), layout="constrained")
    panels = figure.subplots(len(_TITLES), len(groups), sharey=True, squeeze=False)
    for row, (quantity, title) in zip(panels, _TITLES.items(), strict=True):
        for axes, group in zip(row, groups, strict=True):
            _panel(axes, report, quantity, group)
        row[0].set_ylabel(title)
    for axes, group in zip(panels[0], groups, strict=True):
        axes.set_title(group, fontsize=9)
    figure.supxlabel("lift in percentage points; every panel has its own scale", fontsize=9)
    return figure


def _panel(axes: Axes, report: SpilloverReport, quantity: str, group: str) -> None:
    parts = [p for p in report.decomposition if p.quantity == quantity and p.group == group]
    # sharey keeps one order; the first part stands on top.
    for place, part in enumerate(parts):
        value, low, high = (
            100 * end for end in (part.estimate.value, part.estimate.low, part.estimate.high)
        )
        axes.errorbar(
            value, place, xerr=[[value - low], [high - value]], marker="o", markersize=4.5,
            color=_COLOURS[part.part], elinewidth=1.2,
        )  # fmt: skip
    axes.axvline(0, color="black", linewidth=0.6)
    axes.set(yticks=range(len(parts)), yticklabels=[part.part for part in parts])
    axes.set_ylim(len(parts) - 0.5, -0.5)
    axes.xaxis.set_major_locator(MaxNLocator(3))
    axes.tick_params(labelsize=8)
    tidy([axes])
    axes.grid(axis="x", linewidth=0.4, alpha=0.5)
