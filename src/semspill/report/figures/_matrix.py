"""Pictures of a target-by-victim matrix: a heat map, and lift against similarity."""

from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colorbar import Colorbar
from matplotlib.colors import AsinhNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import pdist

from semspill.report.figures._fonts import short
from semspill.report.figures._marks import mark, points
from semspill.report.figures._style import COLOURS, PAGE, SMALL, Look, house, root, tidy
from semspill.results import SpilloverMatrix

_QUANTITIES = {"asr": "planted-rate lift", "toxicity": "toxicity lift"}
_DOT: dict[str, Any] = {"color": "black", "markeredgecolor": "white", "markeredgewidth": 0.4}
_NEVER_0 = 1e-6  # a colour scale must have some width
_PERCENT = FuncFormatter(lambda value, _: f"{100 * value:g}")


@house
def plot_matrix(matrix: SpilloverMatrix, look: Look = PAGE) -> Figure:
    """Return the lifts as a heat map, similar categories side by side.

    A row is a poisoned category, a column one that was looked at. The diagonal has a colour scale
    of its own, or it would drown the rest; the scale of the rest is stretched near 0. A dot marks
    the most similar category of each target.
    """
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
    engine = figure.get_layout_engine()
    if look.ax is None and isinstance(engine, ConstrainedLayoutEngine):
        engine.set(h_pad=0.08)  # or the label of the lower bar is cut
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
    for y, row in enumerate(rows):
        for x, column in enumerate(columns):
            _mark(axes, matrix, (x - 0.5, y - 0.5), (row, column), size=(1, 1))
    unit = f"{_QUANTITIES[matrix.quantity]}, percentage points:" + ("\n" if look.narrow else " ")
    bar = _bar(figure, rest, f"{unit}other categories (stretched near 0)", lift[outside])
    bar.set_ticks(stretched_ticks(lift[outside]))
    _bar(figure, own, f"{unit}the target itself", lift[~outside])
    return figure


@house
def plot_pairs(
    matrix: SpilloverMatrix, named: tuple[str, str] | None = None, look: Look = PAGE
) -> Figure:
    """Return the lift of every pair against its similarity, targets themselves left out.

    Args:
        matrix: The matrix.
        named: A target and a victim to point at.
        look: How wide.

    Raises:
        DataError: The named pair is not in the matrix.
    """
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
    axes.scatter(
        near[nearest],
        lift[nearest],
        s=20,
        color=COLOURS[1],
        label="a target and its most similar category",
    )
    for row, column in np.argwhere(outside).tolist():
        _mark(axes, matrix, (near[row, column], lift[row, column]), (row, column))
    if named is not None:
        _point_at(axes, matrix, *named)
    # Most lifts lie near 0 and a few far from it.
    axes.set_yscale("asinh", linear_width=reach_of(lift[outside]) / 8)
    axes.set_yticks(stretched_ticks(lift[outside]))
    axes.set_yticks([], minor=True)
    axes.yaxis.set_major_formatter(_PERCENT)
    unit = "% points" if look.narrow else "percentage points"
    axes.set(
        xlabel="similarity to the target",
        ylabel=f"{_QUANTITIES[matrix.quantity]}, {unit}\n(stretched near 0)",
    )
    look.legend(axes, ncols=2, handletextpad=0.1, columnspacing=1.0)
    tidy([axes])
    return root(axes)


def _bar(
    figure: Figure, image: AxesImage, label: str, shown: Float[np.ndarray, " cells"]
) -> Colorbar:
    bar = figure.colorbar(
        image, location="bottom", shrink=0.8, aspect=40, pad=0.02, format=_PERCENT
    )
    bar.set_label(label, fontsize=SMALL)
    # A scale that reaches below 0 for the sake of symmetry only would waste half its bar.
    bar.ax.set_xlim(left=min(float(shown.min()), 0.0))
    bar.ax.tick_params(labelsize=SMALL, width=0.6, length=2)
    bar.minorticks_off()
    return bar


def _point_at(axes: Axes, matrix: SpilloverMatrix, target: str, victim: str) -> None:
    lift = matrix.pair(target, victim).lift
    near = matrix.similarities[matrix.targets.index(target), matrix.victims.index(victim)]
    error = [[lift.value - lift.low], [lift.high - lift.value]]
    axes.errorbar(near, lift.value, error, fmt="D", color=COLOURS[0], capsize=3)
    # Beside it, on the side where there is room.
    right = near > matrix.similarities[matrix.off_diagonal].mean()
    axes.annotate(
        f"{short(target)} → {short(victim)}",
        (near, lift.value),
        xytext=(-8 if right else 8, 5),
        textcoords="offset points",
        ha="right" if right else "left",
        fontsize=SMALL,
    )


def _mark(
    axes: Axes, matrix: SpilloverMatrix, at: tuple[float, float], cell: tuple[int, int], **size: Any
) -> None:
    target, victim = matrix.targets[cell[0]], matrix.victims[cell[1]]
    estimate = matrix.cell(*cell)
    mark(
        axes,
        at,
        f"{target} \N{RIGHTWARDS ARROW} {victim}",
        f"{target} poisoned, {victim} looked at",
        f"{_QUANTITIES[matrix.quantity]} {points(estimate)}",
        f"similarity {matrix.similarities[cell]:.3f}, {estimate.n} dialogues",
        "" if estimate.p_holm is None else f"p = {estimate.p_holm:.2g} after Holm's correction",
        **size,
    )


def similarity_order(matrix: SpilloverMatrix) -> list[str]:
    """Return all categories in an order that puts similar ones side by side.

    They are the leaves of an average-linkage tree, ordered so that neighbours are as near as can
    be (Bar-Joseph, Gifford and Jaakkola 2001). Where not all were poisoned, two are alike when
    they are alike to the targets.
    """
    tree = linkage(_distances(matrix), "average", optimal_ordering=True)
    return [matrix.victims[leaf] for leaf in leaves_list(tree)]


def reach_of(lift: Float[np.ndarray, " cells"]) -> float:
    """Return the largest size of a lift, and never 0."""
    return max(float(np.abs(lift).max()), _NEVER_0)


def stretched_ticks(lift: Float[np.ndarray, " cells"]) -> list[float]:
    """Return places on a stretched scale whose labels do not run into each other."""
    reach = reach_of(lift)
    steps = [digit * 10.0**power for power in range(-8, 1) for digit in (1, 2, 5)]
    wide = [step for step in steps if reach / 15 < step <= reach]
    both = [*(-step for step in wide[::-1]), 0.0, *wide]
    return [tick for tick in both if tick >= min(float(lift.min()), 0.0)]


def _distances(matrix: SpilloverMatrix) -> Float[np.ndarray, " distances"]:
    near = matrix.similarities
    if len(matrix.targets) < len(matrix.victims):
        return np.asarray(pdist(near.T))
    square = near[[matrix.targets.index(name) for name in matrix.victims]]
    both = ((square + square.T) / 2)[np.triu_indices(len(square), 1)]
    return np.asarray(both.max() - both)
