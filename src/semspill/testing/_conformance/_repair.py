"""What a repair promises: a new model that answers, and the old one as it was."""

from dataclasses import replace

import numpy as np

from semspill.defenses import Repair
from semspill.errors import DataError
from semspill.models import TrainedModel
from semspill.testing._conformance import _defense
from semspill.testing._conformance._check import Broken, Promise, promise
from semspill.testing._conformance._common import pickled
from semspill.testing._conformance._defense import COPY, SMALL, GivenTrained
from semspill.testing._conformance._same import (
    ROUNDING,
    WITH_RNG,
    Numbers,
    promise_the_same,
    scale,
)

PROMISES: list[Promise] = []

given = _defense.given_trained


@promise(PROMISES, "gives a TrainedModel that answers with one text per exchange")
def gives_a_model_that_answers(repair: Repair, given: GivenTrained) -> None:
    _refuse_mute(_repaired(repair, given), given)


@promise(PROMISES, "leaves the corpora and the model as they were")
def leaves_what_it_is_given_alone(repair: Repair, given: GivenTrained) -> None:
    before = _defense.fingerprints(given.corpus, given.aid)
    weights, rows = _defense.weights_of(given.trained), _scores(given.trained, given)
    _repaired(repair, given)
    _defense.refuse_changed(given.corpus, given.aid, before)
    if (_defense.weights_of(given.trained), _scores(given.trained, given)) != (weights, rows):
        raise Broken("it changed the model", "Change a copy of it, copy.deepcopy(model)")


@promise(PROMISES, "gives the same whatever is marked as planted")
def blind_to_marks(repair: Repair, given: GivenTrained) -> None:
    other = given._replace(corpus=_defense.marked(given.corpus))
    if _effect(repair, other) != _effect(repair, given):
        raise Broken("it gives another model where marks differ", "Leave `planted` out of it")


@promise(PROMISES, "works on a corpus of one dialogue, or raises a DataError")
def works_on_a_tiny_corpus(repair: Repair, given: GivenTrained) -> None:
    one = replace(given.corpus, dialogues=given.corpus.dialogues[:1])
    _try(repair, given._replace(corpus=one))


@promise(PROMISES, "works without dialogues, or raises a DataError")
def works_on_an_empty_corpus(repair: Repair, given: GivenTrained) -> None:
    for corpus, aid in _defense.without_dialogues(repair, given.corpus, given.aid):
        _try(repair, given._replace(corpus=corpus, aid=aid))


@promise(PROMISES, "gives what its pickled copy gives")
def copies_give_the_same(repair: Repair, given: GivenTrained) -> None:
    if _effect(pickled(repair, COPY), given) != _effect(repair, given):
        raise Broken("the copy gives another model", "Let all that it hangs on be a field")


def _try(repair: Repair, given: GivenTrained) -> None:
    try:
        repaired = _repaired(repair, given)
    except DataError:
        return
    try:
        _refuse_mute(repaired, given)
    except Broken as broken:
        raise Broken(broken.came, SMALL) from broken


def _refuse_mute(repaired: object, given: GivenTrained) -> None:
    if not isinstance(repaired, TrainedModel):
        raise Broken(f"it gave {type(repaired).__name__}", "Return a semspill.TrainedModel")
    texts = _texts(repaired, given)
    if len(texts) != len(given.exchanges) or not all(isinstance(text, str) for text in texts):
        came = f"{len(given.exchanges)} exchanges got {len(texts)} responses, or some are no texts"
        raise Broken(came, "Return a model that answers as the one that came in did")


def _repaired(repair: Repair, given: GivenTrained) -> TrainedModel:
    rng = np.random.default_rng(0)
    return repair.repair(given.trained, given.corpus, given.aid.of(repair), rng)


def _effect(repair: Repair, given: GivenTrained) -> object:
    return _scores(_repaired(repair, given), given)


def _scores(trained: TrainedModel, given: GivenTrained) -> object:
    """Return the scores of some responses, or where the model has none, the responses."""
    if not trained.scores:
        return _texts(trained, given)
    lists = [given.pool.texts[:20]] * len(given.exchanges)
    scores = np.asarray(trained.score(given.exchanges, lists), dtype=np.float64)
    return Numbers(scores, ROUNDING * max(scale(scores), 1.0))


def _texts(trained: TrainedModel, given: GivenTrained) -> tuple[str, ...]:
    return trained.respond(given.exchanges, given.pool, np.random.default_rng(1)).texts


_defense.promise_of_a_control(PROMISES)
promise_the_same(PROMISES, _effect, "scores", WITH_RNG)
