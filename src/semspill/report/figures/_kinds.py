"""What tells the points of a spillover figure apart, which are named, and what the axis says."""

from collections.abc import Sequence
from typing import Any

from semspill.report._phrases import moved
from semspill.report.figures._axes import Axis
from semspill.report.figures._style import COLOURS, Look
from semspill.results import SliceReport
from semspill.statistics import Estimate

_CORRECTED = {False: "'s correction", True: ""}
"""What is shorter in a column."""
_ALONE = {False: " before correction", True: " (alone)"}
_SURE, _OTHER, _PALE = COLOURS[2], COLOURS[4], COLOURS[7]
_MOST = 12
"""Points up to which those are named, too, that show nothing; a column holds half."""
_GAP = "\u2003\u2003"
"""Spaces that a page does not make one of."""
_ROOM = 88
"""Characters that fit below the axis of a page."""


def kinds(
    others: Sequence[SliceReport], quantity: str, look: Look
) -> list[tuple[list[SliceReport], dict[str, Any]]]:
    """Return the categories but the target by what their lifts show, each kind with its style."""
    sure = [part for part in others if part.estimates[quantity].survives]
    some = [part for part in others if part not in sure and _clear(part.estimates[quantity])]
    none = [part for part in others if part not in sure and part not in some]
    pale = {"color": _PALE, "mfc": "white", "ecolor": "#b0b0b0", "markersize": 2.5}
    hollow = {"color": _OTHER, "mfc": "white", "ecolor": "0.6"}
    return [
        (none, {**pale, "label": "not significant"}),
        (some, {**hollow, "label": f"significant{_ALONE[look.narrow]}"}),
        (sure, {"color": _SURE, "label": f"significant (Holm{_CORRECTED[look.narrow]})"}),
    ]


def worth_naming(
    others: Sequence[SliceReport], quantity: str, along: Axis, look: Look
) -> list[SliceReport]:
    """Return the categories but the target that are worth naming, the most important first.

    Those are the nearest, the far ones, and all whose lift is significant, after Holm's correction
    or before it; of few, the others too.
    """
    places = {name: place for place, name in enumerate(along.first)}
    order = sorted(
        others,
        key=lambda part: (
            places.get(part.name, len(places)),
            not part.estimates[quantity].survives,
            -abs(part.estimates[quantity].value),
        ),
    )
    most = _MOST // 2 if look.narrow else _MOST
    return [
        part
        for at, part in enumerate(order)
        if at < most
        or part.name in places
        or part.estimates[quantity].survives
        or _clear(part.estimates[quantity])
    ]


def below(along: Axis, count: int, look: Look) -> str:
    """Return the title of the axis with what its ends mean: a cosine of 0.91 may be the least.

    Args:
        along: The axis.
        count: How many categories but the target stand on it.
        look: How wide.
    """
    if along.ends is None or count < 2:
        return along.title
    left, right = along.ends
    ends = f"\u2190 {left} of {count}", f"{right} \u2192"
    wide = _GAP.join((ends[0], along.title, ends[1]))
    if look.narrow or len(wide) > _ROOM:
        return f"{along.title}\n{_GAP.join(ends)}"
    return wide


def _clear(lift: Estimate) -> bool:
    """Return whether a lift moved, by its test before correction, or its interval where none is."""
    return moved(lift) in ("rose", "fell")
