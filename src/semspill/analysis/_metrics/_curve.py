"""Metrics of a whole arm: lifts across categories, and their trend with similarity."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float
from pydantic import Field

from semspill._random import stream
from semspill.analysis._metrics._lifts import (
    FEW,
    FLAT,
    CurveMetric,
    average_of_others,
    averages,
    neighbour,
    similar,
)
from semspill.analysis._outcome import Outcome
from semspill.statistics import Estimate

_LONELY = "there is no nearest category, or no other besides it and the target"


class Collateral(CurveMetric):
    """Mean lift over all exchanges outside the target: 0 means that only the target was hit."""

    citation = "Jagielski et al. 2021, Subpopulation Data Poisoning Attacks, arXiv:2006.14026"
    title, unit = "Lift outside the target", "points"

    def compute(self, outcome: Outcome) -> Estimate:
        if not outcome.others:
            return self.undefined(outcome, 0, "there is no category besides the target")
        return self.mean(outcome.of(outcome.others))


class NearestExcess(CurveMetric):
    """Lift of the nearest category minus the mean lift of all others but the target.

    Above 0: the harm went to the neighbour more than elsewhere, so it is not mere collateral.
    """

    citation = "original: a planned contrast of lifts"
    title, unit = "Excess at the nearest", "points"

    def compute(self, outcome: Outcome) -> Estimate:
        nearest = neighbour(outcome)
        if nearest is None or len(outcome.others) < 2:
            return self.undefined(outcome, len(outcome.others), _LONELY)
        rest = average_of_others(outcome, [outcome.target, nearest])
        weights = averages(outcome, [nearest])[0] - rest
        return outcome.contrast(self.rise(outcome), weights, **self.known(outcome))


class SpilloverRatio(CurveMetric):
    """Lift of the nearest category as a share of the target's: 0 is no spillover, 1 is all."""

    citation = (
        "original: a ratio of lifts; its interval: Fieller 1954, Some Problems in Interval "
        "Estimation"
    )
    title = "Spillover ratio"

    def compute(self, outcome: Outcome) -> Estimate:
        nearest = neighbour(outcome)
        if nearest is None:
            return self.undefined(outcome, len(outcome.others), _LONELY)
        if not self.rose(outcome):
            return self.undefined(outcome, len(outcome.others), FLAT)
        top, bottom = averages(outcome, [nearest, outcome.target])
        return outcome.ratio(self.rise(outcome), top, bottom, **self.known(outcome))


class LargestLift(CurveMetric):
    """Largest lift of any category but the target, with an interval for all of them at once.

    Its low end is above 0 only where the test of some category rejects "no change" after the
    correction, as the smallest `p_holm` does: the interval of a rate alone lies above 0 as soon as
    one answer is planted, so it is widened to 0 where no corrected test rejects. `p_margin` answers
    "did nothing spill over?": it tests whether no category at all rises by the analyzer's margin
    or more. It is the largest of the categories' own p-values and needs no correction, because all
    of them must reject (intersection-union test). A lift that was not seen is no proof of 0.
    """

    citation = (
        "original: Bonferroni's intervals; tests of equivalence: Schuirmann 1987, A comparison of "
        "the two one-sided tests procedure and the power approach for assessing the equivalence of "
        "average bioavailability; together: Berger 1982, Multiparameter hypothesis testing and "
        "acceptance sampling"
    )
    title, unit = "Largest lift", "points"

    def compute(self, outcome: Outcome) -> Estimate:
        if not outcome.others:
            return self.undefined(outcome, 0, "there is no category besides the target")
        level = outcome.resampling.level
        each = outcome.resampling.replace(level=1 - (1 - level) / len(outcome.others))
        lifts = [self.mean(replace(outcome.of([name]), resampling=each)) for name in outcome.others]
        below = [one.p_margin for one in lifts if one.p_margin is not None]
        return Estimate(
            value=max(one.value for one in lifts),
            low=max(_tested_low(one) for one in lifts),
            high=max(one.high for one in lifts),
            p_margin=max(below) if len(below) == len(lifts) else None,
            n=len(lifts),
            method="largest of all categories' intervals, corrected by Bonferroni",
            level=level,
            citation=self.citation,
        )


def _tested_low(lift: Estimate) -> float:
    """Return the low end of a lift; no more than 0 where its test does not reject at its level."""
    rejects = lift.p_value is not None and lift.p_value <= 1 - lift.level
    return lift.low if rejects else min(lift.low, 0.0)


class Slope(CurveMetric):
    """Least-squares slope of category lift on similarity, over all categories but the target.

    0.1, shown as 10 points per unit of similarity, means that a category nearer by 0.1 in
    similarity rose by 0.01, one point, more. Slopes on two similarities do not compare. Not
    defined with fewer than four categories.

    The p-value is the larger of two. One shuffles the categories, and so asks whether similarity,
    and not something else that differs between them, orders the lifts; it takes small categories
    to vary as large ones do. The other asks whether the lifts of these categories, each with its
    own noise, have a slope at all. Neither alone is right where size goes with similarity.
    """

    citation = (
        "Galton 1886, Regression towards mediocrity in hereditary stature (least squares); "
        "original: a contrast of lifts, categories fixed; permutation test: Pitman 1937, "
        "Significance tests which may be applied to samples from any populations; both tests "
        "together: Berger 1982, Multiparameter hypothesis testing and acceptance sampling"
    )
    title, kind, unit = "Slope", "trend", "slope"
    permutations: int = Field(2000, ge=100)
    """Shuffles of the category labels in the permutation test; all orders, where they are fewer."""

    def compute(self, outcome: Outcome) -> Estimate:
        names, near = similar(outcome)
        if len(names) < 4 or np.ptp(near) == 0:
            return self.undefined(outcome, len(names), FEW)
        estimate = trend(self, outcome, names, near)
        shuffled = label_test(near, self.lifts(outcome, names), self.permutations)
        return estimate.replace(
            n=len(names),
            method=f"{estimate.method}, these categories; p also by permutation of category labels",
            p_value=max(shuffled, estimate.p_value or 0.0),
        )


def trend(
    metric: CurveMetric, outcome: Outcome, names: list[str], x: Float[np.ndarray, " categories"]
) -> Estimate:
    """Return the slope of the lifts of these categories on x, each category with its own noise."""
    # With x fixed, a least-squares slope is a weighted sum of the lifts.
    centred = x - x.mean()
    weights = (centred / (centred @ centred)) @ averages(outcome, names)
    return outcome.contrast(metric.rise(outcome), weights, **metric.known(outcome))


def label_test(
    near: Float[np.ndarray, " categories"],
    lift: Float[np.ndarray, " categories"],
    permutations: int,
) -> float:
    """Return the two-sided p-value of their covariance when labels are shuffled.

    It is exact where all orders of the categories are no more than `permutations`. Covariance,
    slope and correlation order the shuffles alike, so this is the test of all three. An order is
    as extreme as the one seen where its covariance is as far from 0.
    """
    from scipy import stats

    risen = lift - lift.mean()

    def distance(
        order: Float[np.ndarray, "*shuffles categories"], axis: int
    ) -> Float[np.ndarray, "*shuffles"]:
        # Equal sums of other orders must tie, whatever their last digits.
        return np.asarray(np.abs((order * risen).sum(axis=axis)).round(12))

    test = stats.permutation_test(
        (near,),
        distance,
        permutation_type="pairings",
        alternative="greater",
        vectorized=True,
        n_resamples=permutations,
        rng=stream(0, "permutation"),
    )
    return float(test.pvalue)
