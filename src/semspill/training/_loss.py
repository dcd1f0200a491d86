"""The in-batch loss and its gradient, whole or in micro-batches."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import cross_entropy, embedding

from semspill._fast.generators import generators_of, put_back, states_of
from semspill.encoders.two_tower import Tokens, Tower, TwoTower
from semspill.training._batches import Pairs


@dataclass(frozen=True, eq=False)
class InBatchLoss:
    """In-batch softmax negative log-likelihood."""

    scale: float
    """Factor on the dot products."""
    mask: bool
    """Whether copies of a row's own response are left out of its negatives."""

    def __call__(
        self,
        contexts: Float[Tensor, "rows dim"],
        responses: Float[Tensor, "distinct dim"],
        gold: Int[Tensor, " rows"],
    ) -> Float[Tensor, ""]:
        """Return the mean over rows, in nats.

        Args:
            contexts: One vector per exchange.
            responses: One vector per distinct response.
            gold: The response of each exchange, as an index into `responses`.
        """
        logits = self.logits(contexts, responses, gold)
        return cross_entropy(logits, torch.arange(len(gold), device=gold.device))

    def logits(
        self,
        contexts: Float[Tensor, "rows dim"],
        responses: Float[Tensor, "distinct dim"],
        gold: Int[Tensor, " rows"],
    ) -> Float[Tensor, "rows rows"]:
        """Return what the softmax of each row is taken over; -inf is no negative."""
        # Not responses[gold]: its gradient adds repeated rows in whatever order threads come.
        logits = (self.scale * contexts) @ embedding(gold, responses).T
        if not self.mask:
            return logits
        copies = (gold[:, None] == gold[None, :]).fill_diagonal_(False)
        return logits.masked_fill(copies, -torch.inf)


Term: TypeAlias = Callable[[Float[Tensor, "rows dim"], Float[Tensor, "distinct dim"]], Tensor]
"""What is lowered beside the loss, of the vectors of contexts and of distinct responses."""


def backward(
    model: TwoTower, batch: Pairs, loss: InBatchLoss, most: int | None, *terms: Term
) -> float:
    """Add the gradient of a batch to that of the weights, and return its loss.

    Args:
        model: The bi-encoder, in training mode.
        batch: What to learn from.
        loss: What to lower.
        most: Most texts encoded at once; None for the whole batch.
        *terms: What is lowered as well, and is no part of the loss that is returned.
    """
    gold = torch.from_numpy(batch.gold).to(next(model.module.parameters()).device)
    if most is None:
        contexts, responses = encoded(model, batch)
        value = loss(contexts, responses, gold)
        torch.autograd.backward(_whole(value, terms, contexts, responses))
    else:
        value = _backward_in_pieces(model, batch, loss, gold, most, terms)
    return float(value.item())


def encoded(
    model: TwoTower, batch: Pairs
) -> tuple[Float[Tensor, "rows dim"], Float[Tensor, "distinct dim"]]:
    """Return the vectors of the contexts and of the distinct responses of a batch."""
    contexts = _encode(model.context_tower, batch.contexts)
    return contexts, _encode(model.response_tower, batch.responses)


def _whole(
    value: Float[Tensor, ""],
    terms: Sequence[Term],
    contexts: Float[Tensor, "rows dim"],
    responses: Float[Tensor, "distinct dim"],
) -> Tensor:
    return sum((term(contexts, responses) for term in terms), value)


@dataclass(frozen=True, eq=False)
class _Piece:
    tower: Tower
    tokens: Tokens
    rows: Int[np.ndarray, " piece"]
    side: int

    def encode(self) -> Float[Tensor, "piece dim"]:
        vectors: Tensor = self.tower(self.tokens)
        return vectors


def _pieces(tower: Tower, tokens: Tokens, most: int, side: int) -> Iterator[_Piece]:
    # Neighbours of similar length waste no padding: for MiniLM half of all work in 256 contexts.
    order = np.argsort(tokens.lengths, kind="stable")
    for start in range(0, len(order), most):
        rows = order[start : start + most]
        yield _Piece(tower, tokens.take(rows), rows, side)


def _encode(tower: Tower, tokens: Tokens) -> Float[Tensor, "texts dim"]:
    pieces = list(_pieces(tower, tokens, tower.encode_batch, 0))
    back = np.argsort(np.concatenate([piece.rows for piece in pieces]))
    return torch.cat([piece.encode() for piece in pieces])[torch.from_numpy(back)]


def _backward_in_pieces(
    model: TwoTower,
    batch: Pairs,
    loss: InBatchLoss,
    gold: Int[Tensor, " rows"],
    most: int,
    terms: Sequence[Term],
) -> Float[Tensor, ""]:
    """Do what `backward` does, as GradCache does it (Gao et al. 2021, arXiv:2101.06983).

    Encode without a graph; take the gradient of the loss by the vectors alone; encode piece by
    piece once more, and let each piece pass its share of that gradient on to the weights.
    """
    pieces = [
        *_pieces(model.context_tower, batch.contexts, most, 0),
        *_pieces(model.response_tower, batch.responses, most, 1),
    ]
    dim = model.context_tower.dim
    vectors = [
        torch.empty(len(texts), dim, device=gold.device)
        for texts in (batch.contexts, batch.responses)
    ]
    generators = generators_of(gold.device)
    states = []
    with torch.no_grad():
        for piece in pieces:
            states.append(states_of(generators))
            vectors[piece.side][piece.rows] = piece.encode()
    contexts, responses = (rows.requires_grad_() for rows in vectors)
    value = loss(contexts, responses, gold)
    shares = torch.autograd.grad(_whole(value, terms, contexts, responses), vectors)
    for piece, state in zip(pieces, states, strict=True):
        put_back(generators, state)  # dropout drops what it dropped before
        torch.autograd.backward(piece.encode(), shares[piece.side][piece.rows])
    return value
