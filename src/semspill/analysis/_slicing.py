"""Slices: every metric on the exchanges of one category or group in one arm."""

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np

from semspill.analysis._metrics._base import Metric
from semspill.analysis._outcome import Outcome
from semspill.errors import PluginError
from semspill.results import BINS, SliceReport
from semspill.statistics import Estimate, Measure

NamedMetrics: TypeAlias = Mapping[str, tuple[Metric, Measure]]
"""Metrics and what they measure, by the name that a report gives them."""


def slice_report(
    arm: Outcome,
    name: str,
    members: tuple[str, ...],
    named: NamedMetrics,
    similarity: float | None = None,
) -> SliceReport:
    """Return the numbers of one slice.

    Args:
        arm: The whole arm.
        name: What the slice is called.
        members: The categories it holds.
        named: The metrics by name; those of a whole arm are left out.
        similarity: Similarity to the target, of a single category.

    Raises:
        PluginError: A metric returns something else than an Estimate.
    """
    part = arm.of(members)
    # The last bin is closed: a toxicity of exactly 1 belongs to it.
    counts = np.histogram(part.toxicity, bins=BINS, range=(0, 1))[0]
    return SliceReport(
        name=name,
        arm=arm.arm.name,
        dialogues=len(set(part.dialogues)),
        exchanges=len(part.dialogues),
        similarity=similarity,
        distribution=tuple(float(share) for share in counts / counts.sum()),
        estimates={
            key: computed(metric, part).replace(measure=measure)
            for key, (metric, measure) in named.items()
            if not metric.whole
            and (arm.clean is not None or not metric.paired)
            and _known(metric, arm)
        },
    )


def whole_arm(arm: Outcome, named: NamedMetrics) -> dict[str, Estimate]:
    """Return the metrics that compare the categories of one arm.

    Raises:
        PluginError: A metric returns something else than an Estimate.
    """
    return {
        name: computed(metric, arm).replace(measure=measure)
        for name, (metric, measure) in named.items()
        if metric.whole and _known(metric, arm)
    }


def _known(metric: Metric, arm: Outcome) -> bool:
    """Return whether an outcome holds what a metric reads."""
    return (arm.ranked or not metric.ranking) and (not metric.needs or metric.needs in arm.measures)


def computed(metric: Metric, outcome: Outcome) -> Estimate:
    """Return a metric's estimate, checked.

    Raises:
        PluginError: The metric returns something else than an Estimate, or a p-value out of
            bounds.
    """
    estimate: object = metric.compute(outcome)
    name = type(metric).__name__
    if not isinstance(estimate, Estimate):
        raise PluginError(
            f"{name}.compute returned {type(estimate).__name__}; it must return an "
            "Estimate, for example through outcome.mean(values)."
        )
    for field in ("p_value", "p_margin", "p_holm", "p_bh"):
        given = getattr(estimate, field)
        if given is not None and not 0 <= given <= 1:
            raise PluginError(
                f"{name}.compute returned {field}={given!r}; it must be from 0 to 1, or None "
                "where nothing is tested."
            )
    return estimate
