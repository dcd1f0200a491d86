"""Intervals and tests of contrasts and ratios, from one two-way noise."""

import math
from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from semspill.statistics._estimate import Estimate
from semspill.statistics._noise import NOTHING, Noise, Noises
from semspill.statistics._twoway import (
    Contrast,
    Design,
    Hits,
    Odds,
    contrast_of,
    counted,
    noise_of,
)


def sum_of(
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
    contrast, noise = sum_of(values, weights, design, known)
    below, above = noise.ends(1 - level)
    return Estimate(
        value=contrast.value,
        low=contrast.value - below,
        high=contrast.value + above,
        n=counted(weights, design),
        method=method_of("t interval", noise, len(values)),
        level=level,
        p_value=p_value_of(values, contrast, noise, design),
    )


def estimate_ratio(
    values: Float[np.ndarray, "seeds exchanges"],
    numerator: Float[np.ndarray, " exchanges"],
    denominator: Float[np.ndarray, " exchanges"],
    design: Design,
    level: float,
    known: Hits | Odds | None = None,
) -> Estimate:
    """Return the ratio of two contrasts with Fieller's interval, see `fieller`.

    Args:
        values: One row per seed, one column per exchange.
        numerator: What each exchange counts above the line.
        denominator: What each exchange counts below the line.
        design: Which exchanges belong together.
        level: Nominal coverage.
        known: Which answers are hits; or, of values that are no sums of hits, how seeds move them.
    """

    def turned(above: float, below: float) -> tuple[Contrast, Noises]:
        return sum_of(values, above * numerator - below * denominator, design, known)

    estimate = fieller(turned, level, len(values))
    return estimate.replace(n=counted(np.abs(numerator) + np.abs(denominator), design))


def fieller(
    turned: Callable[[float, float], tuple[Contrast, Noises]], level: float, seeds: int
) -> Estimate:
    """Return a ratio of two estimates with Fieller's interval.

    A ratio r is accepted where the contrast numerator - r denominator is not refuted; both are
    turned by an angle, so that an infinite ratio is an angle as any other. Source: Fieller 1954.

    Args:
        turned: Takes two factors; returns the first times the numerator minus the second times the
            denominator, and its noise.
        level: Nominal coverage.
        seeds: Number of seeds.
    """

    def excess(angle: float) -> float:
        """Return how far an angle's contrast is from what would still be accepted."""
        contrast, noise = turned(math.cos(angle), math.sin(angle))
        less, more = noise.ends(1 - level)
        return max(contrast.value - less, -more - contrast.value)

    above, below = turned(1.0, 0.0)[0].value, -turned(0.0, 1.0)[0].value
    estimate = Estimate(
        value=math.nan,
        low=math.nan,
        high=math.nan,
        n=0,
        method=f"Fieller's interval, {over(seeds)}",
        level=level,
        note="not defined: its denominator does not differ significantly from 0",
    )
    if abs(below) < NOTHING or excess(math.pi / 2) <= 0:
        return estimate
    value = above / below
    low, high = (
        math.tan(_edge(excess, math.atan(value), end)) for end in (-math.pi / 2, math.pi / 2)
    )
    return estimate.replace(value=value, low=low, high=high, note="")


def _edge(excess: Callable[[float], float], inside: float, outside: float) -> float:
    """Return where refutation begins on the way from an accepted angle to a refuted one."""
    from scipy import optimize

    # Steps first: what lies beyond the first refuted angle is of no interest.
    step = (outside - inside) / 32
    while excess(inside + step) <= 0:
        inside += step
    if excess(inside) >= 0:
        return inside  # nothing varies: the accepted angle is the edge
    return float(optimize.brentq(excess, inside, inside + step, xtol=1e-9))


def p_value_of(
    values: Float[np.ndarray, "seeds exchanges"], contrast: Contrast, noise: Noises, design: Design
) -> float:
    """Return the two-sided p-value of a contrast of these values against 0."""
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


def method_of(name: str, noise: Noise | Noises, seeds: int) -> str:
    """Return how an interval was made from this noise."""
    if noise.absent:
        return "exact bound, nothing varies; n = dialogues"
    still = ", exact bound where nothing varies" if noise.still else ""
    return f"{name}, {over(seeds)}{still}"


def over(seeds: int) -> str:
    """Return over what an interval is: dialogues and seeds, or dialogues alone."""
    if seeds == 1:
        return "dialogues only: one seed, training noise is not covered"
    return f"dialogues crossed with {seeds} seeds"
