"""Dropout that draws four elements from one random word: torch's draws each of them alone."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

_STEPS = 2**16


def use_fast_dropout(model: nn.Module) -> None:
    """Let every plain dropout layer of a model draw fast on the CPU.

    Other elements are dropped than torch would drop from the same seed, as many on average; the
    probability is rounded to 1/65536, and what is kept is scaled to match.

    Args:
        model: Changed in place.
    """
    for module in model.modules():
        if type(module) is nn.Dropout:
            module.__class__ = _Dropout


class _Dropout(nn.Dropout):
    """A dropout layer that draws fast."""

    def forward(self, input: Float[Tensor, "*any"]) -> Float[Tensor, "*any"]:
        return drop(input, self.p) if self.training else input


def drop(values: Float[Tensor, "*any"], p: float) -> Float[Tensor, "*any"]:
    """Return values of which each is 0 with probability `p`, else scaled so that the mean stays.

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
    kept = (draws >= lost - _STEPS // 2).to(values.dtype).mul_(_STEPS / (_STEPS - lost))
    return values * kept
