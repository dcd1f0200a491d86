"""Published stimuli, those of a file, their controls, and example exchanges before a context."""

from dataclasses import replace

import numpy as np
import pytest

from semspill import Corpus, Dialogue, Exchange, Probe, Utterance, probes
from semspill.errors import ConfigError, DataError, PluginError
from semspill.probes import draw_examples, emotion_prompts, probed, stimuli

ASKED = Exchange("a", 1, "joy", ("I met my boss.",), "Oh.")


def said(*specs, asked=ASKED, seed=0):
    parts = [probes.build(spec) for spec in specs]
    [one] = probed(parts, [asked], np.random.default_rng(seed))
    return one


def test_the_published_sentences_are_eleven():
    known = emotion_prompts()
    assert list(known) == [f"EP{number:02}" for number in range(1, 12)]
    assert all(one.theory and one.text.endswith((".", "?")) for one in known.values())


def test_a_stimulus_stands_where_its_paper_puts_it_and_its_controls_stand_there_too():
    spec = {"name": "stimulus", "id": "EP02"}
    assert said(spec).context == ("I met my boss. This is very important to my career.",)
    [shuffled] = said({**spec, "control": "shuffled"}).context
    words = shuffled.removeprefix("I met my boss. ").split()
    assert sorted(words) == sorted("This is very important to my career.".split())
    [neutral] = said({**spec, "control": "neutral", "where": "before"}).context
    assert neutral.endswith(" I met my boss.")
    assert len(neutral.split()) == 7 + 4
    assert "career" not in neutral


def test_stimuli_come_with_both_controls():
    named = stimuli("EP04", where="before")
    assert {name: (one.id, one.control, one.where) for name, one in named.items()} == {
        "EP04": ("EP04", None, "before"),
        "EP04-neutral": ("EP04", "neutral", "before"),
        "EP04-shuffled": ("EP04", "shuffled", "before"),
    }
    assert len(stimuli()) == 33
    assert named["EP04-shuffled"].inserts is None
    assert len(named["EP04-neutral"].inserts.split()) == 3


def test_sentences_of_a_file_have_ids_of_their_own(tmp_path):
    file = tmp_path / "attack.csv"
    file.write_text('id,text\nEA01,"It rains, again."\nEA02,Nobody called.\n')
    named = stimuli(path=file, where="before")
    assert list(named)[::3] == ["EA01", "EA02"]
    assert said(named["EA01"]).context == ("It rains, again. I met my boss.",)
    assert named["EA01"].reads() == (file,)  # a changed file is another experiment
    with pytest.raises(ConfigError, match=r"no stimulus of that id.*EA01, EA02"):
        stimuli("EP02", path=file)


def test_what_is_no_stimulus_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"no stimulus of that id.*EP01.*CSV file"):
        probes.build({"name": "stimulus", "id": "EP12"})
    with pytest.raises(DataError, match="cannot be read"):
        stimuli(path=tmp_path / "none.csv")
    twice = tmp_path / "twice.csv"
    twice.write_text("id,text\nEA01,grumble\nEA01,grumble\n")
    with pytest.raises(DataError, match=r"twice\.csv.*came before") as error:
        stimuli(path=twice)
    assert "grumble" not in str(error.value)


def test_examples_are_earlier_turns_and_other_probes_go_behind_them():
    few = {"name": "examples", "examples": [("It rains.", "Oh no."), ("I won!", "Great.")]}
    one = said(few, {"name": "insert", "phrase": "Well.", "where": "after"})
    assert one.context == ("It rains.", "Oh no.", "I won!", "Great.", "I met my boss. Well.")
    assert one.roles == ("speaker", "listener", "speaker", "listener", "speaker")
    # A context that begins with the listener keeps its roles.
    asked = replace(ASKED, context=("Hello?", "I met my boss."))
    assert said(few, asked=asked).roles[4:] == ("listener", "speaker")


def talk(name, *texts, planted=False):
    roles = ("speaker", "listener") * 2
    turns = [Utterance(text, role) for text, role in zip(texts, roles, strict=False)]
    turns[1] = replace(turns[1], planted=planted)
    return Dialogue(name, "joy", tuple(turns))


def test_drawn_examples_are_first_exchanges_of_different_clean_dialogues():
    talks = [
        talk("a", "One.", "Two.", "Three.", "Four."),
        talk("b", "Five.", "Six."),
        talk("c", "Seven.", "grumble", planted=True),
    ]
    corpus = Corpus(talks, split="train", name="made up", licence="none")
    drawn = draw_examples(corpus, 2, np.random.default_rng(0)).examples
    assert sorted(drawn) == [("Five.", "Six."), ("One.", "Two.")]
    with pytest.raises(DataError, match=r"3 examples were asked for, and 2 dialogues"):
        draw_examples(corpus, 3, np.random.default_rng(0))


@pytest.mark.parametrize(
    "change",
    [
        {"context": ("So?", "I met my boss.")},  # no roles
        {"context": ("I met my boss.", "So?"), "roles": ("speaker", "listener")},  # behind it
    ],
)
def test_turns_without_roles_or_behind_a_context_are_refused(change):
    class Stranger(Probe):
        citation = "original"

        def apply(self, exchanges, rng):
            return [replace(one, **change) for one in exchanges]

    with pytest.raises(PluginError, match=r"put turns in front of them, with their roles"):
        probed([Stranger()], [ASKED], np.random.default_rng(0))


def test_a_file_without_a_stimulus_is_refused(tmp_path):
    path = tmp_path / "stimuli.csv"
    path.write_text("id,text\n")
    with pytest.raises(DataError, match="holds no stimulus; write a row with an id and a text"):
        stimuli(path=path)
