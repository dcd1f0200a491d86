"""Texts of many lengths through a transformer, in pieces of about as many tokens each.

Packed texts lie end to end in one row, without padding. Of transformers this needs an attention of
its own, registered at import, and the arguments `inputs_embeds` and `position_ids` of BERT. What is
in the row reaches the attention by a context variable, never by an argument.
"""

from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.masking_utils import sdpa_mask

from semspill._fast.layers import accelerate, drop, verified
from semspill._tokens import Tokens

Shapes: TypeAlias = list[tuple[int, int]]
"""How many texts of which length follow one another."""

_PACKED = "semspill_packed"
# What is in the row that a model is given, and how often its attention asked.
_ROW: ContextVar["_Row | None"] = ContextVar("semspill_row", default=None)
# More gains nothing on a CPU and falls out of its cache; a GPU is idle between short pieces.
_TOKENS = {"cpu": 1024, "cuda": 16384}


class Part(NamedTuple):
    """The token vectors of some texts."""

    states: Float[Tensor, "texts width hidden"]
    """What the last layer gave."""
    mask: Bool[Tensor, "texts width"] | None
    """Which of them are of tokens; None for all, where no text was padded."""

    @property
    def lengths(self) -> list[int]:
        """Number of tokens of each text."""
        count, width = self.states.shape[:2]
        lengths: list[int] = [width] * count if self.mask is None else self.mask.sum(1).tolist()
        return lengths


class _Row:
    """One row of texts laid end to end."""

    def __init__(self, shapes: Shapes) -> None:
        self.shapes = shapes
        self.asked = 0


def speed_up(model: PreTrainedModel) -> bool:
    """Accelerate a model that gives its own vectors then, and return whether `packed` may be used.

    Only BERT itself (MiniLM is one) is packed: a text must meet the other texts in attention alone,
    and its positions must be explicit. Three short texts are tried;
    vectors that differ by more than `layers.TOLERANCE` leave the model plain, with a warning.

    Args:
        model: On the CPU, in evaluation mode.
    """
    config = model.config
    usual = config._attn_implementation
    packs = config.model_type == "bert" and not config.is_decoder
    tokens = Tokens(np.arange(9) % config.vocab_size, np.array([0, 2, 4, 9]))
    if packs:
        model.set_attn_implementation(_PACKED)
    accelerate(model)

    def fast() -> list[Tensor]:
        parts = packed(model, tokens) if packs else padded(model, tokens, 0)
        return [part.states[i, :n] for part in parts for i, n in enumerate(part.lengths)]

    def plain() -> list[Tensor]:
        if packs:
            model.set_attn_implementation(usual)
        ids = torch.split(torch.from_numpy(tokens.ids), tokens.lengths.tolist())
        return [model(input_ids=text[None]).last_hidden_state[0] for text in ids]

    if verified(model, fast, plain) and packs:
        model.set_attn_implementation(_PACKED)
        return True
    return False


def packed(model: PreTrainedModel, tokens: Tokens) -> Iterator[Part]:
    """Yield the token vectors of texts laid end to end: no padding, and no mask.

    Args:
        model: One that `speed_up` agreed to, on the CPU.
        tokens: At least one text, shorter ones first.
    """
    # Looked up once: each look-up has a gradient as large as the whole table.
    words = model.get_input_embeddings()(torch.from_numpy(tokens.ids))
    within = np.arange(len(tokens.ids)) - np.repeat(tokens.offsets[:-1], tokens.lengths)
    pieces = _pieces(tokens, "cpu")
    sizes = [int(tokens.lengths[piece].sum()) for piece in pieces]
    inputs = torch.split(words, sizes), torch.split(torch.from_numpy(within), sizes)
    for piece, embeds, place in zip(pieces, *inputs, strict=True):
        lengths, counts = np.unique(tokens.lengths[piece], return_counts=True)
        shapes = list(zip(counts.tolist(), lengths.tolist(), strict=True))
        row = _Row(shapes)
        token = _ROW.set(row)
        try:
            rows = model(inputs_embeds=embeds[None], position_ids=place[None]).last_hidden_state
        finally:
            _ROW.reset(token)
        if row.asked != model.config.num_hidden_layers:
            raise RuntimeError("The model did not attend to each text of a row by itself.")
        for part in _unpack(rows[0], shapes):
            yield Part(part, None)


