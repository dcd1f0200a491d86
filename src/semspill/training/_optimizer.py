"""The optimizer of a training, and the weights that it moves; importing it imports torch."""

import inspect
from collections.abc import Sequence

import torch
from torch import nn
from torch.optim import Optimizer

from semspill.errors import ConfigError
from semspill.training._loop_settings import _LoopSettings


class _Plain(Optimizer):
    """Keeps PyTorch's compiler out: its import takes several seconds, and nothing is compiled.

    PyTorch wraps these methods, each of which imports it to tell it that it is to keep out.
    """

    add_param_group = inspect.unwrap(Optimizer.add_param_group)
    load_state_dict = inspect.unwrap(Optimizer.load_state_dict)
    state_dict = inspect.unwrap(Optimizer.state_dict)
    zero_grad = inspect.unwrap(Optimizer.zero_grad)


class _AdamW(_Plain, torch.optim.AdamW):
    step = torch.no_grad()(inspect.unwrap(torch.optim.AdamW.step))


class _Adamax(_Plain, torch.optim.Adamax):
    step = torch.no_grad()(inspect.unwrap(torch.optim.Adamax.step))


def trainable(module: nn.Module) -> list[nn.Parameter]:
    """Return the weights of a module that can be trained, each once."""
    return [weight for weight in module.parameters() if weight.requires_grad]


def optimizer_of(
    settings: _LoopSettings, weights: Sequence[nn.Parameter], rate: float, *, what: str
) -> Optimizer:
    """Return the optimizer of some weights; matrices decay, the others do not.

    Args:
        settings: What the user chose.
        weights: What is moved.
        rate: Peak step size.
        what: What an error says is not there.

    Raises:
        ConfigError: There are no weights.
    """
    if not weights:
        raise ConfigError(f"{what}; unfreeze some, or use it with epochs=0.")
    groups = [
        {"params": [w for w in weights if w.ndim > 1], "weight_decay": settings.weight_decay},
        {"params": [w for w in weights if w.ndim <= 1], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    if settings.optimizer == "adamax":
        return _Adamax(groups, lr=rate)
    # Fused is one pass over memory: ten times as fast for a large embedding on a CPU.
    return _AdamW(groups, lr=rate, fused=True)
