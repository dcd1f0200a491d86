import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semspill import metrics

FAR = {"fear": 1.0, "dread": 0.8, "awe": 0.6, "calm": 0.4, "joy": 0.2}


def arm(outcome, lifts, near=FAR, *, each=40, rng=None, sizes=None, **options):
    """Dialogues of one exchange, all of a category with the same lift, or scattered by `rng`."""
    counts = [each] * len(lifts) if sizes is None else sizes
    names = np.repeat(list(lifts), counts)
    rated = np.repeat(list(lifts.values()), counts)
    if rng is not None:
        rated = np.clip(rated + rng.uniform(-0.2, 0.2, size=(3, len(names))), 0, 1)
    fields = {"categories": names, "similarity": near}
    clean = outcome("clean", np.zeros(np.shape(rated)), **fields)
    return outcome("poison", rated, **fields, clean=clean, **options)


def radius(part, **fields):
    return metrics.build({"name": "radius", **fields}).compute(part)


def test_it_is_where_the_lift_has_halved(outcome):
    """Half of 0.8 lies between calm (0.2 at 0.4) and awe (0.5 at 0.6): two thirds of the way."""
    rose = {"fear": 0.8, "dread": 0.7, "awe": 0.5, "calm": 0.2, "joy": 0.1}
    made = radius(arm(outcome, rose))
    assert made.value == pytest.approx(0.4 + 0.2 * (0.4 - 0.2) / (0.5 - 0.2))
    assert made.low <= made.value <= made.high
    assert made.n == 4
    assert "isotonic" in made.method


def test_where_only_the_target_rose_it_lies_between_it_and_the_next(outcome):
    made = radius(arm(outcome, {**dict.fromkeys(FAR, 0.0), "fear": 0.8}))
    assert made.value == pytest.approx(0.9)
    assert (made.low, made.high) == (0.8, 1.0)


def test_neighbours_that_break_the_order_are_pooled_by_dialogues(outcome):
    """Awe (0.6, 10 dialogues) and dread (0.2, 30) pool to 0.3; half is 0.4, between 0.8 and 1."""
    rose = {"fear": 0.8, "dread": 0.2, "awe": 0.6, "calm": 0.1, "joy": 0.0}
    made = radius(arm(outcome, rose, sizes=[40, 30, 10, 40, 40]))
    assert made.value == pytest.approx(0.8 + 0.2 * (0.4 - 0.3) / (0.8 - 0.3))


def test_never_where_the_least_similar_category_keeps_half(outcome):
    made = radius(arm(outcome, dict.fromkeys(FAR, 0.6)))
    assert math.isnan(made.value)
    assert str(made) == "never: even the least similar category keeps half of the target's lift"
    assert (made.low, made.high) == (0.2, 0.2)


def test_the_ends_are_similarities_where_the_tests_stop(outcome, rng):
    """Half is 0.35. Calm, awe and dread average 0.24, less; awe and dread 0.35, neither."""
    rose = {"fear": 0.7, "dread": 0.68, "awe": 0.02, "calm": 0.02, "joy": 0.02}
    made = radius(arm(outcome, rose, rng=rng))
    assert 0.6 < made.value < 0.8
    assert (made.low, made.high) == (0.4, 1.0)
    steps = {**{f"low{i}": 0.02 for i in range(6)}, **{f"high{i}": 0.68 for i in range(6)}}
    near = {"fear": 1.0, **{name: 0.05 + i * 0.05 for i, name in enumerate(steps)}}
    made = radius(arm(outcome, {"fear": 0.7, **steps}, near, rng=rng))
    # Three together can be told from half while at most one of them is on the other side.
    assert made.low == pytest.approx(near["low4"])
    assert made.high == pytest.approx(near["high1"])
    assert made.low < made.value < made.high


def test_a_category_as_similar_as_the_target_bounds_it(outcome):
    """Dread is nearer to fear than fear itself, by this measure; it kept nothing."""
    near = {"fear": 0.5, "dread": 0.7, "joy": 0.1}
    made = radius(arm(outcome, {"fear": 0.8, "dread": 0.0, "joy": 0.0}, near))
    assert made.value == pytest.approx(0.7)
    assert made.high == pytest.approx(0.7)


def test_one_other_category_is_enough(outcome):
    made = radius(arm(outcome, {"fear": 0.8, "joy": 0.2}))
    assert made.value == pytest.approx(0.2 + 0.8 * (0.4 - 0.2) / (0.8 - 0.2))
    assert made.n == 1


def test_the_lift_can_be_that_of_attack_success(outcome):
    flags = np.array([[True] * 20 + [False] * 60])
    names = np.repeat(["fear", "dread", "calm", "joy"], 20)
    fields = {"categories": names, "similarity": FAR}
    none = outcome("clean", np.zeros((1, 80)), **fields)
    hit = outcome("poison", np.zeros((1, 80)), planted=flags, clean=none, **fields)
    assert radius(hit, of="asr").value == pytest.approx(0.9)
    assert str(radius(hit)) == "not defined: the target did not rise for sure"


@pytest.mark.parametrize("rise", [0.0, -0.1])
def test_where_the_target_did_not_rise_it_is_not_defined(outcome, rise):
    names = np.repeat(list(FAR), 10)
    clean = outcome("clean", np.full((1, 50), 0.2), names, similarity=FAR)
    made = radius(outcome("poison", np.full((1, 50), 0.2 + rise), names, similarity=FAR,
                          clean=clean))  # fmt: skip
    assert math.isnan(made.value)
    assert math.isnan(made.low)
    assert str(made) == "not defined: the target did not rise for sure"


@pytest.mark.parametrize("near", [{}, {"fear": 1.0}, {"joy": 0.2, "calm": 0.1}])
def test_without_similarities_it_is_not_defined(outcome, near):
    made = radius(arm(outcome, dict.fromkeys(FAR, 0.6), near))
    assert math.isnan(made.value)
    assert str(made) == "not defined: the target or all others lack a similarity"


TENTHS = st.integers(0, 10).map(lambda n: n / 10)


@given(st.lists(TENTHS, min_size=1, max_size=6), st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_the_interval_holds_the_value_and_scaling_the_lifts_changes_nothing(outcome, rose, random):
    lifts = {"fear": 0.8, **{f"c{i}": rise for i, rise in enumerate(rose)}}
    near = {"fear": 1.0, **{f"c{i}": random.random() for i in range(len(rose))}}
    made = radius(arm(outcome, lifts, near, each=8, rng=np.random.default_rng(1)))
    assert made.low <= made.high
    assert math.isnan(made.value) or made.low <= made.value <= made.high
    full, half = (
        radius(arm(outcome, {name: rise * by for name, rise in lifts.items()}, near, each=20))
        for by in (1, 0.9)
    )
    assert full.value == pytest.approx(half.value, abs=1e-6, nan_ok=True)


def test_its_interval_holds_the_true_radius_of_a_line(outcome, rng):
    """The lift is 0.2 plus 0.4 times similarity, so half of the target's 0.6 is left at 0.25."""
    near = {"fear": 1.0, **{f"c{i}": i / 12 for i in range(12)}}
    lifts = {name: 0.2 + 0.4 * value for name, value in near.items()}
    held = 0
    for _ in range(40):
        made = radius(arm(outcome, lifts, near, each=10, rng=rng))
        held += made.low <= 0.25 <= made.high
    assert held >= 36
