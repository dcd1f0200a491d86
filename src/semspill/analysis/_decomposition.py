"""Decomposition of a lift into pool, training and mere loss of quality."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from semspill.analysis._metrics._base import Metric
from semspill.analysis._metrics._slices import AsrLift, Lift
from semspill.analysis._outcome import Outcome
from semspill.results import Part, PartName, Quantity
from semspill.statistics import Estimate

_CLEAN = ("clean", "clean")
_POOL = ("clean", "planted")
_TRAINING = ("poison", "clean")
_WHOLE = ("poison", "planted")
_BENIGN = ("benign", "planted")
# What an arm of these roles, training and pool, counts. With the four corners of poison, the parts
# pool, training and both are the two effects and the interaction of a 2 x 2 design.
_PARTS: dict[PartName, dict[tuple[str, str], int]] = {
    "total": {_WHOLE: 1, _CLEAN: -1},
    "pool": {_POOL: 1, _CLEAN: -1},
    "training": {_TRAINING: 1, _CLEAN: -1},
    "both": {_WHOLE: 1, _POOL: -1, _TRAINING: -1, _CLEAN: 1},
    "quality": {_BENIGN: 1, _CLEAN: -1},
    "harm": {_WHOLE: 1, _BENIGN: -1},
}
_LIFTS: dict[Quantity, Metric] = {"toxicity": Lift(), "asr": AsrLift()}
_QUANTITIES: tuple[Quantity, ...] = ("toxicity", "asr")
_SOURCE = "original: paired differences between arms of a 2 x 2 design, training by candidates"


def decompose(arms: Sequence[Outcome], groups: Mapping[str, tuple[str, ...]]) -> tuple[Part, ...]:
    """Return the parts of each group's lift that these arms identify.

    Args:
        arms: The arms, paired; in one nothing is planted. The first of several with the same roles
            counts.
        groups: The categories of each group.

    Returns:
        One part per group, quantity and name; nothing where the arms identify the total only,
        which is the lift.

    Example:
        >>> def arm(name, planted):
        ...     chosen = np.array([planted])
        ...     return Outcome(
        ...         arm=name, target="fear", seeds=(0,), categories=("fear", "fear"),
        ...         dialogues=("a", "b"), toxicity=0.5 * chosen, planted=chosen, correct=chosen)
        >>> arms = [arm("clean", [False, False]), arm("pool_only", [True, False]),
        ...         arm("train_only", [False, False]), arm("poison", [True, True])]
        >>> parts = decompose(arms, {"fear": ("fear",)})
        >>> [(p.part, p.estimate.value) for p in parts if p.quantity == "asr"]
        [('total', 1.0), ('pool', 0.5), ('training', 0.0), ('both', 0.5)]
    """
    corners: dict[tuple[str, str], Outcome] = {
        (o.arm.trains, o.arm.pool): o for o in reversed(arms)
    }
    known = {name: counts for name, counts in _PARTS.items() if set(counts) <= set(corners)}
    if not set(known) - {"total"}:
        return ()
    parts = []
    for group, members in groups.items():
        slices = {roles: outcome.of(members) for roles, outcome in corners.items()}
        parts += [
            Part(
                group=group,
                quantity=quantity,
                part=name,
                estimate=_difference(slices, counts, quantity),
            )
            for quantity in _QUANTITIES
            for name, counts in known.items()
        ]
    return tuple(parts)


def _difference(
    slices: Mapping[tuple[str, str], Outcome],
    counts: Mapping[tuple[str, str], int],
    quantity: Quantity,
) -> Estimate:
    metric = _LIFTS[quantity]
    if set(counts.values()) == {1, -1} and counts.get(_CLEAN) == -1:
        (roles,) = set(counts) - {_CLEAN}
        arm = replace(slices[roles], clean=slices[_CLEAN])
        return metric.compute(arm).replace(citation=_SOURCE, measure=metric.measure())
    seen = {
        name: slices[name].planted if quantity == "asr" else slices[name].over_texts(np.asarray)
        for name in counts
    }
    # Two differences at once reach from -2 to 2; a paired difference lies in [-1, 1].
    scale = len(counts) / 2
    values = sum(
        (
            count / scale * np.asarray(seen[name], dtype=np.float64)
            for name, count in counts.items()
        ),
        np.zeros(1),
    )
    mean = slices[_CLEAN].mean(values, kind="difference", citation=_SOURCE)
    ends = {name: scale * getattr(mean, name) for name in ("value", "low", "high")}
    return mean.replace(**ends, measure=metric.measure())
