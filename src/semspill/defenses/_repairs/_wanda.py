"""Wanda's scores of weights, and the masking; importing this module imports torch."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils import prune

from semspill._random import torch_seed
from semspill.encoders.two_tower import TwoTower
from semspill.errors import ConfigError

Layer: TypeAlias = nn.Linear | nn.EmbeddingBag

Squares: TypeAlias = dict[Layer, Float[Tensor, " inputs"]]
"""The sum of squares of each input of each layer."""


def pruned(
    model: TwoTower,
    texts: Sequence[str],
    share: float,
    rng: np.random.Generator | None,
) -> TwoTower:
    """Return a copy of a bi-encoder whose response tower lacks the weights of the highest scores.

    Args:
        model: Stays as it is.
        texts: Responses that the scores are taken from.
        share: Share of the weights of each output that go.
        rng: Draws the weights instead, as many; None follows the scores.

    Raises:
        ConfigError: It has no layer that can be pruned.
    """
    copied = model.to(next(model.module.parameters()).device)
    layers = [layer for layer in copied.response_tower.modules() if isinstance(layer, Layer)]
    if not layers:
        raise ConfigError(
            "WandaPruning found neither linear layers nor a table of a bag of tokens in "
            f"{type(model.response_tower).__name__}; choose another encoder, or leave it out."
        )
    if not texts:
        return copied
    with _watched(layers) as squares:
        copied.encode_responses(texts)
    generator = None if rng is None else torch.Generator().manual_seed(torch_seed(rng))
    for layer, total in squares.items():
        _prune(layer, total.sqrt(), share, generator)
    return copied


@contextmanager
def _watched(layers: Sequence[Layer]) -> Iterator[Squares]:
    """Add up the squares of all inputs that reach some layers."""
    squares: Squares = {}

    def watch(layer: Any, inputs: tuple[Any, ...]) -> None:
        # What encodes runs in inference mode, whose tensors cannot be used in training later.
        with torch.inference_mode(False), torch.no_grad():
            if isinstance(layer, nn.EmbeddingBag):
                added = _of_tokens(layer.num_embeddings, *inputs)
            else:
                added = _of_numbers(*inputs)
            squares[layer] = squares[layer] + added if layer in squares else added

    hooks = [layer.register_forward_pre_hook(watch) for layer in layers]
    try:
        yield squares
    finally:
        for hook in hooks:
            hook.remove()


def _of_numbers(inputs: Float[Tensor, "*rows inputs"]) -> Float[Tensor, " inputs"]:
    return inputs.reshape(-1, inputs.shape[-1]).double().square().sum(dim=0)


def _of_tokens(rows: int, ids: Tensor, offsets: Tensor) -> Float[Tensor, " inputs"]:
    """Return the sum over the texts of the square of how often each token occurs."""
    lengths = offsets.diff()
    text = torch.arange(len(lengths), device=ids.device).repeat_interleave(lengths)
    pairs, counts = torch.unique(text * rows + ids, return_counts=True)
    total = torch.zeros(rows, dtype=torch.float64, device=ids.device)
    return total.index_add_(0, pairs % rows, counts.double().square())


def _prune(
    layer: Layer,
    norms: Float[Tensor, " inputs"],
    share: float,
    generator: torch.Generator | None,
) -> None:
    weight = layer.weight.detach()
    # A table has one row per input, a linear layer one per output.
    by_output = weight.T if isinstance(layer, nn.EmbeddingBag) else weight
    used = norms.nonzero()[:, 0]
    scores = by_output[:, used].abs().double() * norms[used]
    if generator is not None:
        scores = torch.rand(scores.shape, generator=generator).to(scores.device)
    highest = scores.topk(round(share * len(used)), dim=1).indices
    mask = torch.ones_like(weight)
    view = mask.T if isinstance(layer, nn.EmbeddingBag) else mask
    view.scatter_(1, used[highest], 0)
    prune.custom_from_mask(layer, "weight", mask)  # type: ignore[no-untyped-call]
    prune.remove(layer, "weight")  # type: ignore[no-untyped-call]
