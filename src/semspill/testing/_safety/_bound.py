"""Bounds of the mean of independent values that lie in a known range, however they are spread."""

import math

import numpy as np
from jaxtyping import Complex, Float, Int

# The integral is a sum over even steps in the logarithm of the distance from the saddle point; it
# converges faster than any power of the step, which is halved until that changes nothing.
_STEPS = (0.2, 0.1, 0.05, 0.025, 0.0125)
_FAR = 18.0
_CLOSE = 1e-6
# What is smaller than this share of the largest term does not count.
_NOTHING = 1e-16
_ENOUGH = 1e-9
# More points than this cost time and change nothing.
_MANY = 500


def upper_mean(
    values: Float[np.ndarray, " units"], tail: float, most: float, copies: float = 1.0
) -> float:
    """Return an upper bound of the mean of what independent values were drawn from.

    It is Gaffke's: the quantile of a mean with random weights, one for each value and one for the
    largest possible value, all as likely as any other (uniform on the simplex). With values of 0
    and 1 it is Clopper and Pearson's exact bound. That it holds for all values in the range is a
    conjecture without a known exception. Sources: Gaffke 2005; Learned-Miller and Thomas 2019;
    Phan, Thomas and Learned-Miller 2021.

    Example:
        >>> round(upper_mean(np.zeros(59), 0.05, most=1.0), 4)
        0.0495

    Args:
        values: Independent values, one or more.
        tail: Chance that the mean lies above, over 0 and below 0.5.
        most: The largest value that is possible.
        copies: How often each value counts.
    """
    from scipy import optimize

    mean = float(values.mean())
    if most - mean < 1e-6:
        return most
    seen, times = _distinct(values)
    points, shapes = np.append(seen, most), np.append(times * copies, 1.0)

    def spare(bound: float) -> float:
        return math.log(max(_beyond(points, shapes, bound), 1e-300)) - math.log(tail)

    low = mean if mean > seen[0] else float(seen[0] + 1e-12 * (most - seen[0]))
    if spare(low) <= 0:
        return mean
    step = (most - low) * 2 / (len(values) * copies + 2)
    while (high := low + step) < most and spare(high) > 0:
        low, step = high, 2 * step
    high = min(high, most - 1e-9 * (most - mean))
    if spare(high) > 0:
        return most
    return float(optimize.brentq(spare, low, high, xtol=_ENOUGH))


def tail_above(
    values: Float[np.ndarray, " units"], bound: float, most: float, copies: float = 1.0
) -> float:
    """Return the tail at which `upper_mean` is this bound: a p-value against a larger mean."""
    seen, times = _distinct(values)
    if bound >= most or bound <= seen[0]:
        return float(bound < most)
    return _beyond(np.append(seen, most), np.append(times * copies, 1.0), bound)


def lower_mean(
    values: Float[np.ndarray, " units"], tail: float, least: float, copies: float = 1.0
) -> float:
    """Return the lower bound: the upper one of the mirrored values; see `upper_mean`."""
    return -upper_mean(-values, tail, -least, copies)


def _distinct(
    values: Float[np.ndarray, " values"],
) -> tuple[Float[np.ndarray, " points"], Int[np.ndarray, " points"]]:
    """Return the distinct values and how often each occurs; of very many, means of close ones."""
    seen, times = np.unique(values, return_counts=True)
    if len(seen) <= _MANY:
        return seen, times
    close = np.floor((values - seen[0]) / (seen[-1] - seen[0]) * _MANY)
    rows = np.unique(close, return_inverse=True)[1]
    times = np.bincount(rows)
    return np.bincount(rows, values) / times, times


def _beyond(
    points: Float[np.ndarray, " points"], shapes: Float[np.ndarray, " points"], bound: float
) -> float:
    """Return the chance that a mean of points with Dirichlet weights lies above a bound.

    The weights are gamma variables over their sum, so it is the chance that a sum of gammas, each
    times its point's distance from the bound, is positive: an integral of its moment generating
    function over any line that meets the real one between 0 and the first pole, here a parabola
    near the steepest descent from the saddle point. Sources: Imhof 1961; Helstrom 1996.
    """
    gaps = points - bound
    place = _saddle(gaps, shapes)
    slopes = gaps / (1 - place * gaps)
    bend = float(shapes @ slopes**2) + 1 / place**2
    twist = float(shapes @ slopes**3) - 1 / place**3
    scale, curve = 1 / math.sqrt(bend), twist / (3 * bend)

    def heights(nodes: Float[np.ndarray, " nodes"], curve: float) -> Complex[np.ndarray, " nodes"]:
        up = scale * np.sinh(nodes)
        away = curve * up**2 + 1j * up
        lean = (2 * curve * up + 1j) * scale * np.cosh(nodes)
        logs = np.log(lean / (1 + away / place)) - shapes @ np.log(1 - slopes[:, None] * away)
        found: Complex[np.ndarray, " nodes"] = np.exp(np.minimum(logs.real, 700) + 1j * logs.imag)
        return found

    # The steepest line far out need not be that of the saddle point: the one with least to add up.
    coarse = np.arange(0, _FAR, 1.0)
    sizes, curve = min(
        ((np.abs(heights(coarse, line)), line) for line in (curve, 0.0, -curve)),
        key=lambda pair: float(pair[0].sum()),
    )
    last = 1 + int(np.max(np.flatnonzero(sizes > _NOTHING * sizes[0])))
    total = math.inf
    for step in _STEPS:
        before, found = total, heights(np.arange(0, last + step, step), curve).imag
        total = step * float(found.sum() - found[0] / 2)
        if abs(total - before) < _CLOSE * abs(total):
            break
    start = float(shapes @ np.log1p(-place * gaps))
    return min(max(math.exp(-start) / place / math.pi * total, 0.0), 1.0)


def _saddle(gaps: Float[np.ndarray, " points"], shapes: Float[np.ndarray, " points"]) -> float:
    """Return where the integrand is least on the real line, between 0 and its first pole."""
    low, high = 0.0, 1 / float(gaps.max())
    place = high / 2
    for _ in range(100):
        slopes = gaps / (1 - place * gaps)
        steep = float(shapes @ slopes) - 1 / place
        low, high = (low, place) if steep > 0 else (place, high)
        moved = place - steep / (float(shapes @ slopes**2) + 1 / place**2)
        moved = moved if low < moved < high else (low + high) / 2
        if abs(moved - place) < _ENOUGH * place:
            break
        place = moved
    return place
