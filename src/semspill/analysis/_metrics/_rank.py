"""The rank correlation of lift and similarity, with a two-way jackknife."""

import math

import numpy as np
from jaxtyping import Float
from pydantic import Field

from semspill.analysis._metrics._curve import label_test, trend
from semspill.analysis._metrics._lifts import FEW, CurveMetric, averages, similar
from semspill.analysis._outcome import Outcome
from semspill.statistics import Estimate
from semspill.statistics._noise import t_quantile


class SpearmanLift(CurveMetric):
    """Rank correlation of lift with similarity to the target, over all categories but it.

    1: the nearer a category, the more it caught; 0: similarity says nothing. Not defined when
    fewer than four categories differ or nothing rose anywhere.

    The interval says how the correlation of these categories would move under other test dialogues
    and other seeds. Noise in the lifts also pulls the correlation towards 0, which no interval
    around it mends: it is not an interval for the correlation of the true lifts.
    """

    citation = (
        "Spearman 1904, The proof and measurement of association between two things; two-way "
        "jackknife over dialogues and seeds: Tukey 1958, Bias and confidence in not-quite large "
        "samples; tests as of slope"
    )
    title, kind = "Rank correlation", "trend"
    permutations: int = Field(2000, ge=100)
    """Shuffles of the category labels in the permutation test; all orders, where they are fewer."""

    def compute(self, outcome: Outcome) -> Estimate:
        from scipy import stats  # the heaviest import of this room, not for `import semspill`

        names, near = similar(outcome)
        if len(names) < 4 or np.ptp(near) == 0:
            return self.undefined(outcome, len(names), FEW)
        lift = self.lifts(outcome, names)
        if np.ptp(lift) == 0:
            return self.undefined(outcome, len(names), "all categories rose alike")
        ranks = stats.rankdata(near)
        rho = float(_correlations(ranks, lift[None])[0])
        half = self._half(outcome, names, ranks)
        # Two neighbours in rank that change places: nothing is surer than that.
        step = 12 / (len(names) ** 3 - len(names))
        tested = trend(self, outcome, names, ranks).p_value or 0.0
        return Estimate(
            value=rho,
            low=max(min(math.tanh(_fisher(rho) - half), rho - step), -1.0),
            high=min(max(math.tanh(_fisher(rho) + half), rho + step), 1.0),
            n=len(names),
            method=f"jackknife of dialogues and {len(outcome.seeds)} seeds, these categories; p "
            "of the trend over ranks, also by permutation of category labels",
            level=outcome.resampling.level,
            p_value=max(label_test(ranks, stats.rankdata(lift), self.permutations), tested),
            citation=self.citation,
        )

    def _half(
        self, outcome: Outcome, names: list[str], ranks: Float[np.ndarray, " categories"]
    ) -> float:
        """Return half of the interval on Fisher's scale."""
        tail, seeds = 1 - outcome.resampling.level, len(outcome.seeds)
        rows, rise = averages(outcome, names), self.rise(outcome)
        squared = t_quantile(tail, float(outcome.design.free)) ** 2 * _over_dialogues(
            outcome, rows, rise.mean(axis=0), ranks
        )
        if seeds > 1:
            without = (rise.sum(axis=0) - rise) / (seeds - 1) @ rows.T
            z = _fisher(_correlations(ranks, without))
            squared += t_quantile(tail, seeds - 1.0) ** 2 * float(z.var()) * (seeds - 1)
        return math.sqrt(squared)


def _over_dialogues(
    outcome: Outcome,
    rows: Float[np.ndarray, "categories exchanges"],
    rise: Float[np.ndarray, " exchanges"],
    ranks: Float[np.ndarray, " categories"],
) -> float:
    """Return the jackknife variance over dialogues, drawn within their category."""
    lift, variance = rows @ rise, 0.0
    for place, row in enumerate(rows):
        members = np.flatnonzero(row)
        dialogues, of = np.unique(outcome.clusters[members], return_inverse=True)
        if len(dialogues) < 2:
            continue
        sizes = np.bincount(of)
        rest = (rise[members].sum() - np.bincount(of, rise[members])) / (len(members) - sizes)
        without = np.tile(lift, (len(dialogues), 1))
        without[:, place] = rest
        variance += float(_fisher(_correlations(ranks, without)).var()) * (len(dialogues) - 1)
    return variance


def _correlations(
    ranks: Float[np.ndarray, " categories"], lifts: Float[np.ndarray, "draws categories"]
) -> Float[np.ndarray, " draws"]:
    from scipy import stats

    # Equal lifts must tie in a ranking, whatever their last digits.
    away = stats.rankdata(lifts.round(12), axis=1)
    away = away - away.mean(axis=1, keepdims=True)
    near = ranks - ranks.mean()
    size = np.sqrt((away**2).sum(axis=1) * (near @ near))
    return np.asarray(away @ near / np.where(size > 0, size, np.inf))


def _fisher(rho: Float[np.ndarray, "*draws"] | float) -> Float[np.ndarray, "*draws"]:
    return np.asarray(np.arctanh(np.clip(rho, -0.999, 0.999)))
