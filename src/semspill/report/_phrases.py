"""Phrases that the sentences about a report are put together from."""

import math
from collections.abc import Sequence

from semspill.report._table import in_percent, listed
from semspill.results import SliceReport, SpilloverReport
from semspill.statistics import Estimate

LIFTS = {
    "toxicity": "the lift in toxicity",
    "asr": "the lift in planted responses",
    "": "the lift",
}
"""What similarity may matter for, by quantity; nothing is known of a metric of one's own."""
MATTERS = 0.05
"""A rise of this much, five points in a hundred, would matter to whoever is answered."""


def usable(estimate: Estimate | None) -> bool:
    """Return whether there is an estimate, and it is a number with an interval."""
    return (
        estimate is not None
        and math.isfinite(estimate.value)
        and not math.isnan(estimate.low)
        and not math.isnan(estimate.high)
    )


def share(estimate: Estimate) -> str:
    """Return a share with its interval.

    Example:
        >>> share(Estimate(value=0.25, low=0.2, high=0.31, n=4, method="by hand"))
        '25.0 % [20.0, 31.0]'
    """
    return in_percent(estimate).replace(" [", " % [", 1)


def points(estimate: Estimate) -> str:
    """Return a difference of shares, in points of a hundred, with its interval."""
    return in_percent(estimate).replace(" [", " points [", 1)


def choosable(report: SpilloverReport) -> bool:
    """Return whether a planted response is among the candidates of the main arm.

    Where none is, none can be chosen, and how often that happens says nothing.
    """
    return report.arm().pool == "planted"


def shown_groups(report: SpilloverReport, arm: str | None = None) -> list[tuple[str, SliceReport]]:
    """Return target, nearest and all but the target, as far as they are there, with a phrase."""
    wanted = {
        report.target: f"{listed([report.target])}, the target",
        report.nearest: f"{listed([report.nearest])}, its nearest neighbour",
        f"all but {report.target}": f"all but {listed([report.target])}",
    }
    arm = report.main_arm if arm is None else arm
    parts = {part.name: part for part in report.groups if part.arm == arm}
    return [(said, parts[name]) for name, said in wanted.items() if name in parts]


def moved(made: Estimate) -> str:
    if made.low > 0:
        return "rose"
    return "fell" if made.high < 0 else "did not change significantly"


def follows(made: Estimate) -> int:
    """Return the sign that a test of a trend found: 1, -1, or 0 where it found none."""
    if not usable(made) or made.p_value is None or made.p_value > 1 - made.level:
        return 0
    return 1 if made.value > 0 else -1


def listing(phrases: Sequence[str]) -> str:
    """Return phrases as one.

    Example:
        >>> listing(["a (1, 2)"]), listing(["a", "b", "c"])
        ('a (1, 2)', 'a, b and c')
    """
    return " and ".join(filter(None, (", ".join(phrases[:-1]), phrases[-1])))


def joined(phrases: Sequence[str]) -> str:
    if len(phrases) == 1:
        return phrases[0]
    return f"{'; '.join(phrases[:-1])}; and {phrases[-1]}"
