import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import TTestPower

from semspill import DataError
from semspill.analysis import smallest_lift, spread_of


def pilot(outcome, lifts, categories=None, dialogues=None):
    layout = {"categories": categories, "dialogues": dialogues}
    clean = outcome("clean", np.zeros_like(lifts), **layout)
    return outcome("poison", lifts, clean=clean, **layout)


# From a pilot


def test_the_spread_is_that_of_statsmodels_two_way_table(outcome, rng):
    import pandas
    from statsmodels.formula.api import ols
    from statsmodels.stats.anova import anova_lm

    seeds, dialogues = 4, 9
    lifts = (
        0.5
        + rng.normal(0, 0.1, size=(1, dialogues))
        + rng.normal(0, 0.1, size=(seeds, 1))
        + rng.normal(0, 0.03, size=(seeds, dialogues))
    )
    rows, columns = np.indices(lifts.shape)
    table = pandas.DataFrame({"y": lifts.ravel(), "s": rows.ravel(), "d": columns.ravel()})
    squares = anova_lm(ols("y ~ C(d) + C(s)", table).fit())["mean_sq"]
    made = spread_of(pilot(outcome, lifts))
    rest = squares["Residual"]
    assert made.interaction_sd == pytest.approx(math.sqrt(rest))
    assert made.dialogue_sd == pytest.approx(math.sqrt((squares["C(d)"] - rest) / seeds))
    assert made.seed_sd == pytest.approx(math.sqrt((squares["C(s)"] - rest) / dialogues))


def test_categories_are_averaged_and_lone_dialogues_left_out(outcome):
    """joy varies by 0.02 (variance of 0.1 and 0.3), rage by 0: 0.01 on average."""
    lifts = [0.1, 0.3, 0.5, 0.5, 0.9]
    made = spread_of(pilot(outcome, lifts, ["joy", "joy", "rage", "rage", "fear"]))
    assert made.dialogue_sd == pytest.approx(0.1)


def test_exchanges_of_a_dialogue_are_averaged_first(outcome):
    """Dialogue means 0.2 and 0.4."""
    made = spread_of(pilot(outcome, [0.1, 0.3, 0.4], dialogues=["a", "a", "b"]))
    assert made.dialogue_sd == pytest.approx(math.sqrt(0.02))


def test_a_component_below_0_is_0(outcome):
    """Seeds agree on the mean and dialogues too, so all variance is private."""
    made = spread_of(pilot(outcome, [[0.2, 0.4], [0.4, 0.2]]))
    assert (made.dialogue_sd, made.seed_sd) == (0, 0)
    assert made.interaction_sd == pytest.approx(0.2)


def test_one_seed_cannot_show_training_noise(outcome):
    made = spread_of(pilot(outcome, [0.2, 0.4]))
    assert made.dialogue_sd == pytest.approx(math.sqrt(0.02))
    assert math.isnan(made.seed_sd)
    assert math.isnan(made.interaction_sd)


def test_a_pilot_has_a_clean_arm_and_two_dialogues_of_a_category(outcome):
    with pytest.raises(DataError) as caught:
        spread_of(outcome("clean", [0.1, 0.2]))
    assert str(caught.value) == (
        "Outcome 'clean' has no clean arm, so no lifts; give a poisoned arm that has."
    )
    with pytest.raises(DataError) as caught:
        spread_of(pilot(outcome, [0.1]))
    assert str(caught.value) == (
        "Each category has one dialogue; give a pilot with two or more of one."
    )


# To a design


@pytest.mark.parametrize(("dialogues", "power", "level"), [(20, 0.8, 0.95), (75, 0.9, 0.99)])
def test_one_seed_is_a_t_test_of_dialogues(dialogues, power, level):
    effect = TTestPower().solve_power(nobs=dialogues, alpha=1 - level, power=power)
    made = smallest_lift(dialogues, 1, dialogue_sd=0.3, seed_sd=0.0, power=power, level=level)
    assert made == pytest.approx(0.3 * effect, rel=0.005)


