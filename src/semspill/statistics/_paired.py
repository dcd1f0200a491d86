"""The difference of two means: paired by dialogue and seed, by dialogue alone, or not at all."""

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float

from semspill.statistics._estimate import Estimate
from semspill.statistics._intervals import fieller, method_of, p_value_of, sum_of
from semspill.statistics._means import Sample
from semspill.statistics._noise import Noise, Noises, p_against_0
from semspill.statistics._pooling import pool_seeds
from semspill.statistics._twoway import Contrast, Hits, Odds, contrast_of, counted, noise_of

# At a level of 0 an interval is a point, and that of a rate is not defined.
_LARGEST_P = 0.98


@dataclass(frozen=True, eq=False)
class Pairs:
    """Two samples of the same exchanges, whose means over any of them are compared.

    A dialogue counts with its difference, so that what it does to both sides drops out. So does a
    seed where both sides were trained under the same seeds; where they were not, the noise of the
    seeds of either side is added.
    """

    before: Sample
    """What is subtracted."""
    after: Sample
    """What it is subtracted from."""
    rates: Float[np.ndarray, "seeds exchanges"]
    """What is averaged to a rate, 0 to 1, whose odds seeds move; of lifts, of what they are."""
    by_seed: bool
    """Whether row i of both sides is of the same seed."""

    def estimate(
        self,
        before: Float[np.ndarray, " exchanges"],
        after: Float[np.ndarray, " exchanges"],
        level: float,
    ) -> Estimate:
        """Return the mean of one side minus that of the other.

        The two may be means over different exchanges: those of one side alone count by themselves.

        Args:
            before: What each exchange counts in the mean of `before`; they add up to 1.
            after: The same of `after`.
            level: Nominal coverage.
        """
        design, weights = self.before.design, np.maximum(before, after)
        size = np.where(weights > 0, weights, 1)
        values = after / size * self._rows(self.after) - before / size * self._rows(self.before)
        contrast = contrast_of(values, weights, design)
        alike = self.by_seed and np.array_equal(before, after)
        odds = self._odds if alike else None
        noise = Noises((noise_of(contrast, design, odds, (-self._reach, self._reach)),))
        method = method_of("paired t interval", noise, len(values))
        if not self.by_seed:
            seeds = (*_of_seeds(self.before, before), *_of_seeds(self.after, after))
            noise = Noises((*noise.parts, *seeds))
            method = f"paired t interval, dialogues; {_apart(self.before, self.after)}"
        below, above = noise.ends(1 - level)
        return Estimate(
            value=contrast.value,
            low=max(contrast.value - below, -self._reach),
            high=min(contrast.value + above, self._reach),
            n=counted(weights, design),
            method=method,
            level=level,
            p_value=p_value_of(values, contrast, noise, design),
        )

    def ratio(
        self,
        weights: Float[np.ndarray, " exchanges"],
        level: float,
        rates: tuple[Float[np.ndarray, "seeds exchanges"], Float[np.ndarray, "seeds exchanges"]],
    ) -> Estimate:
        """Return the mean of `after` as a multiple of that of `before`, with Fieller's interval.

        For sides that are paired by seed. What was not seen is bounded: a side without a hit has no
        noise of its own, nor have sides that answer alike, yet the next dialogue may be otherwise.

        Args:
            weights: What each exchange counts in either mean; they add up to 1.
            level: Nominal coverage.
            rates: As the field `rates`, of `before` and of `after` each.
        """
        design = self.before.design
        after, before, apart = self._hidden(weights)

        def turned(above: float, below: float) -> tuple[Contrast, Noises]:
            values = above * self.after.values - below * self.before.values
            # Each side counts by its part: that of a lone one does not hang on the other.
            share = abs(above) / (abs(above) + abs(below))
            mixed = share * rates[1] + (1 - share) * rates[0]
            odds = pool_seeds(values, mixed, design, prior=False)
            contrast = contrast_of(values, weights, design)
            hidden = _scaled(after, above), _scaled(before, -below), _scaled(apart, above)
            return contrast, Noises((noise_of(contrast, design, odds, None), *hidden))

        estimate = fieller(turned, level, len(self.before.values))
        return estimate.replace(n=counted(weights, design))

    def _hidden(self, weights: Float[np.ndarray, " exchanges"]) -> tuple[Noise, Noise, Noise]:
        """Return what was not seen of `after`, of `before`, and of their difference elsewhere."""
        design = self.before.design
        (after, one), (before, other) = (_unseen(s, weights) for s in (self.after, self.before))
        moving = ~(one | other)[design.strata[design.clusters]]
        change = contrast_of(self.after.values - self.before.values, weights * moving, design)
        known = self.before.known
        most = known.scale if isinstance(known, Hits) else self._reach
        apart = noise_of(change, design, None, (-most, most))
        return after, before, _only_unseen(apart)

    @property
    def _reach(self) -> float:
        """How far apart two values can be."""
        return 2.0 if self.before.kind == "difference" else 1.0

    def _rows(self, sample: Sample) -> Float[np.ndarray, "rows exchanges"]:
        return sample.values if self.by_seed else sample.values.mean(axis=0)[None]

    @cached_property
    def _odds(self) -> Odds:
        """How seeds move the difference, by all categories."""
        change = self.after.values - self.before.values
        return pool_seeds(change, self.rates, self.before.design, prior=False)


