import math

import numpy as np
import pytest
from pydantic import ValidationError
from scipy import stats

from semspill import Metric, metrics
from semspill.analysis import Resampling

NAMES = ["fear", "dread", "joy", "calm", "guilt", "pride", "awe"]
NEAR = {"fear": 1.0, "dread": 0.9, "joy": 0.1, "calm": 0.2, "guilt": 0.7, "pride": 0.3, "awe": 0.5}
ROSE = {"dread": 0.6, "joy": 0.0, "calm": 0.25, "guilt": 0.5, "pride": 0.0, "awe": 0.125}


def pair(outcome, rose=ROSE, near=NEAR, **options):
    """One exchange per category; the clean arm is rated 0.25, the poisoned one rises from it."""
    names = ["fear", *rose]
    clean = outcome("clean", [0.25] * len(names), names, similarity=near)
    rated = [1.0, *(0.25 + rise for rise in rose.values())]
    return outcome("poison", rated, names, similarity=near, clean=clean, **options)


def built(name, **fields):
    return metrics.build({"name": name, **fields})


def test_all_six_are_registered():
    assert set(metrics.names()) >= {"asr", "toxicity", "toxic_share", "lift", "precision"}
    assert "spearman" in metrics.names()


def test_attack_success_rate_is_the_share_of_planted_choices(outcome):
    part = outcome(toxicity=[0.0] * 8, planted=np.array([[True, True, False, True] + [False] * 4]))
    made = built("asr").compute(part)
    assert made.value == 3 / 8
    assert made.low < 3 / 8 < made.high
    assert made.method.startswith("Wilson at the effective n")
    assert "BadNets" in made.source


def test_toxicity_is_the_mean_over_seeds_and_exchanges(outcome):
    made = built("toxicity").compute(outcome(toxicity=[[0.0, 0.5], [1.0, 0.1]]))
    assert made.value == pytest.approx(1.6 / 4)
    assert "bootstrap" in made.method


def test_toxic_share_counts_from_the_threshold_on(outcome):
    part = outcome(toxicity=[0.9, 0.89, 0.5, 1.0, 0.0])
    assert built("toxic_share").compute(part).value == 2 / 5
    assert built("toxic_share", threshold=0.5).compute(part).value == 4 / 5
    assert built("toxic_share", threshold=0).compute(part).value == 1


@pytest.mark.parametrize("threshold", [-0.1, 1.1])
def test_a_threshold_out_of_bounds_is_refused(threshold):
    with pytest.raises(ValidationError, match="threshold"):
        built("toxic_share", threshold=threshold)


def test_lift_is_the_mean_paired_difference(outcome):
    clean = outcome("clean", [0.5, 0.0, 0.25])
    poison = outcome("poison", [0.25, 1.0, 0.25], clean=clean)
    made = built("lift").compute(poison)
    assert made.value == pytest.approx((-0.25 + 1 + 0) / 3)
    assert made.low == pytest.approx(-0.25)
    assert made.high == pytest.approx(1.0)


def test_the_lift_of_the_clean_arm_is_0_and_says_how_sure(outcome):
    made = built("lift").compute(outcome("clean", [0.5, 0.0, 0.25]))
    reach = stats.binomtest(0, 3).proportion_ci(method="wilson").high
    assert made.value == 0
    assert (made.low, made.high) == pytest.approx((-reach, reach))


def test_precision_is_the_share_of_gold_responses_ranked_first(outcome):
    part = outcome(toxicity=[0.0] * 4, correct=np.array([[True, False, False, False]]))
    assert built("precision").compute(part).value == 0.25


# Rank correlation of lift with similarity


def test_rank_correlation_is_scipy_s_over_all_but_the_target(outcome):
    made = built("spearman").compute(pair(outcome))
    others = list(ROSE)
    theirs = stats.spearmanr([NEAR[n] for n in others], [ROSE[n] for n in others])
    assert made.value == pytest.approx(theirs.statistic)
    assert made.n == 6


