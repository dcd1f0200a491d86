"""The loss: in a batch, each context is to pick its own response out of all."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import cross_entropy, embedding


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
        # Not responses[gold]: its gradient adds repeated rows in whatever order threads come.
        logits = (self.scale * contexts) @ embedding(gold, responses).T
        if self.mask:
            copies = (gold[:, None] == gold[None, :]).fill_diagonal_(False)
            logits = logits.masked_fill(copies, -torch.inf)
        return cross_entropy(logits, torch.arange(len(gold), device=gold.device))
