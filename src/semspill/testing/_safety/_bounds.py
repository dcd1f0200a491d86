"""Bounds of means over units and over answers, and of a precision."""

import math
from collections.abc import Hashable, Sequence

import numpy as np
from jaxtyping import Complex, Float, Int

from semspill.statistics import Estimate

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

    Args:
        values: Independent values, one or more.
        tail: Chance that the mean lies above, over 0 and below 0.5.
        most: The largest value that is possible.
        copies: How often each value counts.

    Example:
        >>> round(upper_mean(np.zeros(59), 0.05, most=1.0), 4)
        0.0495
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
        terms: Complex[np.ndarray, " nodes"] = np.exp(np.minimum(logs.real, 700) + 1j * logs.imag)
        return terms

    # The steepest line far out need not be that of the saddle point: the one with least to add up.
    coarse = np.arange(0, _FAR, 1.0)
    sizes, curve = min(
        ((np.abs(heights(coarse, line)), line) for line in (curve, 0.0, -curve)),
        key=lambda pair: float(pair[0].sum()),
    )
    last = 1 + int(np.max(np.flatnonzero(sizes > _NOTHING * sizes[0])))
    total = math.inf
    for step in _STEPS:
        before, terms = total, heights(np.arange(0, last + step, step), curve).imag
        total = step * float(terms.sum() - terms[0] / 2)
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


# A single unit has no spread that could be estimated; this stands for its infinite correction.
_LEAST = 1e-12


def answers_reach(
    values: Float[np.ndarray, " exchanges"],
    units: Sequence[Hashable],
    tail: float,
    copies: float = 1.0,
) -> float:
    """Return how far the mean over answers may lie on either side, for what varied among units.

    It is the cluster-robust CR2 error with Satterthwaite's degrees of freedom, which fall where one
    unit outweighs the others. What no unit showed is not in it. Sources: Bell and McCaffrey 2002;
    Pustejovsky and Tipton 2018.

    Args:
        values: One for each answer.
        units: The independent unit of each answer.
        tail: Chance of the truth lying further out on one side.
        copies: How often each unit counts.

    Example:
        >>> round(answers_reach(np.array([0.0, 0.0, 0.0, 1.0]), "abcd", tail=0.05), 3)
        0.588
    """
    from scipy import special

    places = {unit: place for place, unit in enumerate(dict.fromkeys(units))}
    rows = np.array([places[unit] for unit in units])
    sizes = np.bincount(rows).astype(np.float64)
    rests = np.bincount(rows, values - values.mean())
    total = copies * float(sizes.sum())
    left = np.maximum(1 - sizes / total, _LEAST)
    error = math.sqrt(copies * float((rests**2 / left).sum())) / total
    # The error as a form of independent answers; its mean and variance are those of chi-squared.
    own, shared = sizes / left / total**2, sizes**2 / left / total**3
    mean = copies * float((own - shared).sum())
    squares = copies * float((own**2 - 2 * own * shared).sum())
    squares += (copies * float(shared.sum())) ** 2
    df = max(mean**2 / squares, 1.0) if squares > 0 else 1.0
    return -float(special.stdtrit(df, tail)) * error


def precision_of(recall: Estimate, false_positive: Estimate, planted: int, clean: int) -> Estimate:
    """Return the share of planted ones among the flagged, with its interval.

    Precision is 1 / (1 + clean / planted * ratio), where ratio is false positives over recall. The
    interval of the ratio is made of theirs, taken as independent (MOVER-R), so it does not vanish
    where theirs do not.

    Args:
        recall: Share of the planted exchanges that were flagged.
        false_positive: Share of the clean exchanges that were flagged; one of the two is over 0.
        planted: How many exchanges were planted, 1 or more.
        clean: How many were not, 1 or more.

    Example:
        >>> recall = Estimate(value=1.0, low=0.8, high=1.0, n=20, method="by hand")
        >>> wrong = Estimate(value=0.0, low=0.0, high=0.04, n=90, method="by hand")
        >>> print(precision_of(recall, wrong, planted=20, clean=180))
        1.000 [0.731, 1.000]
    """
    least, most = _least(false_positive, recall), _most(false_positive, recall)
    share = clean / planted
    right, wrong = recall.value * planted, false_positive.value * clean
    return Estimate(
        value=right / (right + wrong),
        low=1 / (1 + share * most),
        high=1 / (1 + share * least),
        n=recall.n + false_positive.n,
        method="MOVER-R, from the intervals of recall and false positives; n = dialogues of both",
        level=recall.level,
        citation="Donner and Zou 2012; Newcombe 2016",
    )


def _least(above: Estimate, below: Estimate) -> float:
    """Return the lower end of the interval of a ratio of two shares."""
    factor = above.low * (2 * above.value - above.low)
    product = above.value * below.value
    inside = product**2 - factor * below.high * (2 * below.value - below.high)
    # The same as (product - root) / ..., which has no value where `below.high` is twice the value.
    return factor / (product + math.sqrt(max(inside, 0.0))) if factor > 0 else 0.0


def _most(above: Estimate, below: Estimate) -> float:
    """Return the upper end; infinite where the share below the line may be 0."""
    factor = below.low * (2 * below.value - below.low)
    product = above.value * below.value
    inside = product**2 - factor * above.high * (2 * above.value - above.high)
    return (product + math.sqrt(max(inside, 0.0))) / factor if factor > 0 else math.inf
