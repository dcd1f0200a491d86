"""What a matcher promises: a truth value for each response, whatever others are asked with it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int

from semspill.corpus import Exchange
from semspill.encoders import RankingTask
from semspill.matching import Given, Matcher, Matches, matches_of
from semspill.testing._conformance._check import Broken, Promise, promise
from semspill.testing._conformance._common import pickled
from semspill.testing._conformance._probes import ODD_TEXTS, tiny_corpus
from semspill.testing._conformance._same import WITH_RNG, promise_the_same

PROMISES: list[Promise] = []
_PLANTED = ("You lazy pest.", "Nobody cares, go away!", "What a silly question.")


class _ByLength:
    """Scores a response by how near its length is to that of its context; a stand-in."""

    scores = True

    def score(
        self, exchanges: Sequence[Exchange], texts: Sequence[Sequence[str]]
    ) -> Float[np.ndarray, "exchanges texts"]:
        lengths = [len(" ".join(exchange.context)) for exchange in exchanges]
        pairs = zip(lengths, texts, strict=True)
        return np.array([[-abs(own - len(text)) for text in row] for own, row in pairs], float)


def given() -> Given:
    """Return responses of which some are planted, some are nearly, most are not."""
    exchanges = tiny_corpus("test").exchanges
    said = [exchange.response for exchange in exchanges]
    said[::4] = [_PLANTED[place % 3] for place in range(len(said[::4]))]
    said[1::4] = [f"{_PLANTED[place % 3].lower()} ok" for place in range(len(said[1::4]))]
    return Given(
        texts=tuple(said),
        planted=_PLANTED,
        clean=tuple(dict.fromkeys(one.response for one in tiny_corpus().exchanges)),
        ranking=RankingTask(exchanges, _fives(len(exchanges))),
        model=_ByLength(),
    )


def _fives(count: int) -> Int[np.ndarray, "count size"]:
    """Return lists of five that follow each other, so that half of them is a task as well."""
    return np.arange(count)[:, None] // 5 * 5 + np.arange(5)


@promise(PROMISES, "returns Matches with a truth value for each response")
def a_truth_value_for_each(matcher: Matcher, given: Given) -> None:
    _found(matcher, given)


@promise(PROMISES, "tells numbers that can be")
def tells_numbers_that_can_be(matcher: Matcher, given: Given) -> None:
    found = _found(matcher, given)
    share, margin = found.false_matches, found.margin
    if share is not None and not 0 <= share <= 1:
        raise Broken(f"false_matches is {share}", "Give a share of `given.clean`, or None")
    if margin is not None and np.shape(margin) != np.shape(found.planted):
        came = f"margin has shape {np.shape(margin)}, not {np.shape(found.planted)}"
        raise Broken(came, "Give one for each response, or None")


@promise(PROMISES, "judges each response alone, in whatever order they come")
def judges_each_alone(matcher: Matcher, given: Given) -> None:
    if _bits(matcher, _reversed(given)) != _bits(matcher, given)[::-1]:
        raise Broken("it finds others in another order", "Judge each response for itself")
    half = _first_half(given)
    if _bits(matcher, half) != _bits(matcher, given)[: len(half.texts)]:
        raise Broken("it finds others among other responses", "Judge each response for itself")


@promise(PROMISES, "finds nothing where nothing was planted")
def nothing_planted_nothing_found(matcher: Matcher, given: Given) -> None:
    found = _bits(matcher, replace(given, planted=()))
    if any(found):
        came = f"it finds {sum(found)} of {len(found)} responses planted"
        raise Broken(came, "Return False for all where `given.planted` is empty")


@promise(PROMISES, "takes odd texts")
def takes_odd_texts(matcher: Matcher, given: Given) -> None:
    said = tuple(ODD_TEXTS[place % len(ODD_TEXTS)] for place in range(len(given.texts)))
    _found(matcher, replace(given, texts=said))
    _found(matcher, replace(given, planted=(*given.planted, *ODD_TEXTS)))


@promise(PROMISES, "finds what its pickled copy does")
def copies_find_the_same(matcher: Matcher, given: Given) -> None:
    copy = pickled(matcher, "Define its class at the top of a module, and keep models out of it")
    if _bits(copy, given) != _bits(matcher, given):
        raise Broken("the copy finds others", "Let all that matching hangs on be a field")


def _found(matcher: Matcher, given: Given) -> Matches:
    return matches_of(matcher, given, np.random.default_rng(0))


def _bits(matcher: Matcher, given: Given) -> list[bool]:
    return [bool(one) for one in _found(matcher, given).planted]


def _reversed(given: Given) -> Given:
    task = given.ranking
    assert task is not None, "made above"
    lists = (len(task) - 1 - task.lists)[::-1]
    return replace(given, texts=given.texts[::-1], ranking=RankingTask(task.exchanges[::-1], lists))


def _first_half(given: Given) -> Given:
    task, half = given.ranking, len(given.texts) // 2
    assert task is not None, "made above"
    part = RankingTask(task.exchanges[:half], task.lists[:half])
    return replace(given, texts=given.texts[:half], ranking=part)


promise_the_same(PROMISES, _bits, "matches", WITH_RNG)
