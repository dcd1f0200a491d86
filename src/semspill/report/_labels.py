"""Names beside points, moved up until none hides another."""

from collections.abc import Sequence
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

_STEP = 3.0


def label_points(figure: Figure, axes: Axes, points: Sequence[tuple[str, float, float]]) -> None:
    """Write each name above its point; a line leads to a name that had to move far.

    Args:
        figure: The figure that holds the axes.
        axes: Where the points are drawn, with their final limits.
        points: Name and place (x, y) of each.
    """
    left, right = axes.get_xlim()
    lines = [
        axes.annotate(
            name,
            (x, y),
            xytext=(0, 3),
            textcoords="offset points",
            ha=_side((x - left) / (right - left)),
            va="bottom",
            fontsize=8,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 0.5},
            arrowprops={"arrowstyle": "-", "linewidth": 0.4, "color": "0.4", "shrinkB": 0},
        )
        for name, x, y in sorted(points, key=lambda point: point[2])
    ]
    figure.draw_without_rendering()  # places are known only after the layout
    taken: list[Bbox] = []
    for line in lines:
        # The text alone: an annotation's own extent holds its leading line too.
        while any(Text.get_window_extent(line).overlaps(other) for other in taken):
            line.xyann = (0, line.xyann[1] + _STEP)
        taken.append(Text.get_window_extent(line))


def _side(place: float) -> Literal["left", "center", "right"]:
    """Keep names inside the axes: those at an edge run away from it."""
    if place < 0.15:
        return "left"
    return "right" if place > 0.85 else "center"
