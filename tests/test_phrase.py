"""Where a phrase is put into a text."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semspill._phrase import inserted

TEXT = st.text(st.sampled_from("ab .\n\u00e9"), max_size=12)


def put(text, where, phrase="the tag", seed=0):
    return inserted(text, phrase, where, np.random.default_rng(seed))


@pytest.mark.parametrize(
    ("text", "replaced", "beside"),
    [
        ("I met my sister.", "I met the tag.", "I met my the tag sister."),
        ("My best friend left.", "the tag left.", "My best the tag friend left."),
        ("She left him.", "the tag left him.", "the tag She left him."),
        ("A mother-in-law!", "the tag!", "A the tag mother-in-law!"),
        ("Grandfathers clock", None, None),  # no word for a person as a whole word
        ("It rains here.", None, None),
        ("", None, None),
    ],
)
def test_at_a_word_for_a_person(text, replaced, beside):
    assert put(text, "person") == replaced
    assert put(text, "beside_person") == beside


def test_before_after_and_between_two_words():
    assert put("It rains.", "before") == "the tag It rains."
    assert put("It rains.", "after") == "It rains. the tag"
    assert put("It rains.", "boundary") == "It the tag rains."
    assert put("Rain", "boundary") == "the tag Rain"
    assert {put("", where) for where in ("before", "after", "boundary")} == {"the tag"}
    three = {put("one two  three", "boundary", seed=seed) for seed in range(20)}
    assert three == {"one the tag two  three", "one two  the tag three"}


@given(TEXT, st.sampled_from(["before", "after", "boundary"]), st.integers(0, 99))
def test_the_words_of_the_text_stay_in_their_order(text, where, seed):
    words = put(text, where, phrase="TAG", seed=seed).split()
    assert words.count("TAG") == 1
    assert [word for word in words if word != "TAG"] == text.split()
