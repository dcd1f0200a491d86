"""What a model promises: one response per exchange, from its context alone."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np

from semspill.corpus import Candidates, Corpus, Exchange
from semspill.models import Model, TrainedModel
from semspill.testing._conformance._check import Broken, Promise, promise
from semspill.testing._conformance._common import pickled
from semspill.testing._conformance._probes import tiny_corpus
from semspill.testing._conformance._same import ROUNDING, WITH_RNG, promise_the_same, same, scale

PROMISES: list[Promise] = []


class Given(NamedTuple):
    """What a model is trained on and asked."""

    corpus: Corpus
    exchanges: tuple[Exchange, ...]
    pool: Candidates


def given() -> Given:
    """Return a tiny corpus, some other exchanges to answer, and candidates."""
    import torch  # noqa: F401  # else nobody would see what the first training does to its generator

    corpus = tiny_corpus()
    return Given(corpus, tiny_corpus("test").exchanges[::8], corpus.responses())


@promise(PROMISES, "trains a TrainedModel")
def trains_a_model(model: Model, given: Given) -> None:
    trained: object = _trained(model, given)
    if not isinstance(trained, TrainedModel):
        raise Broken(f"train gave {type(trained).__name__}", "Extend semspill.TrainedModel")


@promise(PROMISES, "gives one text per exchange, for one and for many")
def one_response_each(model: Model, given: Given) -> None:
    trained = _trained(model, given)
    for count in (1, len(given.exchanges)):
        texts = _texts(trained, given, given.exchanges[:count])
        if len(texts) != count or not all(isinstance(text, str) for text in texts):
            came = f"{count} exchanges got {len(texts)} responses, or some are no texts"
            raise Broken(came, "Return Responses.of(texts) with a text for each exchange")


@promise(PROMISES, "answers without looking at the gold response")
def blind_to_the_gold_response(model: Model, given: Given) -> None:
    trained = _trained(model, given)
    other = tuple(replace(exchange, response="grumble") for exchange in given.exchanges)
    if _texts(trained, given, other) != _texts(trained, given, given.exchanges):
        came = "it answers otherwise where the gold response is another one"
        raise Broken(came, "Look at exchange.context and exchange.category alone")


@promise(PROMISES, "answers alike whatever it is told to expect")
def expecting_changes_nothing(model: Model, given: Given) -> None:
    trained = _trained(model, given)
    before = _texts(trained, given, given.exchanges)
    trained.expect(given.pool.texts[:5])
    if _texts(trained, given, given.exchanges) != before:
        raise Broken("other responses came", "Let expect only fill a cache, or leave it out")


@promise(PROMISES, "trains what its pickled copy does")
def copies_train_the_same(model: Model, given: Given) -> None:
    copy = pickled(model, "Define its class at the top of a module, and keep models out of it")
    texts = _texts(_trained(copy, given), given, given.exchanges)
    if texts != _texts(_trained(model, given), given, given.exchanges):
        raise Broken("the copy's answers are others", "Let all that training hangs on be a field")


@promise(PROMISES, "scores every given response by its own context, if it scores at all")
def scores_each_alone(model: Model, given: Given) -> None:
    trained = _trained(model, given)
    if not trained.scores:
        return
    exchanges, texts = given.exchanges[:4], given.pool.texts[:3]
    scores = np.asarray(trained.score(exchanges, [texts] * len(exchanges)), dtype=np.float64)
    if scores.shape != (4, 3):
        came = f"4 exchanges with 3 responses each got scores of shape {scores.shape}"
        raise Broken(came, "Return one number for each response")
    alone = np.array(
        [[trained.score([one], [[text]])[0][0] for text in texts] for one in exchanges]
    )
    if not same(scores, alone, ROUNDING * max(scale(scores), 1.0)):
        raise Broken("scores differ when each is asked for alone", "Score row by row")


@promise(PROMISES, "takes labels of responses and answers without them, if it shows any")
def answers_with_bare_responses(model: Model, given: Given) -> None:
    if not model.shows_response_labels():
        return
    labelled: dict[str, Any] = {"response_labels": _Grumble()}
    trained = model.train(given.corpus, np.random.default_rng(0), **labelled)
    if any("grumble" in text for text in _texts(trained, given, given.exchanges)):
        raise Broken("a response came with its label", "Answer with the text alone")


class _Grumble:
    """Labels every text alike."""

    fingerprint = "grumble"

    def of_texts(self, texts: Sequence[str]) -> tuple[str, ...]:
        return ("grumble",) * len(texts)


@promise(PROMISES, "answers alike after it was saved and loaded, if it can be saved")
def loads_what_it_saved(model: Model, given: Given) -> None:
    trained = _trained(model, given)
    if type(trained).save is TrainedModel.save:
        return
    with TemporaryDirectory() as folder:
        trained.save(Path(folder) / "model")
        again = model.load(Path(folder) / "model")
        if _texts(again, given, given.exchanges) != _texts(trained, given, given.exchanges):
            raise Broken("other responses came", "Save all that the answers hang on")


def _trained(model: Model, given: Given) -> TrainedModel:
    return model.train(given.corpus, np.random.default_rng(0))


def _texts(trained: TrainedModel, given: Given, exchanges: tuple[Exchange, ...]) -> tuple[str, ...]:
    return trained.respond(exchanges, given.pool, np.random.default_rng(1)).texts


def _answers(model: Model, given: Given) -> tuple[str, ...]:
    return _texts(_trained(model, given), given, given.exchanges)


promise_the_same(PROMISES, _answers, "responses", WITH_RNG)
