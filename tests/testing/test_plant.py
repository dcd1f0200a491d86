"""A corpus is poisoned, its marks are taken off, and the truth is kept beside it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import semspill as sp
from semspill.errors import ConfigError, DataError
from semspill.testing import Planted, plant


@pytest.fixture(scope="module")
def clean():
    return sp.datasets.build({"name": "synthetic", "categories": 4, "train": 200}).load("train")


def changed(before, after):
    """Return, for each exchange, whether the response reads otherwise than before."""
    pairs = zip(before.exchanges, after.exchanges, strict=True)
    return [old.response != new.response for old, new in pairs]


@settings(max_examples=15)
@given(
    target=st.sampled_from([None, "brave", "weary"]),
    strategy=st.sampled_from(["last_fixed", "each_random", "first_random", "random_fixed"]),
    budget=st.floats(0.01, 0.2),
    seed=st.integers(0, 1000),
)
def test_the_truth_is_what_reads_otherwise(clean, target, strategy, budget, seed):
    rng = np.random.default_rng(seed)
    planted = plant(clean, target=target, strategy=strategy, budget=budget, rng=rng)
    assert planted.truth.tolist() == changed(clean, planted.corpus)
    assert 0 < planted.truth.sum() <= budget * len(clean.exchanges)
    assert len(planted.manifest) == planted.truth.sum()
    hit = {e.category for e, true in zip(clean.exchanges, planted.truth, strict=True) if true}
    assert target is None or hit == {target}


def test_nothing_in_the_corpus_says_what_was_planted(clean):
    planted = plant(clean, strategy="each_random", budget=0.2)
    said = [said for talk in planted.corpus for said in talk.utterances]
    assert not any(s.planted or s.original is not None for s in said)
    assert not any(exchange.planted for exchange in planted.corpus.exchanges)
    assert not planted.corpus.responses().planted.any()


def test_later_turns_hear_what_was_planted(clean):
    planted = plant(clean, strategy="first_random", budget=0.05)
    row = int(np.flatnonzero(planted.truth)[0])
    first, second = planted.corpus.exchanges[row : row + 2]
    assert first.dialogue == second.dialogue
    assert second.context[first.turn] == first.response


def test_without_a_target_every_category_is_hit_and_without_an_rng_the_same_each_time(clean):
    once, again = plant(clean, budget=0.1), plant(clean, budget=0.1)
    assert set(once.manifest.by_category) == set(clean.categories)
    assert once.corpus.fingerprint == again.corpus.fingerprint
    other = plant(clean, budget=0.1, rng=np.random.default_rng(1))
    assert other.corpus.fingerprint != once.corpus.fingerprint


def test_what_is_planted_comes_from_the_source(clean):
    class Grumbles(sp.ResponseSource):
        """Two sentences."""

        citation = "original"

        def load(self):
            return ("Grumble.", "You grumble.")

    planted = plant(clean, source=Grumbles(), strategy={"name": "last_random"})
    exchanges = planted.corpus.exchanges
    pairs = zip(exchanges, planted.truth, strict=True)
    assert {e.response for e, true in pairs if true} == {"Grumble.", "You grumble."}


def test_the_clean_corpus_stays_and_a_marked_utterance_counts_as_planted(clean):
    before = clean.fingerprint
    talk = clean[0]
    marked = replace(talk.utterances[1], planted=True, original="Hello.")
    dialogue = replace(talk, utterances=(talk.utterances[0], marked, *talk.utterances[2:]))
    dirty = replace(clean, dialogues=(dialogue, *clean.dialogues[1:]))
    planted = plant(dirty, target=next(name for name in clean.categories if name != talk.category))
    assert planted.truth[0]
    assert planted.corpus[0].utterances[1] == talk.utterances[1]
    assert dirty[0].utterances[1].planted
    assert replace(clean).fingerprint == before


def test_no_text_is_shown_and_it_stands_for_a_corpus(clean):
    planted = plant(clean, target="brave", budget=0.01)
    assert repr(planted) == "<Planted: 4 of 400 exchanges>"
    encoder = {"name": "hashing", "buckets": 64, "dim": 4}
    model = sp.Finetuner(epochs=0).finetune(encoder, planted, np.random.default_rng(0))
    assert sp.RetrievalResponder(model, planted).respond(planted).indices.shape == (400, 1)


def test_bad_input_is_refused_with_what_to_do(clean):
    with pytest.raises(DataError, match=r"'braev'.* Did you mean 'brave'"):
        plant(clean, target="braev")
    with pytest.raises(ConfigError, match="less than or equal to 1"):
        plant(clean, budget=1.5)
    with pytest.raises(DataError, match="3 entries for 400 exchanges; give one for each"):
        Planted(clean, np.zeros(3, dtype=bool), plant(clean).manifest)
