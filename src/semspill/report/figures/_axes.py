"""What lifts are drawn against: similarity to the target, or how often one is taken for it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from semspill.report.figures._fonts import short
from semspill.results import SliceReport, SpilloverReport


class Line(NamedTuple):
    """A least squares line at some places of an axis, as shares."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] | None = None
    """Lower end of the band of shuffled lines; None where there is no band."""
    high: tuple[float, ...] | None = None
    level: float = math.nan
    """Share of the shuffled lines in the band."""


@dataclass(frozen=True)
class Axis:
    """The axis along which categories stand."""

    title: str
    said: str
    """A format of what a mark says of its place."""
    values: Mapping[str, float]
    """Where each category stands."""
    first: tuple[str, ...]
    """Categories whose points are named before others."""
    ends: tuple[str, str] | None = None
    """What a category at the left end of the axis is, and at the right; None if that is plain."""
    lines: Mapping[str, Line] = field(default_factory=dict)
    """The least squares line of each lift, by metric."""


def by_similarity(report: SpilloverReport) -> Axis:
    """Return similarity to the target, with the band of lines under shuffled labels."""
    near = {part.name: part.similarity for part in _parts(report) if part.similarity is not None}
    return Axis(
        title=_similarity_title(report),
        said="similarity {:.3f}",
        values=near,
        first=(report.nearest, *report.far),
        ends=("least similar", "most similar"),
        lines={
            name: Line(band.similarity, band.line, band.low, band.high, band.level)
            for name, band in report.bands.items()
        },
    )


def _similarity_title(report: SpilloverReport) -> str:
    name, unit = short(report.target), report.similarity_unit
    return unit.replace("the target", name) if unit else f"similarity to {name}"


def by_confusion(report: SpilloverReport) -> Axis:
    """Return the share of contexts labelled as the target, in percent; labels are predicted."""
    channels = report.labels.channels if report.labels else ()
    shares = {channel.group: 100 * channel.labelled.value for channel in channels}
    others = [p for p in _parts(report) if p.name != report.target and p.name in shares]
    others.sort(key=lambda part: -shares[part.name])
    # The rest crowd near 0, where names would hide the points.
    least = shares[others[0].name] / 10 if others else 0.0
    tested = others if report.labels and report.labels.curve else []
    lines = {
        name: _least_squares([(shares[p.name], p.estimates[name].value) for p in tested])
        for name in dict.fromkeys(name for part in tested for name in part.estimates)
    }
    return Axis(
        title=f"contexts labelled {short(report.target)}, %",
        said="labelled as the target: {:.1f} %",
        values=shares,
        first=tuple(part.name for part in others if shares[part.name] > least),
        lines={name: line for name, line in lines.items() if line is not None},
    )


def _least_squares(points: Sequence[tuple[float, float]]) -> Line | None:
    """Return the line through the points; None where one is undefined or all stand at one place."""
    x, y = np.array(points).T
    if not np.isfinite(y).all() or np.ptp(x) == 0:
        return None
    slope, start = np.polyfit(x, y, 1)
    ends = (float(x.min()), float(x.max()))
    return Line(ends, tuple(float(start + slope * end) for end in ends))


def lifted(report: SpilloverReport, quantity: str, axis: Axis | None = None) -> list[SliceReport]:
    """Return the categories of the main arm that have a lift and a place on the axis.

    Args:
        report: Whose categories.
        quantity: Name of the metric of the lift.
        axis: By default similarity.
    """
    places = (axis or by_similarity(report)).values
    return [
        part
        for part in _parts(report)
        if part.name in places
        and quantity in part.estimates
        and not math.isnan(part.estimates[quantity].value)
    ]


def _parts(report: SpilloverReport) -> list[SliceReport]:
    return [part for part in report.categories if part.arm == report.main_arm]
