"""Names beside the points of a figure."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from semspill.report.figures._fonts import short
from semspill.report.figures._placing import Boxes, Name, Places, Spot, place
from semspill.report.figures._style import SMALL, lay_out

_SAME = 3.0
"""Points between two markers that hide one another."""
_STEP = 8.0
"""Points of length of one box of a line."""
_TOGETHER = 3
"""Most names in one label."""


class Point(NamedTuple):
    """A point with its interval, in data coordinates."""

    name: str
    x: float
    y: float
    low: float
    high: float


def label_points(
    figure: Figure, axes: Axes, named: Sequence[Point], points: Sequence[Point]
) -> None:
    """Write names beside their points, or at the end of a line; those without room are left out.

    Points on top of one another share a label.

    Args:
        figure: The figure that holds the axes.
        axes: Where the points are drawn, with their final limits.
        named: The points to name, the most important first.
        points: All points; one without a name is only kept clear of.
    """
    lay_out(figure)  # places are known only after the layout
    unit = figure.dpi / 72
    lows, middles, highs = (
        axes.transData.transform([(p.x, getattr(p, end)) for p in points] or np.empty((0, 2)))
        / unit
        for end in ("low", "y", "high")
    )
    frame = np.array([axes.get_window_extent().extents]) / unit
    bars = np.vstack([np.hstack([lows, highs]), *_lines(axes, unit)])
    groups = _groups([points.index(point) for point in named], middles)
    texts = [_together([points[at].name for at in group]) for group in groups]
    names = [
        Name(group, _size(figure, text, unit)) for group, text in zip(groups, texts, strict=True)
    ]
    spots = place(names, middles, bars, frame)
    for group, text, spot in zip(groups, texts, spots, strict=True):
        if spot is not None:
            _write(axes, points[group[0]], text, middles[group[0]], spot)


def _groups(named: Sequence[int], middles: Places) -> list[tuple[int, ...]]:
    """Return the points of each label: a point, and those that it hides."""
    groups: list[tuple[int, ...]] = []
    for at in named:
        if not any(at in group for group in groups):
            near = np.hypot(*(middles - middles[at]).T) <= _SAME
            known = {one for group in groups for one in group}
            groups.append(
                (at, *[i for i in np.flatnonzero(near).tolist() if i not in {at} | known])
            )
    return groups


def _lines(axes: Axes, unit: float) -> list[Boxes]:
    """Return the drawn lines as chains of boxes."""
    chains = []
    for line in axes.get_lines():
        drawn = np.asarray(line.get_xydata(), dtype=float)
        if line.get_linestyle() == "None" or len(drawn) < 2:
            continue
        ends = line.get_transform().transform(drawn) / unit
        along = np.arange(len(ends))
        steps = np.linspace(0, len(ends) - 1, max(2, int(np.ptp(ends, axis=0).max() / _STEP)))
        dots = np.column_stack([np.interp(steps, along, ends[:, side]) for side in (0, 1)])
        one, two = dots[:-1], dots[1:]
        chains.append(np.hstack([np.minimum(one, two), np.maximum(one, two)]))
    return chains


def _together(names: Sequence[str]) -> str:
    names = [name for name in names if name]
    most = _TOGETHER if len(names) <= _TOGETHER else _TOGETHER - 1
    more = [f"{len(names) - most} more"] if len(names) > most else []
    return ", ".join([*map(short, names[:most]), *more])


def _size(figure: Figure, text: str, unit: float) -> tuple[float, float]:
    probe = figure.text(0, 0, text, fontsize=SMALL)
    box = Text.get_window_extent(probe)
    probe.remove()
    return float(box.width) / unit, float(box.height) / unit


def _write(axes: Axes, point: Point, text: str, at: np.ndarray, spot: Spot) -> None:
    left, bottom, right, top = spot.box
    line = None
    if spot.line is not None:
        (x, y), _ = spot.line
        where = ((x - left) / (right - left), (y - bottom) / (top - bottom))
        line = {"arrowstyle": "-", "linewidth": 0.5, "color": "0.4", "relpos": where}
        line |= {"shrinkA": 0, "shrinkB": 2, "patchA": None}
    said = axes.annotate(
        text,
        (point.x, point.y),
        xytext=(left - at[0], bottom - at[1]),
        textcoords="offset points",
        ha="left",
        va="bottom",
        fontsize=SMALL,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 0.3},
        arrowprops=line,
    )
    said.set_in_layout(False)  # or the layout would move what the place was chosen by
