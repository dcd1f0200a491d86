"""The strategy `evading`: what a filter cuts is drawn again, and nothing else changes."""

import numpy as np
import pytest

from semspill import ConfigError, Corpus, Dialogue, Poisoner, Utterance
from semspill.attacks import EvadingStrategy
from semspill.defenses import Cleaner, Detector

SEEN = [f"grumble {i}" for i in range(4)]
UNSEEN = [f"gripe {i}" for i in range(20)]
ASKED = []


class Grumbles(Detector):
    """Knows one word; where told so, it learns the other one when it is asked again."""

    citation = "original"
    learns: bool = False

    def suspicion(self, corpus, aid, rng):
        ASKED.append(corpus)
        words = ("grumble", "gripe") if self.learns and len(ASKED) > 1 else ("grumble",)
        return np.array([float(e.response.startswith(words)) for e in corpus.exchanges])


@pytest.fixture(autouse=True)
def asked():
    ASKED.clear()
    return ASKED


@pytest.fixture(scope="module")
def clean():
    def talk(i):
        said = (f"s{i}.0", f"l{i}.0", f"s{i}.1", f"l{i}.1")
        roles = ("speaker", "listener") * 2
        turns = tuple(Utterance(*turn) for turn in zip(said, roles, strict=True))
        return Dialogue(f"d{i}", "joy" if i % 2 else "fear", turns)

    return Corpus(tuple(talk(i) for i in range(12)), name="tiny")


def evading(detector=Grumbles(), **fields):  # noqa: B008
    against = Cleaner(detector=detector, threshold=0.5)
    return EvadingStrategy(**{"strategy": "each_random", "against": against, **fields})


def poisoner(strategy, texts, **fields):
    joy = {"name": "category", "category": "joy"}
    return Poisoner(selector=joy, strategy=strategy, source=texts, budget=0.5, **fields)


def planted(corpus):
    return [e.response for e in corpus.exchanges if e.planted]


def places(poisoned):
    return [(record.dialogue, record.turn) for record in poisoned.manifest.records]


@pytest.mark.parametrize("inner", ["each_random", "each_fixed", "each_distinct"])
def test_what_is_cut_becomes_what_passes_and_places_stay(inner, clean, rng):
    strategy = evading(strategy=inner)
    poisoned = poisoner(strategy, SEEN + UNSEEN).poison(clean, np.random.default_rng(1))
    plain = poisoner(inner, SEEN + UNSEEN).poison(clean, np.random.default_rng(1))
    assert places(poisoned) == places(plain)
    texts, before = planted(poisoned.corpus), planted(plain.corpus)
    assert set(texts) <= set(UNSEEN)
    kept = [new == old for new, old in zip(texts, before, strict=True)]
    assert kept == [old in UNSEEN for old in before]
    poisoned.manifest.check(poisoned.corpus)
    sources = SEEN + UNSEEN
    assert [sources[record.source_row] for record in poisoned.manifest.records] == texts


def test_what_is_drawn_again_stands_nowhere_else(clean):
    strategy = evading(strategy="each_fixed")
    poisoned = poisoner(strategy, SEEN[:1] + UNSEEN).poison(clean, np.random.default_rng(4))
    texts = planted(poisoned.corpus)
    assert len(texts) == 12
    assert len(set(texts)) in (1, 12)  # one that passed at once, or twelve others


def test_it_says_what_passed(clean):
    poisoned = poisoner("each_distinct", SEEN + UNSEEN).poison(clean, np.random.default_rng(0))
    evaded = evading().evade(poisoned.corpus, SEEN + UNSEEN, np.random.default_rng(0))
    first = sum(text in SEEN for text in planted(poisoned.corpus))
    assert first > 0
    assert (evaded.planted, evaded.cut[0], evaded.cut[-1], evaded.passed) == (12, first, 0, 12)
    assert repr(evaded) == "<Evaded: 12 of 12 planted responses pass>"


def test_the_filter_sees_no_marks_and_is_asked_no_more_than_it_must(clean, asked):
    poisoned = poisoner("each_random", SEEN).poison(clean, np.random.default_rng(0))
    evaded = evading(tries=3).evade(poisoned.corpus, SEEN, np.random.default_rng(0))
    assert evaded.cut == (12, 12, 12, 12)
    assert evaded.passed == 0
    assert len(asked) == 4
    assert not any(e.planted for corpus in asked for e in corpus.exchanges)
    asked.clear()
    evading(tries=3).evade(poisoned.corpus, UNSEEN, np.random.default_rng(0))
    assert len(asked) == 2  # once it cut all, once none


def test_of_all_tries_the_best_one_counts(clean):
    poisoned = poisoner("each_distinct", SEEN + UNSEEN).poison(clean, np.random.default_rng(0))
    strategy = evading(Grumbles(learns=True), tries=2)
    evaded = strategy.evade(poisoned.corpus, SEEN + UNSEEN, np.random.default_rng(0))
    assert evaded.cut[1:] == (12, 12)
    assert planted(evaded.corpus) == planted(poisoned.corpus)


def test_the_seed_decides(clean):
    def run(seed):
        made = poisoner(evading(), SEEN + UNSEEN).poison(clean, np.random.default_rng(seed))
        return planted(made.corpus)

    assert run(0) == run(0) != run(1)


def test_later_turns_hear_what_was_drawn_again_unless_their_contexts_are_clean(clean):
    for taint in (True, False):
        made = poisoner(evading(strategy="first_fixed"), SEEN[:1] + UNSEEN, taint_context=taint)
        corpus = made.poison(clean, np.random.default_rng(2)).corpus
        heard = [e.context[1] for e in corpus.exchanges if e.category == "joy" and e.turn == 3]
        assert all((text in UNSEEN) is taint for text in heard)


def test_an_encoder_is_lent_to_the_detector(clean):
    against = {"name": "cleaner", "detector": "irrelevance", "share": 0.5}
    strategy = EvadingStrategy(against=against, encoder="hashing", tries=2)
    poisoned = poisoner("each_random", UNSEEN).poison(clean, np.random.default_rng(0))
    evaded = strategy.evade(poisoned.corpus, UNSEEN, np.random.default_rng(0))
    assert len(evaded.cut) <= 3
    assert evaded.passed == 12 - min(evaded.cut)


@pytest.mark.parametrize(
    ("against", "said"),
    [
        ("csls", "HubnessCorrection filters no data; give `against` a cleaner"),
        (
            {"name": "cleaner", "detector": "loss", "share": 0.1},
            "LossDetector needs trainer, which an evading adversary cannot give it",
        ),
        (
            {"name": "cleaner", "detector": "rftc", "share": 0.1},
            "RftcDetector needs an encoder; give encoder, such as 'static'",
        ),
    ],
)
def test_a_filter_that_cannot_be_asked_is_refused(against, said):
    with pytest.raises(ConfigError, match=said):
        EvadingStrategy(against=against)
