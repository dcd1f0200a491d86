"""Trained for real on a corpus whose order of similarity is known, the measurement finds it."""

import pytest
from scipy import stats

from semspill import run
from semspill.datasets import datasets

pytestmark = pytest.mark.no_cover

DATASET = {"name": "synthetic", "overlap": 0.85, "echo": 0.2}


@pytest.fixture(scope="module")
def report():
    return run(
        {
            "seeds": [0, 1, 2],
            "dataset": DATASET,
            "poisoner": {
                "selector": {"name": "category", "category": "brave"},
                "strategy": "each_random",
                "budget": 0.12,
            },
            "context": {"label": "none"},
            "model": {"finetuner": {"epochs": 3}},
            "curve": False,
            "similarities": ["centroid", "confusion"],
        }
    )


def test_the_planted_order_of_categories_comes_out(report):
    made = datasets.build(DATASET)
    others = made.neighbours("brave")
    true = [made.true_similarity("brave", name) for name in others]
    asr = [report.category(name).asr_lift.value for name in others]
    assert report.category("brave").asr_lift.value > max(asr)
    assert asr[0] == max(asr)  # the direct neighbour
    assert stats.spearmanr(true, asr).statistic > 0.9
    # What shares no word with the target catches next to nothing.
    far = [lift for lift, near in zip(asr, true, strict=True) if near == 0]
    assert far
    assert max(far) < 0.01


def test_it_is_found_to_follow_similarity(report):
    assert report.nearest == datasets.build(DATASET).neighbours("brave")[0]
    for name in ("slope(of=asr)", "slope"):
        found = report.overall["poison"][name]
        assert found.low > 0
        assert found.p_value < 0.05
    [confusion] = report.sensitivity
    assert confusion.nearest == report.nearest
    assert confusion.estimates["slope(of=asr)"].value > 0


def test_the_neighbour_is_told_from_the_rest(report):
    assert report.overall["poison"]["nearest_excess(of=asr)"].low > 0
    assert (
        report.overall["poison"]["collateral(of=asr)"].high < report.category("brave").asr.low / 2
    )
    assert report.category("weary").asr_lift.low > 0
