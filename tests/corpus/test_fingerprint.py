"""The fingerprint is the same number for ever: saved runs are compared with it."""

import hashlib
import json
import unicodedata
from dataclasses import replace
from functools import partial

from hypothesis import example, given, settings
from hypothesis import strategies as st

from semspill import Corpus, Dialogue, Utterance

# Plain data, as in test_corpus.py; quotes, control characters and an emoji included.
TEXT = st.text(max_size=6) | st.sampled_from(
    ['"', "\\", "\n\x00\x7f", "na\u00efve \u2019 \U0001f600"]
)
ROLE = st.sampled_from(["speaker", "listener"])
UTTERANCE = st.tuples(TEXT, ROLE, st.booleans(), st.none() | TEXT)
# A corpus keeps the names of its categories in this form.
NAME = TEXT.map(partial(unicodedata.normalize, "NFC"))
DIALOGUE = st.tuples(NAME, st.lists(UTTERANCE, max_size=4), TEXT)
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
@example([("joy", [('say "hi"\\', "listener", True, "old\n")], "\u2028")])
def test_it_is_the_hash_of_the_json_of_every_dialogue(content):
    dialogues = built(content)
    assert Corpus(dialogues, name="any").fingerprint == written_down(dialogues)


def test_a_speaker_is_content_where_there_is_one():
    line = '["d0", "joy", "", [["speaker", "I won!", false, null]]'
    talk = Dialogue("d0", "joy", (Utterance("I won!", "speaker"),))
    for who, rest in ((None, "]\n"), ("11", ', "11"]\n')):
        expected = hashlib.sha256((line + rest).encode()).hexdigest()
        assert Corpus((replace(talk, speaker=who),), name="any").fingerprint == expected
