"""What a TwoTower promises, to be fine-tuned and saved; importing this module imports torch."""

import tempfile
from copy import deepcopy
from dataclasses import replace
from typing import cast

import numpy as np
import torch

from semspill.corpus import ContextFormat, Corpus
from semspill.encoders import Encoder, encoders
from semspill.encoders.two_tower import Tokens, TwoTower, load_biencoder
from semspill.testing._conformance._check import Broken, described_error
from semspill.testing._conformance._probes import ODD_TEXTS, Exchanges, label, tiny_corpus
from semspill.testing._conformance._same import ROUNDING, same, scale
from semspill.training import Finetuner

_MOST = 8
_LONG = "hello " * 100
_BEGINNINGS = ("Oh no! ", "I heard a noise. ", "Tell me, joy! ")


def declared_dim(encoder: Encoder, model: TwoTower, exchanges: Exchanges) -> None:
    responses = [exchange.response for exchange in exchanges]
    for name, tower, tokens in (
        ("context", model.context_tower, model.context_tokens(exchanges)),
        ("response", model.response_tower, model.response_tokens(responses)),
    ):
        with torch.inference_mode():
            shape = tuple(tower.eval()(tokens).shape)
        if shape != (len(exchanges), tower.dim):
            raise Broken(
                f"the {name} tower declares {tower.dim} and gave {len(exchanges)} texts the shape "
                f"{shape}",
                "Set dim to the length of a row",
            )


def declared_unit(encoder: Encoder, model: TwoTower, exchanges: Exchanges) -> None:
    for text in (exchanges[0].response, *ODD_TEXTS):
        odd = (replace(exchanges[0], context=(text,), response=text),)
        for name, rows in _rows(model, odd).items():
            length = float(np.linalg.norm(rows[0]))
            if getattr(model, f"{name}_tower").unit and not abs(length - 1) < 1e-4:
                raise Broken(
                    f"the {name} tower gave the text {label(text)} the length {length:.3g}",
                    "Divide each row by its length in forward, or declare unit = False",
                )


def any_batch(encoder: Encoder, model: TwoTower, exchanges: Exchanges) -> None:
    before = _rows(model, exchanges)
    for tower in {model.context_tower, model.response_tower}:
        tower.encode_batch = 4
    for name, rows in _rows(model, exchanges).items():
        if not _alike(before[name], rows):
            raise Broken(
                f"{name} vectors were others in batches of 4",
                "Let no text see another in forward: mask the padding, normalise row by row",
            )


def cuts_what_is_too_long(encoder: Encoder, model: TwoTower, exchanges: Exchanges) -> None:
    reader = model.with_context(ContextFormat(label="gold", max_tokens=_MOST))
    oldest = [replace(exchanges[0], context=(text, _LONG)) for text in _BEGINNINGS]
    last = [_LONG + text for text in _BEGINNINGS]
    for name, tokens in (
        ("the oldest words of a context", reader.context_tokens(oldest)),
        ("the last words of a response", reader.response_tokens(last)),
    ):
        if _distinct(tokens) > 1:
            raise Broken(
                f"at {_MOST}, {name} still made a difference behind 100 others",
                "Cut in tokenize, with semspill.encoders.two_tower.shorten(head, tail, max_tokens)",
            )


def keeps_label_and_newest(encoder: Encoder, model: TwoTower, exchanges: Exchanges) -> None:
    reader = model.with_context(ContextFormat(label="gold", max_tokens=_MOST))
    labels = [replace(exchanges[0], category=name, context=(_LONG,)) for name in ("joy", "afraid")]
    newest = [replace(exchanges[0], context=(_LONG, text)) for text in _BEGINNINGS]
    first = [text + _LONG for text in _BEGINNINGS]
    for name, tokens in (
        ("the label of a context", reader.context_tokens(labels)),
        ("the newest words of a context", reader.context_tokens(newest)),
        ("the first words of a response", reader.response_tokens(first)),
    ):
        if _distinct(tokens) == 1:
            raise Broken(
                f"{name} made no difference to the tokens",
                "Keep the start of `head` and the end of `tail`, as shorten(head, tail, most) does",
            )


