"""Where names of points stand: beside their own point or led to it, and nobody else's."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

_BESIDE, _LED = 4.0, 6.0
"""Units between a point and its name, and beyond which a line leads from one to the other."""
_DIRECTIONS, _RINGS, _RING = 16, 24, 5.0
_CLEAR, _PASSING = 4.0, 3.0
"""Units that stay free between a name, or a line, and the points of others."""
_APART = 2.0
"""Units between two names, two lines, or a name and the line of another."""
_SPACING = 1.5
"""Units between the points by which a line is known; less than `_APART`, so none slips through."""
_OVER, _LINE = 8.0, 6.0
"""What it costs to cover an interval, and to need a line, in units of distance."""

Boxes = Float[np.ndarray, "some 4"]
"""Left, bottom, right and top."""
Places = Float[np.ndarray, "some 2"]


class Name(NamedTuple):
    """A name to place."""

    of: tuple[int, ...]
    """Which points it names; several if they lie on top of one another."""
    size: tuple[float, float]
    """Width and height."""


class Spot(NamedTuple):
    """Where a name stands."""

    box: tuple[float, float, float, float]
    """Left, bottom, right and top."""
    line: tuple[tuple[float, float], tuple[float, float]] | None
    """From the name to its point; None where it stands beside it."""


class _Taken(NamedTuple):
    """A name that has its place."""

    box: Boxes
    gap: float
    line: Places


def place(names: Sequence[Name], points: Places, bars: Boxes, frame: Boxes) -> list[Spot | None]:
    """Return a spot for each name, or None where it would be misread.

    A name stands nearer to its own point, or to the line that leads to it, than to any other point
    or line. It covers no point and no other name. Units are those of a picture, some 1/72 inch.

    Args:
        names: The names, the most important first.
        points: All points.
        bars: What a name had better not cover, such as intervals.
        frame: The one box in which names stand.
    """
    taken: list[_Taken] = []
    spots: list[Spot | None] = []
    for name in names:
        own = np.array(name.of, dtype=int)
        others = np.delete(points, own, axis=0)
        anchor = points[own].mean(axis=0)
        free = (
            found
            for found in _candidates(anchor, name, bars, frame)
            if _alone(found, others, taken) and gaps(found.box, points[own]).min() >= _CLEAR - 1
        )
        found = next(free, None)
        spots.append(None if found is None else _spot(found))
        taken += [] if found is None else [found]
    return spots


def gaps(boxes: Boxes, points: Places) -> Float[np.ndarray, "some more"]:
    """Return the distance of each box to each point; 0 inside."""
    low, high = boxes[:, None, :2], boxes[:, None, 2:]
    away = np.maximum(0.0, np.maximum(low - points, points - high))
    return np.asarray(np.hypot(away[..., 0], away[..., 1]))


def _candidates(
    anchor: Float[np.ndarray, "2"], name: Name, bars: Boxes, frame: Boxes
) -> Iterator[_Taken]:
    """Yield where a name may stand in the frame, the best place first."""
    turns = np.arange(_DIRECTIONS) * 2 * np.pi / _DIRECTIONS
    way = np.tile(np.column_stack([np.cos(turns), np.sin(turns)]), (_RINGS, 1))
    ring = np.repeat(_BESIDE + _RING * np.arange(_RINGS), _DIRECTIONS)
    size = np.array(name.size)
    middle = anchor + ring[:, None] * way + size / 2 * np.clip(1.5 * way, -1, 1)
    boxes = np.hstack([middle - size / 2, middle + size / 2])
    gap = gaps(boxes, anchor[None])[:, 0]
    covered = _overlaps(boxes, bars).sum(axis=1)
    # Right before left, and both before above and below.
    slant = 2 * np.abs(way[:, 1]) + 0.5 * (way[:, 0] < 0)
    cost = gap + _LINE * (gap > _LED) + _OVER * covered + slant
    inside = (boxes[:, :2] >= frame[:, :2]) & (boxes[:, 2:] <= frame[:, 2:])
    for at in _in_order(cost):
        if inside[at].all():
            box = boxes[at : at + 1]
            line = _line(anchor, box) if gap[at] > _LED else np.empty((0, 2))
            yield _Taken(box, 0.0 if len(line) else float(gap[at]), line)


def _in_order(cost: Float[np.ndarray, " some"]) -> Int[np.ndarray, " some"]:
    return np.argsort(np.round(cost, 6), kind="stable")


def _line(anchor: Float[np.ndarray, "2"], box: Boxes) -> Places:
    """Return points of the line between a point and the nearest side of its name."""
    end = np.clip(anchor, box[0, :2], box[0, 2:])
    steps = max(2, int(np.hypot(*(end - anchor)) / _SPACING) + 2)
    return np.asarray(anchor + np.linspace(0, 1, steps)[:, None] * (end - anchor))


def _alone(found: _Taken, others: Places, taken: Sequence[_Taken]) -> bool:
    """Return whether a name and its line are clear of other points, names and lines."""
    if len(others):
        near = gaps(found.box, others).min()
        if near < _CLEAR or near <= found.gap + _APART:
            return False
        if len(found.line) and _least(found.line, others) < _PASSING:
            return False
    return not any(_meet(found, one) or _meet(one, found) for one in taken)


def _meet(one: _Taken, two: _Taken) -> bool:
    if _overlaps(one.box + np.array([-1, -1, 1, 1]) * _APART / 2, two.box).any():
        return True
    if not len(two.line):
        return False
    if gaps(one.box, two.line).min() <= one.gap + _APART:
        return True
    return bool(len(one.line)) and _least(one.line, two.line) < _APART


def _least(one: Places, two: Places) -> float:
    return float(np.hypot(*(one[:, None] - two[None]).T).min())


def _overlaps(boxes: Boxes, others: Boxes) -> np.ndarray:
    one, two = boxes[:, None], others[None]
    return np.asarray(
        ((one[..., :2] <= two[..., 2:]) & (two[..., :2] <= one[..., 2:])).all(axis=-1)
    )


def _spot(found: _Taken) -> Spot:
    left, bottom, right, top = map(float, found.box[0])
    if not len(found.line):
        return Spot((left, bottom, right, top), None)
    (x0, y0), (x1, y1) = found.line[[-1, 0]].tolist()
    return Spot((left, bottom, right, top), ((x0, y0), (x1, y1)))