def padded(model: PreTrainedModel, tokens: Tokens, pad: int) -> Iterator[Part]:
    """Yield the token vectors of texts that are padded to the longest of their piece.

    Args:
        model: Any that gives one vector per token.
        tokens: At least one text, shorter ones first.
        pad: The id that fills short texts.
    """
    device = model.device
    for piece in _pieces(tokens, device.type):
        some = tokens.take(piece)
        lengths = torch.from_numpy(some.lengths)
        mask = torch.arange(int(some.lengths[-1])) < lengths[:, None]
        ids = torch.full(mask.shape, pad)
        ids[mask] = torch.from_numpy(some.ids)
        whole = bool(some.lengths[0] == some.lengths[-1])
        known = None if whole else mask.to(device)
        # Token types are left out: models that have them take zeros.
        states = model(
            input_ids=ids.to(device), attention_mask=None if known is None else known.long()
        ).last_hidden_state
        yield Part(states, known)


def _pieces(tokens: Tokens, device: str) -> list[np.ndarray]:
    """Return the indices of texts, in order, cut where each piece has about as many tokens."""
    most = _TOKENS.get(device, _TOKENS["cuda"])
    count = -(-len(tokens.ids) // most)
    marks = np.arange(1, count) * len(tokens.ids) / count
    cuts = np.unique(np.searchsorted(tokens.offsets[1:-1], marks) + 1)
    return [piece for piece in np.split(np.arange(len(tokens)), cuts) if len(piece)]


def _attend(
    module: nn.Module,
    query: Float[Tensor, "batch heads tokens size"],
    key: Float[Tensor, "batch heads tokens size"],
    value: Float[Tensor, "batch heads tokens size"],
    attention_mask: Tensor | None,
    **more: Any,
) -> tuple[Float[Tensor, "batch tokens heads size"], None]:
    """Let each text of a packed row attend to itself; texts of one length at once."""
    row = _ROW.get()
    if row is None:
        usual: Tensor = AttentionInterface()["sdpa"](
            module, query, key, value, attention_mask, **more
        )[0]
        return usual, None
    row.asked += 1
    rows = [_unpack(part[0].transpose(0, 1), row.shapes) for part in (query, key, value)]
    outputs = []
    for texts in zip(*rows, strict=True):
        q, k, v = (part.transpose(1, 2) for part in texts)
        outputs.append(_attended(q, k, v, **more).transpose(1, 2).flatten(0, 1))
    return torch.cat(outputs)[None], None


def _attended(
    q: Float[Tensor, "texts heads length size"],
    k: Float[Tensor, "texts heads length size"],
    v: Float[Tensor, "texts heads length size"],
    dropout: float,
    scaling: float,
    **_: Any,
) -> Float[Tensor, "texts heads length size"]:
    if not dropout:
        return functional.scaled_dot_product_attention(q, k, v, scale=scaling)
    # With dropout torch has no kernel for all of it either, and draws slowly.
    weights = functional.softmax((q * scaling) @ k.transpose(2, 3), dim=3)
    return drop(weights, dropout) @ v


def _unpack(
    tokens: Float[Tensor, "tokens *vector"], shapes: Shapes
) -> list[Float[Tensor, "texts length *vector"]]:
    """Cut what stands end to end into texts of one length each."""
    parts = torch.split(tokens, [count * length for count, length in shapes])
    return [
        part.view(count, length, *part.shape[1:])
        for part, (count, length) in zip(parts, shapes, strict=True)
    ]


AttentionInterface.register(_PACKED, _attend)
AttentionMaskInterface.register(_PACKED, sdpa_mask)
