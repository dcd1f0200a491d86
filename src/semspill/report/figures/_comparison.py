"""Several runs in one picture: their curves over one another, and their groups side by side."""

import math
from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes

from semspill.report._table import in_percent
from semspill.report.figures._axes import lifted
from semspill.report.figures._fonts import short
from semspill.report.figures._marks import intervals, mark, points, seeds
from semspill.report.figures._spillover import TITLES
from semspill.report.figures._style import COLOURS, MARKERS, PAGE, HouseFigure, Look, house, tidy
from semspill.results import SpilloverReport
from semspill.statistics import Estimate

MEASURES = {"asr": "planted rate, %", "toxicity": "toxicity, %", "precision": "P@1, %"}
RUNS = tuple(COLOURS[place] for place in (2, 1, 4, 6, 5, 3, 0, 7))
"""Colours of runs in their order: blue and orange, the surest pair, then black."""
ROLES = ("target", "nearest", "all but the target", "all")
_SHIFT = 0.005
"""Share of the axis by which a run's points stand beside the next run's."""


@house
def plot_curves(
    runs: Mapping[str, SpilloverReport], quantity: str, look: Look = PAGE
) -> HouseFigure:
    """Return lift against similarity: a colour and a marker per run, and its line."""
    below = 0.16 * len(runs) if look.narrow else 0.0  # there the legend has a line per run
    figure = look.figure((2.9 if look.narrow else 4.2) + below)
    axes = figure.subplots()
    axes.axhline(0, color="black", linewidth=0.6)
    apart = _shifts(runs, quantity)
    for place, (label, report) in enumerate(runs.items()):
        parts = lifted(report, quantity)
        estimates = [part.estimates[quantity] for part in parts]
        near = [(part.similarity or 0.0) + apart[label] for part in parts]
        if not parts:
            continue
        drawn = {**run_style(place, label), "alpha": 0.8, "elinewidth": 0.6}
        for part, at in zip(parts, intervals(axes, near, estimates, **drawn), strict=True):
            mark(
                axes,
                at,
                part.name,
                f"{part.name}, the target" if part.name == report.target else part.name,
                f"{label}, {seeds(report)}, {part.dialogues} dialogues",
                f"similarity {part.similarity:.3f}",
                f"{TITLES[quantity]} {points(part.estimates[quantity])}",
            )
        band = report.bands.get(quantity)
        if band is not None:
            line = [100 * y for y in band.line]
            axes.plot(band.similarity, line, color=drawn["color"], linewidth=1.2)
    targets = {report.target for report in runs.values()}
    target = short(targets.pop()) if len(targets) == 1 else "the target"
    axes.set(xlabel=f"similarity to {target}", ylabel=f"{TITLES[quantity]}, percentage points")
    figure.legend(loc="outside lower center", ncols=1 if look.narrow else 3)
    tidy([axes])
    return figure


@house
def plot_groups(runs: Mapping[str, SpilloverReport], look: Look = PAGE) -> HouseFigure:
    """Return a panel per measure, in a column below one another: a mark per group and run."""
    shown = [name for name in MEASURES if any(in_role(r, "all", name) for r in runs.values())]
    height = len(ROLES) * max(0.35, 0.16 * len(runs))
    rows, columns = (len(shown), 1) if look.narrow else (1, len(shown))
    figure = look.figure(0.8 + rows * (height + 0.4 * (rows > 1)))
    grid = figure.subplots(rows, columns, sharey=True, squeeze=False)
    panels: list[Axes] = list(grid.flat)
    for axes, measure in zip(panels, shown, strict=True):
        for place, (label, report) in enumerate(runs.items()):
            roles = {role: in_role(report, role, measure) for role in ROLES}
            here = {role: estimate for role, estimate in roles.items() if estimate is not None}
            where = [ROLES.index(role) + spread(place, len(runs)) for role in here]
            drawn = intervals(axes, where, [*here.values()], along="x", **run_style(place, label))
            for (role, estimate), at in zip(here.items(), drawn, strict=True):
                what = MEASURES[measure].removesuffix(", %")
                value = f"{what} {in_percent(estimate)} %, n = {estimate.n}"
                name = _group(report, role)
                mark(axes, at, name, f"{role}: {name}" * (role != name) or name,
                     f"{label}, {seeds(report)}", value)  # fmt: skip
        axes.set(xlabel=MEASURES[measure], yticks=range(len(ROLES)), yticklabels=ROLES)
    panels[0].set_ylim(len(ROLES) - 0.5, -0.5)
    handles = panels[0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=1 if look.narrow else 3)
    tidy(panels, grid="x")
    return figure


def in_role(report: SpilloverReport, role: str, measure: str) -> Estimate | None:
    """Return a measure of the group that plays a role in a report's main arm, if it has it."""
    name = _group(report, role)
    for part in report.groups:
        if part.arm == report.main_arm and part.name == name:
            estimate = part.estimates.get(measure)
            return None if estimate is None or math.isnan(estimate.value) else estimate
    return None


def _group(report: SpilloverReport, role: str) -> str:
    named = {
        "target": report.target,
        "nearest": report.nearest,
        "all but the target": f"all but {report.target}",
    }
    return named.get(role, role)


def _shifts(runs: Mapping[str, SpilloverReport], quantity: str) -> dict[str, float]:
    """Return how far right each run's points are drawn, lest equal ones hide one another."""
    parts = [part for report in runs.values() for part in lifted(report, quantity)]
    near = [part.similarity or 0.0 for part in parts]
    wide = max(near, default=0.0) - min(near, default=0.0)
    middle = (len(runs) - 1) / 2
    return {label: _SHIFT * wide * (place - middle) for place, label in enumerate(runs)}


def spread(place: int, count: int) -> float:
    """Return how far below or above its group one of several runs is drawn.

    Example:
        >>> [round(spread(place, 3), 2) for place in range(3)]
        [-0.23, 0.0, 0.23]
    """
    return 0.7 * ((place + 0.5) / count - 0.5)


def run_style(place: int, label: str) -> dict[str, Any]:
    """Return how one of several runs is drawn, the baseline first.

    Neighbours are far apart in hue and in lightness, so that grey tells them apart, too.
    """
    shade, marker = RUNS[place % len(RUNS)], MARKERS[place % len(MARKERS)]
    return {"color": shade, "marker": marker, "label": short(label)}
