"""Intervals and tests of means, contrasts and ratios, from one two-way noise."""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from jaxtyping import Float

from semspill.statistics._estimate import Estimate
from semspill.statistics._noise import NOTHING, Noise, Noises, unseen_share
from semspill.statistics._twoway import (
    Contrast,
    Design,
    Hits,
    Odds,
    contrast_of,
    counted,
    effective_dialogues,
    noise_of,
)
from semspill.statistics._values import Kind, wilson

_BOUNDS: dict[Kind, tuple[float, float]] = {
    "mean": (0.0, 1.0),
    "rate": (0.0, 1.0),
    "difference": (-1.0, 1.0),
}


def estimate_mean(
    values: Float[np.ndarray, "seeds exchanges"],
    design: Design,
    kind: Kind,
    level: float,
    known: Hits | Odds | None = None,
) -> Estimate:
    """Return a mean over seeds and exchanges with its interval.

    Where hits are known, the mean is `scale` times their rate, and a rest. The rate has its
    own interval, which knows of hits not seen and pools the noise of seeds; those of rate and rest
    are put together as squares (MOVER: Zou and Donner 2008).

    Args:
        values: One row per seed, one column per exchange.
        design: Which exchanges belong together.
        kind: What the values are.
        level: Nominal coverage.
        known: Which answers are hits; or, of values that are no sums of hits, how seeds move them.
    """
    if isinstance(known, Hits):
        if kind != "rate":
            return _of_hits(values, design, kind, level, known)
        known = known.odds
    weights = np.full(values.shape[1], 1 / values.shape[1])
    # Not the weighted sum: equal values must give their own value, to the last digit.
    contrast = contrast_of(values, weights, design)
    value, noise = float(values.mean()), noise_of(contrast, design, known, _BOUNDS[kind])
    below, above = noise.ends(1 - level)
    estimate = Estimate(
        value=value,
        low=value - below,
        high=value + above,
        n=design.dialogues,
        method=_method("t interval", noise, len(values)),
        level=level,
    )
    if kind == "difference":
        p_value = _p_value(values, contrast, Noises((noise,)), design)
        return estimate.replace(
            low=max(estimate.low, -1.0), high=min(estimate.high, 1.0), p_value=p_value
        )
    if not noise.absent:
        # The seeds are too few to show their skewness. Their variance is taken to grow as that of
        # a rate does; as its square for a rate itself, which an attack raises under some seeds.
        growth = (1 - 2 * value) / (value * (1 - value)) * (2 if kind == "rate" else 1)
        below, above = replace(noise, growth=growth).ends(1 - level)
        estimate = estimate.replace(low=value - below, high=value + above)
        if kind == "rate":
            count = effective_dialogues(weights, design)
            estimate = _rate(estimate, noise, unseen_share(count, 1 - level), len(values))
    return estimate.replace(low=max(estimate.low, 0.0), high=min(estimate.high, 1.0))


def _of_hits(
    values: Float[np.ndarray, "seeds exchanges"],
    design: Design,
    kind: Kind,
    level: float,
    hits: Hits,
) -> Estimate:
    """Return a mean as a rate of hits times what a hit adds, and a rest."""
    rate = estimate_mean(hits.values, design, "rate", level, hits)
    rest = values - hits.scale * hits.values
    weights = np.full(values.shape[1], 1 / values.shape[1])
    contrast, noise = _sum_of(values, weights, design, hits)
    if ((rest == 0) | (rest == 1)).all() and rest.any() and kind == "mean":
        left = estimate_mean(rest, design, "rate", level)
        below, above = left.value - left.low, left.high - left.value
    else:
        # What was not seen are hits; the rest, if there is any, is bounded by what it shows.
        below, above = Noises(noise.parts[1:]).ends(1 - level)
    less, more = sorted(hits.scale * (end - rate.value) for end in (rate.low, rate.high))
    value, (least, most) = float(values.mean()), _BOUNDS[kind]
    estimate = Estimate(
        value=value,
        low=max(value - math.hypot(less, below), least),
        high=min(value + math.hypot(more, above), most),
        n=design.dialogues,
        method=f"hits: {rate.method}; rest: t interval" if rest.any() else rate.method,
        level=level,
    )
    if kind != "difference":
        return estimate
    return estimate.replace(p_value=_p_value(values, contrast, noise, design))


def _sum_of(
    values: Float[np.ndarray, "seeds exchanges"],
    weights: Float[np.ndarray, " exchanges"],
    design: Design,
    known: Hits | Odds | None,
) -> tuple[Contrast, Noises]:
    """Return a contrast and its noise: of hits, where they are known, then of the rest."""
    contrast = contrast_of(values, weights, design)
    if not isinstance(known, Hits):
        return contrast, Noises((noise_of(contrast, design, known),))
    of_hits = contrast_of(known.values, known.scale * weights, design)
    noises = [noise_of(of_hits, design, known.odds, bounds=(0.0, 1.0))]
    rest = values - known.scale * known.values
    if rest.any():
        of_rest = contrast_of(rest, weights, design)
        noises.append(noise_of(of_rest, design, known.rest, bounds=None))
    return contrast, Noises(tuple(noises))


