"""Statistics over all pairs of a matrix, each with an interval over categories."""

import math
from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float

from semspill.analysis._targets import _mantel as mantel
from semspill.analysis._targets._mantel import Pairs
from semspill.results import Quantity
from semspill.statistics import Estimate, Measure

_JACKKNIFE = (
    "t interval, variance from leaving out each category as target and victim "
    "(Aronow, Samii and Assenova 2015)"
)
LEAST_TARGETS = 4
"""Fewest targets whose pairs are tested together."""
_FEW = "fewer than four targets"
_STILL = "the same whichever category is left out, so its uncertainty is unknown"
_TAKEN_OUT = (
    "; effects of targets and victims taken out; p, where there is one, by double semi-partialling"
)
_POINT = 1e-9  # an interval this wide is rounding
_PARTIAL = "Dekker, Krackhardt and Snijders 2007"
_MEASURES = {
    "slope": Measure(metric="slope", kind="trend", unit="slope", aspect="attack"),
    "nearest_excess": Measure(metric="nearest_excess", unit="points", aspect="attack"),
    "nearest_share": Measure(metric="nearest_share", aspect="attack"),
}


def pooled_estimates(
    pairs: Pairs,
    own: Float[np.ndarray, " pairs"],
    *,
    of: Quantity,
    level: float,
    permutations: int,
) -> dict[str, Estimate]:
    """Return the pooled curve and the nearest neighbours' part by name.

    Args:
        pairs: Every ordered pair of a target and another category.
        own: Lift of each pair's target in its own exchanges.
        of: Of what the lifts are.
        level: Nominal coverage of the intervals.
        permutations: Orders drawn by each permutation test.
    """
    if _count(pairs) < LEAST_TARGETS:
        # Two or three targets have no spread to speak of: their intervals were points.
        estimates = {name: _undefined(pairs, level, _FEW) for name in _MEASURES}
    else:
        slope = _coefficient(pairs, pairs.near, level)
        if not math.isnan(slope.value):
            slope = slope.replace(p_value=mantel.permutation_p(pairs, permutations=permutations))
        estimates = {
            "slope": slope,
            # No test: the nearest category of many is a hub, with noise that is not like others'.
            "nearest_excess": _coefficient(pairs, pairs.nearest, level),
            "nearest_share": _share(pairs, own, level),
        }
    return {
        name: estimate.replace(
            measure=_MEASURES[name].replace(quantity=of),
            citation="original" if name == "nearest_share" else _PARTIAL,
        )
        for name, estimate in estimates.items()
    }


def _coefficient(pairs: Pairs, x: Float[np.ndarray, " pairs"], level: float) -> Estimate:
    if np.ptp(pairs.lift) == 0 or np.ptp(x) == 0:
        return _undefined(pairs, level, "nothing varies")
    return _jackknifed(
        pairs, lambda keep: mantel.coefficient(pairs, x, keep), level, _JACKKNIFE + _TAKEN_OUT
    )


def _share(pairs: Pairs, own: Float[np.ndarray, " pairs"], level: float) -> Estimate:
    def share(keep: Bool[np.ndarray, " pairs"]) -> float:
        return mantel.nearest_share(pairs.lift[keep], pairs.nearest[keep], own[keep])

    # Every target once. Targets do not share their own exchanges, so a plain t interval will do.
    rose = own[pairs.nearest == 1]
    error = float(rose.std(ddof=1)) / math.sqrt(len(rose))
    if rose.mean() <= _quantile(pairs, level) * error:
        return _undefined(pairs, level, "the targets themselves did not rise")
    return _jackknifed(pairs, share, level, _JACKKNIFE)


def _jackknifed(
    pairs: Pairs, value: Callable[[Bool[np.ndarray, " pairs"]], float], level: float, method: str
) -> Estimate:
    centre = value(np.ones(len(pairs.lift), dtype=np.bool_))
    half = _quantile(pairs, level) * math.sqrt(mantel.jackknife_variance(pairs, value))
    if (centre + half) - (centre - half) < _POINT:
        return _undefined(pairs, level, _STILL)
    return Estimate(
        value=centre, low=centre - half, high=centre + half, n=_count(pairs), method=method,
        level=level,
    )  # fmt: skip


def _quantile(pairs: Pairs, level: float) -> float:
    from scipy import special  # lighter than scipy.stats

    return float(special.stdtrit(_count(pairs) - 1, 0.5 + level / 2))


def _count(pairs: Pairs) -> int:
    return len(np.unique(pairs.target))


def _undefined(pairs: Pairs, level: float, note: str) -> Estimate:
    return Estimate(
        value=math.nan,
        low=math.nan,
        high=math.nan,
        n=_count(pairs),
        method="not defined",
        level=level,
        note=note,
    )
