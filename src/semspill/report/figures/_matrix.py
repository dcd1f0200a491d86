"""Pictures of a target-by-victim matrix: a heat map, and lift against similarity."""

from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colorbar import Colorbar
from matplotlib.colors import AsinhNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import FuncFormatter

from semspill.report.figures._fonts import short
from semspill.report.figures._order import reach_of, similarity_order, stretched_ticks
from semspill.report.figures._style import (
    COLOURS,
    RUN,
    SMALL,
    Look,
    house,
    root,
    tidy,
)
from semspill.results import SpilloverMatrix

__all__ = ["draw_matrix", "draw_pairs", "plot_matrix", "plot_pairs", "similarity_order"]

_QUANTITIES = {"asr": "attack success lift", "toxicity": "toxicity lift"}
_DOT: dict[str, Any] = {"color": "black", "markeredgecolor": "white", "markeredgewidth": 0.4}
_PERCENT = FuncFormatter(lambda value, _: f"{100 * value:g}")


def plot_matrix(matrix: SpilloverMatrix) -> Figure:
    """Return the lifts as a heat map, similar categories side by side.

    A row is a poisoned category, a column one that was looked at. The diagonal has a colour scale
    of its own, or it would drown the rest; the scale of the rest is stretched near 0. A dot marks
    the most similar category of each target.
    """
    return draw_matrix(matrix, RUN)


@house
def draw_matrix(matrix: SpilloverMatrix, look: Look) -> Figure:
    """Return the same for a given look."""
    order = similarity_order(matrix)
    rows = [matrix.targets.index(name) for name in order if name in matrix.targets]
    columns = [matrix.victims.index(name) for name in order]
    cells = np.ix_(rows, columns)
    lift, outside = matrix.lifts[cells], matrix.off_diagonal[cells]
    # Square cells, as large as the width allows once the names and the margin are taken off.
    side = min((look.width - 1.2) / len(columns), 0.3)
    size = min(SMALL, 0.9 * 72 * side)
    axes = look.axes(side * len(rows) + 2.8, layout="compressed")
    figure = root(axes)
    reach = reach_of(lift[outside])
    norm = AsinhNorm(reach / 4, vmin=-reach, vmax=reach)
    rest = axes.imshow(np.ma.masked_array(lift, ~outside), cmap="RdBu_r", norm=norm)
    shades = Normalize(min(float(lift[~outside].min()), 0.0), reach_of(lift[~outside]))
    own = axes.imshow(np.ma.masked_array(lift, outside), cmap="Greys", norm=shades)
    dots = [columns.index(int(matrix.nearest[row])) for row in rows]
    axes.plot(dots, range(len(rows)), "o", **_DOT, markersize=min(3, 25 * side))
    axes.set_xticks(range(len(order)), [*map(short, order)], rotation=90, fontsize=size)
    axes.set_yticks(range(len(rows)), [short(matrix.targets[row]) for row in rows], fontsize=size)
    axes.set(xlabel="looked at", ylabel="poisoned")
    axes.spines[:].set_visible(False)
    axes.tick_params(width=0.6, length=2)
    if look.titled:
        axes.set_title(f"{_said(matrix)}; dots: most similar category")
    unit = "lift, percentage points:" + ("\n" if look.narrow else " ")
    bar = _bar(figure, rest, f"{unit}other categories (stretched near 0)", lift[outside])
    bar.set_ticks(stretched_ticks(lift[outside]))
    _bar(figure, own, f"{unit}the target itself", lift[~outside])
    return figure


def plot_pairs(matrix: SpilloverMatrix, named: tuple[str, str] | None = None) -> Figure:
    """Return the lift of every pair against its similarity, targets themselves left out.

    Args:
        matrix: The matrix.
        named: A target and a victim to point at.

    Raises:
        DataError: The named pair is not in the matrix.
    """
    return draw_pairs(matrix, named, RUN)


@house
def draw_pairs(matrix: SpilloverMatrix, named: tuple[str, str] | None, look: Look) -> Figure:
    """Return the same for a given look."""
    axes = look.axes(2.5 if look.narrow else 4.0)
    near, lift = matrix.similarities, matrix.lifts
    outside = matrix.off_diagonal
    nearest = (np.arange(len(matrix.targets)), matrix.nearest)
    every: dict[str, Any] = {
        "color": COLOURS[7],
        "linewidths": 0,
        "alpha": 0.6,
        "label": "every pair",
    }
    axes.scatter(near[outside], lift[outside], s=9, **every)
    said = "a target and its most similar category"
    axes.scatter(near[nearest], lift[nearest], s=20, color=COLOURS[1], label=said)
    if named is not None:
        _point_at(axes, matrix, *named)
    # Most lifts lie near 0 and a few far from it.
    axes.set_yscale("asinh", linear_width=reach_of(lift[outside]) / 8)
    axes.set_yticks(stretched_ticks(lift[outside]))
    axes.set_yticks([], minor=True)
    axes.yaxis.set_major_formatter(_PERCENT)
    unit = "% points" if look.narrow else "percentage points"
    said = f"{_QUANTITIES[matrix.quantity]}, {unit}\n(stretched near 0)"
    axes.set(xlabel="similarity to the target", ylabel=said)
    look.legend(axes, ncols=2, handletextpad=0.1, columnspacing=1.0)
    tidy([axes])
    return root(axes)


def _bar(
    figure: Figure, image: AxesImage, said: str, shown: Float[np.ndarray, " cells"]
) -> Colorbar:
    bar = figure.colorbar(
        image, location="bottom", shrink=0.8, aspect=40, pad=0.02, format=_PERCENT
    )
    bar.set_label(said, fontsize=SMALL)
    # A scale that reaches below 0 for the sake of symmetry only would waste half its bar.
    bar.ax.set_xlim(left=min(float(shown.min()), 0.0))
    bar.ax.tick_params(labelsize=SMALL, width=0.6, length=2)
    bar.minorticks_off()
    return bar


def _point_at(axes: Axes, matrix: SpilloverMatrix, target: str, victim: str) -> None:
    made = matrix.pair(target, victim).lift
    near = matrix.similarities[matrix.targets.index(target), matrix.victims.index(victim)]
    error = [[made.value - made.low], [made.high - made.value]]
    axes.errorbar(near, made.value, error, fmt="D", color=COLOURS[0], capsize=3)
    # Beside it, on the side where there is room.
    right = near > matrix.similarities[matrix.off_diagonal].mean()
    axes.annotate(
        f"{short(target)} → {short(victim)}",
        (near, made.value),
        xytext=(-8 if right else 8, 5),
        textcoords="offset points",
        ha="right" if right else "left",
        fontsize=SMALL,
    )


def _said(matrix: SpilloverMatrix) -> str:
    return f"{_QUANTITIES[matrix.quantity]}, percentage points"
