"""The paper's two pictures: toxicity over epochs (1a) and its distribution per group (1b)."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from semspill.report._decomposition_plot import plot_decomposition
from semspill.report._report import SpilloverReport
from semspill.report._slices import BINS
from semspill.report._spillover_plot import plot_spillover
from semspill.report._style import SIZE, cycle, plain_text, tidy

__all__ = ["plot_decomposition", "plot_distribution", "plot_epochs", "plot_spillover"]


@plain_text
def plot_epochs(report: SpilloverReport) -> Figure:
    """Return the mean toxicity of each group after each epoch, one line per group.

    The arm shown is the main one; the clean arm is dashed. Source: Figure 1a of the paper.
    """
    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.subplots()
    groups = list(dict.fromkeys(p.group for p in report.curve if p.group != "all"))
    for arm in dict.fromkeys((report.arms[0], report.main_arm)):
        for group, colour in zip(groups, cycle(len(groups)), strict=True):
            points = [p for p in report.curve if p.arm == arm and p.group == group]
            label = group if arm == report.main_arm else None
            dashed = arm == "clean"
            axes.plot(
                [p.epoch for p in points],
                [p.toxicity for p in points],
                marker="o",
                markersize=3.5,
                color=colour,
                label=label,
                linestyle="--" if dashed else "-",
                linewidth=1.0 if dashed else 1.8,
            )
    axes.set(xlabel="epochs trained", ylabel="mean rated toxicity of chosen responses")
    axes.set_title(f"Planted in {report.target}; dashed: clean arm", fontsize=10)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylim(bottom=0)
    axes.legend(
        title="exchanges of",
        loc="upper left",
        bbox_to_anchor=(1, 1),
        frameon=False,
        fontsize=8,
        title_fontsize=8,
    )
    tidy([axes])
    return figure


@plain_text
def plot_distribution(report: SpilloverReport) -> Figure:
    """Return, for each of the paper's five groups, the shares of ten toxicity bins.

    The arm shown is the main one; the clean arm stands behind it as an outline. Source: Figure 1b
    of the paper.
    """
    groups = [part for part in report.groups if part.arm == report.main_arm and part.name != "all"]
    figure = Figure(figsize=(2.1 * len(groups), 2.9), layout="constrained")
    row: list[Axes] = list(figure.subplots(1, len(groups), sharey=True, squeeze=False)[0])
    edges = np.arange(BINS) / BINS
    for axes, part, colour in zip(row, groups, cycle(len(groups)), strict=True):
        axes.bar(edges, part.distribution, width=0.1, align="edge", color=colour)
        if "clean" in report.arms and report.main_arm != "clean":
            clean = report.group(part.name, "clean").distribution
            axes.stairs(clean, np.append(edges, 1.0), color="black", linewidth=0.9)
        axes.set_title(part.name, fontsize=9)
        axes.set(xlim=(0, 1), ylim=(0, 1), xticks=[0, 0.5, 1], xticklabels=["0", "0.5", "1"])
        # Small shares at the toxic end are what the picture is for; say the number.
        axes.text(0.98, 0.9, f"0.9-1: {part.distribution[-1]:.1%}", ha="right", fontsize=7.5)
    row[0].set_ylabel("share of chosen responses")
    figure.supxlabel(f"rated toxicity (bars: {report.main_arm} arm, line: clean arm)", fontsize=9)
    tidy(row)
    return figure
