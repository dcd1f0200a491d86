"""What an adversary knows: a share of the dialogues, and no other is selected or poisoned."""

import hashlib
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semspill import Poisoner, Selector
from semspill.errors import ConfigError, DataError

JOY = {"name": "category", "category": "joy"}


def known(corpus, share, seed=0):
    """Ids of the known dialogues, by the definition in words: first 8 bytes of a hash, as a share
    of all that 8 bytes can say, lie below the share."""
    found = set()
    for talk in corpus:
        digest = hashlib.sha256(json.dumps(["known", seed, talk.id]).encode()).hexdigest()
        if int(digest[:16], 16) < share * 16**16:
            found.add(talk.id)
    return found


def poisoned(corpus, grumbles, seed=0, **fields):
    poisoner = Poisoner(selector=JOY, source=grumbles(), budget=1, **fields)
    return poisoner.poison(corpus, np.random.default_rng(seed))


def victims(result):
    return {record.victim for record in result.manifest.records}


@settings(max_examples=30, deadline=None)
@given(share=st.floats(0.3, 0.9), seed=st.integers(0, 9))
def test_only_known_dialogues_of_the_target_are_poisoned(corpus_of, grumbles, share, seed):
    corpus = corpus_of(*[("joy", 1), ("fear", 1)] * 20)
    expected = {t.id for t in corpus if t.category == "joy"} & known(corpus, share, seed)
    result = poisoned(corpus, grumbles, knowledge=share, knowledge_seed=seed)
    assert victims(result) == expected
    assert result.manifest.summary.eligible == len(expected)


def test_who_is_known_does_not_depend_on_what_else_there_is(corpus_of, grumbles):
    few, more = corpus_of(*[("joy", 1)] * 20), corpus_of(*[("joy", 1)] * 40)
    of_few = victims(poisoned(few, grumbles, knowledge=0.5))
    assert of_few == {t.id for t in few} & victims(poisoned(more, grumbles, knowledge=0.5))
    assert of_few < victims(poisoned(few, grumbles, knowledge=0.8))


def test_the_selector_sees_no_other(corpus_of, grumbles):
    seen = []

    class Watching(Selector):
        citation = "original"

        def select(self, corpus, rng):
            seen.extend(talk.id for talk in corpus)
            return np.arange(len(corpus))

    corpus = corpus_of(*[("joy", 1)] * 30)
    poisoner = Poisoner(selector=Watching(), source=grumbles(), budget=1, knowledge=0.4)
    result = poisoner.poison(corpus, np.random.default_rng(0))
    assert set(seen) == known(corpus, 0.4) == victims(result)


def test_all_known_is_as_if_nothing_were_said(corpus_of, grumbles):
    corpus = corpus_of(*[("joy", 2)] * 9)
    fields = {"strategy": "each_random", "rate": 0.5}
    plain = poisoned(corpus, grumbles, **fields)
    told = poisoned(corpus, grumbles, knowledge=1, knowledge_seed=3, **fields)
    assert told.corpus.dialogues == plain.corpus.dialogues
    assert told.manifest.records == plain.manifest.records
    part = Poisoner(selector=JOY, knowledge=0.5)
    assert Poisoner(**part.model_dump()) == part


def test_too_little_knowledge_is_said(corpus_of, grumbles):
    corpus = corpus_of(("joy", 1), *[("fear", 1)] * 9)
    assert "d0" not in known(corpus, 0.3)
    with pytest.raises(DataError, match=r"'joy' is not in .* knows 1 of 10 dialogues; raise know"):
        poisoned(corpus, grumbles, knowledge=0.3)
    with pytest.raises(ConfigError, match="knowledge"):
        poisoned(corpus, grumbles, knowledge=0)
