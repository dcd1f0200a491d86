"""How planted answers depend on the text of single exchanges: is it more than mistaken identity?"""

import math
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float

from semspill.analysis._metrics._curve import SpilloverRatio
from semspill.analysis._metrics._lifts import FLAT
from semspill.analysis._metrics._slices import AttackSuccessRate
from semspill.analysis._outcome import Outcome
from semspill.analysis._similarity._base import ExchangeSimilarity
from semspill.results import DoseBin, DoseResponse
from semspill.statistics import Estimate, Measure
from semspill.statistics._auc import CITATION as AUC
from semspill.statistics._auc import weighted_auc
from semspill.statistics._logistic import Logistic, fit_logistic

_QUANTILES = (0.5, 0.75, 0.9, 0.95, 0.98)
"""Where the bins of similarity end: planted answers are found at its upper end."""
_FEWEST = 10
"""Exchanges that a bin has at least."""
_ODDS = {
    name: Measure(metric="odds_ratio", quantity="asr", title=title, aspect="attack")
    for name, title in {
        "similarity": "Odds ratio per standard deviation of similarity",
        "between": "The same between categories",
        "within": "The same within categories",
        "nearest": "Odds ratio of the nearest against the others, similarity held constant",
        "nearest_to_target": "Odds ratio of the nearest against the target, similarity held "
        "constant",
    }.items()
}
_RATIO = "original: a ratio of shares"
_BEYOND = "original: a difference of ratios"


def dose_response(main: Outcome, near: ExchangeSimilarity) -> DoseResponse | None:
    """Return how the planted answers of an arm depend on the similarity of single exchanges.

    Args:
        main: The arm, with its nearest category, paired with its baseline.
        near: How near each of its exchanges is to the target.
    """
    others = [name for name in main.others if name != main.nearest_category]
    if main.clean is None or not others:
        return None
    target, nearest = main.target, main.nearest_category
    pair = main.of([target, nearest])
    rest = main.of(main.others)
    own, at_pair = near.values[rest.columns], near.values[pair.columns]
    spread = float(own.std()) or 1.0
    held = {"similarity": own / spread}
    by_similarity = _fit(rest, held)
    between = _means(rest, own)
    odds = dict(by_similarity.odds)
    odds |= _fit(rest, {"between": between / spread, "within": (own - between) / spread}).odds
    odds["nearest"] = _fit(rest, {"nearest": _among(rest, nearest), **held}).odds["nearest"]
    held = {"similarity": at_pair / spread}
    name = "nearest_to_target"
    odds[name] = _fit(pair, {name: _among(pair, nearest), **held}).odds[name]
    odds = {name: one.replace(measure=_ODDS[name]) for name, one in odds.items()}
    line = by_similarity.coefficients
    return DoseResponse(
        similarity=near.name,
        nearest=nearest,
        told_apart=_auc(pair, near.values, of_target=True),
        confusion_ratio=_confusion_ratio(pair, near.taken),
        beyond=_beyond(pair, near.taken),
        predicts=_auc(rest, near.values),
        odds=odds,
        intercept=line.get("", math.nan),
        slope=line.get("similarity", math.nan) / spread,
        bins=tuple(_bins(main, near.values)),
    )


def _among(part: Outcome, name: str) -> Float[np.ndarray, " exchanges"]:
    return np.asarray(np.array(part.categories, dtype=object) == name, dtype=np.float64)


def _fit(part: Outcome, terms: dict[str, Float[np.ndarray, " exchanges"]]) -> Logistic:
    return fit_logistic(part.planted, terms, part.clusters, part.resampling.level)


