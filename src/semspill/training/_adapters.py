"""Low-rank adapters: each matrix is moved by a product of two narrow ones."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.optim import Optimizer


class Adapter:
    """One matrix W that stays at `start + left @ right`.

    `left` begins at zero, so W begins where it is. `right` is normal with variance 1 / rank: a
    first step of Adam then moves an entry of W as far as it would move it without adapter.

    Args:
        weight: W, with as many rows as `left` and as many columns as `right`.
        rank: Columns of `left` and rows of `right`, at most as many as W has of either.
        generator: Draws `right`.
    """

    def __init__(self, weight: nn.Parameter, rank: int, generator: torch.Generator) -> None:
        rows, columns = weight.shape
        rank = min(rank, rows, columns)
        right = torch.randn(rank, columns, generator=generator) / math.sqrt(rank)
        self.weight = weight
        self.start: Float[Tensor, "rows columns"] = weight.detach().clone()
        self.left = nn.Parameter(weight.new_zeros(rows, rank))
        self.right = nn.Parameter(right.to(weight))

    @torch.no_grad()
    def take_gradient(self) -> None:
        """Turn the gradient of W into that of its factors, by the chain rule."""
        gradient = self.weight.grad
        self.left.grad = None if gradient is None else gradient @ self.right.T
        self.right.grad = None if gradient is None else self.left.T @ gradient

    @torch.no_grad()
    def write(self) -> None:
        """Put W where its factors say."""
        torch.addmm(self.start, self.left, self.right, out=self.weight.data)


def drive(optimizer: Optimizer, adapters: Sequence[Adapter]) -> None:
    """Let an optimizer of factors follow the gradients of their matrices, and move those.

    Args:
        optimizer: Holds `left` and `right` of each adapter.
        adapters: Of all matrices that are trained.
    """

    def before(*_: Any) -> None:
        for adapter in adapters:
            adapter.take_gradient()

    def after(*_: Any) -> None:
        for adapter in adapters:
            adapter.write()

    optimizer.register_step_pre_hook(before)
    optimizer.register_step_post_hook(after)
