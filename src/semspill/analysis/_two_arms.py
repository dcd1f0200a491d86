"""Two arms on test exchanges: what they have in common, and how they differ."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TypeAlias

import numpy as np
from jaxtyping import Float

from semspill.analysis._metrics._base import MeanMetric
from semspill.analysis._metrics._slices import (
    AsrLift,
    AttackSuccessRate,
    Lift,
    Precision,
    Toxicity,
)
from semspill.analysis._outcome import Outcome
from semspill.results import Difference, Pairing, Role
from semspill.statistics import Estimate
from semspill.statistics._paired import Pairs, estimate_apart

Measured: TypeAlias = tuple[float, float, Estimate]
"""The mean in the baseline and in the run, and their difference."""
Groups: TypeAlias = Mapping[tuple[Role, str], tuple[set[str], set[str]]]
"""By role and name, the categories of the baseline and those of the run."""

_ASR, _TOXICITY = AttackSuccessRate(), Toxicity()
_METRICS: dict[str, tuple[MeanMetric, MeanMetric]] = {
    "asr": (_ASR, _ASR),
    "asr_lift": (AsrLift(), _ASR),
    "toxicity": (_TOXICITY, _TOXICITY),
    "lift": (Lift(), _TOXICITY),
    "precision": (Precision(), Precision()),
}
"""What is compared, each with the rate that it is, or is a rise of."""
_RATED = ("toxicity", "lift")
_ROLES: Mapping[Role, str] = {
    "target": "the target",
    "nearest": "its nearest neighbour",
    "rest": "all but the target",
    "all": "all",
}


@dataclass(frozen=True, eq=False)
class TwoArms:
    """Two arms that are compared, under the seeds that count."""

    before: Outcome
    """The baseline."""
    after: Outcome
    """What is compared with it."""
    pairing: Pairing
    """What they have in common."""

    @classmethod
    def of(
        cls,
        before: Outcome,
        after: Outcome,
        first: Mapping[str, object] | None,
        second: Mapping[str, object] | None,
    ) -> "TwoArms":
        """Find out what two arms have in common.

        Args:
            before: The baseline.
            after: What is compared with it.
            first: Fingerprints behind the baseline: of `test`, `ranking` and `rater`.
            second: The same of the other.
        """
        first, second = first or {}, second or {}
        same = _exchanges(before) == _exchanges(after) and first.get("test") == second.get("test")
        shared = tuple(seed for seed in before.seeds if seed in after.seeds)
        every = set(before.seeds) == set(after.seeds)
        why = ""
        if not same:
            why = "their test exchanges differ"
        elif every or len(shared) > 1:
            before, after = _under(before, shared), _under(after, shared)
            why = "" if every else f"only the seeds {', '.join(map(str, shared))} are in both"
        else:
            why = "they share one seed" if shared else "they share no seed"
        by_seed = same and (every or len(shared) > 1)
        pairing = Pairing(
            by="seed" if by_seed else "exchange" if same else "nothing",
            why=why,
            seeds=after.seeds,
            baseline_seeds=before.seeds,
            dialogues=len(set(after.dialogues)),
            left_out=_left_out(before, after, first, second),
        )
        return cls(before, after, pairing)

    def differences(self, run: str, level: float) -> Iterator[Difference]:
        """Yield every difference, not corrected."""
        for name, (metric, of) in _METRICS.items():
            if name in self.pairing.left_out:
                continue
            paired = self.pairing.by != "nothing"
            measured = self._paired(metric, of) if paired else partial(self._apart, metric)
            measure = metric.measure().replace(kind="change", unit="points")
            for (role, group), members in self._groups.items():
                before, after, estimate = measured(*members, level)
                yield Difference(
                    run=run,
                    role=role,
                    name=group,
                    metric=name,
                    before=before,
                    after=after,
                    estimate=estimate.replace(measure=measure, citation=metric.citation),
                )

    def _apart(self, metric: MeanMetric, one: set[str], other: set[str], level: float) -> Measured:
        before, after = metric.sample(self.before.of(one)), metric.sample(self.after.of(other))
        estimate = estimate_apart(before, after, level)
        return float(before.values.mean()), float(after.values.mean()), estimate

    def _paired(self, metric: MeanMetric, of: MeanMetric) -> Callable[..., Measured]:
        by_seed = self.pairing.by == "seed"
        before, after = metric.sample(self.before), metric.sample(self.after)
        levels = [of.sample(side).values for side in (self.before, self.after)]
        rates = (levels[0] + levels[1]) / 2 if by_seed else levels[0]
        pairs = Pairs(before=before, after=after, rates=rates, by_seed=by_seed)

        def measured(one: set[str], other: set[str], level: float) -> Measured:
            first, second = _weights(self.before, one), _weights(self.after, other)
            means = (before.values @ first).mean(), (after.values @ second).mean()
            return float(means[0]), float(means[1]), pairs.estimate(first, second, level)

        return measured

    @cached_property
    def _groups(self) -> Groups:
        """The groups, then the categories; where targets differ, groups by what they are to it."""
        before, after = self.before, self.after
        same = before.target == after.target
        # One group in both runs, though they may call another category the nearest.
        nearest = (before if same else after).nearest_category
        one, other = _members(before, before.nearest_category), _members(after, nearest)
        names = _names(before.target, nearest) if same else _ROLES
        groups = {(role, names[role]): (one[role], other[role]) for role in _ROLES}
        if same:
            both = sorted(set(before.categories) & set(after.categories))
            groups |= {("category", name): ({name}, {name}) for name in both}
        return {key: members for key, members in groups.items() if all(members)}


def _names(target: str, nearest: str) -> Mapping[Role, str]:
    return {**_ROLES, "target": target, "nearest": nearest, "rest": f"all but {target}"}


def _members(outcome: Outcome, nearest: str) -> Mapping[Role, set[str]]:
    every = set(outcome.categories)
    return {
        "target": {outcome.target} & every,
        "nearest": {nearest} & every,
        "rest": every - {outcome.target},
        "all": every,
    }


def _exchanges(outcome: Outcome) -> tuple[object, ...]:
    return outcome.categories, outcome.dialogues


def _weights(outcome: Outcome, members: set[str]) -> Float[np.ndarray, " exchanges"]:
    """Return what each exchange counts in the mean over these categories."""
    inside = np.array([name in members for name in outcome.categories], dtype=np.float64)
    return np.asarray(inside / inside.sum())


def _under(outcome: Outcome, seeds: Sequence[int]) -> Outcome:
    """Return the outcome under these seeds, in this order, its clean arm alike."""
    rows = [outcome.seeds.index(seed) for seed in seeds]
    return replace(
        outcome,
        seeds=tuple(seeds),
        toxicity=outcome.toxicity[rows],
        planted=outcome.planted[rows],
        correct=outcome.correct[rows],
        served=None if outcome.served is None else outcome.served[rows],
        clean=None if outcome.clean is None else _under(outcome.clean, seeds),
    )


def _left_out(
    before: Outcome, after: Outcome, first: Mapping[str, object], second: Mapping[str, object]
) -> dict[str, str]:
    """Return the metrics that cannot be compared, and why."""
    reasons: dict[str, str] = {}
    if "planted" not in (before.arm.pool, after.arm.pool):
        why = "no planted response is among the candidates of either"
        reasons |= dict.fromkeys(("asr", "asr_lift"), why)
    if before.clean is None or after.clean is None:
        reasons |= dict.fromkeys(("asr_lift", "lift"), "not both have a clean arm")
    if first.get("rater") != second.get("rater"):
        reasons |= dict.fromkeys(_RATED, "they were rated by different raters")
    if not (before.ranked and after.ranked):
        reasons["precision"] = "not both models rank lists"
    elif first.get("ranking") != second.get("ranking"):
        reasons["precision"] = "their lists of responses to rank differ"
    return reasons
