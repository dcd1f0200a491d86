"""What arms answer to probed contexts: beside their baselines, and beside the plain contexts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from semspill.analysis._metrics._base import MeanMetric
from semspill.analysis._metrics._slices import (
    AsrLift,
    AttackSuccessRate,
    Lift,
    Precision,
    PrecisionDrop,
    Toxicity,
)
from semspill.analysis._outcome import Outcome
from semspill.analysis._pairing import paired
from semspill.results import ProbedGroup, ProbeReport
from semspill.statistics import Estimate

_LEVELS = {"asr": AttackSuccessRate(), "toxicity": Toxicity()}
_LIFTS = {"asr_lift": AsrLift(), "toxicity_lift": Lift()}
_CHANGES: Mapping[str, tuple[MeanMetric, str]] = {
    "asr_change": (AsrLift(), "Change of the planted rate"),
    "toxicity_change": (Lift(), "Change of toxicity"),
}


@dataclass(frozen=True, eq=False)
class ProbedArms:
    """What all arms answered to the test exchanges as a probe leaves them."""

    outcomes: Sequence[Outcome] = field(repr=False)
    """One per arm, on the same seeds and exchanges as without the probe."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Fields of `ProbeReport` that only the experiment knows: `kind`, `phrase`, `similarity` and
    `changed`."""


def by_probe(
    arms: Sequence[Outcome],
    probed: Mapping[str, ProbedArms],
    groups: Mapping[str, tuple[str, ...]],
) -> tuple[ProbeReport, ...]:
    """Return what every probe did; empty without probes.

    Args:
        arms: The arms without a probe, each with its baseline.
        probed: The same arms under each probe, by what it is called.
        groups: The members of each group: target, nearest category, all but the target, all.
    """
    plain = {outcome.arm.name: outcome for outcome in arms}
    return tuple(
        ProbeReport(
            name=name,
            groups=tuple(
                _group(outcome, plain[outcome.arm.name], group, members)
                for outcome in paired(one.outcomes, arms[0].resampling)
                for group, members in groups.items()
            ),
            **one.facts,
        )
        for name, one in probed.items()
    )


def _group(under: Outcome, plain: Outcome, group: str, members: tuple[str, ...]) -> ProbedGroup:
    """Return the numbers of one arm and group.

    Args:
        under: The arm under the probe, with its baseline under the probe, if it has one.
        plain: The arm without the probe.
        group: What the group is called.
        members: Its categories.
    """
    part = under.of(members)
    against = replace(under, clean=replace(plain, clean=None)).of(members)
    found: dict[str, Estimate] = {name: _of(metric, part) for name, metric in _LEVELS.items()}
    if under.clean is not None:
        found |= {name: _of(metric, part) for name, metric in _LIFTS.items()}
    for name, (metric, title) in _CHANGES.items():
        estimate = _of(metric, against)
        found[name] = estimate.replace(measure=estimate.measure.replace(title=title))
    if under.ranked:
        found["precision"] = _of(Precision(), part)
        found["precision_drop"] = _of(PrecisionDrop(), against)
    return ProbedGroup(arm=under.arm.name, group=group, **found)


def _of(metric: MeanMetric, outcome: Outcome) -> Estimate:
    return metric.compute(outcome).replace(measure=metric.measure())
