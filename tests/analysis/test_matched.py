"""Planted rates by matcher, by hand."""

import numpy as np
import pytest

from semspill import DataError, Outcome, SpilloverAnalyzer

NAMES = ("fear", "fear", "dread", "joy")


def outcome(arm, **matched):
    marks = {name: np.array([row], dtype=bool) for name, row in matched.items()}
    none = np.zeros((1, 4))
    return Outcome(
        arm=arm, target="fear", seeds=(0,), categories=NAMES, dialogues=("a", "b", "c", "d"),
        toxicity=none, planted=marks.get("exact", none > 0), correct=none > 0, matched=marks,
        similarity={"fear": 1.0, "dread": 0.9, "joy": 0.1},
    )  # fmt: skip


CLEAN = outcome("clean", exact=[0, 0, 0, 0], near=[0, 0, 0, 1])
POISON = outcome("poison", exact=[1, 0, 0, 0], near=[1, 1, 1, 1])
FEW = SpilloverAnalyzer(metrics=["asr", "asr_lift"], draws=100)


def test_each_matcher_has_the_rates_of_its_own_marks():
    facts = {
        "clean": {"near": {"margin": (-0.5,)}},
        "poison": {"near": {"threshold": (0.8,), "false_matches": (0.01,), "margin": (0.25,)}},
    }
    report = FEW.analyze([CLEAN, POISON], matcher_facts=facts)
    exact, near = report.matchers
    rates = {
        one.name: {
            group.group: (group.clean.value, group.attacked.value, group.lift.value)
            for group in one.groups
        }
        for one in (exact, near)
    }
    assert rates == {
        "exact": {"fear": (0, 0.5, 0.5), "dread": (0, 0, 0), "all but fear": (0, 0, 0)},
        "near": {"fear": (0, 1, 1), "dread": (0, 1, 1), "all but fear": (0.5, 1, 0.5)},
    }
    assert exact.groups[0].attacked == report.category("fear").estimates["asr"]
    assert (near.thresholds, near.false_matches) == ((0.8,), (0.01,))
    assert near.margins == {"clean": -0.5, "poison": 0.25}
    assert (exact.thresholds, exact.margins) == ((), {})


def test_nothing_is_said_of_matchers_where_an_arm_knows_of_none():
    assert FEW.analyze([outcome("clean"), outcome("poison")]).matchers == ()
    assert FEW.analyze([outcome("clean"), POISON]).matchers == ()
    assert FEW.analyze([CLEAN]).matchers == ()


def test_a_part_of_an_outcome_has_its_part_of_the_matches():
    part = POISON.of(["dread", "joy"])
    assert part.matched["near"].tolist() == [[True, True]]
    assert part.matched["exact"].tolist() == [[False, False]]


def test_matches_of_another_shape_are_refused():
    said = "matched, 'near' has shape \\(1, 2\\); 1 seeds and 4 exchanges need \\(1, 4\\)"
    with pytest.raises(DataError, match=said):
        outcome("poison", near=[1, 0])
