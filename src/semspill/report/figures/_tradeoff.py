"""What defenses stop against the utility they leave, each beside its control."""

import math
from functools import partial
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from semspill.report._defended import beats_control
from semspill.report.figures._fonts import short
from semspill.report.figures._labels import Point, label_points
from semspill.report.figures._marks import mark, possible, seeds
from semspill.report.figures._style import COLOURS, PAGE, SMALL, HouseFigure, Look, house, tidy
from semspill.results import DefendedGroup, DefenseResult, DefensesReport, SpilloverReport
from semspill.statistics import Estimate

_PANELS: dict[DefendedGroup, str] = {"target": "the target", "nearest": "its nearest neighbour"}
_ROOM = 22
"""Characters of a name."""
_NAMED = {False: 14, True: 8}
"""Defenses up to which they are named in the panels; more are numbered, with a key below."""
_KEY = {False: 4, True: 2}
"""Columns of the key."""
_BELOW = 1.0
"""Points of P@1 that an epoch may lie below all that is compared."""
_LINE = 0.14
"""Inches of a line of the key."""


class _Kind(NamedTuple):
    """How one kind of mark looks, without colour too."""

    label: str
    narrow: str
    """What the legend of a column has room for."""
    style: dict[str, Any]


_DEFENDED = {
    True: _Kind(
        "significantly below its control (Holm)",
        "below its control (Holm)",
        {"color": COLOURS[2], "marker": "o"},
    ),
    False: _Kind(
        "not significantly, or no control",
        "not so, or no control",
        {"color": COLOURS[4], "marker": "o", "mfc": "white"},
    ),
}
_CONTROL = _Kind(
    "its control",
    "its control",
    {"color": COLOURS[7], "marker": "s", "mfc": "white", "markersize": 3},
)
_UNDEFENDED = _Kind("undefended", "undefended", {"color": COLOURS[0], "marker": "D"})
_EPOCHS = _Kind(
    "undefended, after every epoch",
    "undefended, epochs",
    {"color": COLOURS[3], "marker": "x", "markersize": 3.5, "linewidth": 0.8, "alpha": 0.8},
)


def placed(report: SpilloverReport) -> DefensesReport | None:
    """Return the defenses that have a place in the figure: those whose P@1 is a number, if any."""
    found = report.defenses
    if found is None or math.isnan(found.precision.value):
        return None
    known = tuple(one for one in found.defenses if not math.isnan(one.precision.value))
    return found.replace(defenses=known) if known else None