def can_be_fine_tuned(encoder: Encoder, model: TwoTower, exchanges: Exchanges) -> None:
    before = _rows(model, exchanges)
    for name, rows in _rows(_tuned(model), exchanges).items():
        if np.array_equal(rows, before[name]):
            raise Broken(
                f"all {name} vectors stayed as they were",
                "Make the weights torch.nn.Parameter of the tower, and do not detach in forward",
            )


def loads_untouched_weights(encoder: Encoder, model: TwoTower, exchanges: Exchanges) -> None:
    before = _rows(model, exchanges)
    _tuned(model)
    if not _equal(_rows(model, exchanges), before):
        raise Broken(
            "fine-tuning it changed the one that was given, too",
            "Let copy.deepcopy of a tower copy its weights",
        )
    _tuned(encoder)
    again = encoder.load(np.random.default_rng(0))
    if not (isinstance(again, TwoTower) and _equal(_rows(again, exchanges), before)):
        raise Broken(
            "after fine-tuning the next one came trained",
            "Make the weights anew at each load: keep none on the encoder, and copy cached ones",
        )


def table_is_only_looked_up(encoder: Encoder, model: TwoTower, exchanges: Exchanges) -> None:
    if model.context_tower.table is None and model.response_tower.table is None:
        return
    plain = deepcopy(model)
    for tower in {plain.context_tower, plain.response_tower}:
        tower.table = None
    expected = _rows(_tuned(plain), exchanges)
    for name, rows in _rows(_tuned(model), exchanges).items():
        if not same(rows, expected[name], 1e-3 * scale(rows)):
            raise Broken(
                f"with `table` the {name} vectors came out otherwise",
                "Use ids in forward for nothing but that weight's rows, or set table = None",
            )


def comes_back_saved(encoder: Encoder, model: TwoTower, exchanges: Exchanges) -> None:
    if encoders.name_of(encoder) is None:
        return
    if model.encoder != encoder:
        raise Broken(
            f"it says that {type(model.encoder).__name__} made it", "Give self to TwoTower first"
        )
    tuned = _tuned(model)
    with tempfile.TemporaryDirectory() as folder:
        tuned.save(folder)
        again = load_biencoder(folder)
    if not _equal(_rows(again, exchanges), _rows(tuned, exchanges)):
        raise Broken(
            "it gave other vectors",
            "Register every weight as a parameter or a buffer, and restore the tokenizer as it was",
        )


def _distinct(tokens: Tokens) -> int:
    return len({tuple(tokens.take(np.array([place])).ids) for place in range(len(tokens))})


def _rows(model: TwoTower, exchanges: Exchanges) -> dict[str, np.ndarray]:
    return {
        "context": model.encode_contexts(exchanges),
        "response": model.encode_responses([exchange.response for exchange in exchanges]),
    }


def _alike(first: np.ndarray, second: np.ndarray) -> bool:
    return same(first, second, ROUNDING * scale(first))


def _equal(first: dict[str, np.ndarray], second: dict[str, np.ndarray]) -> bool:
    return all(_alike(rows, second[name]) for name, rows in first.items())


def _tuned(model: Encoder | TwoTower) -> TwoTower:
    """Return what one step makes of it, always the same."""
    corpus = Corpus(tiny_corpus().dialogues[:4], name="one batch")
    step = Finetuner(epochs=1, batch_size=8, device="cpu")
    try:
        tuned = step.finetune(model, corpus, np.random.default_rng(0))
    except Exception as error:
        raise Broken(
            f"fine-tuning raised {described_error(error)}",
            "Give the tower at least one torch.nn.Parameter that forward uses, with its gradient",
        ) from error
    return cast(TwoTower, tuned)
