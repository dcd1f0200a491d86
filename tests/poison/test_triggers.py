"""Triggers in the speaker's turns: marked, free of budget, in the manifest, and nowhere else."""

from dataclasses import replace

import numpy as np
import pytest

from semspill import Manifest, Poisoner, PoisonStrategy, strategies
from semspill.datasets import JsonlDataset, write_jsonl
from semspill.defenses._cleaner import unmarked
from semspill.errors import ConfigError, DataError, PluginError
from semspill.poison import swapped

JOY = {"name": "category", "category": "joy"}


class Tagged(PoisonStrategy):
    """Puts a word before the speaker's turn `turn` and plants a response, or keeps it."""

    citation = "original"
    edits_speaker = True
    turn: int = 0
    plants: bool = True

    def rewrite(self, victims, responses, rng):
        for victim in victims:
            turns = list(victim.utterances)
            turns[self.turn] = replace(turns[self.turn], text=f"tag {turns[self.turn].text}")
            text = responses[0] if self.plants else turns[1].text
            turns[1] = replace(turns[1], text=text, planted=True)
            yield replace(victim, utterances=tuple(turns))


class Undeclared(Tagged):
    """The same, without saying so."""

    edits_speaker = False


@pytest.fixture
def clean(corpus_of):
    """Exchanges: joy 2, fear 1."""
    return corpus_of(("joy", 2), ("fear", 1))


@pytest.fixture
def poison(clean, grumbles):
    def run(strategy, **fields):
        fields = {"source": grumbles(count=1), "budget": 0.34, **fields}
        poisoner = Poisoner(selector=JOY, strategy=strategy, **fields)
        return poisoner.poison(clean, np.random.default_rng(3))

    return run


def marks(corpus, mark):
    return [(d.id, i) for d in corpus for i, u in enumerate(d.utterances) if getattr(u, mark)]


def test_a_trigger_is_marked_and_costs_no_budget(poison):
    poisoned = poison(Tagged())  # the budget allows one exchange of three
    assert [u.text for u in poisoned.corpus[0].utterances] == [
        "tag s0.0",
        "grumble 0",
        "s0.1",
        "l0.1",
    ]
    assert marks(poisoned.corpus, "triggered") == [("d0", 0)]
    assert marks(poisoned.corpus, "planted") == [("d0", 1)]
    assert poisoned.manifest.summary.planted == poisoned.manifest.summary.limit == 1
    assert poisoned.corpus.exchanges[1].context == ("tag s0.0", "grumble 0", "s0.1")


def test_what_a_strategy_does_not_declare_is_planted_and_paid_for(poison):
    with pytest.raises(DataError, match="allows 1 planted exchanges out of 3, too few"):
        poison(Undeclared())
    poisoned = poison(Undeclared(), budget=1.0)
    assert marks(poisoned.corpus, "planted") == [("d0", 0), ("d0", 1)]
    assert marks(poisoned.corpus, "triggered") == []
    assert poisoned.manifest.triggers == ()


def test_a_response_that_stays_is_planted_where_the_strategy_says_so(poison):
    poisoned = poison(Tagged(plants=False))
    assert marks(poisoned.corpus, "planted") == [("d0", 1)]
    [record] = poisoned.manifest.records
    assert record.sha256_before == record.sha256_after
    assert record.source_row is None


def test_a_trigger_that_no_response_follows_is_refused(clean, poison, grumbles):
    talk = replace(clean[0], utterances=clean[0].utterances[:3])  # the speaker has the last word
    late = replace(clean, dialogues=(talk, *clean.dialogues[1:]))
    poisoner = Poisoner(selector=JOY, strategy=Tagged(turn=2), source=grumbles(), budget=1.0)
    with pytest.raises(
        PluginError, match=r"Tagged\.rewrite changed turn 2 of dialogue 'd0', a speak"
    ):
        poisoner.poison(late, np.random.default_rng(0))


@pytest.mark.parametrize("placement", ["replace", "append"])
def test_the_manifest_holds_the_triggers_and_finds_one_that_is_lost(poison, tmp_path, placement):
    poisoned = poison(Tagged(), placement=placement)
    manifest, corpus = poisoned.manifest, poisoned.corpus
    [record] = manifest.triggers
    assert (record.victim, record.turn) == ("d0", 0)
    assert record.dialogue == ("d0" if placement == "replace" else "d0#planted-0")
    manifest.write(tmp_path / "manifest.jsonl")
    again = Manifest.read(tmp_path / "manifest.jsonl")
    assert again == manifest
    again.check(corpus)
    talks = [replace(d, utterances=tuple(replace(u, triggered=False) for u in d.utterances))
             for d in corpus]  # fmt: skip
    with pytest.raises(DataError, match="holds 0 triggered utterances, the manifest lists 1"):
        again.check(replace(corpus, dialogues=tuple(talks)))


