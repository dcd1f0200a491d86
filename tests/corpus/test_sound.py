"""What a corpus accepts: plain values, whoever gives them, and one spelling of each category."""

from dataclasses import replace
from enum import StrEnum

import numpy as np
import pytest

from semspill import Corpus, Dialogue, Utterance
from semspill.analysis import SpilloverAnalyzer
from semspill.errors import DataError
from semspill.poison import selectors

CAFE, DECOMPOSED = "caf\u00e9", "cafe\u0301"


class Emotion(StrEnum):
    JOY = "joy"


def spoilt(value, field, new):
    """A copy of a frozen value with a field that its constructor, checked in tests, refuses."""
    copy = replace(value)
    object.__setattr__(copy, field, new)
    return copy


def said(text="grumble", **fields):
    return replace(Utterance(text, "speaker"), **fields)


TALK = Dialogue("d1", "joy", (said(), Utterance("grumble", "listener")), "grumble")


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("id", 7, "its id is of type int"),
        ("id", np.int64(7), "its id is of type numpy.int64"),
        ("id", None, "its id is of type NoneType"),
        ("category", 0, "its category is of type int"),
        ("category", np.str_("joy"), "its category is of type numpy.str_"),
        ("category", Emotion.JOY, "its category is of type .*Emotion"),
        ("category", b"joy", "its category is of type bytes"),
        ("situation", None, "its situation is of type NoneType"),
        ("situation", "a\ud83d", r"its situation holds half a .*character 2 of 2"),
        ("speaker", 11, "its speaker is of type int; give a str or None"),
        ("utterances", None, "its utterances are of type NoneType; give a tuple"),
        ("utterances", [TALK.utterances[0]], "its utterances are of type list; give a tuple"),
        ("utterances", ("grumble",), r"utterance \[0\] is of type str; give a semspill\.Utterance"),
    ],
)
def test_a_value_of_another_type_is_refused_with_the_place_of_its_dialogue(field, value, kind):
    bad = spoilt(replace(TALK, id="d2"), field, value)
    with pytest.raises(
        DataError, match=rf"Corpus 'mine' \(train\), dialogue \[1\]: {kind}"
    ) as caught:
        Corpus((TALK, bad), name="mine")
    assert "grumble" not in str(caught.value)


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("text", None, r"the text of utterance \[1\] is of type NoneType"),
        ("text", np.zeros(3), r"the text of utterance \[1\] is of type numpy\.ndarray"),
        ("text", np.str_("grumble"), r"the text of utterance \[1\] is of type numpy\.str_"),
        ("text", "grumble \ud83d", r"the text of utterance \[1\] holds half a surrogate pair"),
        ("original", 3, r"the original of utterance \[1\] is of type int; give a str or None"),
        ("planted", 1, r"planted of utterance \[1\] is of type int; give a bool"),
        ("role", "assistant", r"the role of utterance \[1\] is str of another content"),
        ("role", "grumble", r"the role of utterance \[1\] is str of another content"),
        ("role", None, r"the role of utterance \[1\] is NoneType"),
    ],
)
def test_an_utterance_of_another_type_is_refused_with_its_place(field, value, kind):
    bad = replace(TALK, utterances=(said(), spoilt(said(), field, value)))
    with pytest.raises(DataError, match=rf"dialogue \[0\]: {kind}") as caught:
        Corpus((bad,), name="mine")
    assert "grumble" not in str(caught.value)


def test_names_that_look_alike_are_one_category():
    talks = [replace(TALK, id=str(i), category=name) for i, name in enumerate((CAFE, DECOMPOSED))]
    corpus = Corpus(tuple(talks), name="mine")
    assert corpus.sizes == {CAFE: 2}
    assert corpus.require_category(DECOMPOSED) == CAFE
    selector = selectors.build({"name": "category", "category": DECOMPOSED})
    assert selector.select(corpus, np.random.default_rng(0)).tolist() == [0, 1]


def test_a_config_names_a_category_in_either_spelling():
    analyzer = SpilloverAnalyzer(nearest=DECOMPOSED, far=(DECOMPOSED,))
    assert (analyzer.nearest, analyzer.far) == (CAFE, (CAFE,))
    assert SpilloverAnalyzer().nearest is None


def test_valid_unicode_is_kept_as_it_is():
    talk = replace(TALK, situation="e\u0301 \U0001f600 \u2028 \x00")
    assert Corpus((talk,), name="mine").dialogues == (talk,)
