"""Points and intervals of a figure, with their hover texts."""

import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes

from semspill.report.figures._style import COLOURS, HouseFigure, Mark, root
from semspill.results import SpilloverReport
from semspill.statistics import Estimate

_SINGLE = [COLOURS[place] for place in (0, 2, 1, 3, 5, 6, 7)]
"""Colours of single categories: the target's, its nearest one's, and those of others."""


def mark(axes: Axes, at: tuple[float, float], name: str, *lines: str, **size: Any) -> None:
    """Let a place say what it shows, where the figure is ours; see `Mark`."""
    figure = root(axes)
    if isinstance(figure, HouseFigure):
        figure.marks.append(Mark(axes, *at, name, "\n".join(filter(None, lines)), **size))


def scale_of(estimate: Estimate) -> int:
    """Return 100 for a share or a difference of shares, which is drawn in percent, else 1."""
    return 1 if estimate.metric and estimate.measure.unit == "number" else 100


def points(estimate: Estimate) -> str:
    """Return a lift with its interval, that of a share in percentage points.

    Example:
        >>> points(Estimate(value=0.0871, low=-0.00001, high=0.129, n=80, method="t"))
        '+8.7 [0.0, +12.9] percentage points'
    """
    times = scale_of(estimate)
    digits = 1 if times == 100 else 3
    # Adding 0 turns a rounded -0.0 into 0.0.
    ends = (
        round(times * end, digits) + 0.0 for end in (estimate.value, estimate.low, estimate.high)
    )
    value, low, high = (f"{end:+.{digits}f}" if end else f"{end:.{digits}f}" for end in ends)
    return f"{value} [{low}, {high}]" + (" percentage points" if times == 100 else "")


def possible(estimate: Estimate) -> tuple[float, float]:
    """Return the ends of an interval as drawn: no share lies outside 0 to 100 percent.

    Example:
        >>> from semspill.statistics import Measure
        >>> share = Measure(metric="asr", unit="share")
        >>> possible(Estimate(value=0.02, low=-0.03, high=0.5, n=8, method="t", measure=share))
        (0.0, 50.0)
    """
    times = scale_of(estimate)
    ranges = {"share": (0.0, 1.0), "points": (-1.0, 1.0)}
    unit = estimate.measure.unit if estimate.metric else ""
    least, most = ranges.get(unit, (-math.inf, math.inf))
    return times * max(estimate.low, least), times * min(estimate.high, most)


def colours_of(report: SpilloverReport) -> dict[str, str]:
    """Return the colour of every group, the same in all figures of a report.

    The target's is that of its diamond wherever lifts are drawn; all but the target is black.
    """
    rest = f"all but {report.target}"
    drawn = [part.name for part in report.groups] + [point.group for point in report.curve]
    names = dict.fromkeys((report.target, report.nearest, *drawn))
    single = [name for name in names if name not in (rest, "all")]
    return {
        **{name: _SINGLE[place % len(_SINGLE)] for place, name in enumerate(single)},
        **dict.fromkeys((rest, "all"), COLOURS[4]),
    }


def seeds(report: SpilloverReport) -> str:
    """Return the training seeds of a report, for what a mark says."""
    return f"seed{'s' * (len(report.seeds) > 1)} {', '.join(map(str, report.seeds))}"


def intervals(
    axes: Axes,
    places: Sequence[float],
    estimates: Sequence[Estimate],
    *,
    along: Literal["x", "y"] = "y",
    **options: Any,
) -> list[tuple[float, float]]:
    """Draw estimates with their intervals, shares in percent, and return where each point is.

    Args:
        axes: Where they are drawn.
        places: The place of each on the other axis.
        estimates: The estimates.
        along: The axis of their values.
        options: Of `Axes.errorbar`.
    """
    values = [scale_of(e) * e.value for e in estimates]
    ends_of = [possible(e) for e in estimates]
    sides = [
        [value - low for value, (low, _) in zip(values, ends_of, strict=True)],
        [high - value for value, (_, high) in zip(values, ends_of, strict=True)],
    ]
    # A value at an end of its interval may lie beyond it by its last digit.
    ends = np.maximum(sides, 0.0)
    x, y = (places, values) if along == "y" else (values, places)
    drawn = {"linestyle": "none", "markersize": 4, "elinewidth": 0.8, **options}
    axes.errorbar(x, y, **{f"{along}err": ends, **drawn})
    return list(zip(x, y, strict=True))
