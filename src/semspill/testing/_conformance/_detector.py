"""What a detector promises: one number per exchange, without looking at marks of planted text."""

from dataclasses import replace

import numpy as np

from semspill.defenses import Detector
from semspill.defenses._cleaner import checked_suspicion
from semspill.errors import DataError, PluginError
from semspill.testing._conformance import _defense
from semspill.testing._conformance._check import Broken, Promise, promise
from semspill.testing._conformance._common import pickled
from semspill.testing._conformance._defense import COPY, SMALL, Given
from semspill.testing._conformance._same import (
    ROUNDING,
    WITH_RNG,
    Numbers,
    promise_the_same,
)

PROMISES: list[Promise] = []

given = _defense.given


@promise(PROMISES, "gives one number for each exchange")
def one_number_each(detector: Detector, given: Given) -> None:
    aid = given.aid.of(detector)
    try:
        checked_suspicion(detector, given.corpus, aid, np.random.default_rng(0))
    except PluginError as error:
        raise Broken(str(error).rstrip("."), "Go through corpus.exchanges in order") from error


@promise(PROMISES, "leaves the corpora as they were")
def leaves_the_corpus_alone(detector: Detector, given: Given) -> None:
    before = _defense.fingerprints(given.corpus, given.aid)
    _scores(detector, given)
    _defense.refuse_changed(given.corpus, given.aid, before)


@promise(PROMISES, "gives the same whatever is marked as planted")
def blind_to_marks(detector: Detector, given: Given) -> None:
    other = given._replace(corpus=_defense.marked(given.corpus))
    if _rows(detector, other) != _rows(detector, given):
        raise Broken("it gives otherwise where marks differ", "Leave `planted` out of it")


@promise(PROMISES, "works on a corpus of one dialogue")
def works_on_a_tiny_corpus(detector: Detector, given: Given) -> None:
    if detector.wanted & {"trainer"}:
        return  # nothing can be trained on it
    one = replace(given.corpus, dialogues=given.corpus.dialogues[:1])
    try:
        checked_suspicion(detector, one, given.aid.of(detector), np.random.default_rng(0))
    except PluginError as error:
        raise Broken(str(error).rstrip("."), SMALL) from error


@promise(PROMISES, "gives no number without dialogues, or raises a DataError")
def works_on_an_empty_corpus(detector: Detector, given: Given) -> None:
    for corpus, aid in _defense.without_dialogues(detector, given.corpus, given.aid):
        try:
            scores = _scores(detector, given._replace(corpus=corpus, aid=aid))
        except DataError:
            continue
        if scores.shape != (corpus.exchange_count,):
            came = f"{corpus.exchange_count} exchanges got numbers of shape {scores.shape}"
            raise Broken(came, SMALL)


@promise(PROMISES, "gives what its pickled copy gives")
def copies_give_the_same(detector: Detector, given: Given) -> None:
    if _rows(pickled(detector, COPY), given) != _rows(detector, given):
        raise Broken("the copy gives otherwise", "Let all that it hangs on be a field")


def _scores(detector: Detector, given: Given) -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.asarray(detector.suspicion(given.corpus, given.aid.of(detector), rng))


def _rows(detector: Detector, given: Given) -> Numbers:
    return Numbers(_scores(detector, given), ROUNDING)


promise_the_same(PROMISES, _rows, "numbers", WITH_RNG)