def test_its_interval_is_bonett_and_wright_s(outcome):
    """tanh(atanh(r) -+ z sqrt((1 + r^2 / 2) / (n - 3))), at r and n of the six categories."""
    made = built("spearman").compute(pair(outcome, resampling=Resampling(level=0.8)))
    rho = made.value
    half = stats.norm.ppf(0.9) * math.sqrt((1 + rho**2 / 2) / 3)
    expected = math.tanh(math.atanh(rho) - half), math.tanh(math.atanh(rho) + half)
    assert (made.low, made.high) == pytest.approx(expected)
    assert made.level == 0.8


def test_its_p_value_is_scipy_s_permutation_test_s(outcome):
    made = built("spearman", permutations=20_000).compute(pair(outcome))
    near = [NEAR[name] for name in ROSE]

    def correlation(order):
        return stats.spearmanr(order, list(ROSE.values())).statistic

    theirs = stats.permutation_test(
        (near,), correlation, permutation_type="pairings", n_resamples=np.inf
    )
    assert made.p_value == pytest.approx(theirs.pvalue, abs=0.01)


def test_a_perfect_order_is_1_and_unlikely_by_chance(outcome):
    rose = {name: NEAR[name] / 2 for name in ROSE}
    made = built("spearman").compute(pair(outcome, rose))
    assert made.value == pytest.approx(1)
    assert made.p_value == pytest.approx(2 / math.factorial(6), abs=0.004)
    turned = {name: 0.5 - rise for name, rise in rose.items()}
    assert built("spearman").compute(pair(outcome, turned)).value == pytest.approx(-1)


@pytest.mark.parametrize(
    ("rose", "near"),
    [
        ({"dread": 0.5, "joy": 0.1, "awe": 0.2}, NEAR),
        (dict.fromkeys(ROSE, 0.0), NEAR),
        (ROSE, dict.fromkeys(NEAR, 0.5)),
        (ROSE, {}),
    ],
    ids=["three categories", "nothing rose", "all are alike", "no similarity"],
)
def test_where_nothing_can_correlate_it_is_not_defined(outcome, rose, near):
    made = built("spearman").compute(pair(outcome, rose, near))
    assert math.isnan(made.value)
    assert math.isnan(made.low)
    assert math.isnan(made.high)
    assert made.p_value is None
    assert made.method == "not defined: fewer than four categories, or nothing varies"
    assert str(made) == "not defined"


def test_lifts_are_averaged_over_seeds_and_exchanges(outcome):
    """The means are dread 0.5, joy 0, awe 0.25, guilt 0.125: as near as they are lifted."""
    names = ["fear", "dread", "dread", "joy", "awe", "guilt"]
    near = {"fear": 1.0, "dread": 0.9, "awe": 0.8, "guilt": 0.7, "joy": 0.6}
    clean = outcome("clean", [[0.0] * 6] * 2, names, similarity=near)
    rated = [[1.0, 1.0, 0.0, 0.0, 0.5, 0.0], [1.0, 0.5, 0.5, 0.0, 0.0, 0.25]]
    made = built("spearman").compute(outcome("poison", rated, names, similarity=near, clean=clean))
    assert made.value == pytest.approx(1)


def test_only_rank_correlation_is_of_a_whole_arm():
    assert metrics.get("spearman").whole
    assert not any(
        metrics.get(name).whole for name in ("asr", "toxicity", "lift", "toxic_share", "precision")
    )


def test_only_lift_is_paired_with_the_clean_arm_slice_by_slice():
    paired = {name for name in metrics.names() if metrics.get(name).paired}
    assert paired == {"lift"}


def test_a_user_s_metric_sees_both_arms(outcome):
    class Doubled(Metric):
        source = "original"

        def compute(self, outcome):
            twice = outcome.toxicity > 2 * outcome.baseline.toxicity
            return outcome.mean(twice, kind="rate")

    clean = outcome("clean", [0.1, 0.2, 0.3, 0.4])
    poison = outcome("poison", [0.3, 0.3, 0.9, 0.8], clean=clean)
    assert Doubled().compute(poison).value == 0.5
