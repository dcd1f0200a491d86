"""What a detector promises: one number per exchange, without looking at marks of planted text."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from semspill.corpus import Corpus, Dialogue
from semspill.defenses import Aid, Detector
from semspill.defenses._cleaner import checked_suspicion
from semspill.encoders import encoders
from semspill.errors import PluginError
from semspill.models import RetrievalModel
from semspill.testing._conformance._check import Broken, Promise, promise
from semspill.testing._conformance._common import pickled
from semspill.testing._conformance._probes import tiny_corpus
from semspill.testing._conformance._same import (
    ROUNDING,
    WITH_RNG,
    Numbers,
    promise_the_same,
)
from semspill.training import Finetuner

PROMISES: list[Promise] = []

_SMALL = "Let it work on a corpus of any size above none"


class Given(NamedTuple):
    """What a detector is asked."""

    corpus: Corpus
    aid: Aid


def given() -> Given:
    """Return a tiny corpus, and all that a detector may need."""
    encoder = encoders.build({"name": "hashing", "dim": 16, "buckets": 512})
    model = RetrievalModel(encoder=encoder, finetuner=Finetuner(epochs=1, batch_size=32))
    loaded = encoder.load(np.random.default_rng(0))
    return Given(tiny_corpus(), Aid(tiny_corpus("test"), loaded, model.train))


@promise(PROMISES, "gives one number for each exchange")
def one_number_each(detector: Detector, given: Given) -> None:
    aid = given.aid.of(detector)
    try:
        checked_suspicion(detector, given.corpus, aid, np.random.default_rng(0))
    except PluginError as error:
        raise Broken(str(error).rstrip("."), "Go through corpus.exchanges in order") from error


@promise(PROMISES, "leaves the corpus as it was")
def leaves_the_corpus_alone(detector: Detector, given: Given) -> None:
    before = given.corpus.fingerprint
    _scores(detector, given)
    if replace(given.corpus).fingerprint != before:
        raise Broken("it changed the corpus", "Make new dialogues where you need others")


@promise(PROMISES, "gives the same whatever is marked as planted")
def blind_to_marks(detector: Detector, given: Given) -> None:
    marked = replace(given.corpus, dialogues=tuple(map(_marked, given.corpus)))
    asked = given.aid.of(detector)
    plain = detector.suspicion(given.corpus, asked, np.random.default_rng(0))
    other = detector.suspicion(marked, asked, np.random.default_rng(0))
    if Numbers(plain, ROUNDING) != Numbers(other, ROUNDING):
        raise Broken("it gives otherwise where marks differ", "Leave `planted` out of it")


@promise(PROMISES, "works on a corpus of one dialogue")
def works_on_a_tiny_corpus(detector: Detector, given: Given) -> None:
    if detector.needs & {"trainer"}:
        return  # nothing can be trained on it
    one = replace(given.corpus, dialogues=given.corpus.dialogues[:1])
    try:
        checked_suspicion(detector, one, given.aid.of(detector), np.random.default_rng(0))
    except PluginError as error:
        raise Broken(str(error).rstrip("."), _SMALL) from error


@promise(PROMISES, "gives what its pickled copy gives")
def copies_give_the_same(detector: Detector, given: Given) -> None:
    copy = pickled(detector, "Define its class at the top of a module, and keep models out of it")
    if _rows(copy, given) != _rows(detector, given):
        raise Broken("the copy gives otherwise", "Let all that it hangs on be a field")


def _marked(dialogue: Dialogue) -> Dialogue:
    turns = tuple(replace(turn, planted=turn.role == "listener") for turn in dialogue.utterances)
    return replace(dialogue, utterances=turns)


def _scores(detector: Detector, given: Given) -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.asarray(detector.suspicion(given.corpus, given.aid.of(detector), rng))


def _rows(detector: Detector, given: Given) -> Numbers:
    return Numbers(_scores(detector, given), ROUNDING)


promise_the_same(PROMISES, _rows, "numbers", WITH_RNG)
