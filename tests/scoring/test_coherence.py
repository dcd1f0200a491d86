import pytest
from hypothesis import given
from hypothesis import strategies as st

from semspill.scoring import Coherence


@pytest.mark.parametrize(
    ("text", "words", "repetition"),
    [
        ("", 0, 0.0),
        (" ... !? ", 0, 0.0),
        ("I am sorry", 3, 0.0),
        ("a b c d a b c d", 8, 1 / 5),  # abcd bcda cdab dabc abcd: one of five was there before
        ("so so so so so so so", 7, 3 / 4),
        ("So so, SO 'so' so!", 5, 1 / 2),
    ],
)
def test_length_and_repetition(text, words, repetition):
    measured = Coherence.of([text])
    assert measured.words.tolist() == [words]
    assert measured.repetition == pytest.approx([repetition])
    assert measured.empty.tolist() == [words == 0]


@given(st.lists(st.sampled_from("abc"), max_size=30), st.integers(1, 9))
def test_words_that_are_new_never_raise_it(words, more):
    fresh = [f"new{number}" for number in range(more)]
    before, after = Coherence.of([" ".join(words), " ".join([*words, *fresh])]).repetition
    assert 0 <= after <= before < 1
