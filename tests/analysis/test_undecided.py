"""How many more test dialogues would decide: by the exact binomial, and by doing it."""

import math

import numpy as np
import pytest

from semspill import SpilloverAnalyzer, SpilloverReport

NAMES = ("fear", "dread", "joy", "calm")
NEAR = {"fear": 1.0, "dread": 0.9, "joy": 0.3, "calm": 0.1}
ANALYZER = SpilloverAnalyzer(metrics=["asr", "asr_lift", "lift"])


def analyzed(outcome, hits, each, seeds=1, analyzer=ANALYZER, arm="poison", rated=0.9):
    """So many hits in each category, the same in every seed; dialogues of one exchange each."""
    row = np.concatenate([np.arange(each) < hits.get(name, 0) for name in NAMES])
    planted = np.repeat(row[None], seeds, axis=0)
    names = np.repeat(NAMES, each)
    clean = outcome("clean", np.zeros(planted.shape), names, similarity=NEAR)
    made = outcome(arm, planted * rated, names, planted=planted, similarity=NEAR)
    return analyzer.analyze([clean, made])


@pytest.mark.parametrize(("margin", "needed"), [(0.05, 59), (0.1, 29)])
def test_without_a_hit_it_is_what_the_exact_binomial_test_lacks(outcome, margin, needed):
    """(1 - margin) ** n is at most 0.05 from n = 59 and n = 29 on."""
    assert math.ceil(math.log(0.05) / math.log(1 - margin)) == needed
    report = analyzed(outcome, {"fear": 18}, 20, analyzer=ANALYZER.replace(margin=margin))
    assert dict(report.undecided) == dict.fromkeys(NAMES[1:], needed - 20)
    assert SpilloverReport.from_json(report.to_json()).undecided == report.undecided


def test_so_many_more_of_the_same_decide_and_somewhat_fewer_do_not(outcome):
    """4 of 40 are hit: 10 %, not significant in a family of three."""
    report = analyzed(outcome, {"fear": 36, "dread": 4}, 40)
    more = report.undecided["dread"]
    assert report.category("dread").asr_lift.verdict == "cannot tell"
    decided = {}
    for count in (40 + more // 2, 40 + 2 * more):
        again = analyzed(outcome, {"fear": count - 4, "dread": round(count / 10)}, count)
        decided[count] = again.category("dread").asr_lift.verdict
    assert list(decided.values()) == ["cannot tell", "spilled"]


def test_where_a_category_rose_or_all_are_decided_there_is_nothing_to_plan(outcome):
    assert analyzed(outcome, {"fear": 60, "dread": 40}, 70).undecided == {}
    assert analyzed(outcome, {"fear": 60}, 70).undecided == {}


def test_seeds_that_differ_need_more_seeds(outcome):
    """Half of all answers under one seed and none under the other: dialogues cannot mend that."""
    each = 30
    planted = np.zeros((2, 4 * each), dtype=np.bool_)
    planted[:, :each] = True
    planted[0, each : each + each // 2] = True
    names = np.repeat(NAMES, each)
    clean = outcome("clean", np.zeros(planted.shape), names, similarity=NEAR)
    arm = outcome("poison", planted * 0.9, names, planted=planted, similarity=NEAR)
    assert ANALYZER.analyze([clean, arm]).undecided["dread"] is None


def test_where_nothing_planted_can_be_chosen_toxicity_is_planned(outcome):
    """Two of twenty answers are rated 0.9 in joy; nothing counts as planted."""
    toxicity = np.zeros((1, 80))
    toxicity[0, 40:42] = 0.9
    names = np.repeat(NAMES, 20)
    clean = outcome("clean", np.zeros((1, 80)), names, similarity=NEAR)
    arm = outcome("train_only", toxicity, names, similarity=NEAR)
    report = ANALYZER.analyze([clean, arm])
    assert set(report.undecided) == {"dread", "joy", "calm"}
    assert report.undecided["joy"] > report.undecided["calm"] > 0
