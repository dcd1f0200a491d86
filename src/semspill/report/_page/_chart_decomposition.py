"""The chart of the parts of the lift: a panel per group and quantity, its own scale each."""

from semspill.report._page._chart_parts import (
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
    points,
)
from semspill.report.figures._colours import PARTS
from semspill.results import Part, SpilloverReport

_TITLES = {"toxicity": "toxicity", "asr": "attack success"}


def decomposition_chart(report: SpilloverReport) -> Spec | None:
    """Return the parts of each group's lift with intervals, or None where there are none."""
    groups = list(dict.fromkeys(p.group for p in report.decomposition if p.group != "all"))
    cells = [(quantity, group) for quantity in _TITLES for group in groups]
    if not cells:
        return None
    data: list[Spec] = []
    made = layout(showlegend=False)
    for place, cell in enumerate(cells):
        parts = [p for p in report.decomposition if (p.quantity, p.group) == cell]
        end = numbered(place)
        data.append({**_trace(parts), "xaxis": f"x{end}", "yaxis": f"y{end}"})
        made[f"xaxis{end}"] = axis(zeroline=True, nticks=4)
        made[f"yaxis{end}"] = axis(
            tickvals=list(range(len(parts))),
            ticktext=[part.part for part in parts],
            range=[len(parts) - 0.5, -0.5],
        )
    made["annotations"] = [
        *(
            heading(place, f"<b>{plain(group)}</b><br>{_TITLES[quantity]}")
            for place, (quantity, group) in enumerate(cells)
        ),
        caption("percentage points; own scale each"),
    ]
    # Wide: a row per quantity; narrow: a row per group.
    wide = [divmod(place, len(groups)) for place in range(len(cells))]
    return {
        "data": data,
        "layout": merged(made, panels(wide, height=150)),
        "narrow": panels([(column, row) for row, column in wide], height=130),
    }


def _trace(parts: list[Part]) -> Spec:
    made = [part.estimate for part in parts]
    return {
        "type": "scatter",
        "mode": "markers",
        "marker": {"color": [colour(PARTS[part.part]) for part in parts], "size": 9},
        "x": [100 * e.value for e in made],
        "y": list(range(len(parts))),
        "error_x": {
            "array": [100 * (e.high - e.value) for e in made],
            "arrayminus": [100 * (e.value - e.low) for e in made],
            "color": MUTED,
            "thickness": 1.2,
            "width": 0,
        },
        "hoverinfo": "text",
        "hovertext": [
            f"<b>{plain(p.group)}</b>, {_TITLES[p.quantity]}<br>{p.part}: {points(p.estimate)}"
            for p in parts
        ],
    }
