"""From the outcomes of defended arms to what every defense did."""

import math
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from semspill.analysis._comparison import compare_outcomes, corrected
from semspill.analysis._defended._arms import DefendedArms
from semspill.analysis._defended._detection import auc_of, purity_of, recall_of
from semspill.analysis._defended._equal import EpochOutcomes, equivalent_budget, same_utility
from semspill.analysis._defended._groups import planted_rates
from semspill.analysis._defended._stopped import stopped
from semspill.analysis._metrics._slices import Precision
from semspill.analysis._outcome import Outcome
from semspill.analysis._pairing import paired, require_same
from semspill.results import (
    Comparison,
    DefendedGroup,
    DefenseResult,
    DefensesReport,
    Detection,
    Difference,
    Guarding,
)
from semspill.statistics import Estimate, Resampling


@dataclass(frozen=True)
class DefenseFacts:
    """What only the experiment knows of a defense."""

    title: str
    """The registered names of what it does, in the order of the stages."""
    cost: str = ""
    """What it takes beside one training, in words."""
    citations: tuple[str, ...] = ()
    """Where its methods come from."""


def defenses_report(
    outcomes: Sequence[Outcome],
    *,
    facts: Mapping[str, DefenseFacts],
    detections: Mapping[str, Sequence[Detection]] | None = None,
    guardings: Mapping[str, Sequence[Guarding]] | None = None,
    epochs: EpochOutcomes | None = None,
    budgets: Mapping[float, Outcome] | None = None,
    declared: DefendedGroup = "rest",
    level: float = 0.95,
) -> DefensesReport:
    """Return what every defense did: against the undefended arm, beside its control, at a price.

    Args:
        outcomes: One per arm, on the same seeds and test exchanges: the clean one, the attacked
            one, and for each defense the attacked and the clean arm that have it, and that of its
            control. Each says in `Outcome.arm` which it is.
        facts: By what the experiment calls each defense, in the order of the result.
        detections: What the cleaner of an arm found, by arm, one per seed.
        guardings: How often the guard of an arm intervened, by arm, one per seed.
        epochs: What the undefended attacked arm answered after every epoch.
        budgets: The undefended attacked arm of other experiments, by budget.
        declared: The group whose planted rate is the tested quantity.
        level: Nominal coverage of every interval.

    Raises:
        DataError: A defense lacks an arm, the arms differ in seeds or test exchanges, or those of
            the epochs or budgets do.
        ConfigError: There is no clean arm, or an arm comes twice or lacks its baseline.
    """
    arms = DefendedArms.of(paired(outcomes, Resampling(level=level)), facts)
    swept = {
        budget: replace(outcome, resampling=Resampling(level=level), nearest=arms.clean.nearest)
        for budget, outcome in (budgets or {}).items()
    }
    for budget, outcome in swept.items():
        require_same(arms.clean, outcome, f"The outcome at the budget {budget}")
    sides = _Sides(arms, detections or {}, guardings or {}, epochs, swept)
    attacked = arms.attacked
    return DefensesReport(
        attacked=attacked.arm.name,
        planted_rate=planted_rates(attacked),
        precision=_precision(attacked),
        clean_precision=_precision(arms.clean),
        declared=declared,
        defenses=tuple(sides.result(name, one) for name, one in facts.items()),
        against=_compared(arms.attacked, (*arms.defended.values(), *arms.controls.values()), level),
        controlled=_controlled(arms, level),
        price=_compared(arms.clean, arms.at_price.values(), level),
    )


@dataclass(frozen=True, eq=False)
class _Sides:
    """What is known of the arms."""

    arms: DefendedArms
    detections: Mapping[str, Sequence[Detection]]
    guardings: Mapping[str, Sequence[Guarding]]
    epochs: EpochOutcomes | None
    budgets: Mapping[float, Outcome]

    def result(self, name: str, facts: DefenseFacts) -> DefenseResult:
        """Return what one defense did."""
        arms, after = self.arms, self.arms.defended[name]
        control, clean = arms.controls.get(name), arms.at_price[name]
        found = tuple(self.detections.get(after.arm.name, ()))
        beside = self.detections.get(control.arm.name, ()) if control else ()
        level = after.resampling.level
        early, epoch = (
            same_utility(arms.attacked, self.epochs, after)
            if self.epochs is not None and after.ranked
            else ({}, None)
        )
        return DefenseResult(
            name=name,
            title=facts.title,
            cost=facts.cost,
            citations=facts.citations,
            arm=after.arm.name,
            clean_arm=clean.arm.name,
            control_arm=control.arm.name if control else "",
            planted_rate=planted_rates(after),
            control_rate=planted_rates(control) if control else {},
            precision=_precision(after),
            control_precision=_precision(control) if control else None,
            clean_precision=_precision(clean),
            stopped=stopped(arms.attacked, after),
            control_stopped=stopped(arms.attacked, control) if control else None,
            detections=found,
            auc=auc_of(found, level),
            recall=recall_of(found, level),
            control_recall=recall_of(tuple(beside), level) if control else None,
            purity=purity_of(found, level),
            guarding=tuple(self.guardings.get(after.arm.name, ())),
            clean_guarding=tuple(self.guardings.get(clean.arm.name, ())),
            same_utility=early,
            same_utility_epoch=epoch,
            equivalent_budget=equivalent_budget(self.budgets, after),
        )


def _precision(outcome: Outcome) -> Estimate:
    metric = Precision()
    if not outcome.ranked:
        nan, level = math.nan, outcome.resampling.level
        return Estimate(
            value=nan, low=nan, high=nan, n=0, method="not defined", level=level,
            measure=metric.measure(), note="not defined: the model ranks no lists",
        )  # fmt: skip
    return metric.compute(outcome).replace(measure=metric.measure())


def _compared(baseline: Outcome, others: Iterable[Outcome], level: float) -> Comparison:
    """Return an arm against others, the defended ones and the controls each corrected together."""
    runs = {one.arm.name: one for one in (baseline, *others)}
    made = compare_outcomes(runs, level=level)
    controls = {name for name, one in runs.items() if one.arm.control}
    return made.replace(differences=corrected(made.differences, _family(baseline.target, controls)))


def _controlled(arms: DefendedArms, level: float) -> tuple[Comparison, ...]:
    """Return each defense that has a control against it, corrected over these defenses."""
    made = [
        compare_outcomes(
            {control.arm.name: control, arms.defended[name].arm.name: arms.defended[name]},
            level=level,
        )
        for name, control in arms.controls.items()
    ]
    every = corrected(
        [one for comparison in made for one in comparison.differences],
        _family(arms.clean.target, ()),
    )
    return tuple(
        one.replace(differences=tuple(each for each in every if each.run in one.runs))
        for one in made
    )


def _family(target: str, controls: Collection[str]) -> Callable[[Difference], Hashable | None]:
    """Return the families: one metric of one group, or of all categories but the target.

    Over the defenses; controls, which nobody would use, are corrected among themselves.
    """

    def family(one: Difference) -> Hashable | None:
        if one.role == "category" and one.name == target:
            return None
        return one.run in controls, one.metric, one.role

    return family
