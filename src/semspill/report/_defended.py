"""What a report holds on one defense: its differences, and what its parts are called."""

import math
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import TypeAlias

from semspill.results import (
    Comparison,
    DefendedGroup,
    DefenseResult,
    DefensesReport,
    Detection,
    Difference,
    Guarding,
    Role,
)
from semspill.statistics import Estimate

PHRASES: dict[DefendedGroup, str] = {
    "target": "the target",
    "nearest": "its nearest neighbour",
    "rest": "all but the target",
}
"""The groups whose planted rate is shown, and what a sentence calls them."""
_CATEGORIES = 6
"""Categories that are told apart, of those that exchanges were taken out of."""
_OTHERS = "others"


def change(
    report: DefensesReport, one: DefenseResult, group: DefendedGroup | None = None
) -> Difference | None:
    """Return the planted rate under a defense less that of the undefended arm.

    Args:
        report: What all defenses did.
        one: The defense.
        group: `target`, `nearest` or `rest`; by default the declared one.
    """
    return _of(report.against, one.arm, "asr", group or report.declared)


def against_control(
    report: DefensesReport, one: DefenseResult, group: DefendedGroup | None = None
) -> Difference | None:
    """Return the planted rate under a defense less that under its control; None without one.

    Args:
        report: What all defenses did.
        one: The defense.
        group: `target`, `nearest` or `rest`; by default the declared one.
    """
    role = group or report.declared
    every = (_of(compared, one.arm, "asr", role) for compared in report.controlled)
    return next((found for found in every if found is not None), None)


def price(report: DefensesReport, one: DefenseResult) -> Difference | None:
    """Return P@1 of an honest user under a defense less that without it."""
    return _of(report.price, one.clean_arm, "precision", "all")


def beats_control(report: DefensesReport, one: DefenseResult) -> bool:
    """Return whether a defense does significantly better than its control, Holm-corrected."""
    found = against_control(report, one)
    return found is not None and found.significant and found.estimate.value < 0


def control_words(one: DefenseResult) -> str:
    """Return what the control of a defense is, for a sentence."""
    if one.detections:
        return "as many exchanges removed at random"
    if one.guarding:
        return "as many answers refused at random"
    return "a version of it without its key part"


def operating(found: Detection) -> tuple[float, float]:
    """Return the shares of other exchanges and of planted ones that were removed.

    Example:
        >>> operating(Detection(seed=0, exchanges=110, planted=10, removed=12, caught=7, auc=0.9))
        (0.05, 0.7)
    """
    others = found.exchanges - found.planted
    return (
        (found.removed - found.caught) / others if others else math.nan,
        found.caught / found.planted if found.planted else math.nan,
    )


def removed_from(one: DefenseResult) -> Mapping[str, tuple[int, int | None]]:
    """Return how many exchanges were taken out of the largest categories, and the planted ones.

    Args:
        one: A defense; its seeds are summed. The other categories are together. The planted ones
            are None where they were not counted.
    """
    removed, caught = (
        _summed([getattr(seed, name) for seed in one.detections])
        for name in ("by_category", "caught_by_category")
    )
    counted = all(seed.caught_by_category or not seed.caught for seed in one.detections)
    order = sorted(removed, key=lambda name: (-removed[name], name))
    # One more has room where it would be alone among the others.
    most = len(order) if len(order) <= _CATEGORIES + 1 else _CATEGORIES
    parts = {name: [name] for name in order[:most]} | (
        {_OTHERS: order[most:]} if order[most:] else {}
    )
    return {
        title: (
            sum(removed[name] for name in names),
            sum(caught.get(name, 0) for name in names) if counted else None,
        )
        for title, names in parts.items()
    }


def _summed(counts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for each in counts:
        for name, count in each.items():
            total[name] = total.get(name, 0) + count
    return total


def intervened(seeds: Sequence[Guarding], what: str) -> float:
    """Return the mean over the seeds of a share: `replaced` or `silent`; NaN without any."""
    return fmean(getattr(one, what) for one in seeds) if seeds else math.nan


Numbers: TypeAlias = Iterable[tuple[str, str, Estimate]]
"""Numbers with their names: what each is, and of which group."""


def undefended(report: DefensesReport) -> Numbers:
    """Yield the numbers of the undefended arm, and P@1 of the clean one."""
    yield from (("planted_rate", group, rate) for group, rate in report.planted_rate.items())
    yield "precision", "all", report.precision
    yield "clean_precision", "all", report.clean_precision


def numbers_of(report: DefensesReport, one: DefenseResult) -> Numbers:
    """Yield every number of a defense.

    Args:
        report: What all defenses did.
        one: The defense.
    """
    for part in ("planted_rate", "control_rate", "same_utility", "equivalent_budget"):
        yield from ((part, group, rate) for group, rate in getattr(one, part).items())
    yield from _changes(report, one)
    single: dict[str, Estimate | None] = {
        name: getattr(one, name)
        for name in (
            "precision", "control_precision", "clean_precision", "auc", "recall", "purity"
        )
    }  # fmt: skip
    yield from ((part, "all", number) for part, number in single.items() if number is not None)
    for part, stopped in (("stopped", one.stopped), ("control_stopped", one.control_stopped)):
        shares = () if stopped is None else iter(stopped)
        yield from ((part, group, share) for group, share in shares if share is not None)


def _changes(report: DefensesReport, one: DefenseResult) -> Numbers:
    for group in PHRASES:
        for part, find in (("change", change), ("against_control", against_control)):
            if (found := find(report, one, group)) is not None:
                yield part, group, found.estimate
    if (paid := price(report, one)) is not None:
        yield "price", "all", paid.estimate


def _of(compared: Comparison, run: str, metric: str, role: Role) -> Difference | None:
    return next(iter(compared.of(run, metric, role)), None)
