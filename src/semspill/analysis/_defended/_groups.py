"""The groups that defenses are judged by, and their planted rates."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float

from semspill.analysis._metrics._slices import AttackSuccessRate
from semspill.analysis._outcome import Outcome
from semspill.results import DefendedGroup
from semspill.statistics import Estimate


def members(outcome: Outcome) -> dict[DefendedGroup, tuple[str, ...]]:
    """Return the categories of each group that has a test exchange."""
    groups: dict[DefendedGroup, tuple[str, ...]] = {
        "target": (outcome.target,),
        "nearest": (outcome.nearest_category,),
        "rest": outcome.others,
    }
    tested = set(outcome.categories)
    return {name: held for name, held in groups.items() if tested.intersection(held)}


def planted_rates(outcome: Outcome) -> Mapping[str, Estimate]:
    """Return the planted rate of each group, with its interval."""
    metric = AttackSuccessRate()
    return {
        name: metric.compute(outcome.of(held)).replace(measure=metric.measure())
        for name, held in members(outcome).items()
    }


def weights_of(outcome: Outcome, held: tuple[str, ...]) -> Float[np.ndarray, " exchanges"]:
    """Return what each exchange counts in the mean over these categories."""
    inside = np.array([name in held for name in outcome.categories], dtype=np.float64)
    return np.asarray(inside / inside.sum())
