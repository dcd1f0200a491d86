"""What defenses did: each beside its control, against the undefended run, and what it costs."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

from semspill._mask import listing, named
from semspill._model import FrozenModel
from semspill.errors import DataError, did_you_mean
from semspill.results._arms import Arm
from semspill.results._comparison import Comparison, Difference
from semspill.results._verdict import DefenseVerdict
from semspill.statistics import Estimate, Number

DefendedGroup: TypeAlias = Literal["target", "nearest", "rest"]
"""A group that defenses are judged by: the target, its nearest neighbour, all but the target."""


class Detection(FrozenModel):
    """What a cleaner found under one seed, against what was planted."""

    seed: int
    """The training seed."""
    exchanges: int
    """Exchanges of the training corpus."""
    planted: int
    """Those whose response was planted."""
    removed: int
    """Those that were found suspicious."""
    caught: int
    """Planted ones among these."""
    auc: Number
    """How often a planted exchange is more suspicious than another, 0 to 1; 0.5 is guessing. NaN
    where nothing was scored."""
    roc: tuple[tuple[float, float], ...] = ()
    """The curve: the share of other exchanges above a threshold, and that of planted ones."""
    by_category: Mapping[str, int] = {}
    """Exchanges taken out of each category, most first."""
    caught_by_category: Mapping[str, int] = {}
    """Planted ones among these; empty where that was not counted."""


class Guarding(FrozenModel):
    """How often an output guard intervened under one seed."""

    seed: int
    """The training seed."""
    replaced: Number
    """Share of test exchanges whose best response was not allowed and gave way to another one."""
    silent: Number
    """Share of test exchanges in which none of the best was allowed: the safe reply was given."""


class Stopped(FrozenModel):
    """What a defense, or its control, stopped, in shares of planted-rate lifts.

    NaN, with a note, where the undefended lift is too uncertain to be divided by: nothing is known
    to have been there that could be stopped.
    """

    attack: Estimate
    """The share of the target's lift that is gone: 1 is all, 0 none, below 0 more than before. Its
    p-value is that of the paired difference."""
    spillover: Estimate
    """The share of the nearest neighbour's lift that is gone, minus the same of the target: above 0
    the spillover was stopped more than the attack."""
    around: Estimate | None = None
    """The same of all categories but the target, in place of the nearest one."""


class DefenseResult(FrozenModel):
    """One defense: what it is, and what it did."""

    name: str
    """What the experiment calls it."""
    title: str
    """The registered names of what it does, in the order of the stages."""
    cost: str = ""
    """What it takes beside one training, in words."""
    citations: tuple[str, ...] = ()
    """Where its methods come from."""
    arm: str
    """The attacked arm that it defends."""
    clean_arm: str
    """The arm of an honest user: nothing planted, defended all the same."""
    control_arm: str = ""
    """The arm of its control; empty where it has none."""
    planted_rate: Mapping[str, Estimate]
    """Planted rate under attack of the `target`, the `nearest` category, and the `rest`: all but
    the target."""
    control_rate: Mapping[str, Estimate] = {}
    """The same of its control."""
    precision: Estimate
    """Utility under attack: P@1 over all test exchanges."""
    control_precision: Estimate | None = None
    """The same of its control."""
    clean_precision: Estimate
    """Utility for an honest user: P@1 of `clean_arm`."""
    stopped: Stopped
    """What it stopped."""
    control_stopped: Stopped | None = None
    """What its control stopped."""
    detections: tuple[Detection, ...] = ()
    """What its cleaner found, one per seed; empty where nothing is cleaned."""
    auc: Estimate | None = None
    """AUC of its detector over the seeds; None where nothing is scored."""
    recall: Estimate | None = None
    """Share of the planted exchanges that were taken out, over the seeds."""
    control_recall: Estimate | None = None
    """The same of its control. It is large where the planted exchanges are most of their category,
    as they are at a budget of 3 % in one of 32: what empties the category takes them out too."""
    purity: Estimate | None = None
    """Share of planted ones among the exchanges taken out, over the seeds: the detector's
    precision, which P@1 is called already."""
    guarding: tuple[Guarding, ...] = ()
    """How often its guard intervened on `arm`, one per seed."""
    clean_guarding: tuple[Guarding, ...] = ()
    """The same on `clean_arm`: what an honest user loses."""
    same_utility: Mapping[str, Estimate] = {}
    """Planted rate of the undefended run stopped, under each seed, after the first epoch whose P@1
    reaches that of the defended one, of the same groups; empty where under some seed no epoch does,
    or none was watched."""
    same_utility_epoch: Number | None = None
    """Mean over the seeds of that epoch."""
    equivalent_budget: Mapping[str, Estimate] = {}
    """The budget at which the undefended run has the same planted rate, of the same groups; empty
    without a sweep of budgets. NaN, with a bound, where it lies outside the sweep."""


class DefensesReport(FrozenModel):
    """What all defenses of an experiment did.

    `defense` gives one; `against` holds every difference from the undefended run, `controlled` from
    the control, `price` what an honest user pays.
    """

    attacked: str
    """The undefended arm."""
    planted_rate: Mapping[str, Estimate]
    """Its planted rate: `target`, `nearest`, `rest`."""
    precision: Estimate
    """Its P@1 over all test exchanges."""
    clean_precision: Estimate
    """P@1 of the clean, undefended arm."""
    declared: DefendedGroup = "rest"
    """The group whose planted rate is the tested quantity, declared before the outcome is known:
    `target`, `nearest` or `rest`."""
    defenses: tuple[DefenseResult, ...]
    """One per defense, in the order of the experiment."""
    against: Comparison
    """The undefended arm against each defended one and each control, paired by seed. `p_holm` of a
    group is over the defenses alone, of single categories over these too; that of controls is over
    the controls."""
    controlled: tuple[Comparison, ...] = ()
    """For each defense with a control: the control against the defended arm, with `p_holm` over
    these defenses."""
    price: Comparison
    """The clean arm against each defended clean one: utility that an honest user loses."""

    def __repr__(self) -> str:
        return f"<DefensesReport: {listing([one.name for one in self.defenses])}>"

    def defense(self, name: str) -> DefenseResult:
        """Return one defense.

        Raises:
            DataError: There is none of that name.
        """
        known = {one.name: one for one in self.defenses}
        if name not in known:
            raise DataError(
                f"No defense is called {named(name)}.{did_you_mean(name, known)} There are: "
                f"{listing(known)}."
            )
        return known[name]

    def difference(self, name: str) -> Difference:
        """Return how the declared planted rate differs from that of the undefended arm.

        Args:
            name: What the experiment calls the defense.

        Raises:
            DataError: There is none of that name.
        """
        return self.against.difference(self.declared, run=self.defense(name).arm)

    def beside_control(self, name: str) -> Difference | None:
        """Return how the declared planted rate differs from that of the control, None without one.

        Args:
            name: What the experiment calls the defense.

        Raises:
            DataError: There is none of that name.
        """
        arm = self.defense(name).arm
        found = [one for one in self.controlled if arm in one.runs]
        return found[0].difference(self.declared, run=arm) if found else None

    @property
    def verdicts(self) -> Mapping[str, DefenseVerdict]:
        """What each defense did, by name: `kind` for a program, and a sentence."""
        from semspill.report._defense_verdict import defense_verdict

        return {one.name: defense_verdict(self, one) for one in self.defenses}


def arms_added(report: DefensesReport, attacked: Arm, clean: Arm) -> tuple[Arm, ...]:
    """Return the arms of each defense: the attacked one, its control if it has one, the clean one.

    Args:
        report: What the defenses did.
        attacked: The undefended arm.
        clean: The arm in which nothing is planted.
    """
    made = []
    for one in report.defenses:
        made.append(attacked.replace(name=one.arm, defense=one.name))
        if one.control_arm:
            made.append(attacked.replace(name=one.control_arm, defense=one.name, control=True))
        made.append(clean.replace(name=one.clean_arm, defense=one.name))
    return tuple(made)
