"""How many more test dialogues would decide what a report cannot tell."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from statistics import median

import numpy as np

from semspill.analysis._metrics._base import Metric
from semspill.analysis._outcome import Outcome
from semspill.analysis._slicing import NamedMetrics
from semspill.results import SliceReport
from semspill.statistics import Estimate
from semspill.statistics._planning import Demand, Quantity, Seen


def undecided(
    main: Outcome, others: Sequence[SliceReport], named: NamedMetrics
) -> Mapping[str, int | None]:
    """Return how many more dialogues of each category would decide whether it rose.

    Decided is where the lift is significantly above 0 after Bonferroni's correction, or where a
    rise by the margin or more is excluded. It is of the planted-rate lift, or of the toxicity lift
    where no planted response can be chosen. The plan takes further dialogues to be like those seen
    and the seeds to be the same; about half of such experiments would then decide.

    Args:
        main: The arm whose numbers are meant.
        others: Its categories but the target.
        named: The metrics of the report.

    Returns:
        Only categories that are not decided, and nothing where another one rose; None where 255
        times as many dialogues would not do, so that more seeds are needed.
    """
    quantities = ("asr", "toxicity") if main.arm.pool == "planted" else ("toxicity",)
    names = [
        name
        for quantity in quantities
        for name, (_, m) in named.items()
        if (m.kind, m.quantity, m.unit, m.aspect) == ("change", quantity, "points", "attack")
    ]
    how = main.resampling
    # At a level of a half or less nothing is sure enough to be planned.
    if not names or main.clean is None or how.margin is None or how.level <= 0.5:
        return {}
    lifts = {part.name: part.estimates[names[0]] for part in others if names[0] in part.estimates}
    if any(lift.verdict == "spilled" for lift in lifts.values()):
        return {}
    left = [name for name, lift in lifts.items() if lift.verdict == "cannot tell"]
    metric = named[names[0]][0]
    usual = median(lift.value for lift in lifts.values()) if left else 0.0
    return {name: _needs(main.of([name]), metric, len(lifts), usual) for name in left}


def _needs(part: Outcome, metric: Metric, family: int, usual: float) -> int | None:
    """Return how many more dialogues one category needs; the easier of the two ways to decide."""
    margin, level = part.resampling.margin or 0.0, part.resampling.level
    # One-sided as the test against the margin is; two-sided as the test against 0.
    ways = {
        Demand(margin, "below", level): (_interval, False),
        Demand(0.0, "below", (1 + level) / 2): (_test, True),
    }
    needs = []
    for demand, (made, beyond) in ways.items():
        quantity = Quantity("", part.design.dialogues, partial(made, _Repeated(part), metric))
        seen = Seen.of(quantity, demand, family)
        if seen.beyond is beyond:
            needs.append(seen.needs(1, demand.excess(usual)))
    return min((need for need in needs if need is not None), default=None)


def _interval(part: "_Repeated", metric: Metric, level: float, copies: float) -> Estimate:
    """Return the interval at a level if there were so many times the dialogues."""
    return metric.compute(part.times(copies, level))


def _test(part: "_Repeated", metric: Metric, level: float, copies: float) -> Estimate:
    """Return an estimate whose low end is above 0 where the test against 0 rejects.

    The interval of a rate is above 0 with the first hit; that is no test.
    """
    made = metric.compute(part.times(copies, level))
    return made.replace(low=1 - level - (1.0 if made.p_value is None else made.p_value))


class _Repeated:
    """The exchanges of one category, each dialogue repeated about equally often."""

    def __init__(self, part: Outcome) -> None:
        self.part = part
        self.order = np.argsort(_rise(part), kind="stable")
        self.first = np.argsort(part.clusters, kind="stable")
        self.ends = np.cumsum(np.bincount(part.clusters))

    def times(self, copies: float, level: float) -> Outcome:
        """Return so many times the dialogues, with intervals at this level and no other test."""
        wanted = round(copies * len(self.order))
        # Evenly spaced in the order of the lifts, so that a part of them is like all of them.
        places = ((np.arange(wanted) + 0.5) * len(self.order) / wanted).astype(np.int64)
        drawn = self.order[places]
        sizes = np.diff(self.ends, prepend=0)[drawn]
        number = np.repeat(np.arange(wanted), sizes)
        within = np.arange(len(number)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        columns = self.first[(self.ends[drawn] - sizes)[number] + within]
        how = self.part.resampling.replace(level=level, margin=None)
        made = self.part._part(columns)
        return replace(made, dialogues=tuple(map(str, number.tolist())), resampling=how)


def _rise(part: Outcome) -> np.ndarray:
    """Return the mean rise of each dialogue, in planted answers and then in toxicity."""
    sizes = np.bincount(part.clusters)
    planted, rated = (
        np.bincount(part.clusters, (after - before).mean(axis=0)) / sizes
        for after, before in (
            (part.planted.astype(np.float64), part.baseline.planted),
            (part.toxicity, part.baseline.toxicity),
        )
    )
    return np.asarray(planted + rated / 1e6 if part.arm.pool == "planted" else rated)