def estimate_apart(before: Sample, after: Sample, level: float) -> Estimate:
    """Return the mean of one sample minus that of another one, of other exchanges.

    Each mean has its own interval; their reaches are put together as squares. Source: Zou and
    Donner 2008 (MOVER).

    Args:
        before: What is subtracted.
        after: What it is subtracted from.
        level: Nominal coverage.
    """
    least, most = float(before.values.mean()), float(after.values.mean())
    first, second = before.mean, after.mean

    def ends(tail: float) -> tuple[float, float]:
        (low, high), (low_after, high_after) = first.ends(tail), second.ends(tail)
        below = math.hypot(most - low_after, high - least)
        return below, math.hypot(high_after - most, least - low)

    below, above = ends(1 - level)
    return Estimate(
        value=most - least,
        low=most - least - below,
        high=most - least + above,
        n=before.design.dialogues + after.design.dialogues,
        method=f"not paired, two intervals put together; {_apart(before, after)}",
        level=level,
        p_value=p_against_0(most - least, ends, _LARGEST_P),
    )


def _unseen(
    side: Sample, weights: Float[np.ndarray, " exchanges"]
) -> tuple[Noise, Bool[np.ndarray, " strata"]]:
    """Return what was not seen on one side, of its hits where they are known, and in what strata.

    Nothing varies in these.
    """
    values, bounds = side.values, (-1.0 if side.kind == "difference" else 0.0, 1.0)
    if isinstance(side.known, Hits):
        values, bounds = side.known.values, (0.0, 1.0)
        weights = side.known.scale * weights
    contrast = contrast_of(values, weights, side.design)
    return _only_unseen(noise_of(contrast, side.design, None, bounds)), contrast.still


def _only_unseen(noise: Noise) -> Noise:
    above, below = noise.unseen_above, noise.unseen_below
    nothing = Noise(dialogue=0.0, dialogue_df=1.0, seed=0.0, seed_df=0)
    return replace(nothing, unseen_above=above, unseen_below=below)


def _scaled(unseen: Noise, factor: float) -> Noise:
    """Return what was not seen of a side that is multiplied by a factor."""
    above, below = (
        tuple((count, abs(factor) * size) for count, size in part)
        for part in (unseen.unseen_above, unseen.unseen_below)
    )
    if factor < 0:
        above, below = below, above
    return replace(unseen, unseen_above=above, unseen_below=below)


def _of_seeds(sample: Sample, weights: Float[np.ndarray, " exchanges"]) -> list[Noise]:
    """Return the noise that the seeds of one side add; that of dialogues is in the pairs."""
    _, noise = sum_of(sample.values, weights, sample.design, sample.known)
    return [
        replace(part, dialogue=0.0, skew=0.0, unseen_above=(), unseen_below=())
        for part in noise.parts
    ]


def _apart(before: Sample, after: Sample) -> str:
    counts = [len(before.values), len(after.values)]
    alone = "" if min(counts) > 1 else ", training noise of one seed is not covered"
    return f"seeds apart ({counts[0]} and {counts[1]}{alone})"
