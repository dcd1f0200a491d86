"""What an output guard promises: one decision per response, each exchange by itself."""

from dataclasses import replace

import numpy as np

from semspill.corpus import Candidates, Exchange
from semspill.defenses import OutputGuard
from semspill.defenses._guarded import checked_allow
from semspill.errors import DataError, PluginError
from semspill.responding import Responses
from semspill.testing._conformance import _defense
from semspill.testing._conformance._check import Broken, Promise, promise
from semspill.testing._conformance._common import pickled
from semspill.testing._conformance._defense import COPY, SMALL, GivenTrained
from semspill.testing._conformance._probes import ODD_TEXTS
from semspill.testing._conformance._same import WITH_RNG, promise_the_same

PROMISES: list[Promise] = []

given = _defense.given_trained

_BEST = 5
_EACH = "Return np.array([[... for text in row] for row in responses.ranked])"


@promise(PROMISES, "decides on each response with True or False, of many and of one")
def decides_on_each_response(guard: OutputGuard, given: GivenTrained) -> None:
    ready, best = _fitted(guard, given), _best(given)
    single = replace(best, indices=best.indices[:, :1], scores=best.scores[:, :1])
    for asked in (best, _some(best, slice(1)), single):
        _decide(ready, given.exchanges, asked)


@promise(PROMISES, "leaves the corpora, the model and the responses as they were")
def leaves_what_it_is_given_alone(guard: OutputGuard, given: GivenTrained) -> None:
    before = _defense.fingerprints(given.corpus, given.aid)
    weights, best = _defense.weights_of(given.trained), _best(given)
    indices, scores = best.indices.copy(), best.scores.copy()
    _fitted(guard, given).allow(given.exchanges, best)
    _defense.refuse_changed(given.corpus, given.aid, before)
    if _defense.weights_of(given.trained) != weights:
        raise Broken("it changed the model", "Let it only answer")
    same = np.array_equal(best.indices, indices), np.array_equal(best.scores, scores)
    if not all(same):
        raise Broken("it changed indices or scores of the responses", "Work on a copy")


@promise(PROMISES, "decides the same whatever is marked as planted or what a person answered")
def blind_to_marks(guard: OutputGuard, given: GivenTrained) -> None:
    plain, best = _decisions(guard, given), _best(given)
    pool = replace(best.candidates, planted=~best.candidates.planted)
    asked = tuple(replace(one, response="grumble", planted=True) for one in given.exchanges)
    ready = _fitted(guard, given._replace(corpus=_defense.marked(given.corpus)))
    if ready.allow(asked, replace(best, candidates=pool)).tolist() != plain:
        came = "it decides otherwise where marks or gold responses differ"
        raise Broken(came, "Look at contexts and at the responses alone")


@promise(PROMISES, "decides on an exchange by itself as it does among others")
def decides_alone(guard: OutputGuard, given: GivenTrained) -> None:
    ready, best = _fitted(guard, given), _best(given)
    together = ready.allow(given.exchanges, best).tolist()
    for place in range(len(given.exchanges)):
        part = slice(place, place + 1)
        alone = ready.allow(given.exchanges[part], _some(best, part)).tolist()
        if alone != together[part]:
            raise Broken("some were decided otherwise alone", "Find what is usual in `fitted`")


@promise(PROMISES, "takes any text: emoji, right to left, 10,000 characters, none")
def takes_odd_texts(guard: OutputGuard, given: GivenTrained) -> None:
    pool = Candidates.of(ODD_TEXTS)
    indices = np.tile(np.arange(len(pool)), (len(given.exchanges), 1))
    scores = np.tile(np.linspace(1, 0, len(pool)), (len(given.exchanges), 1))
    _decide(_fitted(guard, given), given.exchanges, Responses(pool, indices, scores))


@promise(PROMISES, "works on a corpus of one dialogue, or raises a DataError")
def works_on_a_tiny_corpus(guard: OutputGuard, given: GivenTrained) -> None:
    one = replace(given.corpus, dialogues=given.corpus.dialogues[:1])
    _try(guard, given._replace(corpus=one))


@promise(PROMISES, "works without dialogues, or raises a DataError")
def works_on_an_empty_corpus(guard: OutputGuard, given: GivenTrained) -> None:
    for corpus, aid in _defense.without_dialogues(guard, given.corpus, given.aid):
        _try(guard, given._replace(corpus=corpus, aid=aid))


@promise(PROMISES, "decides as its pickled copy does")
def copies_decide_the_same(guard: OutputGuard, given: GivenTrained) -> None:
    if _decisions(pickled(guard, COPY), given) != _decisions(guard, given):
        raise Broken("the copy decides otherwise", "Let all that it hangs on be a field")


def _try(guard: OutputGuard, given: GivenTrained) -> None:
    try:
        _decide(_fitted(guard, given), given.exchanges, _best(given))
    except DataError:
        return
    except Broken as broken:
        raise Broken(broken.came, SMALL) from broken


def _decide(ready: OutputGuard, exchanges: tuple[Exchange, ...], best: Responses) -> None:
    try:
        checked_allow(ready, exchanges[: len(best)], best)
    except PluginError as error:
        raise Broken(str(error).rstrip("."), _EACH) from error


def _fitted(guard: OutputGuard, given: GivenTrained) -> OutputGuard:
    rng = np.random.default_rng(0)
    ready: object = guard.fitted(given.trained, given.corpus, given.aid.of(guard), rng)
    if not isinstance(ready, OutputGuard):
        raise Broken(f"fitted gave {type(ready).__name__}", "Return an OutputGuard, such as self")
    return ready


def _best(given: GivenTrained) -> Responses:
    rng = np.random.default_rng(1)
    k = min(_BEST, len(given.pool)) if given.trained.chooses else 1
    return given.trained.choices(given.exchanges, given.pool, rng, k)


def _some(best: Responses, part: slice) -> Responses:
    return replace(best, indices=best.indices[part], scores=best.scores[part])


def _decisions(guard: OutputGuard, given: GivenTrained) -> object:
    return np.asarray(_fitted(guard, given).allow(given.exchanges, _best(given))).tolist()


promise_the_same(PROMISES, _decisions, "decisions", WITH_RNG)
