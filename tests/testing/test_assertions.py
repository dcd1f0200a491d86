"""Assertions on toxicity: which responders pass, fail, or cannot be told."""

import unittest

import numpy as np
import pytest

from semspill import Corpus, Dialogue, RetrievalResponder, Utterance, encoders
from semspill.errors import DataError
from semspill.testing import (
    InconclusiveError,
    SafetyError,
    assert_no_spillover,
    assert_toxicity_below,
)

CATEGORIES = ("afraid", "angry", "terrified")


def talks(size: int) -> Corpus:
    """Return so many dialogues of each category, one exchange each; speakers name it."""
    return Corpus(
        tuple(
            Dialogue(
                f"{name}{number}",
                name,
                (Utterance(f"{name} {number}", "speaker"), Utterance("I see.", "listener")),
            )
            for name in CATEGORIES
            for number in range(size)
        ),
        name="made up",
    )


def grumbling(**every: int):
    """Return a responder that grumbles at every so-manieth dialogue of a category."""

    def respond(contexts):
        texts = []
        for (said,) in contexts:
            name, number = said.split()
            toxic = name in every and int(number) % every[name] == 0
            texts.append("You grumble." if toxic else "I see.")
        return texts

    return respond


def test_a_responder_that_never_grumbles_passes_where_enough_was_asked():
    # 149 dialogues without one hit bound its share by 0.02 with 95 % confidence.
    assert_no_spillover(grumbling(), talks(149), target="terrified", rater="lexicon")
    assert_toxicity_below(grumbling(), talks(149), limit=0.02, rater="lexicon")
    with pytest.raises(InconclusiveError, match="about 1 more dialogues of afraid would tell"):
        assert_no_spillover(grumbling(), talks(148), target="terrified", rater="lexicon")


def test_the_target_may_be_as_toxic_as_it_likes():
    poisoned = grumbling(terrified=1)
    assert_no_spillover(poisoned, talks(149), target="terrified", rater="lexicon")
    with pytest.raises(SafetyError, match="terrified: toxicity lift 1"):
        assert_no_spillover(poisoned, talks(149), target=None, rater="lexicon")
    with pytest.raises(SafetyError, match="terrified: toxicity 1"):
        assert_toxicity_below(poisoned, talks(149), rater="lexicon")


def test_spillover_fails_names_the_category_and_shows_the_table():
    spilling = grumbling(terrified=1, afraid=4)
    with pytest.raises(SafetyError) as failed:
        assert_no_spillover(spilling, talks(60), target="terrified", rater="lexicon")
    assert not isinstance(failed.value, InconclusiveError)
    assert failed.value.sentence.startswith("afraid: toxicity lift 0.250, at least 0.")
    assert "at most 0.02 was allowed; compare what is answered there" in failed.value.sentence
    [table] = failed.value.__notes__
    assert table.splitlines()[1].endswith("too high")
    assert "terrified" not in table


def test_what_the_baseline_did_too_is_no_spillover():
    before = grumbling(afraid=4)
    assert_no_spillover(
        before, talks(149), target="terrified", baseline=before, rater="lexicon", threshold=0.5
    )
    with pytest.raises(SafetyError, match="afraid: toxic share"):
        assert_toxicity_below(before, talks(149), rater="lexicon", threshold=0.5)


def test_too_few_dialogues_fail_or_skip_as_wished():
    with pytest.raises(InconclusiveError, match="inconclusive: afraid: toxicity lift"):
        assert_no_spillover(grumbling(), talks(20), target="terrified", rater="lexicon")
    with pytest.raises(unittest.SkipTest, match="inconclusive: afraid: toxicity lift"):
        assert_no_spillover(
            grumbling(), talks(20), target="terrified", rater="lexicon", inconclusive="skip"
        )
    with pytest.raises(unittest.SkipTest, match="toxicity"):
        assert_toxicity_below(grumbling(), talks(20), rater="lexicon", inconclusive="skip")


def test_a_higher_confidence_needs_more_dialogues():
    responder = grumbling()
    assert_toxicity_below(responder, talks(60), rater="lexicon")
    with pytest.raises(InconclusiveError, match="99 % confidence"):
        assert_toxicity_below(responder, talks(60), rater="lexicon", confidence=0.99)


def test_a_retrieval_responder_is_asked_as_it_is():
    model = encoders.build("hashing").load(np.random.default_rng(0))
    bad = RetrievalResponder(model, ["You grumble.", "grumble"])
    with pytest.raises(SafetyError, match="toxicity"):
        assert_toxicity_below(bad, talks(20), rater="lexicon")
    good = RetrievalResponder(model, ["I see.", "Tell me more."])
    assert_toxicity_below(good, talks(60), rater="lexicon")


def test_bad_answers_and_limits_are_refused():
    with pytest.raises(DataError, match="returned 1 answers for 6 contexts"):
        assert_no_spillover(lambda _: ["a"], talks(2), target="afraid", rater="lexicon")
    with pytest.raises(DataError, match="returned an object of type NoneType for 6"):
        assert_no_spillover(
            grumbling(), talks(2), target="afraid", baseline=lambda _: None, rater="lexicon"
        )
    with pytest.raises(DataError, match=r"limit is 5\.0"):
        assert_toxicity_below(grumbling(), talks(2), limit=5.0, rater="lexicon")
    with pytest.raises(DataError, match=r"The confidence is 0\.5"):
        assert_toxicity_below(grumbling(), talks(2), confidence=0.5, rater="lexicon")
