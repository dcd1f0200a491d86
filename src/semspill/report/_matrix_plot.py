"""Pictures of a target-by-victim matrix: a heat map, and lift against similarity."""

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colorbar import Colorbar
from matplotlib.colors import AsinhNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import FuncFormatter

from semspill.report._matrix import SpilloverMatrix
from semspill.report._style import COLOURS, SIZE, plain_text, tidy

_QUANTITIES = {"asr": "attack success lift", "toxicity": "toxicity lift"}
_NEVER_0 = 1e-6  # a colour scale must have some width
_PERCENT = FuncFormatter(lambda value, _: f"{100 * value:g}")


@plain_text
def plot_matrix(matrix: SpilloverMatrix) -> Figure:
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
    # So much for every cell, and room for the labels and the colour bars.
    height, width = (0.19 * count for count in lift.shape)
    figure = Figure(figsize=(max(width + 2, 5), height + 3), layout="constrained")
    axes = figure.subplots()
    reach = _reach(lift[outside])
    norm = AsinhNorm(reach / 4, vmin=-reach, vmax=reach)
    rest = axes.imshow(np.ma.masked_array(lift, ~outside), cmap="RdBu_r", norm=norm)
    shades = Normalize(min(float(lift[~outside].min()), 0.0), _reach(lift[~outside]))
    own = axes.imshow(np.ma.masked_array(lift, outside), cmap="Greys", norm=shades)
    dots = [columns.index(int(matrix.nearest[row])) for row in rows]
    axes.plot(dots, range(len(rows)), "o", color="black", markersize=2.2)
    axes.set_xticks(range(len(order)), order, rotation=90, fontsize=7)
    axes.set_yticks(range(len(rows)), [matrix.targets[row] for row in rows], fontsize=7)
    axes.set_xlabel("looked at", fontsize=9)
    axes.set_ylabel("poisoned", fontsize=9)
    axes.set_title(f"{_said(matrix)}; dots: most similar category", fontsize=9)
    bar = _bar(figure, rest, "other categories (stretched near 0)", lift[outside])
    bar.set_ticks(_ticks(lift[outside]))
    _bar(figure, own, "the target itself", lift[~outside])
    return figure


@plain_text
def plot_pairs(matrix: SpilloverMatrix, named: tuple[str, str] | None = None) -> Figure:
    """Return the lift of every pair against its similarity, targets themselves left out.

    Args:
        matrix: The matrix.
        named: A target and a victim to point at.

    Raises:
        DataError: The named pair is not in the matrix.
    """
    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.subplots()
    near, lift = matrix.similarities, matrix.lifts
    outside = matrix.off_diagonal
    nearest = (np.arange(len(matrix.targets)), matrix.nearest)
    axes.scatter(
        near[outside],
        lift[outside],
        s=9,
        color=COLOURS[7],
        linewidths=0,
        alpha=0.6,
        label="every pair of categories",
    )
    said = "a target and its most similar category"
    axes.scatter(near[nearest], lift[nearest], s=20, color=COLOURS[1], label=said)
    if named is not None:
        _point_at(axes, matrix, *named)
    # Most lifts lie near 0 and a few far from it.
    axes.set_yscale("asinh", linear_width=_reach(lift[outside]) / 8)
    axes.set_yticks(_ticks(lift[outside]))
    axes.set_yticks([], minor=True)
    axes.yaxis.set_major_formatter(_PERCENT)
    axes.set(xlabel="similarity to the target", ylabel=f"{_said(matrix)}\n(stretched near 0)")
    axes.legend(frameon=False, fontsize=8, loc="upper left")
    tidy([axes])
    return figure


def similarity_order(matrix: SpilloverMatrix) -> list[str]:
    """Return all categories in an order that puts similar ones side by side.

    They are the leaves of an average-linkage tree, ordered so that neighbours are as near as can
    be (Bar-Joseph, Gifford and Jaakkola 2001). Where not all were poisoned, two are alike when
    they are alike to the targets.
    """
    from scipy.cluster.hierarchy import leaves_list, linkage

    tree = linkage(_distances(matrix), "average", optimal_ordering=True)
    return [matrix.victims[leaf] for leaf in leaves_list(tree)]


def _distances(matrix: SpilloverMatrix) -> Float[np.ndarray, " distances"]:
    from scipy.spatial.distance import pdist

    near = matrix.similarities
    if len(matrix.targets) < len(matrix.victims):
        return np.asarray(pdist(near.T))
    square = near[[matrix.targets.index(name) for name in matrix.victims]]
    both = ((square + square.T) / 2)[np.triu_indices(len(square), 1)]
    return np.asarray(both.max() - both)


def _reach(lift: Float[np.ndarray, " cells"]) -> float:
    return max(float(np.abs(lift).max()), _NEVER_0)


def _ticks(lift: Float[np.ndarray, " cells"]) -> list[float]:
    """Return places on a stretched scale whose labels do not run into each other."""
    reach = _reach(lift)
    steps = [digit * 10.0**power for power in range(-8, 1) for digit in (1, 2, 5)]
    wide = [step for step in steps if reach / 15 < step <= reach]
    both = [*(-step for step in wide[::-1]), 0.0, *wide]
    return [tick for tick in both if tick >= min(float(lift.min()), 0.0)]


def _bar(
    figure: Figure, image: AxesImage, said: str, shown: Float[np.ndarray, " cells"]
) -> Colorbar:
    bar = figure.colorbar(
        image, location="bottom", shrink=0.6, aspect=40, pad=0.02, format=_PERCENT
    )
    bar.set_label(f"lift, percentage points: {said}", fontsize=8)
    # A scale that reaches below 0 for the sake of symmetry only would waste half its bar.
    bar.ax.set_xlim(left=min(float(shown.min()), 0.0))
    bar.ax.tick_params(labelsize=7)
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
        f"{target} → {victim}",
        (near, made.value),
        xytext=(-8 if right else 8, 5),
        textcoords="offset points",
        ha="right" if right else "left",
        fontsize=8,
    )


def _said(matrix: SpilloverMatrix) -> str:
    return f"{_QUANTITIES[matrix.quantity]}, percentage points"
