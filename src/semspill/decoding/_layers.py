"""A trained transformer that ends after some of its layers; importing this imports torch."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import nn

from semspill.corpus import Exchange
from semspill.encoders._transformer_tower import TransformerTower
from semspill.encoders.two_tower import TwoTower
from semspill.errors import ConfigError
from semspill.language._states import evaluating
from semspill.models import TrainedLanguage, TrainedModel, TrainedRetrieval

_COUNTS = ("num_hidden_layers", "num_decoder_layers", "decoder_layers")
_ROWS = 16


class Reading(NamedTuple):
    """What a model that ends after some layers makes of contexts."""

    states: Float[np.ndarray, "exchanges dim"]
    """The state that the answer is read from: the vector of a context, or what predicts the first
    token of the response."""
    scores: Float[np.ndarray, "exchanges texts"]
    """The score of each response."""


def layers_of(model: TrainedModel) -> list[nn.Module]:
    """Return the layers that a trained model reads contexts by; of two stacks the decoder's.

    Raises:
        ConfigError: It has none, or they are not found.
    """
    if isinstance(model, TrainedRetrieval) and isinstance(model.model, TwoTower):
        tower = model.model.context_tower
        if isinstance(tower, TransformerTower):
            return _stacked(tower.model)
    elif isinstance(model, TrainedLanguage):
        return _stacked(model.model.module)
    raise ConfigError(
        f"{type(model).__name__} has no layers to look into; give a trained model whose encoder is "
        "'transformer', or a trained 'causal_lm' or 'seq2seq_lm'."
    )


def _stacked(module: Any) -> list[nn.Module]:
    inner = module.get_base_model() if hasattr(module, "get_base_model") else module
    config = inner.config
    counts = {getattr(config, name, None) for name in _COUNTS}
    root = inner.get_decoder() if config.is_encoder_decoder else inner
    for part in root.modules():
        if isinstance(part, nn.ModuleList) and len(part) in counts:
            return list(part)
    raise ConfigError(
        f"The layers of {type(inner).__name__} are not one list of modules, so it cannot end after "
        "some of them; take a model built like BERT, GPT-2, Llama or T5."
    )


@contextmanager
def ending_after(layers: Sequence[nn.Module], count: int) -> Iterator[None]:
    """Let the layers behind the first few pass on what they are given.

    What stands behind all layers (a last normalisation, pooling, the output embedding) reads the
    state as if it were the last one.

    Args:
        layers: All layers, in order.
        count: How many do their work.
    """

    def passed(_: nn.Module, args: Any, named: Any, output: Any) -> Any:
        given = args[0] if args else named["hidden_states"]
        return (given, *output[1:]) if isinstance(output, tuple) else given

    handles = [layer.register_forward_hook(passed, with_kwargs=True) for layer in layers[count:]]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def read(
    model: TrainedModel,
    layers: Sequence[nn.Module],
    exchanges: Sequence[Exchange],
    texts: list[str],
) -> list[Reading]:
    """Return what a model makes of contexts after none of its layers, after one, ..., after all.

    Args:
        model: One that `layers_of` knows.
        layers: Its layers.
        exchanges: The contexts.
        texts: The responses that are scored.
    """
    found = []
    if isinstance(model, TrainedRetrieval):
        responses = model.model.encode_responses(texts)  # by the whole tower
        for count in range(len(layers) + 1):
            with ending_after(layers, count):
                states = model.model.encode_contexts(exchanges)
            found.append(Reading(states, states @ responses.T))
        return found
    assert isinstance(model, TrainedLanguage), "others have no layers"
    for count in range(len(layers) + 1):
        with ending_after(layers, count):
            scores = model.score(exchanges, [texts] * len(exchanges))
            found.append(Reading(_last_states(model, layers[-1], exchanges), scores))
    return found


@torch.inference_mode()
def _last_states(
    model: TrainedLanguage, last: nn.Module, exchanges: Sequence[Exchange]
) -> Float[np.ndarray, "exchanges dim"]:
    """Return what the last layer passes on at the place that predicts the first token."""
    rows: list[Float[np.ndarray, "rows dim"]] = []

    def keep(_: nn.Module, __: Any, output: Any) -> None:
        states = output[0] if isinstance(output, tuple) else output
        rows.append(states[:, -1].float().cpu().numpy())  # contexts are padded on the left

    prompts = model.model.prompts(exchanges)
    handle = last.register_forward_hook(keep)
    try:
        with evaluating(model.model.module):
            for start in range(0, len(prompts), _ROWS):
                model.model.runner.begin(prompts[start : start + _ROWS])
    finally:
        handle.remove()
    return np.concatenate(rows)
