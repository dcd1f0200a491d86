"""What a training defense promises: a corpus, formats, settings and steps that can be trained."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from semspill.corpus import ContextFormat, Corpus
from semspill.defenses import TrainingDefense, unmarked
from semspill.errors import ConfigError, DataError
from semspill.models import Model
from semspill.testing._conformance import _defense
from semspill.testing._conformance._check import Broken, Promise, promise
from semspill.testing._conformance._common import pickled
from semspill.testing._conformance._defense import COPY, SMALL, Given
from semspill.testing._conformance._same import ROUNDING, WITH_RNG, Numbers, promise_the_same

PROMISES: list[Promise] = []

given = _defense.given

_METHODS = ("prepare", "contexts", "settings", "begin")
_LABELS: tuple[Literal["none", "predicted", "gold"], ...] = ("none", "predicted", "gold")


@promise(PROMISES, "changes something: the corpus, what a context shows, the settings or the steps")
def overrides_a_method(defense: TrainingDefense, given: Given) -> None:
    own = [getattr(type(defense), name) for name in _METHODS]
    if own == [getattr(TrainingDefense, name) for name in _METHODS]:
        raise Broken("it overrides no method", f"Override one of {', '.join(_METHODS)}")


@promise(PROMISES, "prepares a Corpus")
def prepares_a_corpus(defense: TrainingDefense, given: Given) -> None:
    _prepared(defense, given)


@promise(PROMISES, "gives two formats of contexts, or raises a ConfigError for some but not all")
def gives_two_formats(defense: TrainingDefense, given: Given) -> None:
    given_formats = [formats for formats in _formats(defense) if formats is not None]
    if not given_formats:
        came = f"contexts refused every label, {', '.join(_LABELS)}"
        raise Broken(came, "Let it take at least one kind of label")
    for formats in given_formats:
        kinds = [type(one) for one in formats] if isinstance(formats, tuple) else [type(formats)]
        if kinds != [ContextFormat, ContextFormat]:
            came = f"contexts gave {' and '.join(kind.__name__ for kind in kinds) or 'nothing'}"
            raise Broken(came, "Return training, answering, each a ContextFormat")


@promise(PROMISES, "gives a Model with other settings, or raises a ConfigError")
def gives_a_model(defense: TrainingDefense, given: Given) -> None:
    _settings(defense, given)


@promise(PROMISES, "leaves the weights to the optimizer, and returns a finite loss at every step")
def steps_leave_the_weights(defense: TrainingDefense, given: Given) -> None:
    if defense.begins is not None and given.model.takes_steps():
        _trained(given, lambda module: _watched(defense, module))


@promise(PROMISES, "leaves the corpora as they were")
def leaves_the_corpora_alone(defense: TrainingDefense, given: Given) -> None:
    before = _defense.fingerprints(given.corpus, given.aid)
    _prepared(defense, given)
    _defense.refuse_changed(given.corpus, given.aid, before)


@promise(PROMISES, "prepares the same whatever is marked as planted")
def blind_to_marks(defense: TrainingDefense, given: Given) -> None:
    other = given._replace(corpus=_defense.marked(given.corpus))
    if _texts(_prepared(defense, other)) != _texts(_prepared(defense, given)):
        raise Broken("it prepares otherwise where marks differ", "Leave `planted` out of it")


@promise(PROMISES, "works on a corpus of one dialogue, or raises a DataError")
def works_on_a_tiny_corpus(defense: TrainingDefense, given: Given) -> None:
    one = replace(given.corpus, dialogues=given.corpus.dialogues[:1])
    _try(defense, given._replace(corpus=one))


@promise(PROMISES, "works without dialogues, or raises a DataError")
def works_on_an_empty_corpus(defense: TrainingDefense, given: Given) -> None:
    for corpus, aid in _defense.without_dialogues(defense, given.corpus, given.aid):
        _try(defense, given._replace(corpus=corpus, aid=aid))


@promise(PROMISES, "does what its pickled copy does")
def copies_do_the_same(defense: TrainingDefense, given: Given) -> None:
    if _effects(pickled(defense, COPY), given) != _effects(defense, given):
        raise Broken("the copy does otherwise", "Let all that it hangs on be a field")


def _try(defense: TrainingDefense, given: Given) -> None:
    try:
        _prepared(defense, given)
    except DataError:
        return
    except Broken as broken:
        raise Broken(broken.came, SMALL) from broken


def _prepared(defense: TrainingDefense, given: Given) -> Corpus:
    rng = np.random.default_rng(0)
    prepared: object = defense.prepare(given.corpus, given.aid.of(defense), rng)
    if not isinstance(prepared, Corpus):
        raise Broken(f"prepare gave {type(prepared).__name__}", "Return a semspill.Corpus")
    return prepared


def _formats(defense: TrainingDefense) -> list[object]:
    """Return what comes for contexts with each kind of label; None where it is refused."""
    came: list[object] = []
    for label in _LABELS:
        plain = ContextFormat(label=label)
        try:
            came.append(defense.contexts(plain, plain))
        except ConfigError:
            came.append(None)
    return came


def _settings(defense: TrainingDefense, given: Given) -> str:
    """Return the settings as JSON, nothing where the model has none of this kind."""
    try:
        model: object = defense.settings(given.model)
    except ConfigError:
        return ""
    if not isinstance(model, Model):
        raise Broken(f"settings gave {type(model).__name__}", "Return model.replace(...)")
    return model.model_dump_json()


def _watched(defense: TrainingDefense, module: Any) -> Callable[..., float] | None:
    """Return the defense's step, with a look at weights and loss."""
    step = defense.begin(module)
    if step is None:
        return None

    def watched(backward: Callable[..., float], batch: Any) -> float:
        before = _weights(module)
        loss: object = step(backward, batch)
        if _weights(module) != before:
            mend = "Put back what you moved, and leave a gradient for the optimizer to follow"
            raise Broken("a step left other weights", mend)
        if not isinstance(loss, int | float) or not math.isfinite(loss):
            came = f"a step returned {loss if isinstance(loss, float) else type(loss).__name__}"
            raise Broken(came, "Return what backward() returned")
        return float(loss)

    return watched


def _weights(module: Any) -> list[bytes]:
    weights = module.module.state_dict().values()
    return [weight.detach().cpu().numpy().tobytes() for weight in weights]


def _trained(given: Given, begin: Callable[[Any], Any]) -> Numbers:
    """Return the scores of a model that was trained with these steps."""
    options: dict[str, Any] = {"begins": (begin,)}
    trained = given.model.train(given.corpus, np.random.default_rng(0), **options)
    exchanges, texts = given.corpus.exchanges[:8], given.corpus.responses().texts[:8]
    return Numbers(trained.score(exchanges, [texts] * len(exchanges)), ROUNDING)


def _texts(corpus: Corpus) -> str:
    return unmarked(corpus).fingerprint


def _effects(defense: TrainingDefense, given: Given) -> tuple[object, ...]:
    begin = defense.begins if given.model.takes_steps() else None
    return (
        _texts(_prepared(defense, given)),
        _formats(defense),
        _settings(defense, given),
        None if begin is None else _trained(given, begin),
    )


_defense.promise_of_a_control(PROMISES)
promise_the_same(PROMISES, _effects, "corpus, formats, settings and weights", WITH_RNG)
