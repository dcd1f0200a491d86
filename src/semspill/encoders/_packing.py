"""How texts of many lengths go through a transformer in pieces of about as many tokens each."""

import logging
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

from semspill.encoders._dropout import drop
from semspill.encoders._tokens import Tokens

logger = logging.getLogger(__name__)

Shapes: TypeAlias = list[tuple[int, int]]
"""How many texts of which length follow one another."""

_PACKED = "semspill_packed"
# What is in the row that a model is given, and how often its attention asked. No argument of the
# model: which of those reach its attention differs between releases of transformers.
_ROW: ContextVar["_Row | None"] = ContextVar("semspill_row", default=None)
# Two paths of one model differ by rounding; texts that see one another differ by more than this.
_TOLERANCE = 1e-3
# More gains nothing on a CPU and falls out of its cache; a GPU is idle between short pieces.
_TOKENS = {"cpu": 1024, "cuda": 16384}


class Part(NamedTuple):
    """The token vectors of some texts."""

    states: Float[Tensor, "texts width hidden"]
    """What the last layer gave."""
    mask: Bool[Tensor, "texts width"] | None
    """Which of them are of tokens; None for all, where no text was padded."""


class _Row:
    """One row of texts laid end to end."""

    def __init__(self, shapes: Shapes) -> None:
        self.shapes = shapes
        self.asked = 0


def let_pack(model: PreTrainedModel) -> bool:
    """Make `packed` possible for a model, and return whether it is.

    Only BERT itself (MiniLM is one): a text must meet the other texts in attention alone, and its
    positions must be all that tells it where it begins.
    """
    config = model.config
    if config.model_type != "bert" or config.is_decoder:
        return False
    model.set_attn_implementation(_PACKED)
    return True


@torch.no_grad()
def packs_rightly(model: PreTrainedModel) -> bool:
    """Return whether `packed` gives a model's own vectors, tried on three short texts.

    Where it does not, a warning is logged and the model attends as transformers lets it.

    Args:
        model: One that `let_pack` agreed to, on the CPU.
    """
    ids = np.arange(9) % model.config.vocab_size
    tokens = Tokens(ids, np.array([0, 2, 4, 9]))
    training = model.training
    model.eval()
    try:
        pairs = list(zip(packed(model, tokens), _one_by_one(model, tokens), strict=True))
        right = all(_alike(part.states, alone) for part, alone in pairs)
        why = "gives other vectors"
    except Exception as error:  # of a release of transformers that nobody has tried
        right, why = False, f"fails ({type(error).__name__})"
    finally:
        model.train(training)
    if not right:
        logger.warning(
            "encoding without padding %s with this release of transformers; texts are padded, "
            "which is slower",
            why,
        )
        model.set_attn_implementation("sdpa")
    return right


def _one_by_one(model: PreTrainedModel, tokens: Tokens) -> Iterator[Tensor]:
    """Yield the token vectors of the texts of each length, each text given alone."""
    for length in np.unique(tokens.lengths):
        some = tokens.take(np.flatnonzero(tokens.lengths == length))
        rows = torch.from_numpy(some.ids).view(len(some), 1, int(length))
        yield torch.cat([model(input_ids=ids).last_hidden_state for ids in rows])


def _alike(one: Tensor, other: Tensor) -> bool:
    far = _TOLERANCE * float(other.abs().nan_to_num().max())
    return one.shape == other.shape and torch.allclose(one, other, 0, far, equal_nan=True)


def packed(model: PreTrainedModel, tokens: Tokens) -> Iterator[Part]:
    """Yield the token vectors of texts laid end to end: no padding, and no mask.

    Args:
        model: One that `let_pack` agreed to, on the CPU.
        tokens: At least one text, shorter ones first.
    """
    # Looked up once: each look-up has a gradient as large as the whole table.
    words = model.get_input_embeddings()(torch.from_numpy(tokens.ids))
    within = np.arange(len(tokens.ids)) - np.repeat(tokens.offsets[:-1], tokens.lengths)
    pieces = _pieces(tokens, "cpu")
    sizes = [int(tokens.lengths[piece].sum()) for piece in pieces]
    rows = zip(torch.split(words, sizes), torch.split(torch.from_numpy(within), sizes), strict=True)
    for piece, (embeds, place) in zip(pieces, rows, strict=True):
        lengths, counts = np.unique(tokens.lengths[piece], return_counts=True)
        shapes = list(zip(counts.tolist(), lengths.tolist(), strict=True))
        row = _Row(shapes)
        token = _ROW.set(row)
        try:
            states = model(inputs_embeds=embeds[None], position_ids=place[None]).last_hidden_state[
                0
            ]
        finally:
            _ROW.reset(token)
        if row.asked != model.config.num_hidden_layers:
            raise RuntimeError("The model did not attend to each text of a row by itself.")
        for part in _unpack(states, shapes):
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
    made = []
    for texts in zip(*rows, strict=True):
        q, k, v = (part.transpose(1, 2) for part in texts)
        made.append(_attended(q, k, v, **more).transpose(1, 2).flatten(0, 1))
    return torch.cat(made)[None], None


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
