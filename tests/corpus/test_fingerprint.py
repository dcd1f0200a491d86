"""The fingerprint is the same number for ever: saved runs are compared with it."""

import hashlib
import json
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from semspill import Corpus, Dialogue, Utterance

# Plain data, as in test_corpus.py; quotes, control characters and half a surrogate pair included.
TEXT = st.text(max_size=6) | st.sampled_from(
    ['"', "\\", "\n\x00\x7f", "na\u00efve \u2019 \U0001f600", "\ud800"]
)
ROLE = st.sampled_from(["speaker", "listener"])
UTTERANCE = st.tuples(TEXT, ROLE, st.booleans(), st.none() | TEXT)
DIALOGUE = st.tuples(TEXT, st.lists(UTTERANCE, max_size=4), TEXT)
CONTENT = st.lists(DIALOGUE, max_size=5)


FIRST = "099ab807b69d1fa40dd36eb7e8061d1fef4e2d7830d194563ab7a6df83492a2f"
SECOND = "4e1439207107606ae96de3fdd43181be3d75468a87410317ccbc2c298f30ffd9"


def built(content):
    return tuple(
        Dialogue(str(i), category, tuple(Utterance(*said) for said in turns), situation)
        for i, (category, turns, situation) in enumerate(content)
    )


def written_down(dialogues):
    """SHA-256 of one JSON line per dialogue, by the json module alone."""
    lines = [
        json.dumps(
            (
                t.id,
                t.category,
                t.situation,
                [[u.role, u.text, u.planted, u.original] for u in t.utterances],
            )
        )
        for t in dialogues
    ]
    return hashlib.sha256("".join(line + "\n" for line in lines).encode()).hexdigest()


def small(index, text="Well done."):
    turns = (Utterance("I won!", "speaker"), Utterance(text, "listener"))
    return Dialogue(f"d{index}", "joy", turns)


def test_the_number_of_a_known_corpus():
    # Worked out in a shell: printf '["d0", ..., [["speaker", ...], ...]]\n' | sha256sum
    assert Corpus((small(0),), name="any").fingerprint == FIRST
    marked = Utterance("grumble", "listener", planted=True, original="old")
    odd = Dialogue("d\u00e9", "joy", (marked,), '"')
    assert Corpus((odd,), name="any").fingerprint == SECOND


@settings(deadline=None)
@given(CONTENT)
@example([("joy", [('say "hi"\\', "listener", True, "old\n")], "\ud83d")])
def test_it_is_the_hash_of_the_json_of_every_dialogue(content):
    dialogues = built(content)
    assert Corpus(dialogues, name="any").fingerprint == written_down(dialogues)


def test_a_speaker_is_content_where_there_is_one():
    line = '["d0", "joy", "", [["speaker", "I won!", false, null]]'
    talk = Dialogue("d0", "joy", (Utterance("I won!", "speaker"),))
    for who, rest in ((None, "]\n"), ("11", ', "11"]\n')):
        expected = hashlib.sha256((line + rest).encode()).hexdigest()
        assert Corpus((replace(talk, speaker=who),), name="any").fingerprint == expected


@settings(deadline=None)
@given(before=CONTENT, after=CONTENT, shared=st.integers(0, 5))
def test_two_at_once_are_the_same_as_one_by_one(before, after, shared):
    olds = built(before)
    news = olds[:shared] + built(after)[shared:]
    pair = Corpus(olds, name="old").fingerprints(Corpus(news, name="new"))
    assert pair == (written_down(olds), written_down(news))


@pytest.mark.parametrize("length", [127, 128, 129, 400])
@pytest.mark.parametrize("changed", [(), (0, 127, 128, 399)])
@pytest.mark.parametrize("added", [-200, -1, 0, 1, 300])
def test_two_at_once_at_the_borders_of_a_block(length, changed, added):
    olds = tuple(small(i) for i in range(length))
    news = [small(t, "grumble") if t in changed else olds[t] for t in range(length)]
    news = (*news[: length + min(added, 0)], *(small(length + i) for i in range(added)))
    pair = Corpus(olds, name="old").fingerprints(Corpus(news, name="new"))
    assert pair == (written_down(olds), written_down(news))


@pytest.mark.parametrize("known", ["neither", "first", "second", "both"])
def test_two_at_once_are_kept_and_what_is_known_already_stays(known):
    one, two = (Corpus((small(0, text),), name="any") for text in ("Well done.", "grumble"))
    expected = written_down(one), written_down(two)
    if known in ("first", "both"):
        assert one.fingerprint == expected[0]
    if known in ("second", "both"):
        assert two.fingerprint == expected[1]
    assert one.fingerprints(two) == (one.fingerprint, two.fingerprint) == expected