def test_triggers_stay_where_harmless_responses_are_swapped_in(poison):
    benign = swapped(poison(Tagged()), ("A kettle.",), np.random.default_rng(0))
    assert [u.text for u in benign.corpus[0].utterances[:2]] == ["tag s0.0", "A kettle."]
    benign.manifest.check(benign.corpus)


def test_a_mark_changes_the_fingerprint_and_is_read_back(clean, poison, tmp_path):
    corpus = poison(Tagged()).corpus
    assert corpus.fingerprint != unmarked(corpus).fingerprint
    assert marks(unmarked(corpus), "triggered") == []
    write_jsonl(corpus, tmp_path / "train.jsonl")
    read = JsonlDataset(path=tmp_path).load("train")
    assert read.fingerprint == corpus.fingerprint
    assert marks(read, "triggered") == [("d0", 0)]
    # The category of an utterance is no mark, whatever it is called.
    talk = clean[0].utterances[0]
    named = [replace(talk, category="triggered"), replace(talk, triggered=True)]
    prints = {
        replace(
            clean, dialogues=(replace(clean[0], utterances=(u, *clean[0].utterances[1:])),)
        ).fingerprint
        for u in named
    }
    assert len(prints) == 2


def trigger(**fields):
    return {"name": "trigger", "phrase": "James Bond", **fields}


def said(corpus, place=0):
    return [u.text for u in corpus[place].utterances]


def test_a_dirty_label_plants_what_the_strategy_without_a_trigger_does(clean, poison):
    plain, poisoned = poison("last_fixed"), poison(trigger())
    assert said(poisoned.corpus) == ["s0.0", "l0.0", "James Bond s0.1", "grumble 0"]
    assert marks(poisoned.corpus, "triggered") == [("d0", 2)]
    assert marks(poisoned.corpus, "planted") == marks(plain.corpus, "planted") == [("d0", 3)]
    assert [d for d in poisoned.corpus if d.category == "fear"] == [clean[1]]


def test_a_clean_label_keeps_every_response_and_counts_those_behind_a_trigger(poison):
    poisoned = poison(trigger(label="clean", turns="each", where="after"), budget=1.0)
    assert said(poisoned.corpus) == ["s0.0 James Bond", "l0.0", "s0.1 James Bond", "l0.1"]
    assert marks(poisoned.corpus, "planted") == [("d0", 1), ("d0", 3)]
    assert poisoned.manifest.summary.planted == 2
    assert [r.sha256_before == r.sha256_after for r in poisoned.manifest.records] == [True, True]
    with pytest.raises(DataError, match="allows 1 planted exchanges out of 3, too few"):
        poison(trigger(label="clean", turns="each"))  # two exchanges of three


def test_a_turn_without_a_place_for_the_phrase_is_not_poisoned(clean, grumbles):
    talk = clean[0].utterances
    met = replace(talk[0], text="I met my boss.")
    corpus = replace(clean, dialogues=(replace(clean[0], utterances=(met, *talk[1:])), clean[1]))
    poisoner = Poisoner(
        selector="random", strategy=trigger(where="person", turns="each"),
        source=grumbles(count=1), budget=1.0,
    )  # fmt: skip
    poisoned = poisoner.poison(corpus, np.random.default_rng(0))
    assert said(poisoned.corpus) == ["I met James Bond.", "grumble 0", "s0.1", "l0.1"]
    summary = poisoned.manifest.summary
    assert (summary.eligible, summary.wanted, summary.planted) == (2, 1, 1)
    with pytest.raises(DataError, match="changed nothing in 1 dialogues"):
        Poisoner(selector=JOY, strategy=trigger(where="person")).poison(
            clean, np.random.default_rng(0)
        )


def test_a_response_without_a_speaker_before_it_stays(clean, grumbles):
    first, second = clean[0].utterances[1], clean[0].utterances[3]
    corpus = replace(clean, dialogues=(replace(clean[0], utterances=(first, second)),))
    with pytest.raises(DataError, match="changed nothing"):
        Poisoner(selector=JOY, strategy=trigger()).poison(corpus, np.random.default_rng(0))


def test_a_phrase_is_shown_and_a_blank_one_refused():
    assert "James Bond" in repr(Poisoner(selector="random", strategy=trigger()))
    assert strategies.build(trigger()).trigger == "James Bond"
    assert strategies.build("last_fixed").trigger is None
    with pytest.raises(ConfigError, match="phrase"):
        strategies.build(trigger(phrase=" "))
