"""The charts of a page of several runs, and of a target-by-victim matrix, as plotly figures."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from semspill.report._page._chart_parts import (
    Spec,
    axis,
    colour,
    finite,
    heading,
    layout,
    merged,
    numbered,
    panels,
    plain,
    points,
)
from semspill.results import SliceReport, SpilloverReport
from semspill.statistics import Estimate

QUANTITIES = {"lift": "toxicity lift", "asr_lift": "attack success lift"}
MEASURES = {"asr": "attack success, %", "toxicity": "mean rated toxicity, %", "precision": "P@1, %"}
ROLES = ("target", "nearest", "all but the target", "all")
_HIGH = 480
_SHIFT = 0.005
"""Share of the axis by which a run's points stand beside the next run's."""
_SYMBOLS = ("circle", "square", "triangle-up", "triangle-down", "cross", "x", "pentagon", "diamond")


def comparison_charts(runs: Mapping[str, SpilloverReport]) -> dict[str, Spec]:
    """Return the charts that overlay runs, by name; what no run has is left out."""
    made = {
        "compare": curves_chart(runs, "lift"),
        "compare-asr": curves_chart(runs, "asr_lift"),
        "groups": groups_chart(runs),
    }
    return {name: finite(chart) for name, chart in made.items() if chart["data"]}


def curves_chart(runs: Mapping[str, SpilloverReport], quantity: str) -> Spec:
    """Return lift against similarity: a colour and a marker per run, and its line."""
    data: list[Spec] = []
    apart = shifts(runs, quantity)
    for place, (label, report) in enumerate(runs.items()):
        parts = lifted(report, quantity)
        if not parts:
            continue
        made = [part.estimates[quantity] for part in parts]
        drawn = {"legendgroup": plain(label), "type": "scatter"}
        data.append(
            {
                **drawn,
                "mode": "markers",
                "name": plain(label),
                "marker": {**_marker(place), "size": 8, "opacity": 0.85},
                "x": [x + apart[label] for x in _similarities(parts)],
                "y": [100 * e.value for e in made],
                "error_y": _whiskers(made, colour(place)),
                "hoverinfo": "text",
                "hovertext": [
                    f"<b>{plain(part.name)}</b>{', the target' * (part.name == report.target)}"
                    f"<br>{plain(label)}<br>similarity {part.similarity:.3f}<br>"
                    f"{QUANTITIES[quantity]} {points(part.estimates[quantity])}"
                    for part in parts
                ],
            }
        )
        band = report.bands.get(quantity)
        if band is not None:
            line = {"color": colour(place), "width": 1.8}
            y = [100 * end for end in band.line]
            data.append(
                {
                    **drawn, "mode": "lines", "x": list(band.similarity), "y": y, "line": line,
                    "hoverinfo": "skip", "showlegend": False,
                }
            )  # fmt: skip
    y_axis = axis(f"{QUANTITIES[quantity]}, percentage points", zeroline=True)
    wide = layout(height=_HIGH, xaxis=axis(_near(runs)), yaxis=y_axis)
    # There the legend has a line per run, and must leave the chart its height.
    return {"data": data, "layout": wide, "narrow": {"height": max(_HIGH, 360 + 27 * len(runs))}}


def groups_chart(runs: Mapping[str, SpilloverReport]) -> Spec:
    """Return a panel per measure: its groups with intervals, one mark per run."""
    shown = [name for name in MEASURES if any(in_role(r, "all", name) for r in runs.values())]
    data: list[Spec] = []
    made = layout()
    for panel, measure in enumerate(shown):
        end = numbered(panel)
        for place, (label, report) in enumerate(runs.items()):
            found = {role: in_role(report, role, measure) for role in ROLES}
            data.append(_forest(label, place, len(runs), {**found}, panel))
        made[f"xaxis{end}"] = axis(nticks=4)
        ticks: Spec = {"tickvals": list(range(len(ROLES))), "ticktext": list(ROLES)}
        made[f"yaxis{end}"] = axis(range=[len(ROLES) - 0.5, -0.5], zeroline=False, **ticks)
    if not shown:
        return {"data": [], "layout": made}
    made["annotations"] = [heading(i, f"<b>{MEASURES[name]}</b>") for i, name in enumerate(shown)]
    height = len(ROLES) * max(34, 15 * len(runs))
    wide = panels([(0, place) for place in range(len(shown))], height)
    narrow = panels([(place, 0) for place in range(len(shown))], height)
    return {"data": data, "layout": merged(made, wide), "narrow": narrow}


def lifted(report: SpilloverReport, quantity: str) -> list[SliceReport]:
    """Return the categories of the main arm that have a place on the curve."""
    return [
        part
        for part in report.categories
        if part.arm == report.main_arm
        and part.similarity is not None
        and quantity in part.estimates
        and not math.isnan(part.estimates[quantity].value)
    ]


def shifts(runs: Mapping[str, SpilloverReport], quantity: str) -> dict[str, float]:
    """Return how far right each run's points are drawn, lest equal ones hide one another."""
    every = [x for report in runs.values() for x in _similarities(lifted(report, quantity))]
    wide = max(every, default=0.0) - min(every, default=0.0)
    middle = (len(runs) - 1) / 2
    return {label: _SHIFT * wide * (place - middle) for place, label in enumerate(runs)}


