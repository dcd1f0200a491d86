"""The cleaner: who is taken out, how, where, and as many at random for comparison."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semspill import Corpus, Dialogue, Finetuner, Utterance, datasets
from semspill.defenses import Aid, CleanedCorpus, Cleaner, Detector
from semspill.errors import ConfigError, DataError, PluginError
from semspill.testing import plant


def talk(name, category, *responses):
    turns = [
        turn
        for place, text in enumerate(responses)
        for turn in (Utterance(f"{name} says {place}", "speaker"), Utterance(text, "listener"))
    ]
    return Dialogue(name, category, tuple(turns))


CORPUS = Corpus(
    (
        talk("a", "joy", "one", "grumble", "three"),
        talk("b", "joy", "four"),
        talk("c", "fear", "grumble", "six"),
    ),
    name="talks",
)


class Listed(Detector):
    """Suspects as it is told."""

    citation = "original"
    scores: tuple[float | None, ...] = ()

    def suspicion(self, corpus, aid, rng):
        return np.array([np.nan if one is None else one for one in self.scores])


class Grumbles(Detector):
    """Suspects one word."""

    citation = "original"

    def suspicion(self, corpus, aid, rng):
        return np.array([float(e.response == "grumble") for e in corpus.exchanges])


class Needy(Detector):
    """Cannot do without clean dialogues."""

    citation = "original"
    needs = frozenset({"clean"})

    def suspicion(self, corpus, aid, rng):
        assert aid.encoder is None, "it did not ask for it"
        return np.full(len(corpus.exchanges), float(len(aid.clean)))


def clean(detector, corpus=CORPUS, **fields):
    fields = fields or {"share": 0.05}
    return Cleaner(detector=detector, **fields).clean(corpus, rng=np.random.default_rng(0))


def marks(cleaned, name):
    return [
        "".join("x."[getattr(turn, name)] for turn in dialogue.utterances)
        for dialogue in cleaned.corpus
    ]


@pytest.mark.parametrize(
    ("unit", "gone"),
    [
        ("exchange", ["...x..", "..", ".x.."]),
        ("tail", ["...x.x", "..", ".x.x"]),
        ("dialogue", [".x.x.x", "..", ".x.x"]),
    ],
)
@pytest.mark.parametrize(
    ("where", "named"), [("both", "learned offered"), ("train", "learned"), ("pool", "offered")]
)
def test_what_goes_with_a_suspicious_response_and_from_where(unit, gone, where, named):
    cleaned = clean(Grumbles(), threshold=0.5, unit=unit, where=where)
    for name in ("learned", "offered"):
        assert marks(cleaned, name) == (gone if name in named.split() else ["......", "..", "...."])
    assert [e.context for e in cleaned.corpus.exchanges] == [e.context for e in CORPUS.exchanges]
    assert cleaned.removed.tolist() == [False, True, False, False, True, False]


def test_a_healed_response_is_a_harmless_one_everywhere():
    cleaned = clean(Grumbles(), threshold=0.5, unit="heal")
    responses = [exchange.response for exchange in cleaned.corpus.exchanges]
    assert [responses[place] for place in (0, 2, 3, 5)] == ["one", "three", "four", "six"]
    assert "grumble" not in responses
    heard = cleaned.corpus.exchanges[2].context
    assert heard[3] == responses[1]  # later turns hear what stands there now
    assert all(turn.learned and turn.offered for d in cleaned.corpus for turn in d.utterances)


def test_the_most_suspicious_go_first_and_no_opinion_never():
    cleaned = clean(Listed(scores=(0.1, None, 0.9, 0.5, 0.7, None)), share=0.5)
    assert np.flatnonzero(cleaned.removed).tolist() == [2, 3, 4]
    everything = clean(Listed(scores=(0.1, None, 0.9, 0.5, 0.7, None)), share=0.99)
    assert np.flatnonzero(everything.removed).tolist() == [0, 2, 3, 4]


def test_a_threshold_takes_all_that_reach_it():
    cleaned = clean(Listed(scores=(0.1, None, 0.9, 0.5, 0.7, 0.5)), threshold=0.5)
    assert np.flatnonzero(cleaned.removed).tolist() == [2, 3, 4, 5]


def test_equal_suspicions_are_drawn_and_the_same_seed_draws_the_same():
    whole = datasets.build({"name": "synthetic", "train": 60}).load("train")
    flat = Listed(scores=(0.0,) * whole.exchange_count)
    cleaner = Cleaner(detector=flat, share=0.1)
    drawn = [cleaner.clean(whole, rng=np.random.default_rng(seed)).removed for seed in (0, 0, 1)]
    assert np.array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2])
    assert drawn[2].sum() == int(0.1 * whole.exchange_count)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), matched=st.booleans())
def test_the_control_takes_as_many_in_each_category(seed, matched):
    rng = np.random.default_rng(seed)
    scores = tuple(rng.random(CORPUS.exchange_count))
    cleaner = Cleaner(detector=Listed(scores=scores), share=0.5, unit="exchange")
    cleaned = cleaner.clean(CORPUS, rng=rng)
    control = cleaner.control_of(CORPUS, cleaned, matched=matched, rng=rng)
    assert isinstance(control, CleanedCorpus)
    assert control.removed.sum() == cleaned.removed.sum()
    assert sum(not turn.learned for d in control.corpus for turn in d.utterances) == 3
    if matched:
        assert control.manifest.by_category == cleaned.manifest.by_category


def test_the_manifest_says_what_went_without_its_text(tmp_path):
    cleaned = clean(Grumbles(), threshold=0.5)
    assert cleaned.manifest.by_category == {"joy": 1, "fear": 1}
    assert cleaned.manifest.exchanges == 6
    cleaned.manifest.write(tmp_path / "cleaning.jsonl")
    text = (tmp_path / "cleaning.jsonl").read_text(encoding="utf-8")
    head, *rows = [json.loads(line) for line in text.splitlines()]
    assert head["semspill_cleaning"] == 1
    assert [(row["dialogue"], row["turn"], row["suspicion"]) for row in rows] == [
        ("a", 3, 1.0),
        ("c", 1, 1.0),
    ]
    assert "grumble" not in text


def test_the_detector_sees_no_marks():
    class Peeking(Detector):
        """Looks for marks."""

        citation = "original"

        def suspicion(self, corpus, aid, rng):
            marked = [turn.planted or turn.original for d in corpus for turn in d.utterances]
            assert not any(marked)
            return np.zeros(len(corpus.exchanges))

    turn = replace(CORPUS[0].utterances[1], planted=True, original="before")
    first = replace(
        CORPUS[0], utterances=(CORPUS[0].utterances[0], turn, *CORPUS[0].utterances[2:])
    )
    marked = replace(CORPUS, dialogues=(first, *CORPUS.dialogues[1:]))
    cleaned = clean(Peeking(), corpus=marked)
    assert cleaned.corpus[0].utterances[1].planted  # the experiment still knows


def test_a_detector_is_given_what_it_declares_and_nothing_else():
    with pytest.raises(ConfigError, match=r"Needy needs clean; give an Aid that has it"):
        clean(Needy())
    aid = Aid(clean=CORPUS, encoder=object())
    cleaned = Cleaner(detector=Needy(), share=0.5).clean(CORPUS, aid, rng=np.random.default_rng(0))
    assert set(cleaned.suspicion) == {3.0}


@pytest.mark.parametrize(
    ("detector", "error", "said"),
    [
        (Listed(scores=(1.0,)), PluginError, r"shape \(1,\) for 6 exchanges"),
        ("no_such", Exception, "No defense is named"),
    ],
)
def test_what_is_wrong_is_said(detector, error, said):
    with pytest.raises(error, match=said):
        clean(detector)


def test_nothing_to_clean_and_healing_of_the_pool_alone_are_refused():
    with pytest.raises(DataError, match="Corpus 'empty' has no exchanges to clean"):
        clean(Grumbles(), corpus=Corpus((), name="empty"))
    with pytest.raises(ValueError, match="'heal' replaces a response everywhere"):
        Cleaner(detector=Grumbles(), share=0.1, unit="heal", where="pool")


@pytest.mark.parametrize("fields", [{}, {"share": 0.1, "threshold": 1}])
def test_a_cleaner_goes_by_share_or_by_threshold(fields):
    with pytest.raises(ValueError, match=r"give one of the two, such as share=0\.05"):
        Cleaner(detector=Grumbles(), **fields)


# What is taken out plays no part, and all else stays as it was.


def fingerprint(corpus):
    finetuner = Finetuner(epochs=2, batch_size=16)
    encoder = {"name": "hashing", "dim": 8, "buckets": 512}
    return finetuner.finetune(encoder, corpus, np.random.default_rng(0)).fingerprint


def test_what_is_not_learned_plays_no_part_in_training():
    small = datasets.build({"name": "synthetic", "train": 40, "categories": 4}).load("train")
    planted = plant(small, target="brave", budget=0.05, strategy="last_fixed").corpus
    last = np.array([e.turn == 3 for e in small.exchanges], dtype=float)
    cleaner = Cleaner(detector=Listed(scores=tuple(last)), threshold=1, where="train")
    rng = np.random.default_rng(0)
    prints = [fingerprint(cleaner.clean(each, rng=rng).corpus) for each in (small, planted)]
    assert prints[0] == prints[1]
    assert prints[0] != fingerprint(small)


def test_what_is_not_offered_is_no_candidate():
    cleaned = clean(Grumbles(), threshold=0.5, where="pool")
    assert cleaned.corpus.responses().texts == ("one", "three", "four", "six")
    assert fingerprint(cleaned.corpus) == fingerprint(CORPUS)
