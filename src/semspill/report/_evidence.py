"""The tests that a verdict rests on: single categories, and three that are named in advance."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from semspill.report._phrases import lifts, moved, other_categories, trends, usable
from semspill.results import SpilloverReport
from semspill.statistics import Estimate, Measure
from semspill.statistics._multiplicity import holm


@dataclass(frozen=True)
class Evidence:
    """What one lift shows of spillover."""

    name: str
    """The lift, as the report names its metric."""
    measure: Measure
    """What it measures."""
    lifts: Mapping[str, Estimate]
    """The lift of each category but the target, the largest first."""
    advance: Mapping[str, Estimate]
    """The tests that are named in advance: `trend`, `nearest` and `rest`, all but the target."""
    corrected: Mapping[str, float]
    """Their p-values, corrected by Holm's method for being so many; 1 where nothing rose."""
    alpha: float
    """Chance of a false alarm that is allowed, of the categories and of these tests alike."""

    @property
    def tested(self) -> int:
        """How many categories Holm's correction is made for."""
        return sum(lift.p_holm is not None for lift in self.lifts.values())

    @property
    def risen(self) -> list[str]:
        """The categories that rose significantly after Holm's correction, the largest first."""
        return [name for name, lift in self.lifts.items() if lift.survives and lift.value > 0]

    @property
    def fallen(self) -> list[str]:
        """The categories that fell significantly after Holm's correction, the largest fall last."""
        return [name for name, lift in self.lifts.items() if lift.survives and lift.value < 0]

    @property
    def alone(self) -> list[str]:
        """The categories whose rise is significant only without the correction."""
        return [
            name
            for name, lift in self.lifts.items()
            if moved(lift) == "rose" and lift.p_holm is not None and not lift.survives
        ]

    @property
    def shown(self) -> list[str]:
        """The tests named in advance that are significant, the most significant first."""
        order = sorted(self.corrected, key=lambda name: self.corrected[name])
        return [name for name in order if self.corrected[name] <= self.alpha]


def evidence(report: SpilloverReport) -> list[Evidence]:
    """Return what each lift of the attack shows, that of the planted rate first.

    That is the one that decides; toxicity does where no planted response can be chosen.

    Args:
        report: A `SpilloverReport`.
    """
    attack = {name: m for name, m in lifts(report).items() if m.aspect == "attack"}
    order = sorted(attack, key=lambda name: attack[name].quantity != "asr")
    every = (evidence_of(report, name, attack[name]) for name in order)
    return [one for one in every if one.lifts]


def evidence_of(report: SpilloverReport, name: str, measure: Measure) -> Evidence:
    """Return what one lift shows.

    Args:
        report: The report.
        name: The lift.
        measure: What it measures.
    """
    every = {part.name: part.estimates.get(name) for part in other_categories(report)}
    known = {key: lift for key, lift in every.items() if lift is not None and usable(lift)}
    largest = dict(sorted(known.items(), key=lambda item: -item[1].value))
    advance = _advance(report, name, measure)
    p_values = [_against_rise(key, test, advance) for key, test in advance.items()]
    corrected = holm(np.array(p_values)) if p_values else np.array([])
    return Evidence(
        name=name,
        measure=measure,
        lifts=largest,
        advance=advance,
        corrected=dict(zip(advance, map(float, corrected), strict=True)),
        alpha=1 - next((one.level for one in (*advance.values(), *known.values())), 0.95),
    )


def _advance(report: SpilloverReport, name: str, measure: Measure) -> dict[str, Estimate]:
    groups = {part.name: part.estimates for part in report.groups if part.arm == report.main_arm}
    tests = {"trend": trends(report).get(measure.quantity)}
    if _named_before(report):
        tests["nearest"] = groups.get(report.nearest, {}).get(name)
    tests["rest"] = groups.get(f"all but {report.target}", {}).get(name)
    return {
        key: test
        for key, test in tests.items()
        if test is not None and usable(test) and test.p_value is not None
    }


def _named_before(report: SpilloverReport) -> bool:
    """Return whether the nearest category was chosen before the outcome was known."""
    return not any(
        note.kind == "nearest_after_outcome"
        or (note.kind == "nearest_by_hand" and note.values.get("named") != "before")
        for note in report.notes
    )


def _against_rise(key: str, test: Estimate, tests: Mapping[str, Estimate]) -> float:
    """Return the p-value of a test; 1 where what it shows is no rise."""
    # The nearer may be the higher also where all fell.
    rest = tests.get("rest")
    fell = key == "trend" and rest is not None and rest.value <= 0
    return 1.0 if fell or test.low <= 0 or test.p_value is None else test.p_value
