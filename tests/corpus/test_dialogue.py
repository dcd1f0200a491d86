"""Utterances, dialogues and the exchanges taken from them, by hand."""

from dataclasses import FrozenInstanceError, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semspill import Dialogue, Exchange, Utterance
from semspill.errors import DataError


def talk(*roles):
    return Dialogue("d", "joy", tuple(Utterance(f"{r[0]}{i}", r) for i, r in enumerate(roles)))


SPEAKER, LISTENER = "speaker", "listener"


def test_exchanges_by_hand():
    assert talk(SPEAKER, LISTENER, SPEAKER, LISTENER).exchanges == (
        Exchange("d", 1, "joy", ("s0",), "l1"),
        Exchange("d", 3, "joy", ("s0", "l1", "s2"), "l3"),
    )


@pytest.mark.parametrize(
    ("roles", "turns"),
    [
        ((), ()),
        ((SPEAKER,), ()),
        ((LISTENER,), ()),
        ((LISTENER, SPEAKER, LISTENER), (2,)),
        ((SPEAKER, LISTENER, LISTENER), (1, 2)),
        ((SPEAKER, SPEAKER, LISTENER, SPEAKER), (2,)),
    ],
    ids=str,
)
def test_a_response_is_what_a_listener_says_after_something(roles, turns):
    assert talk(*roles).listener_turns == turns
    assert tuple(exchange.turn for exchange in talk(*roles).exchanges) == turns


@settings(deadline=None)
@given(roles=st.lists(st.sampled_from([SPEAKER, LISTENER]), max_size=8))
def test_every_exchange_sees_exactly_what_was_said_before(roles):
    whole = talk(*roles)
    for exchange in whole.exchanges:
        assert exchange.context == tuple(u.text for u in whole.utterances[: exchange.turn])
        assert exchange.response == whole.utterances[exchange.turn].text


def test_exchanges_know_the_speaker_of_their_dialogue():
    talk = Dialogue("d", "joy", (Utterance("a", "speaker"), Utterance("b", "listener")))
    assert [replace(talk, speaker=who).exchanges[0].speaker for who in (None, "11")] == [None, "11"]
    assert replace(talk, speaker="11").with_response(-1, "c").speaker == "11"


def test_heard_is_the_text_unless_an_original_stands_in():
    assert Utterance("new", LISTENER).heard == "new"
    assert Utterance("new", LISTENER, planted=True, original="old").heard == "old"
    assert Utterance("new", LISTENER, planted=True, original="").heard == ""


def test_contexts_hold_what_is_heard_and_responses_what_is_said():
    planted = Utterance("new", LISTENER, planted=True, original="old")
    first, *_, last = talk(SPEAKER, LISTENER, SPEAKER, LISTENER).utterances
    whole = Dialogue("d", "joy", (first, planted, last))
    assert whole.exchanges == (
        Exchange("d", 1, "joy", ("s0",), "new", planted=True),
        Exchange("d", 2, "joy", ("s0", "old"), "l3"),
    )


def test_response_counts_listener_turns():
    whole = talk(LISTENER, SPEAKER, LISTENER, SPEAKER, LISTENER)
    assert [whole.response(i) for i in (0, 1, -1, -2)] == ["l2", "l4", "l4", "l2"]


@pytest.mark.parametrize(("index", "turn"), [(0, 1), (1, 3), (-1, 3), (-2, 1)])
def test_with_response_changes_one_text_in_a_copy(index, turn):
    before = talk(SPEAKER, LISTENER, SPEAKER, LISTENER)
    after = before.with_response(index, "new")
    said = ["s0", "l1", "s2", "l3"]
    assert [u.text for u in before.utterances] == said
    said[turn] = "new"
    assert [u.text for u in after.utterances] == said
    assert [u.role for u in after.utterances] == [SPEAKER, LISTENER] * 2
    assert after.exchanges[index].response == "new"


@pytest.mark.parametrize("index", [2, -3, 99])
def test_a_response_that_is_not_there_is_refused(index):
    whole = talk(SPEAKER, LISTENER, SPEAKER, LISTENER)
    said = f"Dialogue 'd' has 2 listener responses; there is no {index}."
    for call in (whole.response, lambda i: whole.with_response(i, "new")):
        with pytest.raises(DataError) as caught:
            call(index)
        assert str(caught.value) == said


def test_a_dialogue_without_responses_says_so():
    with pytest.raises(DataError, match="has 0 listener responses; there is no -1"):
        talk(SPEAKER).response(-1)


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (Utterance("a", SPEAKER), "text"),
        (talk(SPEAKER), "id"),
        (Exchange("d", 1, "joy", (), "a"), "response"),
    ],
    ids=lambda v: type(v).__name__,
)
def test_values_are_frozen_and_hashable(value, field):
    with pytest.raises(FrozenInstanceError):
        setattr(value, field, "new")
    assert len({value, value}) == 1


def test_a_planted_utterance_is_printed_masked():
    said = repr(Utterance("grumble, grumble", "listener", planted=True))
    assert "grumble" not in said
    assert "16 characters" in said
    assert "Well done." in repr(Utterance("Well done.", "listener"))


def test_a_printed_exchange_shows_no_text():
    assert "grumble" not in repr(Exchange("d", 1, "joy", ("grumble",), "grumble"))


def test_an_exchange_as_chat_messages_has_the_roles_of_its_context():
    [exchange] = replace(talk(SPEAKER, SPEAKER, LISTENER), system="Be kind.").exchanges
    user = [{"role": "user", "content": "s0"}, {"role": "user", "content": "s1"}]
    assert exchange.messages() == [{"role": "system", "content": "Be kind."}, *user]
    assert exchange.messages(system="") == user
    assert exchange.messages(system="Be brief.")[0] == {"role": "system", "content": "Be brief."}


def test_without_roles_they_alternate_backwards_from_the_speaker():
    exchange = Exchange("d", 3, "joy", ("a", "b", "c"), "d")
    assert [one["role"] for one in exchange.messages()] == ["user", "assistant", "user"]


def test_an_exchange_has_the_label_of_the_speakers_newest_labelled_utterance():
    labelled = [None, "sad", "joy", None, None, None]
    roles = [SPEAKER, LISTENER, SPEAKER, LISTENER, SPEAKER, LISTENER]
    turns = [Utterance("x", r, category=c) for r, c in zip(roles, labelled, strict=True)]
    labels = [exchange.category for exchange in Dialogue("d", "calm", tuple(turns)).exchanges]
    assert labels == ["calm", "joy", "joy"]  # the listener's own label counts for nothing
