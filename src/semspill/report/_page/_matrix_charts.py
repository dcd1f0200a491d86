"""The charts of a target-by-victim matrix: a heat map, and lift against similarity."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from semspill.report._page._chart_parts import (
    MUTED,
    Spec,
    axis,
    colour,
    finite,
    layout,
    merged,
    plain,
    points,
)
from semspill.report.figures._order import reach_of, similarity_order, stretched_ticks
from semspill.results import SpilloverMatrix

_TITLES = {"asr": "attack success lift", "toxicity": "toxicity lift"}
_FALL_TO_RISE = np.array(
    [[5, 48, 97], [67, 147, 195], [247, 247, 247], [214, 96, 77], [103, 0, 31]], dtype=np.float64
)
"""Red, green and blue from the deepest fall over no change to the highest rise."""
_GREYS = [[0, "#ffffff"], [1, "#000000"]]


def matrix_charts(matrix: SpilloverMatrix) -> dict[str, Spec]:
    """Return both charts by name."""
    return {
        f"matrix-{matrix.quantity}": finite(heat_map(matrix)),
        f"pairs-{matrix.quantity}": finite(pairs_chart(matrix)),
    }


def heat_map(matrix: SpilloverMatrix) -> Spec:
    """Return the lifts as a heat map, similar categories side by side.

    Colours are stretched near 0, where most lifts lie; the diagonal has shades of its own.
    """
    order = similarity_order(matrix)
    rows = [matrix.targets.index(name) for name in order if name in matrix.targets]
    columns = [matrix.victims.index(name) for name in order]
    lift, outside = (a[np.ix_(rows, columns)] for a in (matrix.lifts, matrix.off_diagonal))
    reach, stretch = _scale(lift[outside])
    said = np.array([[_cell_said(matrix, row, column) for column in columns] for row in rows])
    names, poisoned = [plain(name) for name in order], [plain(matrix.targets[row]) for row in rows]
    low, own = min(float(lift[outside].min()), 0.0), 100 * lift[~outside]
    ticks = stretched_ticks(lift[outside])
    bar = _bar("others, stretched near 0", 0)
    bar["tickvals"] = [stretch(tick) for tick in ticks]
    bar["ticktext"] = [f"{100 * tick:g}" for tick in ticks]
    kinds = (
        (outside, stretch(lift), stretch(low), stretch(reach), bar),
        (
            ~outside,
            100 * lift,
            min(float(own.min()), 0.0),
            reach_of(own),
            _bar("the target itself", 1),
        ),
    )
    data = [
        {
            "type": "heatmap",
            "x": names,
            "y": poisoned,
            "z": np.where(shown, z, np.nan).tolist(),
            "zmin": least,
            "zmax": most,
            "hoverinfo": "text",
            "hovertext": np.where(shown, said, "").tolist(),
            "colorscale": _shades(least, most) if shown is outside else _GREYS,
            "colorbar": scale,
            "xgap": 1,
            "ygap": 1,
        }
        for shown, z, least, most, scale in kinds
    ]
    data.append(_nearest(matrix, rows, poisoned))
    return {"data": data, "layout": _grid(len(rows), len(order)), "narrow": _small(len(rows))}


def pairs_chart(matrix: SpilloverMatrix) -> Spec:
    """Return the lift of every pair against its similarity, targets themselves left out."""
    rows, columns = np.nonzero(matrix.off_diagonal)
    near = matrix.nearest[rows] == columns
    _, stretch = _scale(matrix.lifts[matrix.off_diagonal])
    data = []
    kinds: tuple[tuple[str, Any, Spec], ...] = (
        ("every pair", ~near, {"color": MUTED, "size": 5, "opacity": 0.5}),
        ("a target and its most similar category", near, {"color": colour(1), "size": 9}),
    )
    for name, chosen, marker in kinds:
        some = list(zip(rows[chosen].tolist(), columns[chosen].tolist(), strict=True))
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": name,
                "marker": marker,
                "x": [float(matrix.similarities[pair]) for pair in some],
                "y": [float(stretch(matrix.lifts[pair])) for pair in some],
                "hoverinfo": "text",
                "hovertext": [_cell_said(matrix, *pair) for pair in some],
            }
        )
    ticks = stretched_ticks(matrix.lifts[matrix.off_diagonal])
    y_axis = axis(
        f"{_TITLES[matrix.quantity]}, percentage points<br>(stretched near 0)",
        tickvals=[float(stretch(tick)) for tick in ticks],
        ticktext=[f"{100 * tick:g}" for tick in ticks],
    )
    return {
        "data": data,
        "layout": layout(height=440, xaxis=axis("similarity to the target"), yaxis=y_axis),
    }


def _scale(lift: Float[np.ndarray, " cells"]) -> tuple[float, Callable[[Any], Any]]:
    reach = reach_of(lift)
    return reach, lambda value: np.arcsinh(4 * value / reach)


def _shades(low: float, high: float) -> list[Any]:
    """Return the part of the colours from fall to rise that the lifts reach; 0 stays white."""
    places = np.linspace(low, high, 21)
    parts = [np.interp(places / high, np.linspace(-1, 1, 5), part) for part in _FALL_TO_RISE.T]
    return [
        [place / 20, "rgb({:.0f}, {:.0f}, {:.0f})".format(*rgb)]
        for place, rgb in enumerate(zip(*parts, strict=True))
    ]


def _cell_said(matrix: SpilloverMatrix, row: int, column: int) -> str:
    made = matrix.cell(row, column)
    lines = [
        f"<b>{plain(matrix.targets[row])}</b> poisoned, "
        f"<b>{plain(matrix.victims[column])}</b> looked at",
        f"{_TITLES[matrix.quantity]} {points(made)}",
        f"similarity {matrix.similarities[row, column]:.3f}",
    ]
    if made.p_holm is not None:
        lines.append(f"p = {made.p_holm:.2g} after Holm's correction")
    return "<br>".join(lines)


def _bar(title: str, place: int) -> Spec:
    return {
        "orientation": "h",
        "thickness": 10,
        "len": 0.46,
        "x": 0.23 + 0.54 * place,
        "y": 0,
        "yref": "container",
        "yanchor": "bottom",
        "title": {"text": f"lift, points:<br>{title}", "side": "bottom", "font": {"size": 11}},
        "tickfont": {"size": 10},
        "outlinewidth": 0,
    }


def _nearest(matrix: SpilloverMatrix, rows: Sequence[int], names: Any) -> Spec:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [plain(matrix.victims[int(matrix.nearest[row])]) for row in rows],
        "y": names,
        "marker": {"color": "#000", "size": 5, "line": {"color": "#fff", "width": 1}},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _grid(rows: int, columns: int) -> Spec:
    # By their look plotly would take names such as "1" for numbers.
    size: Spec = {"type": "category", "showgrid": False, "zeroline": False, "dtick": 1}
    size["tickfont"] = {"size": 11}
    # The dots would make room for themselves at the edges.
    x_axis = axis(tickangle=-90, range=[-0.5, columns - 0.5], **size)
    y_axis = axis(range=[rows - 0.5, -0.5], **size)
    x_axis["title"] = {"text": "looked at", "standoff": 12}
    y_axis["title"] = {"text": "poisoned", "standoff": 12}
    # Square on a wide screen, as far as names leave room.
    height = int(min(max(500 / rows, 19), 42)) * rows + 230
    made = layout(height=height, xaxis=x_axis, yaxis=y_axis)
    return merged(made, {"margin": {"b": 96}})


def _small(rows: int) -> Spec:
    many = rows > 16
    font = {"tickfont": {"size": 7 if many else 10}, "title": {"text": ""}}
    return {"xaxis": font, "yaxis": font, **({"height": 10 * rows + 230} if many else {})}
