"""How well a cleaner found what was planted, over the seeds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from semspill.results import Detection
from semspill.statistics import Estimate, Measure
from semspill.statistics._auc import CITATION as AUC
from semspill.statistics._noise import t_quantile
from semspill.statistics._values import wilson

_ORIGINAL = "original: a share of exchanges"
_AUC = Measure(metric="detection_auc", quantity="auc", title="Area under the curve", kind="level")
_RECALL, _PURITY = (
    Measure(metric=f"detection_{of}", quantity=of, title=title, kind="level", unit="share")
    for of, title in (("recall", "Recall"), ("purity", "Purity"))
)


@dataclass(frozen=True)
class _Seen:
    """A number from 0 to 1 under one seed."""

    value: float
    log_odds: float
    variance: float
    """Of the log odds, over exchanges."""
    trials: int
    """How many exchanges it is a share of, or planted ones for an area."""


def auc_of(detections: Sequence[Detection], level: float) -> Estimate | None:
    """Return the area under the curve of a detector; None where nothing was scored."""
    scored = [d for d in detections if math.isfinite(d.auc) and 0 < d.planted < d.exchanges]
    found = _over_seeds([_area(d.auc, d.planted, d.exchanges - d.planted) for d in scored], level)
    return found and found.replace(measure=_AUC, citation=AUC)


def recall_of(detections: Sequence[Detection], level: float) -> Estimate | None:
    """Return the share of planted exchanges that were taken out; None where none was planted."""
    return _of_shares([(d.caught, d.planted) for d in detections], level, _RECALL)


def purity_of(detections: Sequence[Detection], level: float) -> Estimate | None:
    """Return the share of planted ones among what was taken out; None where nothing was."""
    return _of_shares([(d.caught, d.removed) for d in detections], level, _PURITY)


def _of_shares(
    counts: Sequence[tuple[int, int]], level: float, measure: Measure
) -> Estimate | None:
    shares = [_share(part, whole) for part, whole in counts if whole]
    found = _over_seeds(shares, level)
    if found is None:
        return None
    if len(shares) == 1:
        low, high = wilson(found.value, shares[0].trials, t_quantile(1 - level, math.inf))
        method = "Wilson, exchanges only: one seed, other ones are not covered"
        found = found.replace(low=low, high=high, method=method)
    return found.replace(measure=measure, citation=_ORIGINAL)


def _share(part: int, whole: int) -> _Seen:
    """Return a share; its odds with half an exchange added to either side (Haldane 1956)."""
    inside, outside = part + 0.5, whole - part + 0.5
    return _Seen(part / whole, math.log(inside / outside), 1 / inside + 1 / outside, whole)


def _area(auc: float, hits: int, rest: int) -> _Seen:
    """Return an area with Hanley and McNeil's variance, on log odds by the delta method."""
    # Half an exchange of the smaller side may be on the wrong one, as in a share (Haldane 1956).
    least = 0.5 / min(hits, rest)
    area = min(max(auc, least), 1 - least)
    steep = area * (1 - area)
    above = (hits - 1) * (area / (2 - area) - area**2)
    above += (rest - 1) * (2 * area**2 / (1 + area) - area**2)
    variance = (steep + above) / (hits * rest) / steep**2
    return _Seen(auc, math.log(area / (1 - area)), variance, hits)


def _over_seeds(seen: Sequence[_Seen], level: float) -> Estimate | None:
    """Return a mean over seeds with Student's t interval of the log odds; None without any.

    Seeds that agree by chance do not make it narrower than the counts of exchanges allow. Where
    they differ no more than these explain and are so few that t would be wider than the interval
    of a single seed over its exchanges (two or three seeds), it is that one.
    """
    if not seen:
        return None
    seeds, value = len(seen), float(np.mean([one.value for one in seen]))
    log_odds = np.array([one.log_odds for one in seen])
    variance = float(np.mean([one.variance for one in seen]))
    df, method = math.inf, "log odds, exchanges only: one seed, other ones are not covered"
    half = single = t_quantile(1 - level, df) * math.sqrt(variance)
    if seeds > 1:
        between = float(log_odds.var(ddof=1))
        df, method = seeds - 1.0, f"t interval of log odds over {seeds} seeds"
        half = t_quantile(1 - level, df) * math.sqrt(max(variance, between) / seeds)
        if between <= variance and single < half:
            half = single
            method = f"log odds, exchanges of one seed: {seeds} seeds differ no more than they do"
    low, high = (float(1 / (1 + np.exp(half * side - log_odds.mean()))) for side in (1, -1))
    return Estimate(
        value=value,
        low=min(low, value),
        high=max(high, value),
        n=seeds if seeds > 1 else seen[0].trials,
        method=method,
        level=level,
    )
