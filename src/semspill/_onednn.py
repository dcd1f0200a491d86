"""Matrix products by oneDNN, and linear layers that use them; importing this imports torch.

On an x86 CPU torch multiplies float32 matrices with MKL, which holds back on processors that are
not Intel's: there oneDNN, which every torch for x86 carries, is up to twice as fast. It also gives
the same bits on any number of threads.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

_PRODUCT = getattr(torch.ops.mkldnn, "_linear_pointwise", None)


def available() -> bool:
    """Return whether this build of torch has oneDNN's linear layer."""
    there: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return there and _PRODUCT is not None


def use_onednn(model: nn.Module) -> None:
    """Let every plain linear layer of a model multiply by oneDNN where that is possible.

    Weights, gradients and results are the same up to rounding; what is on another device, of
    another type or under autocast is multiplied as before. Does nothing where torch lacks oneDNN.

    Args:
        model: Changed in place; its weights stay the same objects under the same names.
    """
    if not available():
        return
    for module in model.modules():
        if type(module) is nn.Linear:
            module.__class__ = _Linear


class _Linear(nn.Linear):
    """A linear layer that oneDNN multiplies."""

    def forward(self, input: Float[Tensor, "*rows size"]) -> Float[Tensor, "*rows made"]:
        plain = input.device.type == "cpu" and input.dtype == self.weight.dtype == torch.float32
        if not plain or torch.is_autocast_enabled("cpu") or not input.numel():
            return super().forward(input)
        apply: Any = _Multiply.apply  # torch leaves it untyped
        made: Float[Tensor, "*rows made"] = apply(input, self.weight, self.bias)
        return made


class _Multiply(torch.autograd.Function):
    """`x @ w.T + b` and its gradient, all three products by oneDNN."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, w: Tensor, b: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, w)
        return product(x, w, b)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        x, w = ctx.saved_tensors
        rows = grads[0].reshape(-1, len(w))
        to_x, to_w, to_b = ctx.needs_input_grad
        return (
            product(rows, w.T).view(x.shape) if to_x else None,
            product(rows.T, x.reshape(-1, x.shape[-1]).T) if to_w else None,
            rows.sum(0) if to_b else None,
        )


def product(x: Tensor, w: Tensor, b: Tensor | None = None) -> Tensor:
    """Return `x @ w.T + b` of float32 matrices on the CPU; only where oneDNN is `available`."""
    made: Tensor = _PRODUCT(x, w, b, "none", [], "")  # type: ignore[misc]
    return made
