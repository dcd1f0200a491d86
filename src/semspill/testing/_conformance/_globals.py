"""The global random generators, which no component may listen to or disturb."""

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np


@contextmanager
def global_seed(seed: int) -> Iterator[None]:
    """Seed the generators of Python, numpy and (if it is imported) torch; then put them back."""
    before = global_state()
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002  # the one that must not matter
    if torch := sys.modules.get("torch"):
        torch.default_generator.manual_seed(seed)  # that of the CPU: others cost time
    try:
        yield
    finally:
        random.setstate(before["random"])
        np.random.set_state(before["numpy"])  # noqa: NPY002
        if "torch" in before:
            sys.modules["torch"].set_rng_state(before["torch"])


def global_state() -> dict[str, Any]:
    """Return the state of each global generator by its library's name."""
    # As a dict it is compared key by key; as a tuple it holds an array, which has no truth value.
    state: dict[str, Any] = {
        "random": random.getstate(),
        "numpy": np.random.get_state(),  # noqa: NPY002
    }
    if torch := sys.modules.get("torch"):
        state["torch"] = torch.get_rng_state()
    return state


def disturbed(before: dict[str, Any]) -> list[str]:
    """Return the libraries whose global generator was used since `global_state` gave `before`.

    Where beartype is imported, that of Python is not looked at: beartype draws from it whenever it
    checks the items of a list, so nobody can tell who did.
    """
    after = global_state()
    return [
        name
        for name, state in before.items()
        if str(_plain(state)) != str(_plain(after[name]))
        and not (name == "random" and "beartype" in sys.modules)
    ]


def _plain(state: Any) -> Any:
    if isinstance(state, tuple):
        return tuple(_plain(part) for part in state)
    return state.tolist() if hasattr(state, "tolist") else state
