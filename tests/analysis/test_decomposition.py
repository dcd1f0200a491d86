import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semspill import SpilloverAnalyzer

ARMS = ("clean", "poison", "train_only", "pool_only", "benign_swap")
NAMES = ["fear", "fear", "dread", "joy"]
NEAR = {"fear": 1.0, "dread": 0.9, "joy": 0.1}
RATED = {
    "clean": [0.0, 0.25, 0.0, 0.0],
    "poison": [1.0, 0.75, 0.5, 0.0],
    "train_only": [0.0, 0.25, 0.25, 0.0],
    "pool_only": [0.5, 0.25, 0.0, 0.0],
    "benign_swap": [0.0, 0.0, 0.25, 0.0],
}


@pytest.fixture
def report_of(outcome):
    def analyze(names, rated=RATED):
        outcomes = [outcome(name, rated[name], NAMES, similarity=NEAR) for name in names]
        return SpilloverAnalyzer(metrics=["asr", "lift"]).analyze(outcomes)

    return analyze


def parts(report, group, quantity):
    return {
        p.part: p.estimate.value
        for p in report.decomposition
        if (p.group, p.quantity) == (group, quantity)
    }


def test_five_arms_tell_all_parts(report_of):
    """Means of fear: clean 0.125, poison 0.875, train_only 0.125, pool_only 0.375, benign 0."""
    report = report_of(ARMS)
    toxicity = {"total": 0.75, "pool": 0.25, "training": 0.0, "both": 0.5}
    toxicity |= {"quality": -0.125, "harm": 0.875}
    assert parts(report, "fear", "toxicity") == pytest.approx(toxicity)
    # Rated 0.5 or more means planted.
    asr = {"total": 1.0, "pool": 0.5, "training": 0.0, "both": 0.5, "quality": 0.0, "harm": 1.0}
    assert parts(report, "fear", "asr") == pytest.approx(asr)
    assert parts(report, "dread", "toxicity")["training"] == 0.25
    assert parts(report, "all but fear", "toxicity")["total"] == 0.25
    assert [p.group for p in report.decomposition][::12] == [
        "fear", "dread", "joy", "all but fear", "all"
    ]  # fmt: skip


def test_the_total_is_the_lift_with_the_same_interval(report_of):
    report = report_of(ARMS)
    for part in report.decomposition:
        if part.part == "total" and part.quantity == "toxicity":
            lift = report.group(part.group).lift
            made = part.estimate
            assert (made.value, made.low, made.high, made.p_value) == (
                lift.value, lift.low, lift.high, lift.p_value
            )  # fmt: skip


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("clean", "poison"), set()),
        (("clean",), set()),
        (("clean", "pool_only"), {"pool"}),
        (("clean", "poison", "pool_only"), {"total", "pool"}),
        (("clean", "poison", "train_only"), {"total", "training"}),
        (("clean", "poison", "benign_swap"), {"total", "quality", "harm"}),
        (ARMS[:4], {"total", "pool", "training", "both"}),
    ],
)
def test_only_what_the_arms_allow_is_told(report_of, names, told):
    assert {part.part for part in report_of(names).decomposition} == told


def test_what_needs_both_varies_twice_as_far(report_of):
    """Nothing varies in joy, one dialogue of 0: 2 * 0.975 for two differences at once."""
    ends = {
        p.part: p.estimate.high
        for p in report_of(ARMS).decomposition
        if (p.group, p.quantity) == ("joy", "toxicity")
    }
    assert ends["both"] == pytest.approx(2 * 0.975)


@settings(max_examples=10)
@given(st.lists(st.lists(st.floats(0, 1), min_size=4, max_size=4), min_size=5, max_size=5))
def test_the_parts_add_up(rows):
    from semspill import Outcome  # hypothesis allows no function fixture

    made = [
        Outcome(
            arm=arm, target="fear", seeds=(0,), categories=tuple(NAMES), dialogues=tuple("abcd"),
            toxicity=np.array([row]), planted=np.array([row]) >= 0.5,
            correct=np.ones((1, 4), dtype=np.bool_), similarity=NEAR,
        )
        for arm, row in zip(ARMS, rows, strict=True)
    ]  # fmt: skip
    report = SpilloverAnalyzer(metrics=["asr"]).analyze(made)
    for group in ("fear", "dread", "joy", "all but fear", "all"):
        for quantity in ("toxicity", "asr"):
            part = parts(report, group, quantity)
            assert part["total"] == pytest.approx(part["pool"] + part["training"] + part["both"])
            assert part["total"] == pytest.approx(part["quality"] + part["harm"])
