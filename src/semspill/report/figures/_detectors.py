"""How well detectors found what was planted, and what was taken out of each category."""

from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from semspill.report._defended import operating, removed_from
from semspill.report.figures._fonts import short
from semspill.report.figures._marks import mark, seeds
from semspill.report.figures._style import COLOURS, MARKERS, PAGE, SMALL, Look, house, root, tidy
from semspill.results import DefenseResult, Detection, SpilloverReport

_LEAST = 1e-3
"""Share of other exchanges where the axis begins, which is a logarithmic one."""
_GRID = np.geomspace(_LEAST, 1.0, 200)
_COLOURED = 7
"""Curves that have a colour; those of the lowest AUC are grey."""
_LINES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1)), (0, (5, 1, 1, 1)))
_ROOM = 22
"""Characters of a name."""
_COLUMNS = {False: 3, True: 1}
"""Panels in a row."""


def scored(report: SpilloverReport) -> list[DefenseResult]:
    """Return the defenses with a ROC curve, the highest AUC first."""
    found = () if report.defenses is None else report.defenses.defenses
    curves = [one for one in found if any(seed.roc for seed in one.detections)]
    return sorted(curves, key=lambda one: -np.nan_to_num(_auc(one)))


def cleaned(report: SpilloverReport) -> list[DefenseResult]:
    """Return the defenses that took exchanges out, in their order."""
    found = () if report.defenses is None else report.defenses.defenses
    return [one for one in found if any(seed.by_category for seed in one.detections)]


@house
def plot_roc(report: SpilloverReport, look: Look = PAGE) -> Figure:
    """Return the ROC curves of all detectors, the mean over seeds, and what they removed.

    The marks are the shares that were removed. The axis of other exchanges is logarithmic: few can
    be spared.

    Args:
        report: What is drawn; it has defenses with curves.
        look: How wide.
    """
    every = scored(report)
    lines = -(-(len(every) + 1) // _keyed(look))
    axes = look.axes((2.5 if look.narrow else 3.2) + 0.14 * lines)
    axes.plot(_GRID, _GRID, color="black", linewidth=0.8, linestyle=(0, (4, 3)), label="guessing")
    for place, one in enumerate(every):
        _curve(axes, report, one, place)
    axes.set_xscale("log")
    percent = FuncFormatter(lambda share, _: f"{100 * share:g}")
    axes.xaxis.set_major_formatter(percent)
    axes.yaxis.set_major_formatter(percent)
    axes.set(
        xlim=(_LEAST, 1), ylim=(-0.02, 1.02),
        xlabel="other exchanges removed, %", ylabel="planted exchanges removed, %",
    )  # fmt: skip
    look.legend(axes, ncols=_keyed(look))
    tidy([axes])
    return root(axes)


@house
def plot_removed(report: SpilloverReport, look: Look = PAGE) -> Figure:
    """Return what was taken out of each category, a panel per defense, summed over the seeds.

    Each panel has its own scale: the largest categories, and the others together.

    Args:
        report: What is drawn; it has defenses that took exchanges out.
        look: How wide.
    """
    every = cleaned(report)
    columns = min(_COLUMNS[look.narrow], len(every))
    rows = -(-len(every) // columns)
    bars = max(len(removed_from(one)) for one in every)
    figure = look.figure(rows * (0.16 * bars + 0.45) + 0.5)
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes in panels[len(every) :]:
        axes.axis("off")
    for axes, one in zip(panels, every, strict=False):
        _bars(axes, report, one)
    figure.supxlabel("exchanges removed, all seeds together", fontsize=SMALL + 1)
    known: dict[str, Any] = {}
    for axes in panels:
        handles, labels = axes.get_legend_handles_labels()
        known |= dict(zip(labels, handles, strict=True))
    figure.legend(known.values(), known, loc="outside upper center", ncols=2)
    return figure


def _keyed(look: Look) -> int:
    return 1 if look.narrow else 3


def _auc(one: DefenseResult) -> float:
    return float("nan") if one.auc is None else one.auc.value


def _curve(axes: Axes, report: SpilloverReport, one: DefenseResult, place: int) -> None:
    curves = [_on_grid(seed) for seed in one.detections if seed.roc]
    style: dict[str, Any] = {"color": COLOURS[7], "linestyle": "-", "linewidth": 0.8}
    if place < _COLOURED:
        line = _LINES[place % len(_LINES)]
        style = {"color": COLOURS[place], "linestyle": line, "linewidth": 1.4}
    name = short(one.name, _ROOM)
    axes.plot(_GRID, np.mean(curves, axis=0), label=f"{name}, AUC {_auc(one):.2f}", **style)
    if len(curves) > 1 and place < _COLOURED:
        for each in curves:
            axes.plot(_GRID, each, color=style["color"], linewidth=0.4, alpha=0.5)
    places = [operating(seed) for seed in one.detections]
    others, planted = (float(np.mean(along)) for along in zip(*places, strict=True))
    if np.isnan(others) or np.isnan(planted):
        return
    at = (max(others, _LEAST), planted)
    marker = MARKERS[place % len(MARKERS)]
    axes.plot(*at, color=style["color"], marker=marker, markersize=5, mec="black", mew=0.5)
    mark(
        axes, at, one.name, one.name, f"AUC {_auc(one):.3f}",
        f"removed: {planted:.1%} of the planted exchanges, {others:.2%} of the others",
        seeds(report),
    )  # fmt: skip


def _on_grid(seed: Detection) -> Float[np.ndarray, " grid"]:
    """Return a curve at the same places as all others."""
    others, planted = np.array(sorted(seed.roc)).T
    return np.asarray(np.interp(_GRID, others, planted))


def _bars(axes: Axes, report: SpilloverReport, one: DefenseResult) -> None:
    held = removed_from(one)
    places = range(len(held))
    caught = [planted or 0 for _, planted in held.values()]
    rest = [removed - (planted or 0) for removed, planted in held.values()]
    counted = all(planted is not None for _, planted in held.values())
    axes.barh(places, caught, label="planted" * counted, color=COLOURS[0], linewidth=0)
    label = "not planted" if counted else "planted or not"
    axes.barh(
        places, rest, left=caught, label=label, color="white", edgecolor=COLOURS[7], linewidth=0.8
    )
    names = [short(name, _ROOM) for name in held]
    axes.set_yticks(list(places), names)
    axes.invert_yaxis()
    axes.set_title(short(one.name, _ROOM + 8), loc="left")
    tidy([axes], "x")
    for place, (name, (removed, planted)) in zip(places, held.items(), strict=True):
        mark(
            axes, (0.0, place - 0.4), name, name, f"{one.name}: {removed} exchanges removed",
            "" if planted is None else f"{planted} of them planted", seeds(report),
            size=(max(removed, 1), 0.8),
        )  # fmt: skip
