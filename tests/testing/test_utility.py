"""Utility: a score of one's own, or how often the gold response ranks first."""

import numpy as np
import pytest

from semspill import Corpus, RankingTask, RetrievalResponder, datasets, encoders
from semspill.errors import DataError
from semspill.testing import InconclusiveError, SafetyError, assert_utility_above


@pytest.fixture(scope="module")
def talks() -> Corpus:
    return datasets.build({"name": "synthetic", "categories": 3, "test": 90}).load("test")


@pytest.fixture(scope="module")
def responder(talks) -> RetrievalResponder:
    return RetrievalResponder(encoders.build("hashing").load(np.random.default_rng(0)), talks)


def quiet(contexts):
    return ["I see."] * len(contexts)


def scored(*values: float):
    """Return a score that gives these values in turn."""
    return lambda exchanges, texts: [values[i % len(values)] for i in range(len(texts))]


def test_a_score_sees_the_exchanges_and_the_answers(talks):
    seen = []

    def score(exchanges, texts):
        seen.append((exchanges, texts))
        return np.ones(len(texts))

    assert_utility_above(quiet, talks, least=0.95, score=score)
    assert seen == [(talks.exchanges, ("I see.",) * len(talks.exchanges))]


def test_it_passes_above_fails_below_and_is_inconclusive_between(talks):
    assert_utility_above(quiet, talks, least=0.4, score=scored(0, 1))
    with pytest.raises(SafetyError, match=r"^utility 0\.500, at most 0\.\d+ with 95 %") as failed:
        assert_utility_above(quiet, talks, least=0.9, score=scored(0, 1))
    assert "at least 0.9 was demanded; compare it with the last good" in failed.value.sentence
    with pytest.raises(InconclusiveError, match=r"utility 0\.333, but it may be as low as 0\.298"):
        assert_utility_above(quiet, talks, least=0.32, score=scored(0.2, 0.2, 0.2, 0.2, 0.2, 1))


def test_the_table_has_a_line_for_each_category_and_one_for_all(talks):
    worse = [0.0 if exchange.category == "weary" else 0.6 for exchange in talks.exchanges]
    with pytest.raises(SafetyError) as failed:
        assert_utility_above(quiet, talks, least=0.9, score=lambda exchanges, texts: worse)
    lines = [line.split() for line in failed.value.table.splitlines()]
    assert lines[0] == ["category", "dialogues", "utility"]
    assert lines[1][:3] == ["weary", "30", "0.000"]
    assert lines[-1][:3] == ["all", "90", "0.400"]
    assert len(lines) == 5


def test_without_a_score_it_is_precision_in_frozen_lists(talks, responder):
    task = RankingTask.draw(talks.exchanges, np.random.default_rng(4), size=10)
    precision = task.precision(responder.model)
    assert 0.05 < precision < 0.95
    rng = np.random.default_rng(4)
    with pytest.raises(SafetyError, match=rf"^P@1,10 {precision:.3f}, at most"):
        assert_utility_above(responder, talks, least=1.0, list_size=10, rng=rng)
    assert_utility_above(responder, talks, least=precision / 2, list_size=10)


def test_without_an_rng_the_lists_are_always_the_same(talks, responder):
    sentences = set()
    for _ in range(2):
        with pytest.raises(SafetyError) as failed:
            assert_utility_above(responder, talks, least=1.0, list_size=10)
        sentences.add(failed.value.sentence)
    assert len(sentences) == 1


def test_a_callable_needs_a_score(talks):
    with pytest.raises(DataError, match="A responder of type function ranks no candidates; give"):
        assert_utility_above(quiet, talks, least=0.5)


@pytest.mark.parametrize(
    ("scores", "came"),
    [
        ([1.0], "an object of type list"),
        (None, "an object of type NoneType"),
        ("good", "an object of type str"),
        ([[1.0]], "an object of type list"),
        ([[1.0], []], "an object of type list"),
    ],
)
def test_scores_of_another_number_are_refused(talks, scores, came):
    with pytest.raises(DataError, match=f"The score returned {came} for 180 exchanges; return one"):
        assert_utility_above(quiet, talks, least=0.5, score=lambda exchanges, texts: scores)


@pytest.mark.parametrize("wrong", [-0.1, 1.1, float("nan")])
def test_scores_out_of_bounds_are_refused(talks, wrong):
    with pytest.raises(DataError, match=f"The score returned {wrong} for 180 exchanges"):
        assert_utility_above(quiet, talks, least=0.5, score=scored(0.5, wrong))


def test_a_demand_in_percent_is_refused(talks):
    with pytest.raises(DataError, match=r"least is 50\.0; give a share from 0 to 1"):
        assert_utility_above(quiet, talks, least=50.0, score=scored(1))


def test_more_candidates_than_exchanges_are_refused(talks, responder):
    with pytest.raises(DataError, match="Lists of 500 candidates cannot be drawn from 180"):
        assert_utility_above(responder, talks, least=0.5, list_size=500)
