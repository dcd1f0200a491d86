"""From what was measured to the time of all trainings, their answers and their ratings."""

from collections.abc import Sequence
from dataclasses import dataclass

from semspill.experiment._forecast._probe import Paces
from semspill.experiment._forecast._values import ForecastPart
from semspill.experiment._study import Study, Task


@dataclass(frozen=True)
class Plan:
    """One training that is to be done, and how its model is asked."""

    pools: int
    """Pools that it answers from."""
    responses: int
    """Distinct responses in them and in the clean pool."""


def plans_of(tasks: Sequence[Task]) -> list[Plan]:
    """Return one plan for each training that the tasks need; those that train alike share it."""
    shared: dict[tuple[object, ...], list[Task]] = {}
    for task in tasks:
        shared.setdefault(task.training, []).append(task)
    return [
        Plan(
            len({task.candidates.texts for task in served}),
            len({*served[0].study.clean_pool.texts}.union(*(t.candidates.texts for t in served))),
        )
        for served in shared.values()
    ]


class Reckoning:
    """From paces and plans to the time of what is done once for each training."""

    def __init__(self, study: Study, paces: Paces, plans: Sequence[Plan]) -> None:
        self.config, self.data, self.paces, self.plans = study.config, study.data, paces, plans
        epochs, last = self.config.finetuner.epochs, self.config.finetuner.keep == "last"
        watched = epochs if self.config.curve else 0
        # The model that is kept is asked once more, unless it is the one just watched.
        self.rounds = watched + (0 if watched and last else 1)
        self.candidates = len(study.clean_pool)

    def parts(self) -> list[ForecastPart]:
        """Return training, answering and rating."""
        paces, tests = self.paces, self.data.test.exchanges
        count, epochs = len(self.plans), self.config.finetuner.epochs
        each = paces.preparing + epochs * (paces.steps * paces.step + self._validating())
        golds = len({exchange.response for exchange in tests})
        encoding = sum(
            self.rounds * (len(tests) * paces.context + plan.responses * paces.response)
            + golds * paces.response
            for plan in self.plans
        )
        asked = self.rounds * len(tests) * sum(plan.pools for plan in self.plans)
        # Half of all answers are others than before, until the pool is exhausted.
        rated = min(self.candidates, asked // 2)
        return [
            part("training", count * each,
                  f"{count} x ({paces.preparing:.1f} s + {epochs} x {paces.steps} batches x "
                  f"{paces.step:.2g} s)"),
            part("answering", encoding + asked * paces.search,
                  f"{count} x {self.rounds} times the test split"),
            part("rating", rated * paces.rating,
                  f"up to {rated} texts, {1 / max(paces.rating, 1e-9):.0f} a second"),
        ]  # fmt: skip

    def _validating(self) -> float:
        if self.data.valid is None:
            return 0.0
        said = self.data.valid.exchanges
        distinct = len({exchange.response for exchange in said})
        return len(said) * self.paces.context + distinct * self.paces.response


def part(name: str, seconds: float, said: str) -> ForecastPart:
    """Return one part of the time."""
    return ForecastPart(name=name, seconds=seconds, said=said)
