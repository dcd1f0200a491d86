"""Both bootstraps make the same draws; what is expected comes from draws made one by one here."""

import math

import numpy as np
import pytest
from scipy import stats

from semspill import DataError
from semspill._random import stream
from semspill.statistics import Resampling

# Five dialogues of joy with 1 to 3 exchanges, three of rage with 1 or 2, out of order.
DIALOGUES = "d g a a b f c c c h d e b g".split()
CATEGORIES = ["rage" if name in "fgh" else "joy" for name in DIALOGUES]


@pytest.fixture
def nested(outcome, rng):
    """Three seeds, and a clean arm that is as toxic for some exchanges."""
    rated = rng.random((3, len(DIALOGUES)))
    clean = outcome("clean", rated * rng.random(rated.shape[1]), CATEGORIES, DIALOGUES)
    return outcome(
        toxicity=rated,
        categories=CATEGORIES,
        dialogues=DIALOGUES,
        clean=clean,
        resampling=Resampling(draws=300),
    )


def lifts(part):
    return (part.toxicity - part.clean.toxicity).mean(axis=0)


def mean_lift(part):
    return float(lifts(part).mean())


def weighted_mean_lift(part, weights):
    return weights @ lifts(part) / weights.sum(axis=1)


def rage_by_joy(part):
    rage = np.array(part.categories) == "rage"
    rated = part.toxicity.mean(axis=0)
    return float(rated[rage].mean() / rated[~rage].mean())


def weighted_rage_by_joy(part, weights):
    rage = np.array(part.categories) == "rage"
    rated = part.toxicity.mean(axis=0)
    means = [weights @ (rated * of) / (weights @ of) for of in (rage, ~rage)]
    return means[0] / means[1]


def correlation(part):
    return float(np.corrcoef(part.toxicity[0], part.clean.toxicity[0])[0, 1])


def weighted_correlation(part, weights):
    shares = weights / weights.sum(axis=1, keepdims=True)
    x, y = part.toxicity[0], part.clean.toxicity[0]
    covariance = shares @ (x * y) - (shares @ x) * (shares @ y)
    spreads = [shares @ z**2 - (shares @ z) ** 2 for z in (x, y)]
    return covariance / np.sqrt(spreads[0] * spreads[1])


def median(part):
    return float(np.quantile(part.toxicity[-1], 0.5, method="inverted_cdf"))


def weighted_median(part, weights):
    order = np.argsort(part.toxicity[-1])
    reached = np.cumsum(weights[:, order], axis=1) >= weights.sum(axis=1, keepdims=True) / 2
    return part.toxicity[-1][order][reached.argmax(axis=1)]


@pytest.mark.parametrize(
    ("plain", "weighted"),
    [
        (mean_lift, weighted_mean_lift),
        (rage_by_joy, weighted_rage_by_joy),
        (correlation, weighted_correlation),
        (median, weighted_median),
    ],
)
def test_a_weighted_statistic_has_the_interval_of_the_plain_one(nested, plain, weighted):
    made = nested.bootstrap_weighted(weighted, citation="Efron 1979")
    slow = nested.bootstrap(plain, citation="Efron 1979")
    assert (made.value, made.low, made.high) == pytest.approx(
        (slow.value, slow.low, slow.high), abs=1e-12
    )
    assert made.replace(value=0.0, low=0.0, high=0.0) == slow.replace(value=0.0, low=0.0, high=0.0)
    assert made == nested.bootstrap_weighted(weighted, citation="Efron 1979")


@pytest.mark.parametrize("sizes", [(9,), (7, 5)], ids=["one category", "two categories"])
def test_the_draws_are_those_of_one_generator_dialogue_by_dialogue(outcome, rng, sizes):
    """One seed and lone exchanges: the interval is worked out from draws made one at a time."""
    count, draws = sum(sizes), 400
    values = rng.random(count)
    names = np.repeat(["joy", "rage"][: len(sizes)], sizes)
    part = outcome(toxicity=values, categories=names, resampling=Resampling(draws=draws))
    dice = stream(0, "bootstrap")
    first = np.repeat(np.cumsum((0, *sizes))[:-1], sizes)
    means = [values[first + dice.integers(np.repeat(sizes, sizes))].mean() for _ in range(draws)]
    low, centre, high = np.quantile(means, [0.025, 0.5, 0.975])
    free = count - len(sizes)
    wider = stats.t.ppf(0.975, free) / stats.norm.ppf(0.975) * math.sqrt(count / free)
    made = part.bootstrap(lambda drawn: float(drawn.toxicity.mean()))
    assert made.value == pytest.approx(values.mean())
    assert made.low == pytest.approx(centre - wider * (centre - low))
    assert made.high == pytest.approx(centre + wider * (high - centre))


