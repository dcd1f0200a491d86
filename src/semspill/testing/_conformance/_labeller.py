"""What a labeller promises: probabilities of categories that hang on one context each."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from semspill.corpus import Corpus, Exchange
from semspill.labellers import Labeller, Labels
from semspill.testing._conformance._check import Broken, Promise, promise
from semspill.testing._conformance._common import pickled
from semspill.testing._conformance._probes import tiny_corpus
from semspill.testing._conformance._same import (
    ROUNDING,
    WITH_RNG,
    Numbers,
    promise_the_same,
    same,
)

PROMISES: list[Promise] = []


class Given(NamedTuple):
    """What a labeller is fitted on and asked."""

    corpus: Corpus
    exchanges: tuple[Exchange, ...]


def given() -> Given:
    """Return a tiny corpus, and some exchanges that are not in it."""
    import torch  # noqa: F401  # else nobody would see what the first fit does to its generator

    return Given(tiny_corpus(), tiny_corpus("test").exchanges[::8])


@promise(PROMISES, "gives a probability for each category, adding up to 1")
def rows_of_probabilities(labeller: Labeller, given: Given) -> None:
    labels = _fitted(labeller, given)
    for count in (0, 1, len(given.exchanges)):
        rows = np.asarray(labels.probabilities(given.exchanges[:count]))
        shape = (count, len(labels.categories))
        if rows.shape != shape:
            came = f"{count} exchanges got an array of shape {rows.shape}, not {shape}"
            raise Broken(came, "Return a row for each exchange, a column for each category")
        if not (np.all(rows >= 0) and np.allclose(rows.sum(axis=1), 1)):
            raise Broken("a row does not add up to 1", "Divide each row by its sum")


@promise(PROMISES, "knows the categories of the corpus")
def knows_the_categories(labeller: Labeller, given: Given) -> None:
    missing = set(given.corpus.categories) - set(_fitted(labeller, given).categories)
    if missing:
        raise Broken(f"{len(missing)} are missing", "Take them from the corpus it is fitted on")


@promise(PROMISES, "labels without looking at the response")
def blind_to_the_response(labeller: Labeller, given: Given) -> None:
    other = tuple(replace(exchange, response="grumble") for exchange in given.exchanges)
    labels = _fitted(labeller, given)
    if not same(labels.probabilities(other), labels.probabilities(given.exchanges), ROUNDING):
        raise Broken("it labels otherwise where the response is another", "Look at the context")


@promise(PROMISES, "labels by the context alone, unless it says that it needs the category")
def blind_to_the_category(labeller: Labeller, given: Given) -> None:
    if labeller.needs_category:
        return
    # As a response is asked about, which belongs to no dialogue.
    bare = tuple(replace(each, dialogue="", turn=1, category="") for each in given.exchanges)
    labels = _fitted(labeller, given)
    if not same(labels.probabilities(bare), labels.probabilities(given.exchanges), ROUNDING):
        came = "it labels otherwise without dialogue, turn and category"
        raise Broken(came, "Look at the context alone, or set needs_category = True")


@promise(PROMISES, "labels each exchange alike, whatever others are asked with it")
def labels_each_alone(labeller: Labeller, given: Given) -> None:
    labels = _fitted(labeller, given)
    alone = np.concatenate([labels.probabilities([exchange]) for exchange in given.exchanges])
    if not same(labels.probabilities(given.exchanges), alone, ROUNDING):
        raise Broken("probabilities differ when each is asked for alone", "Label row by row")


@promise(PROMISES, "fits what its pickled copy does")
def copies_fit_the_same(labeller: Labeller, given: Given) -> None:
    copy = pickled(labeller, "Define its class at the top of a module, and keep models out of it")
    if _rows(copy, given) != _rows(labeller, given):
        raise Broken("the copy labels otherwise", "Let all that fitting hangs on be a field")


def _fitted(labeller: Labeller, given: Given) -> Labels:
    return labeller.fit(given.corpus, np.random.default_rng(0))


def _rows(labeller: Labeller, given: Given) -> Numbers:
    return Numbers(_fitted(labeller, given).probabilities(given.exchanges), ROUNDING)


promise_the_same(PROMISES, _rows, "probabilities", WITH_RNG)
