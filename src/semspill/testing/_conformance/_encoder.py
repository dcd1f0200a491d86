"""What an encoder promises: a bi-encoder whose vectors depend on one text each."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from semspill.corpus import Exchange
from semspill.encoders import BiEncoder, Encoder
from semspill.testing._conformance._check import Broken, Promise, described_error, promise
from semspill.testing._conformance._common import errors_pickle, pickled, promise_of_missing_files
from semspill.testing._conformance._probes import ODD_TEXTS, Exchanges, label, tiny_corpus
from semspill.testing._conformance._same import (
    ROUNDING,
    WITH_RNG,
    Numbers,
    promise_the_same,
    same,
    scale,
)

PROMISES: list[Promise] = []

_PADDING = "Let no text see another: mask the padding, normalise row by row, put rows back in order"


def given() -> Exchanges:
    """Return what is encoded: some exchanges, no two of one dialogue."""
    import torch  # noqa: F401  # else nobody would see what the first load does to its generator

    return tiny_corpus().exchanges[::8]


@promise(PROMISES, "loads a BiEncoder")
def loads_a_biencoder(encoder: Encoder, exchanges: Exchanges) -> None:
    model: object = _loaded(encoder)
    if not isinstance(model, BiEncoder):
        raise Broken(
            f"load gave {type(model).__name__}",
            "Return a semspill.encoders.two_tower.TwoTower, or extend BiEncoder",
        )


@promise(PROMISES, "gives the vectors of its pickled copy")
def copies_give_the_same(encoder: Encoder, exchanges: Exchanges) -> None:
    copy = pickled(encoder, "Define its class at the top of a module, and keep models out of it")
    if _numbers(copy, exchanges) != _numbers(encoder, exchanges):
        raise Broken("the copy gave others", "Let all that the vectors hang on be a field")


promise_of_missing_files(PROMISES, lambda encoder, _: _loaded(encoder))


@promise(PROMISES, "raises errors that get out of a worker")
def errors_get_out(encoder: Encoder, exchanges: Exchanges) -> None:
    no_texts: Any = [None]
    errors_pickle(lambda: _loaded(encoder).encode_responses(no_texts))


def _numbers(encoder: Encoder, exchanges: Exchanges) -> list[Numbers]:
    model = _loaded(encoder)
    vectors = [encode(model, exchanges) for encode in _SIDES.values()]
    return [Numbers(rows, ROUNDING * scale(rows)) for rows in vectors]


promise_the_same(PROMISES, _numbers, "vectors", WITH_RNG)


@promise(PROMISES, "gives numpy arrays of float32")
def float32_rows(encoder: Encoder, exchanges: Exchanges) -> None:
    model = _loaded(encoder)
    vectors: dict[str, object] = {
        "contexts": model.encode_contexts(exchanges),
        "responses": model.encode_responses(_responses(exchanges)),
    }
    for name, rows in vectors.items():
        kind = rows.dtype if isinstance(rows, np.ndarray) else type(rows).__name__
        if str(kind) != "float32":
            raise Broken(f"{name} came as {kind}", "Return np.asarray(rows, dtype=np.float32)")


@promise(PROMISES, "gives one row per text, for none, for one and for many")
def one_row_per_text(encoder: Encoder, exchanges: Exchanges) -> None:
    model = _loaded(encoder)
    for name, encode in _SIDES.items():
        for count in (0, 1, len(exchanges)):
            shape = encode(model, exchanges[:count]).shape
            if len(shape) != 2 or shape[0] != count:
                raise Broken(
                    f"{count} {name} gave an array of shape {shape}",
                    f"Return a table with a row for each; shape ({count}, dim) here",
                )


@promise(PROMISES, "gives contexts and responses vectors of one length")
def one_length(encoder: Encoder, exchanges: Exchanges) -> None:
    model = _loaded(encoder)
    context, response = (encode(model, exchanges).shape[-1] for encode in _SIDES.values())
    if context != response:  # scores are dot products
        raise Broken(
            f"those of contexts have {context} numbers and those of responses {response}",
            "Let both end in the same space, for example by a projection",
        )


@promise(PROMISES, "takes any text: emoji, right to left, 10,000 characters, none")
def takes_odd_texts(encoder: Encoder, exchanges: Exchanges) -> None:
    model = _loaded(encoder)
    for text in ("I heard a noise.", *ODD_TEXTS):
        odd = [replace(exchanges[0], context=(text,), response=text)]
        for name, encode in _SIDES.items():
            which = f"the text {label(text)} among the {name}"
            try:
                rows = encode(model, odd)
            except Exception as error:
                # An odd text may be all that the error says, so it is not repeated.
                raise Broken(
                    f"{which} raised {type(error).__name__}",
                    "Give it a row as well; a text without any token needs one of its own",
                ) from error
            if not np.isfinite(rows).all():
                mend = "Divide by no length and no count that can be 0"
                raise Broken(f"{which} gave NaN or infinity", mend)


@promise(PROMISES, "encodes a text by itself as it does among others, wherever it stands")
def blind_to_neighbours(encoder: Encoder, exchanges: Exchanges) -> None:
    model = _loaded(encoder)
    for name, encode in _SIDES.items():
        together = encode(model, exchanges)
        tries = {
            "alone": np.concatenate([encode(model, [exchange]) for exchange in exchanges]),
            "in another order": encode(model, exchanges[::-1])[::-1],
            "when they come twice": encode(model, [*exchanges, *exchanges])[len(exchanges) :],
        }
        for when, rows in tries.items():
            if not _alike(together, rows):
                raise Broken(f"{name} got other vectors {when}", _PADDING)


@promise(PROMISES, "makes the vector of a context of what was said before, not of the response")
def blind_to_the_response(encoder: Encoder, exchanges: Exchanges) -> None:
    model = _loaded(encoder)
    rows = _contexts(model, exchanges)
    changes: dict[str, dict[str, Any]] = {
        "response": {"response": "Something else."},
        "mark of being planted": {"planted": True},
        "dialogue id": {"dialogue": "another"},
        "turn": {"turn": 3},
    }
    for name, change in changes.items():
        other = _contexts(model, [replace(exchange, **change) for exchange in exchanges])
        if not _alike(rows, other):
            raise Broken(
                f"another {name} gave another vector",
                "Read self.context.apply(exchange) and nothing else of an exchange",
            )


@promise(PROMISES, "leaves the lists it is given as they were")
def leaves_the_lists(encoder: Encoder, exchanges: Exchanges) -> None:
    model = _loaded(encoder)
    mutable, texts = list(exchanges), _responses(exchanges)
    model.encode_contexts(mutable)
    model.encode_responses(texts)
    if mutable != list(exchanges) or texts != _responses(exchanges):
        raise Broken("they changed", "Work on a copy, and sort indices in place of texts")


@promise(PROMISES, "takes a wrapper of its batches as `progress`")
def takes_progress(encoder: Encoder, exchanges: Exchanges) -> None:
    model = _loaded(encoder)
    try:
        model.encode_contexts(exchanges, progress=iter)
        model.encode_responses(_responses(exchanges), progress=iter)
    except TypeError as error:
        raise Broken(
            f"it raised {described_error(error)}",
            "Take `*, progress=quiet` and go through progress(batches), or leave it unused",
        ) from error


def _promise_of_towers(name: str, sentence: str) -> None:
    """Add a promise of the towers; a bi-encoder that has none is not asked to keep it."""

    def test(encoder: Encoder, exchanges: Exchanges) -> None:
        from semspill.encoders.two_tower import TwoTower
        from semspill.testing._conformance import _towers  # imports torch

        model = _loaded(encoder)
        if isinstance(model, TwoTower):
            getattr(_towers, name)(encoder, model, exchanges)

    PROMISES.append(Promise(name, sentence, test))


for _name, _sentence in {
    "declared_dim": "gives vectors of the length that its towers declare as `dim`",
    "declared_unit": "gives vectors of length 1 where a tower declares `unit`",
    "any_batch": "gives the same vectors whatever the `encode_batch` of its towers",
    "cuts_what_is_too_long": "reads of no text more than `max_tokens`",
    "keeps_label_and_newest": "keeps the label and the newest words of a context that is cut, and "
    "the start of a response",
    "can_be_fine_tuned": "learns from a step of fine-tuning, in both towers",
    "loads_untouched_weights": "loads the same after what it loaded was fine-tuned",
    "table_is_only_looked_up": "learns the same from the part of a `table` that occurs",
    "comes_back_saved": "comes back with the same vectors when what it loaded is saved",
}.items():
    _promise_of_towers(_name, _sentence)


def _loaded(encoder: Encoder) -> BiEncoder:
    return encoder.load(np.random.default_rng(0))


def _contexts(model: BiEncoder, exchanges: Sequence[Exchange]) -> np.ndarray:
    return np.asarray(model.encode_contexts(list(exchanges)))


def _response_rows(model: BiEncoder, exchanges: Sequence[Exchange]) -> np.ndarray:
    return np.asarray(model.encode_responses(_responses(exchanges)))


_SIDES: dict[str, Callable[[BiEncoder, Sequence[Exchange]], np.ndarray]] = {
    "contexts": _contexts,
    "responses": _response_rows,
}


def _responses(exchanges: Sequence[Exchange]) -> list[str]:
    return [exchange.response for exchange in exchanges]


def _alike(first: np.ndarray, second: np.ndarray) -> bool:
    return same(first, second, ROUNDING * scale(first))
