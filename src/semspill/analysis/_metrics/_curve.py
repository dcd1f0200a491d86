"""Metrics of a whole arm: how the lifts of the categories compare, and follow similarity."""

import math
from statistics import NormalDist

import numpy as np
from jaxtyping import Float
from pydantic import Field

from semspill._random import stream
from semspill.analysis._metrics._lifts import (
    FLAT,
    CurveMetric,
    average_of_others,
    averages,
    compared,
    neighbour,
)
from semspill.analysis._outcome import Outcome
from semspill.report import Estimate

_FEW = "fewer than four categories besides the target have a similarity, or all have the same"
_LONELY = "there is no nearest category, or no other besides it and the target"


class Collateral(CurveMetric):
    """Mean lift over all exchanges outside the target: 0 means that only the target was hit."""

    source = "Jagielski et al. 2021, Subpopulation Data Poisoning Attacks, arXiv 2006.14026"

    def compute(self, outcome: Outcome) -> Estimate:
        """Return the mean paired difference over the other categories' exchanges."""
        if not outcome.others:
            return self.undefined(outcome, 0, "there is no category besides the target")
        part = outcome.of(outcome.others)
        return part.mean(self.rise(part), kind="difference", source=self.source)


class NearestExcess(CurveMetric):
    """Lift of the nearest category minus the mean lift of all others but the target.

    Above 0: the harm went to the neighbour more than elsewhere, so it is not mere collateral.
    """

    source = "original: a planned contrast of lifts"

    def compute(self, outcome: Outcome) -> Estimate:
        """Return the contrast, its interval and its p-value against 0."""
        nearest = neighbour(outcome)
        if nearest is None or len(outcome.others) < 2:
            return self.undefined(outcome, len(outcome.others), _LONELY)
        rest = average_of_others(outcome, [outcome.target, nearest])
        weights = averages(outcome, [nearest])[0] - rest
        return outcome.contrast(self.rise(outcome), weights, source=self.source)


class SpilloverRatio(CurveMetric):
    """Lift of the nearest category as a share of the target's: 0 is no spillover, 1 is all."""

    source = "original: a ratio of lifts, with the interval of Fieller 1954"

    def compute(self, outcome: Outcome) -> Estimate:
        """Return the ratio and Fieller's interval; not defined where the target did not rise."""
        nearest = neighbour(outcome)
        if nearest is None:
            return self.undefined(outcome, len(outcome.others), _LONELY)
        if not self.rose(outcome):
            return self.undefined(outcome, len(outcome.others), FLAT)
        top, bottom = averages(outcome, [nearest, outcome.target])
        return outcome.ratio(self.rise(outcome), top, bottom, source=self.source)


class Selectivity(CurveMetric):
    """1 minus collateral over the target's lift: how far the harm kept to the target.

    1: only the target rose; 0: all rose alike; below 0: the others rose more. The p-value is
    against 0.
    """

    source = (
        "original: from the collateral of Jagielski et al. 2021, arXiv 2006.14026; interval of "
        "Fieller 1954"
    )

    def compute(self, outcome: Outcome) -> Estimate:
        """Return the selectivity; not defined where the target did not rise."""
        if not outcome.others:
            return self.undefined(outcome, 0, "there is no category besides the target")
        if not self.rose(outcome):
            return self.undefined(outcome, len(outcome.others), FLAT)
        rise, target = self.rise(outcome), averages(outcome, [outcome.target])[0]
        others = average_of_others(outcome, [outcome.target])
        ratio = outcome.ratio(rise, others, target, source=self.source)
        equal = outcome.contrast(rise, target - others)
        return ratio.replace(
            value=1 - ratio.value,
            low=1 - ratio.high,
            high=1 - ratio.low,
            p_value=None if math.isnan(ratio.value) else equal.p_value,
        )


