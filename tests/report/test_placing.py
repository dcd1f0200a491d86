"""Where names stand: nobody can take one for the name of another point."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semspill.report.figures._placing import Name, place

FRAME = np.array([[0.0, 0.0, 300.0, 180.0]])
NO_BARS = np.empty((0, 4))


def apart(box, x, y):
    """How far a place is from a box."""
    left, bottom, right, top = box
    return math.hypot(max(left - x, 0, x - right), max(bottom - y, 0, y - top))


def along(line):
    """Places all along a line, near enough to one another that nothing slips through."""
    (x0, y0), (x1, y1) = line
    return [(x0 + t * (x1 - x0), y0 + t * (y1 - y0)) for t in np.linspace(0, 1, 300)]


def overlap(one, two):
    return all(one[i] < two[i + 2] and two[i] < one[i + 2] for i in (0, 1))


crowds = st.lists(
    st.tuples(st.floats(5, 295), st.one_of(st.just(20.0), st.floats(5, 175))),
    min_size=1,
    max_size=24,
)
widths = st.lists(st.floats(8, 90), min_size=24, max_size=24)


def names_of(crowd, widths):
    return [Name((at,), (width, 8.0)) for at, width in enumerate(widths[: len(crowd)])]


def placed(crowd, widths):
    """The spots that were found, by point."""
    spots = place(names_of(crowd, widths), np.array(crowd), NO_BARS, FRAME)
    return {at: spot for at, spot in enumerate(spots) if spot is not None}


def reach(spot, point):
    """How far a name is from its point, or from the line that leads to it."""
    return apart(spot.box, *point) if spot.line is None else 0.0


@settings(max_examples=40)
@given(crowds, widths)
def test_a_name_is_nearer_to_its_own_point_than_to_any_other_and_covers_none(crowd, widths):
    """Many points stand at one height, as categories without a lift do."""
    for at, spot in placed(crowd, widths).items():
        others = [point for other, point in enumerate(crowd) if other != at]
        assert all(apart(spot.box, *point) > max(2, reach(spot, crowd[at])) for point in others)
        if spot.line is not None:
            start, end = spot.line
            assert apart(spot.box, *start) == pytest.approx(0, abs=1e-6)
            assert end == pytest.approx(crowd[at])
            line = along(spot.line)
            assert all(min(math.dist(point, on) for on in line) > 2 for point in others)


@settings(max_examples=40)
@given(crowds, widths)
def test_names_and_lines_stay_clear_of_one_another_and_inside_the_frame(crowd, widths):
    found = placed(crowd, widths)
    for at, spot in found.items():
        left, bottom, right, top = spot.box
        assert (right - left, top - bottom) == pytest.approx((widths[at], 8))
        assert 0 <= left <= right <= 300
        assert 0 <= bottom <= top <= 180
        for other in found.keys() - {at}:
            assert not overlap(spot.box, found[other].box)
            if found[other].line is not None:
                line = along(found[other].line)
                assert min(apart(spot.box, *on) for on in line) > reach(spot, crowd[at])


@pytest.mark.parametrize("at", [(150, 90), (5, 20), (295, 175), (5, 175)])
def test_a_point_alone_has_its_name_beside_it_and_no_line(at):
    [spot] = place([Name((0,), (30.0, 8.0))], np.array([at], dtype=float), NO_BARS, FRAME)
    assert spot.line is None
    assert apart(spot.box, *at) < 6


def test_two_points_side_by_side_have_their_names_on_their_own_sides():
    """They are 6 apart, so that nothing fits between."""
    points = np.array([[150.0, 90.0], [156.0, 90.0]])
    one, two = place([Name((0,), (40.0, 8.0)), Name((1,), (40.0, 8.0))], points, NO_BARS, FRAME)
    assert one.box[2] < 150
    assert two.box[0] > 156


def test_a_name_of_several_points_is_nearer_to_them_than_to_others():
    points = np.array([[150.0, 90.0], [150.5, 90.0], [200.0, 90.0]])
    [spot] = place([Name((0, 1), (60.0, 8.0))], points, NO_BARS, FRAME)
    assert apart(spot.box, 150, 90) < apart(spot.box, 200, 90)


def test_where_there_is_no_room_there_is_no_name():
    points = np.array([[10.0, 5.0]])
    assert place([Name((0,), (40.0, 8.0))], points, NO_BARS, np.array([[0.0, 0, 30, 10]])) == [None]


def test_a_name_avoids_intervals_where_it_can():
    """The bar to the right of the point is covered only if nothing else is free."""
    points = np.array([[150.0, 90.0]])
    bars = np.array([[160.0, 0.0, 160.0, 180.0]])
    [spot] = place([Name((0,), (40.0, 8.0))], points, bars, FRAME)
    assert spot.box[2] < 160
