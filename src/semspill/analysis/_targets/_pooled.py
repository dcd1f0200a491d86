"""What all pairs of a matrix say together, each number with an interval over categories."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float

from semspill.analysis._targets import _mantel as mantel
from semspill.analysis._targets._mantel import Pairs, Statistic
from semspill.analysis._targets._mixed import mixed_fit
from semspill.report import Estimate

_JACKKNIFE = (
    "t interval, variance from leaving out each category as target and victim "
    "(Aronow, Samii and Assenova 2015)"
)
_LEAST = 4
_FEW = "fewer than four targets"
_STILL = "the same whichever category is left out, so nothing says how sure it is"
_QAP = "; p from relabelling the categories of the similarity matrix"
_MANTEL = "Mantel 1967; Krackhardt 1988"
_MIXED = "Baayen, Davidson and Bates 2008"
_POINT = 1e-9  # an interval this wide is rounding
_PARTIAL = "Dekker, Krackhardt and Snijders 2007"


@dataclass(frozen=True)
class _Curve:
    """A statistic of the curve, the form of it that is tested, and where it comes from."""

    value: Statistic
    test: Statistic
    source: str
    takes: Literal["near", "nearest"] = "near"
    bounded: bool = False


_CURVES = {
    "spearman": _Curve(mantel.spearman, mantel.spearman, _MANTEL, bounded=True),
    "slope": _Curve(mantel.slope, mantel.pearson, _MANTEL),
    "spearman_within": _Curve(
        mantel.spearman_within, mantel.spearman_within, _PARTIAL, bounded=True
    ),
    "slope_within": _Curve(mantel.slope_within, mantel.pearson_within, _PARTIAL),
    "nearest_excess": _Curve(
        mantel.nearest_excess, mantel.nearest_excess, _MANTEL, takes="nearest"
    ),
}


def pooled_estimates(
    pairs: Pairs, own: Float[np.ndarray, " pairs"], *, level: float, permutations: int
) -> dict[str, Estimate]:
    """Return the pooled curve, the nearest neighbours' part and the mixed model by name.

    Args:
        pairs: Every ordered pair of a target and another category.
        own: Lift of each pair's target in its own exchanges.
        level: Nominal coverage of the intervals.
        permutations: Orders drawn by each permutation test.
    """
    if _count(pairs) < _LEAST:
        # Two or three targets have no spread to speak of: their intervals were points.
        sources = {name: curve.source for name, curve in _CURVES.items()}
        sources |= {"nearest_share": "original", "mixed_slope": _MIXED}
        return {name: _undefined(pairs, level, said, _FEW) for name, said in sources.items()}
    made = {name: _curve(pairs, curve, level, permutations) for name, curve in _CURVES.items()}
    made["nearest_share"] = _share(pairs, own, level)
    made["mixed_slope"] = mixed_slope(pairs, level)
    return made


def _curve(pairs: Pairs, curve: _Curve, level: float, permutations: int) -> Estimate:
    if np.ptp(pairs.lift) == 0 or np.ptp(pairs.near) == 0:
        return _undefined(pairs, level, curve.source, "nothing varies")
    x = getattr(pairs, curve.takes)

    def value(keep: Bool[np.ndarray, " pairs"]) -> float:
        made = curve.value(pairs.lift[keep], x[keep][None], pairs.target[keep])
        # On Fisher's scale an interval of a correlation stays between -1 and 1.
        return float(_fisher(made[0]) if curve.bounded else made[0])

    low, centre, high = _jackknifed(pairs, value, level)
    if high - low < _POINT:
        return _undefined(pairs, level, curve.source, _STILL)
    if curve.bounded:
        low, centre, high = math.tanh(low), math.tanh(centre), math.tanh(high)
    return Estimate(
        value=centre,
        low=low,
        high=high,
        n=_count(pairs),
        method=_JACKKNIFE + _QAP,
        level=level,
        p_value=mantel.permutation_p(pairs, curve.test, of=curve.takes, permutations=permutations),
        source=curve.source,
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
        source="original",
    )


def mixed_slope(pairs: Pairs, level: float) -> Estimate:
    """Return the slope of lift on similarity with crossed random effects of target and victim.

    A second opinion on `slope`: it is free of targets that take the poison more and of victims
    that catch everything, but it believes in normal noise, and lifts are mostly 0 with a few
    large ones.

    Args:
        pairs: The pairs.
        level: Nominal coverage of the interval.
    """
    from scipy import special  # with statsmodels heavy; loaded when a matrix is asked for

    if np.ptp(pairs.lift) == 0 or np.ptp(pairs.near) == 0:
        return _undefined(pairs, level, _MIXED, "nothing varies")
    value, error, warned = mixed_fit(pairs)
    if not _POINT < error < math.inf:
        return _undefined(pairs, level, _MIXED, "the mixed model could not be fitted")
    half = float(special.ndtri(0.5 + level / 2)) * error
    return Estimate(
        value=value,
        low=value - half,
        high=value + half,
        n=_count(pairs),
        method=f"REML, crossed random effects of target and victim, Wald{warned}",
        level=level,
        p_value=float(2 * special.ndtr(-abs(value / error))),
        source=_MIXED,
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


def _fisher(value: float) -> float:
    return float(np.arctanh(np.clip(value, -0.999999, 0.999999)))


def _undefined(pairs: Pairs, level: float, source: str, note: str) -> Estimate:
    return Estimate(
        value=math.nan,
        low=math.nan,
        high=math.nan,
        n=_count(pairs),
        method="not defined",
        level=level,
        source=source,
        note=note,
    )