def _rate(estimate: Estimate, noise: Noise, unseen: float, seeds: int) -> Estimate:
    rate = estimate.value
    # Wilson's interval hangs on squared quantile over n alone: here squared reach over p (1 - p).
    low, high = wilson(rate, rate * (1 - rate) / noise.reach(1 - estimate.level) ** 2, 1.0)
    # Hits that come in clusters are more skewed than single 0s and 1s. And what was seen must not
    # bound a rate more tightly than nothing seen would.
    if rate > 0.5:
        low = min(low, estimate.low, 1 - unseen)
    else:
        high = max(high, estimate.high, unseen)
    return estimate.replace(low=low, high=high, method=_method("Wilson", noise, seeds))


def estimate_contrast(
    values: Float[np.ndarray, "seeds exchanges"],
    weights: Float[np.ndarray, " exchanges"],
    design: Design,
    level: float,
    known: Hits | Odds | None = None,
) -> Estimate:
    """Return a weighted sum over exchanges of the mean over seeds, with interval and test.

    Args:
        values: One row per seed, one column per exchange.
        weights: What each exchange counts.
        design: Which exchanges belong together.
        level: Nominal coverage.
        known: Which answers are hits; or, of values that are no sums of hits, how seeds move them.
    """
    contrast, noise = _sum_of(values, weights, design, known)
    below, above = noise.ends(1 - level)
    return Estimate(
        value=contrast.value,
        low=contrast.value - below,
        high=contrast.value + above,
        n=counted(weights, design),
        method=_method("t interval", noise, len(values)),
        level=level,
        p_value=_p_value(values, contrast, noise, design),
    )


def estimate_ratio(
    values: Float[np.ndarray, "seeds exchanges"],
    numerator: Float[np.ndarray, " exchanges"],
    denominator: Float[np.ndarray, " exchanges"],
    design: Design,
    level: float,
    known: Hits | Odds | None = None,
) -> Estimate:
    """Return the ratio of two contrasts with Fieller's interval.

    A ratio r is accepted where the contrast numerator - r denominator is not refuted; both are
    turned by an angle, so that an infinite ratio is an angle as any other. Source: Fieller 1954.

    Args:
        values: One row per seed, one column per exchange.
        numerator: What each exchange counts above the line.
        denominator: What each exchange counts below the line.
        design: Which exchanges belong together.
        level: Nominal coverage.
        known: Which answers are hits; or, of values that are no sums of hits, how seeds move them.
    """
    above, below = (float((values @ weights).mean()) for weights in (numerator, denominator))
    refuted = partial(_refuted, values, (numerator, denominator), design, known, 1 - level)
    estimate = Estimate(
        value=math.nan,
        low=math.nan,
        high=math.nan,
        n=counted(np.abs(numerator) + np.abs(denominator), design),
        method=f"Fieller's interval, {_over(len(values))}",
        level=level,
        note="not defined: its denominator does not differ significantly from 0",
    )
    if abs(below) < NOTHING or not refuted(math.pi / 2):
        return estimate
    value = above / below
    low, high = (
        math.tan(_edge(refuted, math.atan(value), end)) for end in (-math.pi / 2, math.pi / 2)
    )
    return estimate.replace(value=value, low=low, high=high, note="")


def _refuted(
    values: Float[np.ndarray, "seeds exchanges"],
    weights: tuple[Float[np.ndarray, " exchanges"], Float[np.ndarray, " exchanges"]],
    design: Design,
    known: Hits | Odds | None,
    tail: float,
    angle: float,
) -> bool:
    """Return whether a ratio, as an angle, is refuted."""
    turned = math.cos(angle) * weights[0] - math.sin(angle) * weights[1]
    contrast, noise = _sum_of(values, turned, design, known)
    less, more = noise.ends(tail)
    return not -more <= contrast.value <= less


def _edge(refuted: Callable[[float], bool], inside: float, outside: float) -> float:
    """Return where refutation begins on the way from an accepted angle to a refuted one."""
    # Steps first: what lies beyond the first refuted angle is of no interest.
    step = (outside - inside) / 32
    while not refuted(inside + step):
        inside += step
    outside = inside + step
    for _ in range(25):
        middle = (inside + outside) / 2
        if refuted(middle):
            outside = middle
        else:
            inside = middle
    return inside


def _p_value(
    values: Float[np.ndarray, "seeds exchanges"], contrast: Contrast, noise: Noises, design: Design
) -> float:
    if not noise.absent:
        return noise.p_value(contrast.value)
    if abs(contrast.value) < NOTHING:
        return 1.0
    # Nothing varies within categories. Where all dialogues moved alike, one sign tests them all.
    sizes = np.bincount(design.clusters, np.abs(contrast.weights), minlength=design.dialogues)
    moves = np.bincount(design.clusters, contrast.weights * values.mean(axis=0))
    moved = (moves[sizes > 0] / sizes[sizes > 0]).round(12)
    if np.ptp(moved) == 0:
        return min(2.0 ** (1 - len(moved)), 1.0)
    return noise.p_value(contrast.value)


def _method(name: str, noise: Noise | Noises, seeds: int) -> str:
    if noise.absent:
        return "exact bound, nothing varies; n = dialogues"
    still = ", exact bound where nothing varies" if noise.still else ""
    return f"{name}, {_over(seeds)}{still}"


def _over(seeds: int) -> str:
    if seeds == 1:
        return "dialogues only: one seed, training noise is not covered"
    return f"dialogues crossed with {seeds} seeds"
