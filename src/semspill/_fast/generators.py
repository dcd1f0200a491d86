"""Save, seed and restore torch's global generators of the devices in use."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor


def generators_of(device: torch.device) -> list[torch.Generator]:
    """Return the generators that a module on `device` may draw from, the CPU's first."""
    cuda = torch.cuda.default_generators if device.type == "cuda" else ()
    return [torch.default_generator, *(one for one in cuda if one.device == device)]


def states_of(generators: Sequence[torch.Generator]) -> list[Tensor]:
    """Return what `put_back` needs to make the generators repeat themselves."""
    return [generator.get_state() for generator in generators]


def put_back(generators: Sequence[torch.Generator], states: Sequence[Tensor]) -> None:
    """Let the generators draw again what they drew after `states` were taken."""
    for generator, state in zip(generators, states, strict=True):
        generator.set_state(state)


@contextmanager
def seeded(device: torch.device, seed: int) -> Iterator[None]:
    """Seed the generators of `device`, and put them back as they were afterwards."""
    generators = generators_of(device)
    before = states_of(generators)
    try:
        for generator in generators:
            generator.manual_seed(seed)
        yield
    finally:
        put_back(generators, before)
