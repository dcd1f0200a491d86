"""What all charts of the page share: colours of the theme, panels, axes, honest numbers.

A chart is a plotly figure as a plain dictionary, `{"data": [...], "layout": {...}}`. A colour that
begins with `@` names a CSS variable, which the page puts in. `narrow` holds what of the layout is
different on a narrow screen.
"""

import html
import math
from collections.abc import Sequence
from typing import Any, TypeAlias

from semspill.report.figures._colours import COLOURS
from semspill.statistics import Estimate

Spec: TypeAlias = dict[str, Any]

INK, MUTED, PAPER, GRID = "@ink", "@muted", "@paper", "@grid"
_TYPE = "system-ui, sans-serif"
_MARGIN = {"l": 12, "r": 12, "t": 34, "b": 12}
_TITLE, _TICKS, _CAPTION = 44, 24, 30


def colour(place: int) -> str:
    """Return the colour of that place in the palette; its black is the ink of the theme."""
    found = COLOURS[place % len(COLOURS)]
    return INK if found == "#000000" else found


def plain(name: str) -> str:
    """Return a text that plotly shows as it is, not as markup.

    Example:
        >>> plain("<b>joy</b> @ fear")
        '&lt;b&gt;joy&lt;/b&gt; &#64; fear'
    """
    # A name such as "@ink" is no colour either.
    return html.escape(name, quote=False).replace("@", "&#64;")


def points(made: Estimate) -> str:
    """Return a lift in percentage points with its interval.

    Example:
        >>> points(Estimate(value=0.0871, low=-0.00001, high=0.129, n=80, method="t"))
        '+8.7 [0.0, +12.9] percentage points'
    """
    value, low, high = (_signed(100 * end) for end in (made.value, made.low, made.high))
    return f"{value} [{low}, {high}] percentage points"


def _signed(value: float) -> str:
    said = f"{value:+.1f}"
    return "0.0" if said in ("+0.0", "-0.0") else said


def finite(value: Any) -> Any:
    """Return a specification without NaN and infinity, which JSON lacks: null stands for them.

    Numbers keep six digits.

    Example:
        >>> finite({"x": [float("nan"), 1 / 3]})
        {'x': [None, 0.333333]}
    """
    if isinstance(value, dict):
        return {name: finite(held) for name, held in value.items()}
    if isinstance(value, list | tuple):
        return [finite(held) for held in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value


def layout(**more: Any) -> Spec:
    """Return the layout that every chart begins with, legend below, and what is its own."""
    return {
        "autosize": True,
        "margin": _MARGIN,
        "paper_bgcolor": PAPER,
        "plot_bgcolor": PAPER,
        "font": {"family": _TYPE, "size": 13, "color": INK},
        "hoverlabel": {
            "align": "left", "bgcolor": PAPER, "bordercolor": MUTED,
            "font": {"family": _TYPE, "color": INK},
        },
        "hovermode": "closest",
        "legend": {
            "orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0,
        },
        "modebar": {"bgcolor": PAPER, "color": MUTED, "activecolor": INK},
        # A change of theme or size keeps the zoom.
        "uirevision": "keep",
        **more,
    }  # fmt: skip


def axis(title: str = "", **more: Any) -> Spec:
    """Return an axis with its grid in the colours of the theme."""
    return {
        "title": {"text": title, "font": {"size": 13}},
        "gridcolor": GRID,
        "zerolinecolor": MUTED,
        "linecolor": MUTED,
        "automargin": True,
        **more,
    }


def numbered(place: int) -> str:
    """Return the end of an axis's name: nothing for the first, then 2, 3, ..."""
    return "" if place == 0 else str(place + 1)


def panels(cells: Sequence[tuple[int, int]], height: int) -> Spec:
    """Return where panels stand, as the part of a layout that says it.

    Args:
        cells: Row and column of each panel, in the order of their axes.
        height: Height of a panel in pixels, without its title.
    """
    rows, columns = (1 + max(cell[side] for cell in cells) for side in (0, 1))
    pitch = _TITLE + height + _TICKS
    total = rows * pitch + _CAPTION
    gap = 0.03 if columns > 2 else 0.08
    width = (1 - gap * (columns - 1)) / columns
    made: Spec = {"height": total + _MARGIN["t"] + _MARGIN["b"]}
    for place, (row, column) in enumerate(cells):
        top, left = 1 - (row * pitch + _TITLE) / total, column * (width + gap)
        end = numbered(place)
        made[f"xaxis{end}"] = {"domain": [left, min(left + width, 1)], "anchor": f"y{end}"}
        made[f"yaxis{end}"] = {
            "domain": [max(top - height / total, 0), top],
            "anchor": f"x{end}",
            "showticklabels": column == 0,
        }
    return made


def merged(*layouts: Spec) -> Spec:
    """Return layouts in one; what a later one says of an axis is added to it."""
    made: Spec = {}
    for one in layouts:
        for name, held in one.items():
            both = isinstance(held, dict) and isinstance(made.get(name), dict)
            made[name] = {**made[name], **held} if both else held
    return made


def heading(place: int, text: str) -> Spec:
    """Return a panel's title; it moves with the panel."""
    end = numbered(place)
    where = {"xref": f"x{end} domain", "yref": f"y{end} domain", "x": 0, "y": 1}
    return {
        **where, "text": text, "showarrow": False, "align": "left", "xanchor": "left",
        "yanchor": "bottom", "font": {"size": 12},
    }  # fmt: skip


def caption(text: str) -> Spec:
    """Return a line below all panels that says what their common axis is."""
    return {
        "xref": "paper", "yref": "paper", "x": 0.5, "y": 0, "text": text, "showarrow": False,
        "yanchor": "bottom", "font": {"size": 12},
    }  # fmt: skip
