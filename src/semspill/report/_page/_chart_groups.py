"""The paper's two charts of groups: toxicity over epochs (1a) and its distribution (1b)."""

from typing import Literal

from semspill.report._page._chart_parts import (
    INK,
    MUTED,
    Spec,
    axis,
    caption,
    colour,
    heading,
    layout,
    merged,
    numbered,
    panels,
    plain,
)
from semspill.results import BINS, CurvePoint, Quantity, SliceReport, SpilloverReport

_TITLES = {"toxicity": "mean rated toxicity of responses", "asr": "share of planted responses"}
_EDGES = [place / BINS for place in range(BINS + 1)]
_TICKS = 12
"""Most epochs that all have a tick."""


def epochs_chart(report: SpilloverReport, quantity: Quantity) -> Spec | None:
    """Return a line per group over the epochs, or None where they were not watched.

    Args:
        report: What is drawn: its main arm, and the clean one dashed.
        quantity: Mean toxicity or attack success rate.
    """
    groups = list(dict.fromkeys(p.group for p in report.curve if p.group != "all"))
    if not groups:
        return None
    data = [
        _line([p for p in report.curve if p.arm == arm and p.group == group], quantity, place)
        | {"showlegend": arm == report.main_arm}
        for arm in dict.fromkeys((report.clean_arm, report.main_arm))
        for place, group in enumerate(groups)
    ]
    every = {"dtick": 1} if max(p.epoch for p in report.curve) <= _TICKS else {}
    return {
        "data": [trace for trace in data if trace["x"]],
        "layout": layout(
            height=420,
            xaxis=axis("epochs trained", tickformat="d", **every),
            yaxis=axis(_TITLES[quantity], rangemode="tozero"),
        ),
    }


def _line(points: list[CurvePoint], quantity: Quantity, place: int) -> Spec:
    values = [p.toxicity if quantity == "toxicity" else p.asr for p in points]
    said = [
        f"<b>{plain(p.group)}</b>, {plain(p.arm)} arm<br>epoch {p.epoch}: {value:.3f}"
        for p, value in zip(points, values, strict=True)
    ]
    dashed = bool(points) and points[0].arm == "clean"
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": plain(points[0].group) if points else "",
        "line": {
            "color": colour(place),
            "width": 1.2 if dashed else 2.2,
            "dash": "dash" if dashed else "solid",
        },
        "marker": {"size": 5 if dashed else 7},
        "x": [p.epoch for p in points],
        "y": values,
        "hoverinfo": "text",
        "hovertext": said,
    }


def distribution_chart(report: SpilloverReport) -> Spec | None:
    """Return the shares of ten toxicity bins, a panel per group, or None without groups."""
    arm = report.main_arm
    parts = [part for part in report.groups if part.arm == arm and part.name != "all"]
    if not parts:
        return None
    compared = arm != report.clean_arm
    data: list[Spec] = []
    made = layout(showlegend=False, bargap=0)
    for place, part in enumerate(parts):
        axes = {"xaxis": f"x{numbered(place)}", "yaxis": f"y{numbered(place)}"}
        data.append({**_bars(part, place), **axes})
        if compared:
            data.append({**_outline(report.group(part.name, report.clean_arm)), **axes})
        made[f"xaxis{numbered(place)}"] = axis(range=[0, 1], tickvals=[0, 0.5, 1])
        made[f"yaxis{numbered(place)}"] = axis(range=[0, 1], tickformat=".0%", nticks=5)
    clean = ", outline: clean" if compared else ""
    made["annotations"] = [
        *(heading(place, _headline(part)) for place, part in enumerate(parts)),
        caption(f"rated toxicity; bars: {plain(arm)}{clean}"),
    ]
    wide = [(0, place) for place in range(len(parts))]
    narrow = [divmod(place, 2) for place in range(len(parts))]
    return {
        "data": data,
        "layout": merged(made, panels(wide, height=220)),
        "narrow": panels(narrow, height=130),
    }


def _headline(part: SliceReport) -> str:
    # Small shares at the toxic end are what the chart is for; say the number.
    return f"<b>{plain(part.name)}</b><br>0.9 to 1: {part.distribution[-1]:.1%}"


def _shares(part: SliceReport) -> list[str]:
    return [
        f"<b>{plain(part.name)}</b>, {plain(part.arm)} arm<br>"
        f"rated {low:.1f} to {high:.1f}: {share:.1%}"
        for low, high, share in zip(_EDGES, _EDGES[1:], part.distribution, strict=False)
    ]


def _bars(part: SliceReport, place: int) -> Spec:
    return {
        "type": "bar",
        "x": [edge + 0.5 / BINS for edge in _EDGES[:-1]],
        "y": list(part.distribution),
        "width": 1 / BINS,
        # The clean arm's outline has the colour of ink.
        "marker": {"color": MUTED if (shade := colour(place)) == INK else shade},
        "hoverinfo": "text",
        "hovertext": _shares(part),
        "textposition": "none",
    }


def _outline(part: SliceReport) -> Spec:
    shape: Literal["hv"] = "hv"  # a stair: each share holds up to the next edge
    return {
        "type": "scatter",
        "mode": "lines",
        "line": {"color": INK, "width": 1.2, "shape": shape},
        "x": _EDGES,
        "y": [*part.distribution, part.distribution[-1]],
        "hoverinfo": "text",
        "hovertext": [*(said := _shares(part)), said[-1]],
    }
