"""What defenses of all four bases are tried with: corpora, an aid, a trained model, marks."""

import pickle
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from semspill.corpus import Candidates, Corpus, Dialogue, Exchange
from semspill.defenses import Aid, Defense
from semspill.encoders import encoders
from semspill.errors import PluginError
from semspill.models import Model, RetrievalModel, TrainedModel, models
from semspill.testing._conformance._check import Broken, Promise, promise
from semspill.testing._conformance._probes import tiny_corpus
from semspill.training import Finetuner

COPY = "Define its class at the top of a module, and keep models out of it"
"""What to do where a defense does not pickle."""

SMALL = "Let it work on a corpus of any size, or raise a DataError that says what is lacking"
"""What to do where a defense fails on a small corpus."""


class Given(NamedTuple):
    """What a defense is given."""

    corpus: Corpus
    aid: Aid
    model: Model
    """What the aid's trainer trains."""


class GivenTrained(NamedTuple):
    """What a defense of a trained model is given."""

    corpus: Corpus
    aid: Aid
    trained: TrainedModel
    exchanges: tuple[Exchange, ...]
    """What the model is to answer, of another split."""
    pool: Candidates


def given(*, model: Model | str | Mapping[str, Any] | None = None) -> Given:
    """Return a tiny corpus, and all that a defense may need.

    Args:
        model: What is trained; None for a small bi-encoder of hashed words.
    """
    chosen = _small() if model is None else models.build(model)
    encoder = _small().encoder.load(np.random.default_rng(0))
    return Given(tiny_corpus(), Aid(tiny_corpus("test"), encoder, chosen.train), chosen)


def given_trained(*, model: Model | str | Mapping[str, Any] | None = None) -> GivenTrained:
    """Return the same, and a trained model that no other check has used."""
    corpus, aid, chosen = given(model=model)
    rng = np.random.default_rng(0)
    trained = pickle.loads(_trained()) if model is None else chosen.train(corpus, rng)
    exchanges = tiny_corpus("test").exchanges[::8]
    return GivenTrained(corpus, aid, trained, exchanges, corpus.responses())


def _small() -> RetrievalModel:
    encoder = encoders.build({"name": "hashing", "dim": 16, "buckets": 512})
    return RetrievalModel(encoder=encoder, finetuner=Finetuner(epochs=1, batch_size=32))


@cache
def _trained() -> bytes:
    return pickle.dumps(_small().train(tiny_corpus(), np.random.default_rng(0)))


def marked(corpus: Corpus) -> Corpus:
    """Return the corpus with every response marked as planted."""
    return replace(corpus, dialogues=tuple(map(_marked, corpus.dialogues)))


def _marked(dialogue: Dialogue) -> Dialogue:
    turns = tuple(replace(turn, planted=turn.role == "listener") for turn in dialogue.utterances)
    return replace(dialogue, utterances=turns)


def without_dialogues(defense: Defense, corpus: Corpus, aid: Aid) -> Iterator[tuple[Corpus, Aid]]:
    """Yield a corpus without dialogues; and where the defense has trusted ones, an aid without."""
    yield replace(corpus, dialogues=()), aid
    if "clean" in defense.wanted and aid.clean is not None:
        yield corpus, replace(aid, clean=replace(aid.clean, dialogues=()))


def fingerprints(corpus: Corpus, aid: Aid) -> list[str]:
    """Return the fingerprints of the training corpus and of the trusted one, taken anew."""
    return [replace(one).fingerprint for one in (corpus, aid.clean) if one is not None]


def refuse_changed(corpus: Corpus, aid: Aid, before: list[str]) -> None:
    """Refuse a defense that changed a corpus.

    Args:
        corpus: The training corpus that it was given.
        aid: What else it was given.
        before: What `fingerprints` said before.
    """
    if fingerprints(corpus, aid) != before:
        raise Broken("it changed a corpus", "Make new dialogues where you need others")


def weights_of(trained: TrainedModel) -> str | None:
    """Return the fingerprint of a model's bi-encoder; None where it has none."""
    return getattr(getattr(trained, "model", None), "fingerprint", None)


def promise_of_a_control(promises: list[Promise]) -> None:
    """Add the promise of a control that is another defense, of the same stage."""

    @promise(promises, "has a control that is another defense of its stage, or none")
    def has_another_control(defense: Defense, given: object) -> None:
        from semspill.experiment._promised import control_of  # heavy

        try:
            control_of(defense)
        except PluginError as error:
            came, _, mend = str(error).rstrip(".").rpartition("; ")
            raise Broken(came, mend[:1].upper() + mend[1:]) from error
