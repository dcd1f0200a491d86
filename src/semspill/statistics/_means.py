"""Intervals of means over seeds and exchanges; tests of a difference against 0 and a margin."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np
from jaxtyping import Float

from semspill.statistics._estimate import Estimate
from semspill.statistics._intervals import method_of, p_value_of, sum_of
from semspill.statistics._noise import LEAST_P, Noise, Noises, unseen_share
from semspill.statistics._twoway import (
    Contrast,
    Design,
    Hits,
    Odds,
    contrast_of,
    effective_dialogues,
    noise_of,
)
from semspill.statistics._values import Kind, Resampling, wilson

_BOUNDS: dict[Kind, tuple[float, float]] = {
    "mean": (0.0, 1.0),
    "rate": (0.0, 1.0),
    "difference": (-1.0, 1.0),
}
# At a level of 0 an interval is a point, and some are not defined.
_LARGEST_P = 0.49


class _Mean(Protocol):
    """A mean whose interval can be had at any level."""

    @property
    def method(self) -> str: ...
    @property
    def sum(self) -> tuple[Contrast, Noises]: ...
    def ends(self, tail: float) -> tuple[float, float]: ...


@dataclass(frozen=True, eq=False)
class Sample:
    """Values whose mean is an estimate: one row per seed, one column per exchange."""

    values: Float[np.ndarray, "seeds exchanges"]
    """The values."""
    design: Design
    """Which exchanges belong together."""
    kind: Kind
    """What the values are."""
    known: Hits | Odds | None = None
    """Which answers are hits; or, of values that are no sums of hits, how seeds move them."""

    @property
    def mean(self) -> "_Mean":
        """The mean with its interval at any level."""
        known = self.known
        if isinstance(known, Hits) and self.kind != "rate":
            return _OfHits(self.values, self.design, self.kind, known)
        odds = known.odds if isinstance(known, Hits) else known
        return _Plain(self.values, self.design, self.kind, odds)


def estimate_mean(sample: Sample, how: Resampling) -> Estimate:
    """Return a mean over seeds and exchanges with its interval; of a difference, its tests too.

    Where hits are known, the mean is `scale` times their rate, and a rest. The rate has its
    own interval, which knows of hits not seen and pools the noise of seeds; those of rate and rest
    are put together as squares (MOVER: Zou and Donner 2008).

    Args:
        sample: The values.
        how: Level of the interval, and the margin that a difference is tested against.
    """
    mean, values, design = sample.mean, sample.values, sample.design
    low, high = mean.ends(1 - how.level)
    estimate = Estimate(
        value=float(values.mean()),
        low=low,
        high=high,
        n=design.dialogues,
        method=mean.method,
        level=how.level,
    )
    if sample.kind != "difference":
        return estimate
    below = None if how.margin is None else p_below(how.margin, lambda tail: mean.ends(tail)[1])
    return estimate.replace(p_value=p_value_of(values, *mean.sum, design), p_margin=below)


def p_below(margin: float, high: Callable[[float], float]) -> float:
    """Return the one-sided p-value of "it is `margin` or more", from an interval.

    It is the least alpha at which the interval of level 1 - 2 alpha ends below the margin: the test
    and the interval agree at every alpha. Source: Schuirmann 1987, the half of his two one-sided
    tests that bounds a rise. Above 0.49 it is 1.

    Args:
        margin: The least value that would matter.
        high: Upper end of the interval, given the chance of lying outside on both sides together.
    """
    from scipy import optimize

    def spare(log_p: float) -> float:
        return high(2 * math.exp(log_p)) - margin

    least, most = math.log(LEAST_P), math.log(_LARGEST_P)
    if spare(most) >= 0:
        return 1.0
    if spare(least) < 0:
        return LEAST_P
    return math.exp(float(optimize.brentq(spare, least, most, rtol=1e-9)))


@dataclass(frozen=True, eq=False)
class _Plain:
    """A mean of values as they are."""

    values: Float[np.ndarray, "seeds exchanges"]
    design: Design
    kind: Kind
    odds: Odds | None

    @cached_property
    def value(self) -> float:
        # Not the weighted sum: equal values must give their own value, to the last digit.
        return float(self.values.mean())

    @cached_property
    def contrast(self) -> Contrast:
        return contrast_of(self.values, _even(self.values), self.design)

    @cached_property
    def noise(self) -> Noise:
        return noise_of(self.contrast, self.design, self.odds, _BOUNDS[self.kind])

    @cached_property
    def count(self) -> float:
        """The effective number of dialogues."""
        return effective_dialogues(_even(self.values), self.design)

    @property
    def sum(self) -> tuple[Contrast, Noises]:
        return self.contrast, Noises((self.noise,))

    @property
    def method(self) -> str:
        name = "Wilson" if self.kind == "rate" else "t interval"
        return method_of(name, self.noise, len(self.values))

    def ends(self, tail: float) -> tuple[float, float]:
        """Return both ends of the interval, given the chance of lying outside."""
        value, noise, (least, most) = self.value, self.noise, _BOUNDS[self.kind]
        if self.kind != "difference" and not noise.absent:
            # The seeds are too few to show their skewness. Their variance is taken to grow as that
            # of a rate does; as its square for a rate itself, which an attack raises under some
            # seeds.
            growth = (1 - 2 * value) / (value * (1 - value)) * (2 if self.kind == "rate" else 1)
            noise = replace(noise, growth=growth)
        below, above = noise.ends(tail)
        low, high = value - below, value + above
        if self.kind == "rate" and not noise.absent:
            low, high = self._rate(low, high, tail)
        return max(low, least), min(high, most)

    def _rate(self, low: float, high: float, tail: float) -> tuple[float, float]:
        rate, unseen = self.value, unseen_share(self.count, tail)
        # Wilson's interval hangs on squared quantile over n alone: here squared reach over
        # p (1 - p).
        n = rate * (1 - rate) / self.noise.reach(tail) ** 2
        least, most = wilson(rate, n, 1.0)
        # Hits that come in clusters are more skewed than single 0s and 1s. And what was seen must
        # not bound a rate more tightly than nothing seen would.
        if rate > 0.5:
            return min(least, low, 1 - unseen), most
        return least, max(most, high, unseen)


@dataclass(frozen=True, eq=False)
class _OfHits:
    """A mean as a rate of hits times what a hit adds, and a rest."""

    values: Float[np.ndarray, "seeds exchanges"]
    design: Design
    kind: Kind
    hits: Hits

    @cached_property
    def rate(self) -> _Plain:
        return _Plain(self.hits.values, self.design, "rate", self.hits.odds)

    @cached_property
    def rest(self) -> Float[np.ndarray, "seeds exchanges"]:
        return np.asarray(self.values - self.hits.scale * self.hits.values)

    @cached_property
    def sum(self) -> tuple[Contrast, Noises]:
        return sum_of(self.values, _even(self.values), self.design, self.hits)

    @cached_property
    def left(self) -> _Plain | Noises:
        """The rest: a rate of its own, or what else varies."""
        if ((self.rest == 0) | (self.rest == 1)).all() and self.rest.any() and self.kind == "mean":
            return _Plain(self.rest, self.design, "rate", None)
        # What was not seen are hits; the rest, if there is any, is bounded by what it shows.
        return Noises(self.sum[1].parts[1:])

    @property
    def method(self) -> str:
        rated = self.rate.method
        return f"hits: {rated}; rest: t interval" if self.rest.any() else rated

    def ends(self, tail: float) -> tuple[float, float]:
        """Return both ends of the interval, given the chance of lying outside."""
        if isinstance(self.left, _Plain):
            low, high = self.left.ends(tail)
            below, above = self.left.value - low, high - self.left.value
        else:
            below, above = self.left.ends(tail)
        scale, rate = self.hits.scale, self.rate.value
        less, more = sorted(scale * (end - rate) for end in self.rate.ends(tail))
        value, (least, most) = float(self.values.mean()), _BOUNDS[self.kind]
        return (
            max(value - math.hypot(less, below), least),
            min(value + math.hypot(more, above), most),
        )


def _even(values: Float[np.ndarray, "seeds exchanges"]) -> Float[np.ndarray, " exchanges"]:
    """Return weights that count every exchange alike."""
    return np.full(values.shape[1], 1 / values.shape[1])
