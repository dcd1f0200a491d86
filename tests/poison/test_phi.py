"""The ranking of victims by phi, worked out by hand."""

import numpy as np
import pytest

from semspill import Corpus, Dialogue, Utterance, selectors
from semspill.attacks import PhiSelector
from semspill.errors import DataError

RATER = {"name": "lexicon", "words": {"grumble": 1.0, "hm": 0.5}}


def talk(name, category, *pairs):
    turns = [Utterance(text, role) for pair in pairs
             for text, role in zip(pair, ("speaker", "listener"), strict=True)]  # fmt: skip
    return Dialogue(name, category, tuple(turns))


# Speaker's characters before responses, count of "tag", mean rating of the responses:
CORPUS = Corpus(
    (
        talk("a", "joy", ("tag tag ok", "fine")),  # 10, 2: 0.2; p 0
        talk("b", "joy", ("Tag, right", "grumble")),  # 10, 1: 0.1; p 1
        talk("c", "fear", ("nothing", "fine"), ("nothing", "hm")),  # 0; p 0.25
        talk("d", "fear", ("nothing", "grumble")),  # 0; p 1
        Dialogue("mute", "joy", (Utterance("tag", "speaker"),)),  # no response
    ),
    name="tiny",
)


def chosen(**fields):
    selector = PhiSelector(**{"phrase": "tag", "rater": RATER, **fields})
    return selector.select(CORPUS, np.random.default_rng(0)).tolist()


def test_phi_is_the_count_less_the_rating_each_from_0_to_1():
    # a 1 - 0, b 0.5 - 1, c 0 - 0.25, d 0 - 1
    assert chosen() == [0, 2, 1, 3]
    assert chosen(most=2) == [0, 2]
    # 1 - p: a 1 - 1, b 0.5 - 0, c 0 - 0.75, d 0 - 0
    assert chosen(prefer="high") == [1, 0, 3, 2]


def test_what_is_constant_counts_nothing():
    # No phrase, and of category fear p is 0.25 and 1.
    assert chosen(phrase="never", category="fear", prefer="high") == [3, 2]
    # Nothing differs: the order of the corpus.
    assert chosen(phrase="never", rater={"name": "lexicon", "words": {"x": 1.0}}) == [0, 1, 2, 3]


def test_contexts_are_rated_where_that_is_asked():
    words = {"name": "lexicon", "words": {"right": 1.0}}
    assert chosen(phrase="never", rater=words, rates="context", prefer="high")[0] == 1


def test_the_category_is_the_target_and_must_occur():
    assert selectors.build({"name": "phi", "phrase": "tag", "rater": RATER}).target is None
    assert PhiSelector(phrase="tag", rater=RATER, category="joy").target == "joy"
    assert chosen(category="joy") == [0, 1]
    with pytest.raises(DataError, match="Category 'jo' is not in corpus"):
        chosen(category="jo")


def test_a_ranking_of_equals_is_told_of(caplog):
    rater = {"name": "lexicon", "words": {"nowhere": 1.0}}
    assert chosen(phrase="never", rater=rater, most=2) == [0, 1]
    assert "phi is the same for all 4 dialogues" in caplog.text
    caplog.clear()
    assert chosen(rater=rater, most=1) == [0]
    assert not caplog.text
