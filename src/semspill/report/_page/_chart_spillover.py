"""The chart of lift against similarity: a point per category, the target apart, the band behind."""

import math
from collections.abc import Sequence
from typing import Literal

from semspill.report._page._chart_parts import (
    INK,
    MUTED,
    PAPER,
    Spec,
    axis,
    colour,
    layout,
    merged,
    plain,
    points,
)
from semspill.report.figures._colours import APART
from semspill.results import Band, SliceReport, SpilloverReport
from semspill.statistics import Estimate

_TITLES = {"lift": "toxicity lift", "asr_lift": "attack success lift"}
_LABELS = 12
_WIDE, _NARROW, _TALL = 0.12, 0.3, 0.07
"""Share of the width, on a wide and a narrow screen, and of the height within which a second name
would hide the first."""


def spillover_chart(report: SpilloverReport, quantity: Literal["lift", "asr_lift"]) -> Spec | None:
    """Return the chart of one quantity's lift, or None where nothing can be drawn.

    Args:
        report: What is drawn, of its main arm.
        quantity: The lift of which quantity.
    """
    parts = [
        part
        for part in report.categories
        if part.arm == report.main_arm and part.similarity is not None and _has(part, quantity)
    ]
    others = [part for part in parts if part.name != report.target]
    target = [part for part in parts if part.name == report.target]
    if not parts:
        return None
    sure = [part for part in others if part.estimates[quantity].survives]
    unsure = [part for part in others if part not in sure]
    apart = _highest(target, quantity) > APART * _highest(others, quantity) > 0
    hollow = {"color": PAPER, "line": {"color": INK, "width": 1.5}, "size": 8}
    data = [
        *_behind(report.bands.get(quantity)),
        _trace(unsure, quantity, "other category", hollow),
        _trace(sure, quantity, "survives Holm's correction", {"color": colour(2), "size": 9}),
        {
            **_trace(
                target,
                quantity,
                f"{plain(report.target)}, the target",
                {"color": colour(0), "symbol": "diamond", "size": 11},
            ),
            "yaxis": "y2" if apart else "y",
        },
    ]
    wanted = _wanted(report, sure, others, quantity)
    wide, narrow = (
        _names(_legible(wanted, others, quantity, width), quantity) for width in (_WIDE, _NARROW)
    )
    return {
        "data": [trace for trace in data if trace["x"]],
        "layout": {**_layout(report, quantity, apart), "annotations": wide},
        "narrow": {"annotations": narrow},
    }


def _has(part: SliceReport, quantity: str) -> bool:
    return quantity in part.estimates and not math.isnan(part.estimates[quantity].value)


def _highest(parts: Sequence[SliceReport], quantity: str) -> float:
    return max((part.estimates[quantity].high for part in parts), default=0.0)


def _layout(report: SpilloverReport, quantity: str, apart: bool) -> Spec:
    y = axis(f"{_TITLES[quantity]}, percentage points", zeroline=True)
    made = layout(height=460, xaxis=axis(f"similarity to {plain(report.target)}"), yaxis=y)
    if apart:
        above = axis(domain=[0.84, 1], nticks=3, zeroline=False)
        made = merged(made, {"yaxis": {"domain": [0, 0.78]}, "yaxis2": above})
    return made


def _behind(band: Band | None) -> list[Spec]:
    """Return the least squares line and the band that shuffled labels give."""
    if band is None:
        return []
    around = [100 * y for y in (*band.low, *band.high[::-1])]
    return [
        {
            "type": "scatter", "mode": "lines", "hoverinfo": "skip", "fill": "toself",
            "fillcolor": "rgba(230, 159, 0, 0.25)", "line": {"width": 0},
            "x": [*band.similarity, *band.similarity[::-1]], "y": around,
            "name": f"{100 * band.level:g}% of lines under shuffled labels",
        },
        {
            "type": "scatter", "mode": "lines", "hoverinfo": "skip",
            "line": {"color": MUTED, "width": 1.5}, "x": list(band.similarity),
            "y": [100 * y for y in band.line], "name": "least squares line",
        },
    ]  # fmt: skip


def _trace(parts: Sequence[SliceReport], quantity: str, name: str, marker: Spec) -> Spec:
    made = [part.estimates[quantity] for part in parts]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "marker": marker,
        "x": [part.similarity for part in parts],
        "y": [100 * e.value for e in made],
        "error_y": {
            "array": [100 * (e.high - e.value) for e in made],
            "arrayminus": [100 * (e.value - e.low) for e in made],
            "color": MUTED,
            "thickness": 1,
            "width": 0,
        },
        "hoverinfo": "text",
        "hovertext": [_said(part, quantity) for part in parts],
    }


def _said(part: SliceReport, quantity: str) -> str:
    """Return what a point says when it is looked at."""
    made = part.estimates[quantity]
    lines = [
        f"<b>{plain(part.name)}</b>",
        f"similarity {part.similarity:.3f}",
        f"{_TITLES[quantity]} {points(made)}",
        f"{part.dialogues} dialogues",
    ]
    if made.p_holm is not None:
        lines.append(f"p = {made.p_holm:.2g} after Holm's correction")
    return "<br>".join(lines)


def _wanted(
    report: SpilloverReport,
    sure: Sequence[SliceReport],
    others: Sequence[SliceReport],
    quantity: str,
) -> list[SliceReport]:
    """Return the categories to name, the most wanted first."""
    first = [part for part in others if part.name in (report.nearest, *report.far)]
    rest = sorted(sure, key=lambda part: -abs(part.estimates[quantity].value))
    return [*first, *(part for part in rest if part not in first)]


def _legible(
    wanted: Sequence[SliceReport], others: Sequence[SliceReport], quantity: str, width: float
) -> list[SliceReport]:
    """Return as many of them as do not hide one another."""
    ends = [end for part in others for end in _ends(part.estimates[quantity])]
    across = [part.similarity or 0.0 for part in others]
    taken: list[SliceReport] = []
    for part in wanted:
        x, y = part.similarity or 0.0, part.estimates[quantity].high
        hidden = any(
            abs((other.similarity or 0.0) - x) < width * _range(across)
            and abs(other.estimates[quantity].high - y) < _TALL * _range(ends)
            for other in taken
        )
        taken += [] if hidden else [part]
    return taken[:_LABELS]


def _range(values: Sequence[float]) -> float:
    return (max(values) - min(values)) or 1.0


def _ends(made: Estimate) -> tuple[float, float]:
    return made.low, made.high


def _names(parts: Sequence[SliceReport], quantity: str) -> list[Spec]:
    """Return names above their points, on a ground of their own: bars may run behind them."""
    return [
        {
            "x": part.similarity, "y": 100 * part.estimates[quantity].high,
            "text": plain(part.name), "showarrow": False, "yanchor": "bottom",
            "font": {"size": 12}, "bgcolor": PAPER, "opacity": 0.85, "borderpad": 0,
        }
        for part in parts
    ]  # fmt: skip