def _similarities(parts: Sequence[SliceReport]) -> list[float]:
    return [part.similarity or 0.0 for part in parts]


def in_role(report: SpilloverReport, role: str, measure: str) -> Estimate | None:
    """Return a measure of the group that plays a role in a report's main arm, if it has it."""
    named = {
        "target": report.target,
        "nearest": report.nearest,
        "all but the target": f"all but {report.target}",
    }
    name = named.get(role, role)
    for part in report.groups:
        if part.arm == report.main_arm and part.name == name:
            made = part.estimates.get(measure)
            return None if made is None or math.isnan(made.value) else made
    return None


def _near(runs: Mapping[str, SpilloverReport]) -> str:
    targets = list(dict.fromkeys(report.target for report in runs.values()))
    return f"similarity to {plain(targets[0]) if len(targets) == 1 else 'the target'}"


def _marker(place: int) -> Spec:
    return {"color": colour(place), "symbol": _SYMBOLS[place % len(_SYMBOLS)]}


def _whiskers(made: list[Estimate], shade: str) -> Spec:
    return {
        "array": [100 * (e.high - e.value) for e in made],
        "arrayminus": [100 * (e.value - e.low) for e in made],
        "color": shade,
        "thickness": 1,
        "width": 0,
    }


def _forest(
    label: str, place: int, count: int, found: Mapping[str, Estimate | None], panel: int
) -> Spec:
    here: dict[int, Any] = {i: made for i, made in enumerate(found.values()) if made is not None}
    return {
        "type": "scatter",
        "mode": "markers",
        "name": plain(label),
        "legendgroup": plain(label),
        "showlegend": panel == 0,
        "marker": {**_marker(place), "size": 8},
        "x": [100 * made.value for made in here.values()],
        "y": [at + spread(place, count) for at in here],
        "error_x": _whiskers(list(here.values()), colour(place)),
        "hoverinfo": "text",
        "hovertext": [
            f"<b>{ROLES[at]}</b><br>{plain(label)}<br>{100 * made.value:.1f} "
            f"[{100 * made.low:.1f}, {100 * made.high:.1f}] %"
            for at, made in here.items()
        ],
        "xaxis": f"x{numbered(panel)}",
        "yaxis": f"y{numbered(panel)}",
    }


def spread(place: int, count: int) -> float:
    """Return how far below or above its group one of several runs is drawn.

    Example:
        >>> [round(spread(place, 3), 2) for place in range(3)]
        [-0.23, 0.0, 0.23]
    """
    return 0.7 * ((place + 0.5) / count - 0.5)
