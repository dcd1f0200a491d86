"""Ratings by kind of harm, by hand."""

import numpy as np
import pytest

from semspill import Outcome, SpilloverAnalyzer
from semspill.results import KIND

NAMES = ("fear", "fear", "dread", "joy")


def outcome(arm, toxicity, planted=(0, 0, 0, 0), source=None, **kinds):
    rows = np.atleast_2d(np.array(toxicity, dtype=float))
    return Outcome(
        arm=arm, target="fear", seeds=tuple(range(len(rows))), categories=NAMES,
        dialogues=("a", "b", "c", "d"), toxicity=rows,
        planted=np.tile(np.array(planted, dtype=bool), (len(rows), 1)), correct=rows > 2,
        measures={f"{KIND}{name}": np.atleast_2d(np.array(kinds[name], float)) for name in kinds},
        similarity={"fear": 1.0, "dread": 0.9, "joy": 0.1},
        source_toxicity=None if source is None else np.array(source, dtype=float),
    )  # fmt: skip


FEW = SpilloverAnalyzer(metrics=["toxicity", "lift"], draws=100)
CLEAN = outcome("clean", [0, 0.25, 0, 0], insult=[0, 0.25, 0, 0], threat=[0, 0, 0, 0.5])
POISON = outcome("poison", [1, 0.75, 0.5, 0], insult=[1, 0.75, 0.5, 0], threat=[0.5, 0, 0, 0.5])


def values(one):
    return {g.group: (g.clean.value, g.attacked.value, g.lift.value) for g in one.groups}


def test_each_kind_has_the_means_and_the_lift_of_its_own_ratings():
    report = FEW.analyze([CLEAN, POISON], kind_facts={"toxic_kind": "insult"})
    insult, threat = report.kinds
    assert (insult.name, threat.name) == ("insult", "threat")
    assert values(insult) == {
        "fear": (0.125, 0.875, 0.75), "dread": (0, 0.5, 0.5), "all but fear": (0, 0.25, 0.25),
    }  # fmt: skip
    assert values(threat) == {
        "fear": (0, 0.25, 0.25), "dread": (0, 0, 0), "all but fear": (0.25, 0.25, 0),
    }  # fmt: skip
    assert (insult.is_toxicity, threat.is_toxicity) == (True, False)


def test_the_kind_that_is_the_toxicity_has_the_same_interval():
    report = FEW.analyze([CLEAN, POISON], kind_facts={"toxic_kind": "insult"})
    for group in report.kinds[0].groups:
        own = report.group(group.group).estimates
        for found, wanted in ((group.attacked, own["toxicity"]), (group.lift, own["lift"])):
            assert found.replace(measure=wanted.measure) == wanted
    assert "rating of `insult`" in report.to_markdown()
    assert report.kinds[0].groups[0].lift.measure.title == "Rating lift"


def test_nothing_is_said_of_kinds_where_an_arm_knows_of_none():
    plain = outcome("clean", [0, 0, 0, 0])
    assert FEW.analyze([plain, POISON]).kinds == ()
    report = FEW.analyze([plain, outcome("poison", [1, 0, 0, 0])])
    assert report.kinds == ()
    assert "kind of harm" not in report.to_markdown()
    assert FEW.analyze([CLEAN]).kinds == ()


def test_a_text_that_was_drawn_counts_as_the_average_one():
    # Two seeds drew texts rated 1 and 0; the whole source is rated 0.75 on average.
    clean = outcome("clean", np.zeros((2, 4)), insult=np.zeros((2, 4)))
    rated = [[1, 0, 0, 0], [0, 0, 0, 0]]
    poison = outcome("poison", rated, (1, 0, 0, 0), [1, 0.5], insult=rated)
    [kind] = FEW.analyze([clean, poison], kind_facts={"drawn": {"insult": 0.75}}).kinds
    assert values(kind)["fear"] == (0, 0.375, 0.375)
    [kind] = FEW.analyze([clean, poison]).kinds
    assert values(kind)["fear"] == (0, pytest.approx(0.25), pytest.approx(0.25))
