"""A tower that adds up one trained vector per token: fast enough for whole corpora on a CPU."""

from abc import abstractmethod
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from semspill.corpus import Text
from semspill.encoders._tokens import Tokens
from semspill.encoders._tower import Tower


class BagTower(Tower):
    """Mean of the token vectors, scaled to length 1; the order of the tokens does not matter.

    Scaling makes the mean equal to the sum, so the sum is what is computed.

    Args:
        weights: One row per token, the vectors to start from.
    """

    unit = True
    encode_batch = 1024
    table = "bag.weight"

    def __init__(self, weights: Float[Tensor, "rows dim"]) -> None:
        super().__init__()
        self.dim = weights.shape[1]
        self.bag = nn.EmbeddingBag.from_pretrained(
            weights, freeze=False, mode="sum", include_last_offset=True
        )

    @abstractmethod
    def tokenize(self, texts: Sequence[Text], max_tokens: int) -> Tokens:
        """Return the token ids of each text, at least one for every text."""

    def forward(self, tokens: Tokens) -> Float[Tensor, "texts dim"]:
        """Return one vector of length 1 per text."""
        device = self.bag.weight.device
        ids = torch.from_numpy(tokens.ids).to(device)
        rows = self.bag(ids, torch.from_numpy(tokens.offsets).to(device))
        return functional.normalize(rows, dim=1)
