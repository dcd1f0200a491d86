"""What the vectors of any bi-encoder promise: each depends on one text."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from semspill.corpus import Exchange
from semspill.encoders import BiEncoder
from semspill.testing._conformance._check import Broken, first_line
from semspill.testing._conformance._numbers import ROUNDING, same, scale
from semspill.testing._conformance._probes import ODD_TEXTS, label

Given: TypeAlias = tuple[Exchange, ...]
Side: TypeAlias = Callable[[BiEncoder, Sequence[Exchange]], np.ndarray]

_PADDING = "Let no text see another: mask the padding, normalise row by row, put rows back in order"


def contexts_of(model: BiEncoder, exchanges: Sequence[Exchange]) -> np.ndarray:
    """Return the vectors of the contexts."""
    return np.asarray(model.encode_contexts(list(exchanges)))


def responses_of(model: BiEncoder, exchanges: Sequence[Exchange]) -> np.ndarray:
    """Return the vectors of the responses."""
    return np.asarray(model.encode_responses([exchange.response for exchange in exchanges]))


SIDES: dict[str, Side] = {"contexts": contexts_of, "responses": responses_of}


def float32_rows(model: BiEncoder, given: Given) -> None:
    """Look at the type of what comes."""
    made: dict[str, object] = {
        "contexts": model.encode_contexts(given),
        "responses": model.encode_responses([exchange.response for exchange in given]),
    }
    for name, rows in made.items():
        said = rows.dtype if isinstance(rows, np.ndarray) else type(rows).__name__
        if str(said) != "float32":
            raise Broken(f"{name} came as {said}", "Return np.asarray(rows, dtype=np.float32)")


def one_row_per_text(model: BiEncoder, given: Given) -> None:
    """Count what comes."""
    for name, encode in SIDES.items():
        for count in (0, 1, len(given)):
            shape = encode(model, given[:count]).shape
            if len(shape) != 2 or shape[0] != count:
                raise Broken(
                    f"{count} {name} gave an array of shape {shape}",
                    f"Return a table with a row for each; shape ({count}, dim) here",
                )


def one_length(model: BiEncoder, given: Given) -> None:
    """Compare them, because scores are dot products."""
    lengths = [encode(model, given).shape[-1] for encode in SIDES.values()]
    if lengths[0] != lengths[1]:
        raise Broken(
            f"those of contexts have {lengths[0]} numbers and those of responses {lengths[1]}",
            "Let both end in the same space, for example by a projection",
        )


def takes_odd_texts(model: BiEncoder, given: Given) -> None:
    """Give each odd text as a context and as a response, and look for NaN and infinity."""
    for text in ("I heard a noise.", *ODD_TEXTS):
        odd = [replace(given[0], context=(text,), response=text)]
        for name, encode in SIDES.items():
            try:
                rows = encode(model, odd)
            except Exception as error:
                # An odd text may be all that the error says, so it is not repeated.
                raise Broken(
                    f"the text {label(text)} among the {name} raised {type(error).__name__}",
                    "Give it a row as well; a text without any token needs one of its own",
                ) from error
            if not np.isfinite(rows).all():
                raise Broken(
                    f"the text {label(text)} among the {name} gave NaN or infinity",
                    "Divide by no length and no count that can be 0",
                )


def blind_to_neighbours(model: BiEncoder, given: Given) -> None:
    """Give the texts together, one by one, backwards, and one of them twice."""
    for name, encode in SIDES.items():
        together = encode(model, given)
        tries = {
            "alone": np.concatenate([encode(model, [exchange]) for exchange in given]),
            "in another order": encode(model, given[::-1])[::-1],
            "when they come twice": encode(model, [*given, *given])[len(given) :],
        }
        for when, rows in tries.items():
            if not same(together, rows, ROUNDING * scale(together)):
                raise Broken(f"{name} got other vectors {when}", _PADDING)


def blind_to_the_response(model: BiEncoder, given: Given) -> None:
    """Change all of an exchange but its category and its context."""
    rows = contexts_of(model, given)
    changes: dict[str, dict[str, Any]] = {
        "response": {"response": "Something else."},
        "mark of being planted": {"planted": True},
        "dialogue id": {"dialogue": "another"},
        "turn": {"turn": 3},
    }
    for name, change in changes.items():
        other = contexts_of(model, [replace(exchange, **change) for exchange in given])
        if not same(rows, other, ROUNDING * scale(rows)):
            raise Broken(
                f"another {name} gave another vector",
                "Read self.context.apply(exchange) and nothing else of an exchange",
            )


def leaves_the_lists(model: BiEncoder, given: Given) -> None:
    """Compare them with what they held."""
    exchanges, texts = list(given), [exchange.response for exchange in given]
    model.encode_contexts(exchanges)
    model.encode_responses(texts)
    if exchanges != list(given) or texts != [exchange.response for exchange in given]:
        raise Broken("they changed", "Work on a copy, and sort indices in place of texts")


def takes_progress(model: BiEncoder, given: Given) -> None:
    """Give one that leaves them as they are."""
    try:
        model.encode_contexts(given, progress=iter)
        model.encode_responses([exchange.response for exchange in given], progress=iter)
    except TypeError as error:
        raise Broken(
            f"it raised TypeError: {first_line(error)}",
            "Take `*, progress=quiet` and go through progress(batches), or leave it unused",
        ) from error


PROMISES: dict[str, Callable[[BiEncoder, Given], None]] = {
    "gives numpy arrays of float32": float32_rows,
    "gives one row per text, for none, for one and for many": one_row_per_text,
    "gives contexts and responses vectors of one length": one_length,
    "takes any text: emoji, right to left, 10,000 characters, none": takes_odd_texts,
    "encodes a text by itself as it does among others, wherever it stands": blind_to_neighbours,
    "makes the vector of a context of what was said before, not of the response": (
        blind_to_the_response
    ),
    "leaves the lists it is given as they were": leaves_the_lists,
    "takes a wrapper of its batches as `progress`": takes_progress,
}
"""What is tried on a loaded bi-encoder, by its promise."""
