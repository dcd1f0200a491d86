"""What all pairs of a matrix say together, each number with an interval over categories."""

import math
from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float

from semspill.analysis._targets import _mantel as mantel
from semspill.analysis._targets._mantel import Pairs
from semspill.statistics import Estimate

_JACKKNIFE = (
    "t interval, variance from leaving out each category as target and victim "
    "(Aronow, Samii and Assenova 2015)"
)
_LEAST = 4
_FEW = "fewer than four targets"
_STILL = "the same whichever category is left out, so nothing says how sure it is"
_TAKEN_OUT = (
    "; effects of targets and victims taken out; p, where there is one, by double semi-partialling"
)
_POINT = 1e-9  # an interval this wide is rounding
_PARTIAL = "Dekker, Krackhardt and Snijders 2007"
_CURVES = ("slope", "nearest_excess")


def pooled_estimates(
    pairs: Pairs, own: Float[np.ndarray, " pairs"], *, level: float, permutations: int
) -> dict[str, Estimate]:
    """Return the pooled curve and the nearest neighbours' part by name.

    Args:
        pairs: Every ordered pair of a target and another category.
        own: Lift of each pair's target in its own exchanges.
        level: Nominal coverage of the intervals.
        permutations: Orders drawn by each permutation test.
    """
    if _count(pairs) < _LEAST:
        # Two or three targets have no spread to speak of: their intervals were points.
        sources = dict.fromkeys(_CURVES, _PARTIAL) | {"nearest_share": "original"}
        return {name: _undefined(pairs, level, said, _FEW) for name, said in sources.items()}
    slope = _coefficient(pairs, pairs.near, level)
    if not math.isnan(slope.value):
        slope = slope.replace(p_value=mantel.permutation_p(pairs, permutations=permutations))
    return {
        "slope": slope,
        # No test: the nearest category of many is a hub, and a hub's noise is not like others'.
        "nearest_excess": _coefficient(pairs, pairs.nearest, level),
        "nearest_share": _share(pairs, own, level),
    }


def _coefficient(pairs: Pairs, x: Float[np.ndarray, " pairs"], level: float) -> Estimate:
    if np.ptp(pairs.lift) == 0 or np.ptp(x) == 0:
        return _undefined(pairs, level, _PARTIAL, "nothing varies")
    low, centre, high = _jackknifed(pairs, lambda keep: mantel.coefficient(pairs, x, keep), level)
    if high - low < _POINT:
        return _undefined(pairs, level, _PARTIAL, _STILL)
    return Estimate(
        value=centre,
        low=low,
        high=high,
        n=_count(pairs),
        method=_JACKKNIFE + _TAKEN_OUT,
        level=level,
        citation=_PARTIAL,
    )


def _share(pairs: Pairs, own: Float[np.ndarray, " pairs"], level: float) -> Estimate:
    def share(keep: Bool[np.ndarray, " pairs"]) -> float:
        return mantel.nearest_share(pairs.lift[keep], pairs.nearest[keep], own[keep])

    # Every target once. Targets do not share their own exchanges, so a plain t interval will do.
    rose = own[pairs.nearest == 1]
    error = float(rose.std(ddof=1)) / math.sqrt(len(rose))
    if rose.mean() <= _quantile(pairs, level) * error:
        return _undefined(pairs, level, "original", "the targets themselves did not rise")
    low, centre, high = _jackknifed(pairs, share, level)
    if high - low < _POINT:
        return _undefined(pairs, level, "original", _STILL)
    return Estimate(
        value=centre,
        low=low,
        high=high,
        n=_count(pairs),
        method=_JACKKNIFE,
        level=level,
        citation="original",
    )


def _jackknifed(
    pairs: Pairs, value: Callable[[Bool[np.ndarray, " pairs"]], float], level: float
) -> tuple[float, float, float]:
    centre = value(np.ones(len(pairs.lift), dtype=np.bool_))
    error = math.sqrt(mantel.jackknife_variance(pairs, value))
    half = _quantile(pairs, level) * error
    return centre - half, centre, centre + half


def _quantile(pairs: Pairs, level: float) -> float:
    from scipy import special  # lighter than scipy.stats

    return float(special.stdtrit(_count(pairs) - 1, 0.5 + level / 2))


def _count(pairs: Pairs) -> int:
    return len(np.unique(pairs.target))


def _undefined(pairs: Pairs, level: float, citation: str, note: str) -> Estimate:
    return Estimate(
        value=math.nan,
        low=math.nan,
        high=math.nan,
        n=_count(pairs),
        method="not defined",
        level=level,
        citation=citation,
        note=note,
    )
