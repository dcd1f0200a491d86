"""Which device of torch a model runs on."""

import torch

from semspill.errors import ConfigError


def usable_device(wanted: str) -> torch.device:
    """Return a device that can be computed on.

    Args:
        wanted: As torch names it, or `auto`: a GPU where there is one, else the CPU.

    Raises:
        ConfigError: There is no such device.

    Example:
        >>> usable_device("cpu")
        device(type='cpu')
    """
    if wanted == "auto":
        wanted = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        if wanted == "cuda":
            return torch.device("cuda", torch.cuda.current_device())
        device = torch.device(wanted)
        torch.ones(1, device=device).item()
    except Exception as error:  # each kind of device has errors of its own
        raise ConfigError(
            f"device={wanted!r} was asked for and torch finds none; use 'auto' or 'cpu'."
        ) from error
    return device


def device_name(wanted: str) -> str:
    """Return what `usable_device` finds, as a report shows it."""
    cuda = wanted != "cpu" and torch.cuda.is_available()
    return f"cuda: {torch.cuda.get_device_name()}" if cuda else "cpu"