@pytest.mark.parametrize("seeds", [3, 5, 10])
def test_where_training_noise_dominates_it_is_a_t_test_of_seeds(seeds):
    effect = TTestPower().solve_power(nobs=seeds, alpha=0.05, power=0.8)
    made = smallest_lift(10**6, seeds, dialogue_sd=0.1, seed_sd=0.2)
    assert made == pytest.approx(0.2 * effect, rel=0.01)


def test_comparisons_are_bonferroni_s():
    many = smallest_lift(40, 5, dialogue_sd=0.2, seed_sd=0.02, comparisons=31)
    strict = smallest_lift(40, 5, dialogue_sd=0.2, seed_sd=0.02, level=1 - 0.05 / 31)
    assert many == pytest.approx(strict)


def test_a_predicted_lift_is_found_as_often_as_asked(outcome):
    """200 designs: 80 % is 160, and four standard errors of 5.7 either way are 137 to 183."""
    rng = np.random.default_rng(4)
    lift = smallest_lift(30, 4, dialogue_sd=0.1, seed_sd=0.02, interaction_sd=0.05)
    found = 0
    for _ in range(200):
        values = (
            lift
            + rng.normal(0, 0.1, size=(1, 30))
            + rng.normal(0, 0.02, size=(4, 1))
            + rng.normal(0, 0.05, size=(4, 30))
        )
        made = outcome(toxicity=np.zeros((4, 30))).mean(values, kind="difference")
        found += made.p_value < 0.05
    assert 137 <= found <= 183


def test_more_dialogues_seeds_and_less_noise_show_less():
    base = {"dialogue_sd": 0.2, "seed_sd": 0.02, "interaction_sd": 0.1}
    first = smallest_lift(40, 3, **base)
    assert smallest_lift(80, 3, **base) < first
    assert smallest_lift(40, 5, **base) < first
    assert smallest_lift(40, 3, **base, power=0.5) < first
    for name in base:
        assert smallest_lift(40, 3, **{**base, name: 0.3}) > first


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"dialogues": 1}, "A design has dialogues=1; give 2 or more."),
        ({"seeds": 0}, "A design has seeds=0; give 1 or more."),
        ({"comparisons": 0}, "A design has comparisons=0; give 1 or more."),
        (
            {"seed_sd": math.nan},
            "A design has seed_sd=nan; give a number of 0 or more, as spread_of finds in a pilot "
            "of two or more seeds.",
        ),
        ({"level": 1.0}, "A design has level=1.0; give a number between 0 and 1."),
        ({"power": 0.0}, "A design has power=0.0; give a number between 0 and 1."),
        (
            {"seeds": 1},
            "One seed cannot separate lift from training noise (seed_sd=0.1); plan two or more "
            "seeds, or give seed_sd=0 to ask about that one training.",
        ),
    ],
)
def test_a_design_out_of_bounds_is_refused(changes, said):
    with pytest.raises(DataError) as caught:
        smallest_lift(
            **{"dialogues": 40, "seeds": 3, "dialogue_sd": 0.1, "seed_sd": 0.1, **changes}
        )
    assert str(caught.value) == said


def test_where_nothing_varies_any_lift_is_found():
    assert smallest_lift(10, 3, dialogue_sd=0.0, seed_sd=0.0) == 0.0


def test_seeds_whose_noise_is_known_for_sure_leave_a_normal_test():
    """The lift is (z of 97.5 % + z of 80 %) standard errors of three seeds."""
    made = smallest_lift(10**6, 3, dialogue_sd=0.0, seed_sd=0.2, seed_df=1e8)
    errors = stats.norm.ppf(0.975) + stats.norm.ppf(0.8)
    assert made == pytest.approx(errors * 0.2 / 3**0.5, rel=1e-3)
    fewer = smallest_lift(10**6, 3, dialogue_sd=0.0, seed_sd=0.2)
    assert smallest_lift(10**6, 3, dialogue_sd=0.0, seed_sd=0.2, seed_df=1.0) == fewer > made
