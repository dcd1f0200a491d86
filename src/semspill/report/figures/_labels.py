"""Labels of points, placed with the least overlap."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from semspill.report.figures._fonts import short
from semspill.report.figures._style import SMALL, lay_out

_STEPS, _STEP = 40, 4.0
_NEAR = 4.0
"""Points of space between a name and what it names."""
_LED = 12.0
"""Points beyond which a line leads to the name."""
_SIDES = {"left": 0.0, "center": 0.5, "right": 1.0, "bottom": 0.0, "top": 1.0}
"""Which share of a name lies left of, or below, the place it is tied to."""


class Point(NamedTuple):
    """A point with its interval, in data coordinates."""

    name: str
    x: float
    y: float
    low: float
    high: float


class _Place(NamedTuple):
    """Where a name may stand: points away from an end of the interval, or from the marker."""

    y: Literal["y", "low", "high"]
    offset: tuple[float, float]
    ha: Literal["left", "center", "right"]
    va: Literal["bottom", "center", "top"]
    cost: float


def _places() -> tuple[_Place, ...]:
    places = []
    for step in range(_STEPS):
        away = _NEAR + _STEP * step
        places += [
            _Place("high", (0, away - 2), "center", "bottom", 2 * step),
            _Place("y", (away, 0), "left", "center", 2 * step + 1),
            _Place("y", (-away, 0), "right", "center", 2 * step + 1),
            _Place("low", (0, 2 - away), "center", "top", 2 * step + 2),
            _Place("high", (away, away), "left", "bottom", 2 * step + 3),
            _Place("high", (-away, away), "right", "bottom", 2 * step + 3),
        ]
    return tuple(places)


_PLACES = _places()


def label_points(
    figure: Figure, axes: Axes, named: Sequence[Point], points: Sequence[Point]
) -> None:
    """Write names beside their points; a line leads to a name that had to move far.

    Args:
        figure: The figure that holds the axes.
        axes: Where the points are drawn, with their final limits.
        named: The points to name, the most important first.
        points: All points, which a name had better not hide, nor the line at 0.
    """
    lay_out(figure)  # places are known only after the layout
    frame = np.array([axes.get_window_extent().extents])
    dot = 3 * figure.dpi / 72
    middles, lows, highs = (
        axes.transData.transform([(p.x, getattr(p, end)) for p in points] or np.empty((0, 2)))
        for end in ("y", "low", "high")
    )
    dots = np.hstack([middles - dot, middles + dot])
    (left, _, right, _), (_, zero) = frame[0], axes.transData.transform((0, 0))
    bars = np.vstack([np.hstack([lows, highs]), [left, zero, right, zero]])
    taken = np.empty((0, 4))
    for point in named:
        boxes = _boxes(figure, axes, point)
        cost = (
            1e6 * _overlap(boxes, taken).sum(axis=1)
            + 1e4 * ~_inside(boxes, frame)
            + 30 * _overlap(boxes, dots).sum(axis=1)
            + 4 * _overlap(boxes, bars).sum(axis=1)
            + [place.cost for place in _PLACES]
        )
        best = int(cost.argmin())
        _write(axes, point, _PLACES[best])
        taken = np.vstack([taken, boxes[best]])


def _boxes(figure: Figure, axes: Axes, point: Point) -> Float[np.ndarray, "places 4"]:
    """Return what a name would cover at every place: left, bottom, right, top in pixels."""
    probe = figure.text(0, 0, short(point.name), fontsize=SMALL)
    size = Text.get_window_extent(probe).size
    probe.remove()
    ends = {
        end: axes.transData.transform((point.x, getattr(point, end)))
        for end in ("y", "low", "high")
    }
    corners = np.array(
        [
            ends[place.y]
            + np.array(place.offset) * figure.dpi / 72
            - size * np.array([_SIDES[place.ha], _SIDES[place.va]])
            for place in _PLACES
        ]
    )
    return np.hstack([corners, corners + size])


def _overlap(
    boxes: Float[np.ndarray, "some 4"], others: Float[np.ndarray, "more 4"]
) -> Bool[np.ndarray, "some more"]:
    one, two = boxes[:, None], others[None]
    return np.asarray(
        ((one[..., :2] <= two[..., 2:]) & (two[..., :2] <= one[..., 2:])).all(axis=-1)
    )


def _inside(
    boxes: Float[np.ndarray, "some 4"], frame: Float[np.ndarray, "1 4"]
) -> Bool[np.ndarray, " some"]:
    return np.asarray(((boxes[:, :2] >= frame[:, :2]) & (boxes[:, 2:] <= frame[:, 2:])).all(axis=1))


def _write(axes: Axes, point: Point, place: _Place) -> None:
    led = max(map(abs, place.offset)) > _LED
    text = axes.annotate(
        short(point.name),
        (point.x, getattr(point, place.y)),
        xytext=place.offset,
        textcoords="offset points",
        ha=place.ha,
        va=place.va,
        fontsize=SMALL,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 0.3},
        arrowprops={"arrowstyle": "-", "linewidth": 0.4, "color": "0.4"} if led else None,
    )
    text.set_in_layout(False)  # or the layout would move what the place was chosen by