def test_many_draws_are_those_made_in_one_go(outcome, rng, monkeypatch):
    """Draws and weights are made some at a time, which nobody may notice."""
    part = outcome(toxicity=rng.random((2, 40)), resampling=Resampling(draws=250))
    statistics = (
        lambda drawn, weights: weights @ drawn.toxicity.mean(axis=0) / weights.sum(axis=1),
        lambda drawn: float(drawn.toxicity.mean()),
    )
    at_once = part.bootstrap_weighted(statistics[0]), part.bootstrap(statistics[1])
    for name in ("_DRAWN", "_WEIGHTS"):
        monkeypatch.setattr(f"semspill.statistics._bootstrap.{name}", 7 * 40)
        by_parts = part.bootstrap_weighted(statistics[0]), part.bootstrap(statistics[1])
        for one, other in zip(at_once, by_parts, strict=True):
            assert (one.low, one.high) == pytest.approx((other.low, other.high), abs=1e-12)


def test_weights_are_how_often_each_dialogue_is_drawn(nested):
    seen = []

    def statistic(part, weights):
        assert part.dialogues == nested.dialogues
        assert part.clean.dialogues == nested.dialogues
        seen.append((part.seeds, weights))
        return np.full(len(weights), 0.5)

    made = nested.bootstrap_weighted(statistic)
    assert (made.value, made.low, made.high) == (0.5, 0.5, 0.5)
    assert {seeds for seeds, _ in seen} == {(0, 1, 2), (1, 2), (0, 2), (0, 1)}
    assert (seen[0][1] == 1).all()
    drawn = np.concatenate([weights for seeds, weights in seen if len(seeds) == 3])[1:]
    assert drawn.shape == (300, len(DIALOGUES))
    _, where = np.unique(DIALOGUES, return_index=True)
    times = drawn[:, where]
    assert (drawn == times[:, [sorted(set(DIALOGUES)).index(name) for name in DIALOGUES]]).all()
    # a to e are of joy, f to h of rage: each category keeps its number of dialogues.
    assert (times[:, :5].sum(axis=1) == 5).all()
    assert (times[:, 5:].sum(axis=1) == 3).all()


def test_draws_where_a_weighted_statistic_is_not_defined_are_left_out(outcome):
    part = outcome(toxicity=[[0.0, 0.0, 0.4, 0.6], [0.0, 0.0, 0.5, 0.7]])

    def mean_of_positive(drawn):
        positive = drawn.toxicity[drawn.toxicity > 0]
        return float(positive.mean()) if positive.size else math.nan

    def weighted(drawn, weights):
        positive = drawn.toxicity[0] > 0
        total = weights @ positive
        summed = weights @ np.where(positive, drawn.toxicity, 0).mean(axis=0)
        return np.divide(summed, total, out=np.full(len(total), np.nan), where=total > 0)

    made, slow = part.bootstrap_weighted(weighted), part.bootstrap(mean_of_positive)
    assert (made.low, made.high) == pytest.approx((slow.low, slow.high), abs=1e-12)


def test_a_weighted_statistic_that_is_never_defined_says_so(nested):
    made = nested.bootstrap_weighted(lambda part, weights: np.full(len(weights), np.nan))
    assert math.isnan(made.value)
    assert str(made).startswith("not defined on the whole")


@pytest.mark.parametrize(
    ("statistic", "shape"),
    [
        (lambda part, weights: weights, r"\(1, 14\)"),
        (lambda part, weights: weights.mean(), r"\(\)"),
        (lambda part, weights: np.zeros(3), r"\(3,\)"),
    ],
)
def test_a_weighted_statistic_gives_one_number_for_each_row(nested, statistic, shape):
    said = f"gave shape {shape} for 1 rows of weights; give one number for each row"
    with pytest.raises(DataError, match=said):
        nested.bootstrap_weighted(statistic)
