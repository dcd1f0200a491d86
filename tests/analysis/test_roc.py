"""The area under the ROC curve of one corpus, its interval, and the curve."""

import math

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.metrics import roc_curve as roc_of

from semspill.errors import DataError
from semspill.statistics import estimate_auc, roc_curve


def kernel(scores, truth):
    """Who wins each pair of a hit and another: 1, 1/2 or 0."""
    hits, others = scores[truth], scores[~truth]
    return np.array([[float(h > o) + 0.5 * float(h == o) for o in others] for h in hits])


def test_without_clusters_the_variance_is_delong_s(rng):
    scores = rng.integers(6, size=40).astype(float)
    truth = rng.random(40) < 0.4
    won = kernel(scores, truth)
    # DeLong et al. 1988: the variances of the two sides' placements.
    error = math.sqrt(sum(won.mean(axis=a).var(ddof=1) / won.shape[1 - a] for a in (0, 1)))
    found = estimate_auc(scores, truth, np.arange(40))
    assert found.value == pytest.approx(roc_auc_score(truth, scores)) == won.mean()
    odds = [math.log(end / (1 - end)) for end in (found.low, found.value, found.high)]
    reach = 1.959964 * error / (found.value * (1 - found.value))
    assert np.diff(odds) == pytest.approx([reach, reach], rel=1e-5)


def test_clusters_are_whole_dialogues(rng):
    scores, truth = rng.random(24), np.arange(24) % 3 == 0
    dialogue = np.arange(24) // 4
    won = kernel(scores, truth)
    area = won.mean()
    by_hit, by_other = won.mean(axis=1) - area, won.mean(axis=0) - area
    sums = [
        [part[own == d].sum() / len(part) for d in range(6)]
        for part, own in ((by_hit, dialogue[truth]), (by_other, dialogue[~truth]))
    ]
    # Obuchowski 1997 with six dialogues that hold hits and others each.
    variance = 6 / 5 * sum((a + b) ** 2 for a, b in zip(*sums, strict=True))
    found = estimate_auc(scores, truth, np.array([f"d{d}" for d in dialogue]))
    reach = math.log(found.high / (1 - found.high)) - math.log(area / (1 - area))
    assert reach == pytest.approx(1.959964 * math.sqrt(variance) / (area * (1 - area)), rel=1e-5)
    assert found.n == 6


@pytest.mark.parametrize("sign", [1, -1])
def test_what_is_told_apart_perfectly_has_wilson_s_interval(sign):
    truth = np.array([True] * 4 + [False] * 10)
    found = estimate_auc(sign * truth.astype(float), truth, np.arange(14))
    edge = 1.959964**2 / (4 + 1.959964**2)
    expected = (1.0, 1 - edge, 1.0) if sign > 0 else (0.0, 0.0, edge)
    assert (found.value, found.low, found.high) == pytest.approx(expected, rel=1e-5)


def test_no_opinion_is_least_suspicious():
    truth = np.array([True, False, True])
    found = estimate_auc(np.array([np.nan, -9.0, 1.0]), truth, np.arange(3))
    assert found.value == 0.5
    assert roc_curve(np.array([np.nan, -9.0, 1.0]), truth)[1:3] == ((0.0, 0.5), (1.0, 0.5))


@pytest.mark.parametrize("truth", [[True, True], [False, False]])
def test_without_two_sides_there_is_nothing_to_tell(truth):
    found = estimate_auc(np.array([1.0, 2.0]), np.array(truth), np.arange(2))
    assert math.isnan(found.value)
    assert "planted" in str(found)
    assert roc_curve(np.array([1.0, 2.0]), np.array(truth)) == ()


def test_the_curve_is_that_of_scikit_learn_thinned_out(rng):
    scores = rng.normal(size=3000).round(2)
    truth = rng.random(3000) < 0.1
    scores[truth] += 1
    others, hits, _ = roc_of(truth, scores, drop_intermediate=False)
    assert roc_curve(scores, truth, points=5000) == pytest.approx(np.stack([others, hits], 1))
    thin = roc_curve(scores, truth)
    assert len(thin) <= 101
    assert set(thin) <= set(roc_curve(scores, truth, points=5000))
    assert (thin[0], thin[-1]) == ((0, 0), (1, 1))
    area = np.trapezoid([y for _, y in thin], [x for x, _ in thin])
    assert area == pytest.approx(roc_auc_score(truth, scores), abs=0.005)


def test_shapes_must_fit():
    with pytest.raises(DataError, match="one number and one bool"):
        roc_curve(np.array([1.0]), np.array([True, False]))
    with pytest.raises(DataError, match="one for each"):
        estimate_auc(np.array([1.0, 2.0]), np.array([True, False]), np.arange(3))
