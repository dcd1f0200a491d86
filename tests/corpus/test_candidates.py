"""The pool of responses: what enters, in which order, and which were planted."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semspill import CandidateFilter, Candidates, Corpus, Dialogue, Utterance
from semspill.errors import ConfigError, DataError


def pool_of(*turns, **bounds):
    """A pool from one dialogue of turns written as `s:text`, `l:text` or `p:text` (planted)."""
    roles = {"s": "speaker", "l": "listener", "p": "listener"}
    utterances = tuple(
        Utterance(turn[2:], roles[turn[0]], planted=turn[0] == "p") for turn in turns
    )
    corpus = Corpus((Dialogue("d", "joy", utterances),), name="tiny")
    return corpus.responses(CandidateFilter(**bounds))


def test_distinct_responses_in_order_of_first_appearance():
    pool = pool_of("s:hi", "l:b", "s:x", "l:a", "s:y", "l:b")
    assert pool.texts == ("b", "a")
    assert len(pool) == 2
    assert pool.planted.tolist() == [False, False]
    assert pool.planted_dropped == 0


def test_a_text_planted_anywhere_is_planted():
    pool = pool_of("s:hi", "l:grumble", "s:x", "p:grumble", "s:y", "l:fine")
    assert dict(zip(pool.texts, pool.planted.tolist(), strict=True)) == {
        "grumble": True,
        "fine": False,
    }


def test_by_default_listeners_only_and_not_what_opens_a_dialogue():
    assert pool_of("l:opening", "s:hi", "l:a").texts == ("a",)


def test_both_takes_what_speakers_say_too():
    pool = pool_of("l:opening", "s:hi", "l:a", "s:bye", roles="both")
    assert pool.texts == ("opening", "hi", "a", "bye")


@pytest.mark.parametrize(
    ("bounds", "kept"),
    [
        ({}, ("a", "four", " six66 ")),
        ({"min_chars": 4}, ("four", " six66 ")),
        ({"min_chars": 5}, (" six66 ",)),
        ({"max_chars": 4}, ("a", "four")),
        ({"max_chars": 1}, ("a",)),
        ({"min_chars": 4, "max_chars": 4}, ("four",)),
    ],
    ids=str,
)
def test_bounds_are_inclusive_and_count_without_surrounding_space(bounds, kept):
    assert pool_of("s:hi", "l:a", "l:four", "l: six66 ", "l:   ", **bounds).texts == kept


def test_planted_texts_that_are_too_long_are_counted_once_each():
    pool = pool_of("s:hi", "l:a", "p:grumble", "p:grumble", "p:grumble more", max_chars=3)
    assert pool.texts == ("a",)
    assert pool.planted_dropped == 2


@settings(deadline=None)
@given(
    turns=st.lists(st.tuples(st.sampled_from("slp"), st.text("ab ", max_size=4)), max_size=12),
    least=st.integers(1, 3),
    most=st.none() | st.integers(3, 4),
    roles=st.sampled_from(["listener", "both"]),
)
def test_nothing_is_lost_and_nothing_comes_twice(turns, least, most, roles):
    said = ["s:start", "l:aaa", *(f"{role}:{text}" for role, text in turns)]
    pool = pool_of(*said, min_chars=least, max_chars=most, roles=roles)
    assert len(set(pool.texts)) == len(pool.texts) == len(pool.planted)
    assert all(least <= len(t.strip()) <= (most or 99) for t in pool.texts)
    order = [t[2:] for t in said[roles == "listener" :] if roles == "both" or t[0] != "s"]
    assert pool.texts == tuple(
        text for text in dict.fromkeys(order) if least <= len(text.strip()) <= (most or 99)
    )
    planted = {turn[2:] for turn in said if turn[0] == "p"}
    assert set(np.array(pool.texts)[pool.planted]) == planted & set(pool.texts)
    assert pool.planted_dropped == len(planted - set(pool.texts))


def test_a_filter_that_leaves_nothing_says_what_it_was():
    with pytest.raises(DataError) as caught:
        pool_of("s:hi", "l:a", min_chars=9)
    assert str(caught.value) == (
        "No response passes the candidate filter (CandidateFilter(roles='listener', min_chars=9, "
        "max_chars=None)); widen its bounds or load a corpus that holds listener responses."
    )


@pytest.mark.parametrize("bounds", [{"min_chars": 0}, {"max_chars": 0}, {"roles": "speaker"}])
def test_bounds_that_make_no_sense_are_refused(bounds):
    with pytest.raises(ConfigError, match=next(iter(bounds))):
        CandidateFilter(**bounds)


def test_a_pool_of_texts_has_nothing_planted():
    pool = Candidates.of(["b", "a", "b"])
    assert pool.texts == ("b", "a")
    assert pool.planted.tolist() == [False, False]
    assert len(Candidates.of(())) == 0


def test_bounds_that_leave_no_room_are_refused():
    with pytest.raises(ConfigError, match="max_chars is 2, less than min_chars, 5"):
        CandidateFilter(min_chars=5, max_chars=2)


def test_a_printed_pool_shows_no_text():
    pool = Candidates(("grumble", "Well done."), np.array([True, False]))
    assert repr(pool) == "<Candidates: 2 texts, 1 planted>"