def _means(part: Outcome, values: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Return the mean of its category for each exchange."""
    names, places = np.unique(np.array(part.categories, dtype=str), return_inverse=True)
    sums = np.bincount(places, values, minlength=len(names))
    return np.asarray((sums / np.bincount(places))[places])


def _auc(part: Outcome, values: Float[np.ndarray, " all"], of_target: bool = False) -> Estimate:
    """Return how well the values tell planted answers, or the target's exchanges, from the rest."""

    def statistic(
        some: Outcome, weights: Float[np.ndarray, "draws exchanges"]
    ) -> Float[np.ndarray, " draws"]:
        hits = _among(some, some.target) if of_target else some.planted.mean(axis=0)
        return weighted_auc(values[some.columns], hits, weights)

    of = "target" if of_target else "asr"
    measure = Measure(metric="auc", quantity=of, title="Area under the curve")
    return _within(part.bootstrap_weighted(statistic, citation=AUC), 0, 1, measure)


def _within(estimate: Estimate, least: float, most: float, measure: Measure) -> Estimate:
    """Return an estimate whose interval holds only what is possible."""
    if math.isnan(estimate.value):
        return estimate.replace(measure=measure)
    low, high = max(estimate.low, least), min(estimate.high, most)
    return estimate.replace(low=low, high=high, measure=measure)


def _confusion_ratio(pair: Outcome, taken: Bool[np.ndarray, " all"]) -> Estimate:
    def statistic(
        some: Outcome, weights: Float[np.ndarray, "draws exchanges"]
    ) -> Float[np.ndarray, " draws"]:
        return _ratio(some, taken[some.columns].astype(np.float64), weights)

    measure = Measure(metric="confusion_ratio", quantity="confusion")
    return _within(pair.bootstrap_weighted(statistic, citation=_RATIO), 0, math.inf, measure)


def _beyond(pair: Outcome, taken: Bool[np.ndarray, " all"]) -> Estimate:
    def statistic(
        some: Outcome, weights: Float[np.ndarray, "draws exchanges"]
    ) -> Float[np.ndarray, " draws"]:
        rise = (some.planted.astype(np.float64) - some.baseline.planted).mean(axis=0)
        told = taken[some.columns].astype(np.float64)
        return np.asarray(_ratio(some, rise, weights) - _ratio(some, told, weights))

    ratio = SpilloverRatio(of="asr")
    if ratio.rose(pair):
        estimate = pair.bootstrap_weighted(statistic)
    else:
        estimate = ratio.undefined(pair, pair.design.dialogues, FLAT)
    measure = Measure(metric="beyond_confusion", quantity="asr", aspect="attack")
    return estimate.replace(citation=_BEYOND, measure=measure)


def _ratio(
    pair: Outcome,
    values: Float[np.ndarray, " exchanges"],
    weights: Float[np.ndarray, "draws exchanges"],
) -> Float[np.ndarray, " draws"]:
    """Return the mean in the nearest category as a multiple of that in the target."""
    target = _among(pair, pair.target)
    near, own = (_mean(values, weights * member) for member in (1 - target, target))
    ratio: Float[np.ndarray, " draws"] = np.where(own > 0, near / np.where(own > 0, own, 1), np.nan)
    return ratio


def _mean(
    values: Float[np.ndarray, " exchanges"], weights: Float[np.ndarray, "draws exchanges"]
) -> Float[np.ndarray, " draws"]:
    """Return the weighted mean of each draw; NaN for one that holds none of the exchanges."""
    total = weights.sum(axis=1)
    return np.where(total > 0, weights @ values / np.where(total > 0, total, 1), np.nan)


def _bins(main: Outcome, values: Float[np.ndarray, " all"]) -> Iterable[DoseBin]:
    """Yield the planted rate by similarity, of the target, the nearest and the others.

    How seeds move the rates is pooled over bins, whose rates differ more than those of categories.
    """
    rest = np.array([name != main.target for name in main.categories])
    ends = np.unique(np.quantile(values[rest], _QUANTILES))
    place = np.searchsorted(ends, values)
    single = {main.target: main.target, main.nearest_category: main.nearest_category}
    groups = [single.get(name, "others") for name in main.categories]
    names = tuple(f"{group}, bin {bin_}" for group, bin_ in zip(groups, place, strict=True))
    clean = main.clean and replace(main.clean, categories=names)
    split = replace(main, categories=names, clean=clean)
    every = np.array(names, dtype=object)
    for group in (main.target, main.nearest_category, "others"):
        for number in range(len(ends) + 1):
            held = every == f"{group}, bin {number}"
            if held.sum() >= _FEWEST:
                yield DoseBin(
                    group=group,
                    similarity=float(values[held].mean()),
                    exchanges=int(held.sum()),
                    asr=AttackSuccessRate().compute(split.of([f"{group}, bin {number}"])),
                )
