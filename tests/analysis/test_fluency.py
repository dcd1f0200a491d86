"""Perplexity of the gold response, and what generated answers are like."""

import numpy as np
import pytest

from semspill.analysis import (
    AnswerWords,
    EmptyShare,
    Outcome,
    Perplexity,
    Repetition,
    SpilloverAnalyzer,
)


def outcome(arm="poison", **measures):
    toxicity = np.zeros((2, 4))
    return Outcome(
        arm=arm, target="fear", seeds=(0, 1), categories=("fear", "fear", "joy", "joy"),
        dialogues=("a", "b", "c", "d"), toxicity=toxicity, planted=toxicity > 0.5,
        correct=toxicity > 0.5, similarity={"joy": 0.1},
        measures={name: np.array(values, dtype=float) for name, values in measures.items()},
    )  # fmt: skip


def test_perplexity_is_the_exponential_of_the_mean_loss():
    losses = np.log([[2, 4, 8, 16], [4, 8, 4, 8]])
    measured = outcome(gold_loss=losses)
    estimate = Perplexity().compute(measured)
    # The mean of log2: (1 + 2 + 3 + 4 + 2 + 3 + 2 + 3) / 8 = 2.5, so 2 ** 2.5.
    assert estimate.value == pytest.approx(2**2.5)
    assert 1 < estimate.low < estimate.value < estimate.high
    assert estimate.high / estimate.value == pytest.approx(estimate.value / estimate.low)
    assert estimate.p_value is None
    assert Perplexity().compute(measured.of(["joy"])).value == pytest.approx(2**3)


def test_words_empty_answers_and_repetition():
    measured = outcome(
        words=[[0, 10, 20, 0], [30, 10, 10, 0]], repetition=[[0, 0.5, 0, 0], [1, 0, 0.5, 0]]
    )
    assert AnswerWords().compute(measured).value == pytest.approx(10)
    assert EmptyShare().compute(measured).value == pytest.approx(3 / 8)
    assert Repetition().compute(measured).value == pytest.approx(0.25)
    assert EmptyShare().compute(measured.of(["fear"])).value == pytest.approx(1 / 4)


def test_no_interval_goes_below_what_can_be():
    few = outcome(words=[[0, 0, 0, 9]] * 2, gold_loss=[[0, 0, 0, 5]] * 2)
    assert AnswerWords().compute(few).low == 0
    assert Perplexity().compute(few).low == 1


def test_a_report_leaves_out_what_was_not_measured():
    plain = SpilloverAnalyzer(draws=100).analyze([outcome("clean"), outcome()])
    assert not {"perplexity", "answer_words"} & set(plain.category("joy").estimates)
    words = [[1, 2, 3, 4]] * 2
    both = [outcome(arm, words=words) for arm in ("clean", "poison")]
    report = SpilloverAnalyzer(draws=100).analyze(both)
    assert report.category("joy").estimates["answer_words"].value == pytest.approx(3.5)
    assert "perplexity" not in report.category("joy").estimates
    assert "answer_words" in report.category("joy", "clean").estimates
    assert type(report).from_json(report.to_json()).to_json() == report.to_json()


def test_measures_of_another_shape_are_refused():
    with pytest.raises(ValueError, match="words"):
        outcome(words=[[1, 2]])