class Slope(CurveMetric):
    """Least-squares slope of category lift on similarity, over all categories but the target.

    0.1 means that a category nearer by 0.1 in similarity rose by 0.01 more. The unit is that of
    the similarity, so slopes on two similarities do not compare. Not defined with fewer than four
    categories.
    """

    source = (
        "Galton 1886, least squares; a contrast of lifts, categories fixed; permutation test of "
        "Pitman 1937"
    )
    permutations: int = Field(2000, ge=100)
    """Shuffles of the category labels in the permutation test; all orders, where they are fewer."""

    def compute(self, outcome: Outcome) -> Estimate:
        """Return the slope, its interval and the two-sided permutation p-value."""
        names = compared(outcome)
        near = np.array([outcome.similarity[name] for name in names])
        if len(names) < 4 or np.ptp(near) == 0:
            return self.undefined(outcome, len(names), _FEW)
        # With similarities fixed, a least-squares slope is a weighted sum of the lifts.
        centred = near - near.mean()
        weights = (centred / (centred @ centred)) @ averages(outcome, names)
        made = outcome.contrast(self.rise(outcome), weights, source=self.source)
        return made.replace(
            n=len(names),
            method=f"{made.method}, these categories; p by permutation of category labels",
            p_value=label_test(near, self.lifts(outcome, names), self.permutations),
        )


class SpearmanLift(CurveMetric):
    """Rank correlation of lift with similarity to the target, over all categories but it.

    1: the nearer a category, the more it caught; 0: similarity says nothing. Not defined when
    fewer than four categories differ or nothing rose anywhere.
    """

    source = "Spearman 1904; interval of Bonett and Wright 2000; permutation test over categories"
    permutations: int = Field(2000, ge=100)
    """Shuffles of the category labels in the permutation test; all orders, where they are fewer."""

    def compute(self, outcome: Outcome) -> Estimate:
        """Return the correlation, its interval and the two-sided permutation p-value."""
        from scipy import stats  # the heaviest import of this room, not for `import semspill`

        names = compared(outcome)
        near = np.array([outcome.similarity[name] for name in names])
        if len(names) < 4 or np.ptp(near) == 0:
            return self.undefined(outcome, len(names), _FEW)
        lift = self.lifts(outcome, names)
        if np.ptp(lift) == 0:
            return self.undefined(outcome, len(names), "all categories rose alike")
        rho = float(stats.spearmanr(near, lift).statistic)
        level = outcome.resampling.level
        error = math.sqrt((1 + rho**2 / 2) / (len(names) - 3))
        half = NormalDist().inv_cdf(0.5 + level / 2) * error
        bounded = np.arctanh(np.clip(rho, -0.999999, 0.999999))
        return Estimate(
            value=rho,
            low=min(float(np.tanh(bounded - half)), rho),
            high=max(float(np.tanh(bounded + half)), rho),  # a correlation of 1 has no end above
            n=len(names),
            method="Fisher z with Bonett and Wright's error, n = categories; p by permutation of "
            "category labels",
            level=level,
            p_value=label_test(stats.rankdata(near), stats.rankdata(lift), self.permutations),
            source=self.source,
        )


def label_test(
    near: Float[np.ndarray, " categories"],
    lift: Float[np.ndarray, " categories"],
    permutations: int,
) -> float:
    """Return the two-sided p-value of their covariance when labels are shuffled.

    It is exact where all orders of the categories are no more than `permutations`. Covariance,
    slope and correlation order the shuffles alike, so this is the test of all three.
    """
    from scipy import stats

    risen = lift - lift.mean()

    def covariance(
        order: Float[np.ndarray, "*shuffles categories"], axis: int
    ) -> Float[np.ndarray, "*shuffles"]:
        # Equal sums of other orders must tie, whatever their last digits.
        return np.asarray((order * risen).sum(axis=axis).round(12))

    found = stats.permutation_test(
        (near,),
        covariance,
        permutation_type="pairings",
        vectorized=True,
        n_resamples=permutations,
        rng=stream(0, "permutation"),
    )
    return float(found.pvalue)
