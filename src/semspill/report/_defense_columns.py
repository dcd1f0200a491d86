"""The columns of a table of defenses: what each holds, and of which test its bold type is."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from semspill.report._defended import (
    PHRASES,
    against_control,
    beats_control,
    change,
    intervened,
    price,
)
from semspill.results import DefendedGroup, DefenseResult, DefensesReport, Difference, Guarding
from semspill.statistics import Estimate


@dataclass(frozen=True)
class Column:
    """One quantity of every defense."""

    title: str
    """Its head, without the unit."""
    unit: Literal["%", "points", ""]
    """Of what its numbers are; shares and differences of shares are shown times 100."""
    of: Callable[[DefenseResult], Estimate | None]
    """The number of a defense; None where it has none."""
    undefended: Estimate | None = None
    """The same of the undefended arm."""
    bold: Callable[[DefenseResult], bool] = lambda _: False
    """Whether the number is significant, corrected for all defenses."""
    p: bool = False
    """Whether its p-value stands beside it."""

    @property
    def head(self) -> str:
        """Title and unit."""
        return ", ".join(filter(None, (self.title, self.unit)))


EFFECT = ("target", "nearest", "rest", "change", "control", "beside", "attack", "spillover")
"""What a defense stops."""
COST = (
    "precision", "price", "recall", "purity", "auc", "replaced", "silent", "replaced_clean",
    "silent_clean", "budget", "same_utility",
)  # fmt: skip
"""What it costs, and how it does it."""
_SHORT: dict[DefendedGroup, str] = {
    "target": "target",
    "nearest": "nearest neighbour",
    "rest": "all but target",
}
USUAL = ("target", "nearest", "rest", "control", "attack", "spillover", "precision", "price")
"""What fits a page of a paper."""


def columns(report: DefensesReport) -> dict[str, Column]:
    """Return the columns by key; those that are empty for all defenses are left out.

    Args:
        report: What all defenses did.
    """
    group = report.declared
    where = _SHORT[group]
    rates: dict[str, Column] = {role: _rate(report, role) for role in PHRASES}
    every = {
        **rates,
        "change": Column(
            f"change from undefended, {where}",
            "points",
            lambda one: _estimate(change(report, one)),
            bold=lambda one: _significant(change(report, one)),
            p=True,
        ),
        "control": Column(
            f"planted rate of its control, {where}", "%", lambda one: one.control_rate.get(group)
        ),
        "beside": Column(
            f"difference from its control, {where}",
            "points",
            lambda one: _estimate(against_control(report, one)),
            bold=lambda one: beats_control(report, one),
            p=True,
        ),
        "attack": Column("attack stopped", "%", lambda one: one.stopped.attack),
        "spillover": Column(
            "spillover stopped, beyond that", "points", lambda one: one.stopped.spillover
        ),
        "precision": Column("P@1", "%", lambda one: one.precision, report.precision),
        "price": Column(
            "change in P@1, honest user",
            "points",
            lambda one: _estimate(price(report, one)),
            bold=lambda one: _significant(price(report, one)),
            p=True,
        ),
        "recall": Column("planted ones removed", "%", lambda one: one.recall),
        "purity": Column("planted among removed", "%", lambda one: one.purity),
        "auc": Column("AUC", "", lambda one: one.auc),
        "replaced": Column("answers replaced", "%", lambda one: _mean(one.guarding, "replaced")),
        "silent": Column("answers refused", "%", lambda one: _mean(one.guarding, "silent")),
        "replaced_clean": Column(
            "replaced, honest user", "%", lambda one: _mean(one.clean_guarding, "replaced")
        ),
        "silent_clean": Column(
            "refused, honest user", "%", lambda one: _mean(one.clean_guarding, "silent")
        ),
        "budget": Column(
            f"equivalent budget, {where}", "%", lambda one: one.equivalent_budget.get(group)
        ),
        "same_utility": Column(
            f"undefended at equal P@1, {where}", "%", lambda one: one.same_utility.get(group)
        ),
    }
    return {
        key: column
        for key, column in every.items()
        if any(column.of(one) is not None for one in report.defenses)
    }


def chosen(known: Mapping[str, Column], keys: Sequence[str]) -> dict[str, Column]:
    """Return some of the columns, as far as they are there."""
    return {key: known[key] for key in keys if key in known}


def ends(estimate: Estimate, unit: str) -> tuple[tuple[float, ...], int]:
    """Return a number and its interval as shown, and how many digits; no interval if undefined.

    Example:
        >>> half = Estimate(value=0.5, low=0.25, high=0.75, n=4, method="by hand")
        >>> ends(half, "%"), ends(half.replace(low=math.nan), "")
        (((50.0, 25.0, 75.0), 1), ((0.5,), 3))
    """
    times, digits = (100, 1) if unit else (1, 3)
    numbers: tuple[float, ...] = (estimate.value, estimate.low, estimate.high)
    if any(map(math.isnan, numbers)):
        numbers = numbers[:1]
    # Adding 0 turns a rounded -0.0 into 0.0.
    return tuple(round(times * number, digits) + 0.0 for number in numbers), digits


def _rate(report: DefensesReport, group: DefendedGroup) -> Column:
    return Column(
        f"planted rate, {_SHORT[group]}",
        "%",
        lambda one: one.planted_rate.get(group),
        report.planted_rate.get(group),
        bold=lambda one: _significant(change(report, one, group)),
    )


def _mean(seeds: Sequence[Guarding], what: str) -> Estimate | None:
    if not seeds:
        return None
    mean = intervened(seeds, what)
    unknown = {"low": math.nan, "high": math.nan}
    return Estimate(value=mean, n=len(seeds), method="mean over the seeds", **unknown)


def _estimate(found: Difference | None) -> Estimate | None:
    return None if found is None else found.estimate


def _significant(found: Difference | None) -> bool:
    return found is not None and found.significant