@house
def plot_tradeoff(report: SpilloverReport, look: Look = PAGE) -> Figure:
    """Return the planted rate of target and nearest neighbour against P@1, a mark per defense.

    Lines join each defense to its control; dashed lines lead from the undefended arm, and a path
    shows it after every epoch. Each panel has its own scale. Many defenses are numbered in their
    order.

    Args:
        report: What is drawn; it has defenses with a P@1.
        look: How wide.
    """
    found = placed(report)
    assert found is not None, "whoever draws it has looked"
    listed = len(found.defenses) if len(found.defenses) > _NAMED[look.narrow] else 0
    names = _names(found, numbered=bool(listed))
    figure, panels, key = _panels(look, -(-listed // _KEY[look.narrow]))
    places = []
    for axes, (group, words) in zip(panels, _PANELS.items(), strict=True):
        name = {"target": report.target, "nearest": report.nearest}[group]
        axes.set_title(f"{short(name)}, {words}", loc="left")
        axes.set_ylabel("planted rate, %")
        places.append(_panel(axes, report, found, group, names))
        axes.set_ylim(bottom=-0.04 * axes.get_ylim()[1])
        axes.margins(x=0.12)
    for axes in panels[-1:] if look.narrow else panels:
        axes.set_xlabel("P@1 under attack, %")
    tidy(panels)
    _legend(figure, panels[0], report, found, look)
    if key is not None:
        _write_key(key, found, look)
    order = sorted(found.defenses, key=lambda one: not beats_control(found, one))
    for axes, points in zip(panels, places, strict=True):
        by_name = {point.name: point for point in points}
        named = [by_name[names[one.name]] for one in order if names[one.name] in by_name]
        label_points(figure, axes, named, points)
    return figure


def _panels(look: Look, lines: int) -> tuple[HouseFigure, list[Axes], Axes | None]:
    """Return a figure with a panel per group, and one below for a key of so many lines."""
    high = 4.4 if look.narrow else 3.3
    key = _LINE * lines + 0.1
    mosaic, ratios = ("t;n", [high / 2, high / 2]) if look.narrow else ("tn", [high])
    if lines:
        mosaic, ratios = f"{mosaic};{'k' if look.narrow else 'kk'}", [*ratios, key]
    figure = look.figure(high + (key if lines else 0))
    axes = figure.subplot_mosaic(mosaic, height_ratios=ratios)
    axes["n"].sharex(axes["t"])
    return figure, [axes["t"], axes["n"]], axes.get("k")


def _names(found: DefensesReport, *, numbered: bool) -> dict[str, str]:
    """Return what stands beside the mark of each defense: its name, or its number."""
    return {
        one.name: str(place) if numbered else short(one.name, _ROOM)
        for place, one in enumerate(found.defenses, 1)
    }


def _panel(
    axes: Axes,
    report: SpilloverReport,
    found: DefensesReport,
    group: DefendedGroup,
    names: dict[str, str],
) -> list[Point]:
    """Draw one panel, and return its points, those of defenses under their names."""
    points = []
    if (rate := found.planted_rate.get(group)) is not None:
        points.append(_draw(axes, "", found.precision, rate, _UNDEFENDED, zorder=4))
        for line, at in ((axes.axhline, points[0].y), (axes.axvline, points[0].x)):
            line(at, color=COLOURS[0], linewidth=0.7, linestyle=(0, (4, 3)), alpha=0.7, zorder=0)
        _mark(axes, report, "undefended", points[0], rate, found.precision)
    for one in found.defenses:
        if group in one.planted_rate:
            points += _defense(axes, report, found, one, group, names[one.name])
    return [*points, *_path(axes, report, group, points)]


def _defense(
    axes: Axes,
    report: SpilloverReport,
    found: DefensesReport,
    one: DefenseResult,
    group: DefendedGroup,
    name: str,
) -> list[Point]:
    """Draw a defense, and its control joined to it."""
    kind = _DEFENDED[beats_control(found, one)]
    rate, control = one.planted_rate[group], one.control_rate.get(group)
    points = [_draw(axes, name, one.precision, rate, kind, zorder=3)]
    said = [] if control is None else [f"control: {_percent(control)}"]
    _mark(axes, report, one.name, points[0], rate, one.precision, *said)
    if control is not None and one.control_precision is not None:
        points.append(_draw(axes, "", one.control_precision, control, _CONTROL, zorder=2))
        ends = ([point.x for point in points], [point.y for point in points])
        axes.plot(*ends, color=COLOURS[7], linewidth=0.7, zorder=1)
    return points


def _draw(
    axes: Axes, name: str, across: Estimate, up: Estimate, kind: _Kind, *, zorder: int
) -> Point:
    """Draw a mark with both intervals, in percent."""
    x, y = 100 * across.value, 100 * up.value
    style = {"markersize": 4, **kind.style}
    axes.errorbar(
        [x], [y], _sides(up), _sides(across), fmt="none", ecolor=style["color"], elinewidth=0.6,
        alpha=0.35, zorder=zorder - 1,
    )  # fmt: skip
    axes.plot([x], [y], linestyle="none", zorder=zorder, **style)
    return Point(name, x, y, *possible(up))


def _sides(estimate: Estimate) -> list[list[float]]:
    """Return how far an interval reaches below and above its value, in percent."""
    value, (low, high) = 100 * estimate.value, possible(estimate)
    return [[max(value - low, 0.0)], [max(high - value, 0.0)]]


def _path(
    axes: Axes, report: SpilloverReport, group: DefendedGroup, points: list[Point]
) -> list[Point]:
    """Draw the undefended run after every epoch, as a path: what stopping early would have done.

    The first epochs, which have learned less than all that is compared, are left out.
    """
    name = {"target": report.target, "nearest": report.nearest}[group]
    least = min((point.x for point in points), default=0.0) - _BELOW
    held = [(x, y) for x, y in _epochs(report, name) if x >= least]
    if held:
        axes.plot(*zip(*held, strict=True), zorder=1, **_EPOCHS.style)
    return [Point("", x, y, y, y) for x, y in held]


def _epochs(report: SpilloverReport, name: str) -> list[tuple[float, float]]:
    """Return P@1 and the planted rate of a group after every epoch, in percent."""
    points = [point for point in report.curve if point.arm == report.main_arm]
    utility = {point.epoch: point.precision for point in points if point.group == "all"}
    return [
        (100 * across, 100 * point.asr)
        for point in points
        if point.group == name and (across := utility.get(point.epoch)) is not None
    ]


def _mark(
    axes: Axes,
    report: SpilloverReport,
    name: str,
    point: Point,
    rate: Estimate,
    precision: Estimate,
    *more: str,
) -> None:
    mark(
        axes, (point.x, point.y), name, name, f"planted rate: {_percent(rate)}",
        f"P@1: {_percent(precision)}", *more, seeds(report),
    )  # fmt: skip


def _percent(share: Estimate) -> str:
    value, low, high = (f"{100 * end:.1f}" for end in (share.value, share.low, share.high))
    return f"{value} % [{low}, {high}]"


def _legend(
    figure: Figure, axes: Axes, report: SpilloverReport, found: DefensesReport, look: Look
) -> None:
    """Say what the kinds of marks are that are drawn."""
    known = [
        _DEFENDED[better]
        for better in sorted({*map(partial(beats_control, found), found.defenses)}, reverse=True)
    ]
    kinds = [
        _UNDEFENDED,
        *known,
        *[_CONTROL] * any(one.control_rate for one in found.defenses),
        *[_EPOCHS] * bool(_epochs(report, report.target)),
    ]
    handles = [
        axes.plot([], [], **{"linestyle": "none", "markersize": 4, **kind.style})[0]
        for kind in kinds
    ]
    labels = [kind.narrow if look.narrow else kind.label for kind in kinds]
    figure.legend(handles, labels, loc="outside lower center", ncols=2 if look.narrow else 3)


def _write_key(axes: Axes, found: DefensesReport, look: Look) -> None:
    """Say which number is which defense, in columns."""
    axes.axis("off")
    columns = _KEY[look.narrow]
    lines = -(-len(found.defenses) // columns)
    for place, one in enumerate(found.defenses):
        column, line = divmod(place, lines)
        axes.text(
            column / columns, 1 - line / lines, f"{place + 1}  {short(one.name, _ROOM)}",
            transform=axes.transAxes, va="top", fontsize=SMALL,
        )  # fmt: skip
