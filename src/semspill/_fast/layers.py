"""Layers of torch that multiply by oneDNN and draw dropout fast; importing this imports torch.

On an x86 CPU torch multiplies float32 matrices with MKL, which holds back on processors that are
not Intel's: there oneDNN, which every torch for x86 carries, is up to twice as fast. It also gives
the same bits on any number of threads.
"""

import logging
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

logger = logging.getLogger(__name__)

_PRODUCT = getattr(torch.ops.mkldnn, "_linear_pointwise", None)
_STEPS = 2**16
# Two paths of one model differ by rounding, as a share of the largest number; what is wrong in a
# layer or lets texts see one another differs by more than this.
TOLERANCE = 1e-3


@cache
def available() -> bool:
    """Return whether this torch multiplies by oneDNN, and rightly: tried once on small matrices."""
    there: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    if not there or _PRODUCT is None:
        return False
    x, w, b = torch.arange(6.0).view(2, 3), torch.arange(12.0).view(4, 3), torch.arange(4.0)
    try:
        return alike([product(x, w, b)], [functional.linear(x, w, b)])
    except Exception as error:  # of a release of torch that nobody has tried
        logger.warning("oneDNN cannot be used with this release of torch: %s", error)
        return False


def product(x: Tensor, w: Tensor, b: Tensor | None = None) -> Tensor:
    """Return `x @ w.T + b` of float32 matrices on the CPU; only where oneDNN is `available`."""
    result: Tensor = _PRODUCT(x, w, b, "none", [], "")  # type: ignore[misc]
    return result


def accelerate(model: nn.Module) -> None:
    """Let every plain linear layer multiply by oneDNN, and every plain dropout layer draw fast.

    Weights, gradients and results of linear layers are the same up to rounding; what is on another
    device, of another type or under autocast is computed as before. Other elements are dropped
    than torch would drop from the same seed, as many on average.

    Args:
        model: Changed in place; its weights stay the same objects under the same names.
    """
    for module in model.modules():
        if type(module) is nn.Dropout:
            module.__class__ = _Dropout
        elif type(module) is nn.Linear and available():
            module.__class__ = _Linear


def slow_down(model: nn.Module) -> None:
    """Undo `accelerate`."""
    for module in model.modules():
        module.__class__ = _PLAIN.get(type(module), type(module))


@torch.no_grad()
def verified(
    model: nn.Module, fast: Callable[[], list[Tensor]], plain: Callable[[], list[Tensor]]
) -> bool:
    """Return whether an accelerated model gives what it gives plainly; if not, leave it plain.

    Args:
        model: One that was accelerated; in evaluation mode.
        fast: Runs the model on a few inputs.
        plain: Runs it on the same inputs, without what is to be checked beside the layers.
    """

    def tried(run: Callable[[], list[Tensor]]) -> list[Tensor]:
        try:
            return run()
        except Exception as error:  # of a release of torch or transformers that nobody has tried
            logger.debug("a trial of %s failed", type(model).__name__, exc_info=error)
            return []

    results = tried(fast)
    slow_down(model)
    expected = tried(plain)
    if expected and alike(results, expected):
        accelerate(model)
        return True
    logger.warning(
        "the fast path of %s does not give its own vectors with these releases of torch and "
        "transformers; it runs plainly, which is slower",
        type(model).__name__,
    )
    return False


def alike(some: Sequence[Tensor], others: Sequence[Tensor]) -> bool:
    """Return whether numbers differ by no more than `TOLERANCE` of the largest in their tensor."""
    return len(some) == len(others) and all(
        one.shape == other.shape
        and torch.allclose(
            one, other, 0, TOLERANCE * float(other.abs().nan_to_num().max()), equal_nan=True
        )
        for one, other in zip(some, others, strict=True)
    )


class _Linear(nn.Linear):
    """A linear layer that oneDNN multiplies."""

    def forward(self, input: Float[Tensor, "*rows size"]) -> Float[Tensor, "*rows features"]:
        plain = input.device.type == "cpu" and input.dtype == self.weight.dtype == torch.float32
        if not plain or torch.is_autocast_enabled("cpu") or not input.numel():
            return super().forward(input)
        apply: Any = _Multiply.apply  # torch leaves it untyped
        result: Float[Tensor, "*rows features"] = apply(input, self.weight, self.bias)
        return result


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


class _Dropout(nn.Dropout):
    """A dropout layer that draws fast."""

    def forward(self, input: Float[Tensor, "*any"]) -> Float[Tensor, "*any"]:
        return drop(input, self.p) if self.training else input


_PLAIN: dict[type[nn.Module], type[nn.Module]] = {_Linear: nn.Linear, _Dropout: nn.Dropout}


def drop(values: Float[Tensor, "*any"], p: float) -> Float[Tensor, "*any"]:
    """Return values of which each is 0 with probability `p`, else scaled so that the mean stays.

    Four elements are drawn from one random word, where torch draws each alone; the probability is
    rounded to 1/65536, and what stays is scaled to match.

    Args:
        values: Any; those that are not on the CPU are left to torch.
        p: At least 0 and at most 1.
    """
    lost = round(p * _STEPS)
    if values.device.type != "cpu" or lost == _STEPS:
        return functional.dropout(values, p)
    if not lost:
        return values
    words = torch.empty(-(-values.numel() // 4), dtype=torch.int64)
    draws = words.random_(-(2**63), None).view(torch.int16)[: values.numel()].view(values.shape)
    mask = (draws >= lost - _STEPS // 2).to(values.dtype).mul_(_STEPS / (_STEPS - lost))
    return values * mask
