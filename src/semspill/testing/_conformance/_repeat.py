"""The same again: called twice, under other global seeds, and in another process."""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from semspill._model import Component
from semspill.testing._conformance._check import Broken, Checks
from semspill.testing._conformance._globals import disturbed, global_seed, global_state

C = TypeVar("C", bound=Component)
G = TypeVar("G")

_GLOBALS = "leave random.* and np.random.* alone"
_HASHES = "Strings hash differently in every process: sort what was a set, and leave hash() out"

# Strings of another process hash otherwise, so its sets have another order.
_CHILD = """
import os, pickle, sys
out = os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)  # what others print must not mix with the answer
path, call = pickle.load(sys.stdin.buffer)
sys.path[:] = path
try:
    act, component, given = pickle.loads(call)
except (ImportError, AttributeError):
    answer = []
else:
    answer = [act(component, given)]
pickle.dump(answer, out)
out.close()
"""


class Wording(NamedTuple):
    """How the checks of a kind are put."""

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


def add_repeatable(
    checks: Checks[C, G], act: Callable[[C, G], object], what: str, wording: Wording
) -> None:
    """Add that the same comes again to the checks of one kind.

    Args:
        checks: Those of the kind.
        act: Calls the component, with a new rng of always the same seed where it takes one, and
            returns what `==` compares. Defined at the top of a module, for the other process.
        what: What comes, in the plural.
        wording: How it is put.
    """
    tests = _Repeat(act, wording.draw)
    same = f"gives the same {what}"
    checks.add(f"{same} {wording.when}", wording.name)(tests.same_again)
    checks.add(f"{same} whatever the global seeds are")(tests.blind_to_global_seeds)
    checks.add("leaves the global random generators as they are")(
        tests.leaves_global_generators_alone
    )
    checks.add(f"{same} in another process")(tests.same_in_another_process)


@dataclass(frozen=True)
class _Repeat(Generic[C, G]):
    act: Callable[[C, G], object]
    draw: str

    def same_again(self, component: C, given: G) -> None:
        if self.act(component, given) != self.act(component, given):
            raise Broken("the second call gave others", f"{self.draw}; keep nothing between calls")

    def blind_to_global_seeds(self, component: C, given: G) -> None:
        answers = []
        for seed in (1, 2):
            with global_seed(seed):
                answers.append(self.act(component, given))
        if answers[0] != answers[1]:
            raise Broken("global seeds 1 and 2 gave different ones", f"{self.draw}; {_GLOBALS}")

    def leaves_global_generators_alone(self, component: C, given: G) -> None:
        with global_seed(1):
            before = global_state()
            self.act(component, given)
            names = disturbed(before)
        if names:
            raise Broken(
                f"it drew from that of {' and '.join(names)}, or seeded it",
                f"{self.draw}; {_GLOBALS}",
            )

    def same_in_another_process(self, component: C, given: G) -> None:
        try:
            # Before it is used: what it keeps then is not what a worker gets.
            call = pickle.dumps((self.act, component, given))
        except Exception:
            return  # `pickles` says so
        here = self.act(component, given)
        if _elsewhere(call) not in ([], [here]):
            raise Broken("they were others there", _HASHES)


def _elsewhere(call: bytes) -> list[object]:
    """Return the one answer of another process; none if it cannot import the component."""
    seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    ran = subprocess.run(
        [sys.executable, "-c", _CHILD],
        input=pickle.dumps((sys.path, call)),
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
    )
    if ran.returncode:
        last = ran.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise Broken(f"it failed there: {last.rstrip('.')}", "Let its fields hold all it needs")
    answer: list[object] = pickle.loads(ran.stdout)
    return answer
