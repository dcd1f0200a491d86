"""Determinism checks: called twice, under other global seeds, and in another process."""

import pickle
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from semspill._model import Component
from semspill.testing._conformance._check import Broken, Promise
from semspill.testing._conformance._worker import call_elsewhere

ROUNDING = 1e-5
"""How far float32 results of other batches may be apart, as a share of their scale."""

_GLOBALS = "leave random.* and np.random.* alone"
_HASHES = "Strings hash differently in every process: sort what was a set, and leave hash() out"


class Numbers:
    """Numbers that `==` compares up to a tolerance; NaN equals NaN.

    Example:
        >>> Numbers([0.5, float("nan")], 0.1) == Numbers([0.55, float("nan")], 0.1)
        True

    Args:
        values: Any array of numbers.
        tolerance: How far they may be apart.
    """

    def __init__(self, values: "np.ndarray | Sequence[float]", tolerance: float) -> None:
        self.values = np.asarray(values, dtype=np.float64)
        self.tolerance = tolerance

    __hash__ = None  # type: ignore[assignment]  # what is equal up to a tolerance has no hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Numbers) and same(self.values, other.values, self.tolerance)


def same(first: Any, second: Any, tolerance: float) -> bool:
    """Return whether two arrays have one shape and nowhere differ by more than a tolerance."""
    if np.shape(first) != np.shape(second):
        return False
    return bool(np.allclose(first, second, rtol=0, atol=tolerance, equal_nan=True))


def scale(rows: np.ndarray) -> float:
    """Return the largest finite size among numbers; 0 where there is none."""
    sizes = np.abs(rows[np.isfinite(rows)])
    return float(sizes.max(initial=0.0))


class Wording(NamedTuple):
    """How the promises of a kind are put."""

    name: str
    """Of the check that calls twice."""
    when: str
    """When the same comes again, as the end of a sentence."""
    draw: str
    """Where randomness may come from, as an order."""


WITH_RNG = Wording(
    "same_rng_same_result",
    "with an equal rng",
    "Draw from the rng it is given and from nothing else",
)
"""Of a method that is given an rng."""

AT_LOAD = Wording(
    "same_at_every_load",
    "at every load",
    "Draw from a generator that `load` makes of a field, such as a seed, or not at all",
)
"""Of a method that is given none."""


def promise_the_same(
    promises: list[Promise], act: Callable[[Any, Any], object], what: str, wording: Wording
) -> None:
    """Add that the same comes again.

    Args:
        promises: Those of a kind.
        act: Calls the component, with a new rng of always the same seed where it takes one, and
            returns what `==` compares. Defined at the top of a module, for the other process.
        what: What comes, in the plural.
        wording: How it is put.
    """
    same, again = _Same(act, wording.draw), f"gives the same {what}"
    for name, sentence, test in (
        (wording.name, f"{again} {wording.when}", same.again),
        (None, f"{again} whatever the global seeds are", same.blind_to_global_seeds),
        (
            None,
            "leaves the global random generators as they are",
            same.leaves_global_generators_alone,
        ),
        (None, f"{again} in another process", same.same_in_another_process),
    ):
        promises.append(Promise(name or test.__name__, sentence, test))


class _Same(NamedTuple):
    act: Callable[[Any, Any], object]
    draw: str

    def again(self, component: Component, given: object) -> None:
        if self.act(component, given) != self.act(component, given):
            raise Broken("the second call gave others", f"{self.draw}; keep nothing between calls")

    def blind_to_global_seeds(self, component: Component, given: object) -> None:
        results = []
        for seed in (1, 2):
            with global_seed(seed):
                results.append(self.act(component, given))
        if results[0] != results[1]:
            raise Broken("global seeds 1 and 2 gave different ones", f"{self.draw}; {_GLOBALS}")

    def leaves_global_generators_alone(self, component: Component, given: object) -> None:
        with global_seed(1):
            before = global_state()
            self.act(component, given)
            names = disturbed(before)
        if names:
            drew = f"it drew from that of {' and '.join(names)}, or seeded it"
            raise Broken(drew, f"{self.draw}; {_GLOBALS}")

    def same_in_another_process(self, component: Component, given: object) -> None:
        try:
            # Before it is used: what it keeps then is not what a worker gets.
            call = pickle.dumps((self.act, component, given))
        except Exception:
            return  # `pickles` says so
        here = self.act(component, given)
        answer = call_elsewhere(call)
        if answer.failure:
            raise Broken(f"it failed there: {answer.failure}", "Let its fields hold all it needs")
        if answer.results not in ([], [here]):
            raise Broken("they were others there", _HASHES)


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
