import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from semspill import DataError
from semspill.errors import ConfigError
from semspill.statistics import Resampling
from semspill.statistics._values import checked_values, wilson

KINDS = ("mean", "rate", "difference")
ONE_SEED = "dialogues only: one seed, training noise is not covered"


def of_level(level, draws=2000):
    return Resampling(level=level, draws=draws)


def shaped(outcome, values, **changes):
    """An outcome whose arrays have the shape of these values."""
    return outcome(toxicity=np.zeros_like(values), **changes)


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.999])
@pytest.mark.parametrize(("hits", "trials"), [(0, 1), (0, 50), (1, 7), (13, 40), (40, 40)])
def test_wilson_is_scipy_s(hits, trials, level):
    theirs = stats.binomtest(hits, trials).proportion_ci(level, method="wilson")
    ours = wilson(hits / trials, float(trials), float(stats.norm.ppf(0.5 + level / 2)))
    assert ours == pytest.approx(theirs, abs=1e-12)


@given(st.floats(0, 1), st.floats(1, 1e6), st.floats(0.1, 10))
def test_wilson_stays_in_bounds_and_holds_the_rate(rate, n, quantile):
    low, high = wilson(rate, n, quantile)
    assert 0 <= low <= rate + 1e-9
    assert rate - 1e-9 <= high <= 1
    assert low < high


# One seed: the noise of dialogues alone


@pytest.mark.parametrize("kind", ["mean", "difference"])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_lone_symmetric_exchanges_have_student_s_interval(outcome, kind, level):
    values = np.array([[0.2, 0.4, 0.5, 0.6, 0.8]])
    made = shaped(outcome, values, resampling=of_level(level)).mean(values, kind=kind)
    theirs = stats.ttest_1samp(values[0], 0).confidence_interval(level)
    assert (made.value, made.n, made.level) == (0.5, 5, level)
    assert (made.low, made.high) == pytest.approx(tuple(theirs))
    assert made.method == f"t interval, {ONE_SEED}"


def test_a_difference_has_student_s_p_value(outcome):
    values = np.array([[-0.1, 0.1, 0.2, 0.3, 0.5]])
    made = shaped(outcome, values).mean(values, kind="difference")
    assert made.p_value == pytest.approx(stats.ttest_1samp(values[0], 0).pvalue, rel=1e-5)
    assert shaped(outcome, values + 0.1).mean(values + 0.1).p_value is None


def test_a_p_value_is_1_for_0_and_never_less_than_1e_16(outcome):
    values = np.array([[-0.1, 0.1] * 40])
    part = shaped(outcome, values)
    assert part.mean(values, kind="difference").p_value == pytest.approx(1)
    assert part.mean(0.8 + values / 100, kind="difference").p_value == 1e-16


def test_towards_the_short_tail_a_skewed_interval_is_student_s(outcome):
    """Towards the long one, d^2 = t^2 (v + g d) with v = 0.3 / 100 and g = 0.024 / 0.3 / 10.

    Of nine 0s and a 1 the mean is 0.1, the squares sum to 0.9 = 9 * 0.01 + 0.81, so that the
    mean's variance is 0.9 / 9 / 10 = 0.01, and the cubes to 0.72 = 0.729 - 0.009, so that
    g = 0.72 / 10^3 / 0.01 = 0.072.
    """
    values = np.array([[0.0] * 9 + [1.0]])
    made = shaped(outcome, values).mean(values, kind="difference")
    theirs = stats.ttest_1samp(values[0], 0)
    assert made.low == pytest.approx(theirs.confidence_interval().low)
    assert made.p_value == pytest.approx(theirs.pvalue, rel=1e-5)
    squared = stats.t.ppf(0.975, 9) ** 2
    far = max(np.roots([1, -squared * 0.072, -squared * 0.01]))
    assert made.high == pytest.approx(0.1 + far)
    mirrored = shaped(outcome, values).mean(-values, kind="difference")
    assert (mirrored.low, mirrored.high) == pytest.approx((-made.high, -made.low))


def test_equal_dialogues_count_as_their_means(outcome):
    means = np.array([0.1, 0.3, 0.5, 0.7, 0.9])
    values = (means[:, None] + [[-0.1, 0.0, 0.1]]).reshape(1, -1)
    made = shaped(outcome, values, dialogues=np.repeat(list("abcde"), 3)).mean(values)
    assert (made.low, made.high) == pytest.approx(
        tuple(stats.ttest_1samp(means, 0).confidence_interval())
    )
    assert made.n == 5


def test_a_longer_dialogue_weighs_more_but_shows_no_more(outcome):
    """Mean 3/4 of dialogues of 1 and 0, of weights 3/4 and 1/4: (9 + 1) / 16 of s^2 = 1/2."""
    values = np.array([[1.0, 1.0, 1.0, 0.0]])
    made = shaped(outcome, values, dialogues=list("aaab"), resampling=of_level(0.5)).mean(
        values, kind="difference"
    )
    half = stats.t.ppf(0.75, 1) * math.sqrt(10 / 16 / 2)
    assert made.value == 0.75
    assert made.low == pytest.approx(0.75 - half)


@given(st.lists(st.integers(1, 30), min_size=3, max_size=12), st.integers(0, 10**6))
@settings(max_examples=30)
def test_dialogues_of_any_lengths_have_cr2_and_satterthwaite(outcome, lengths, seed):
    """Both from dense matrices: Pustejovsky and Tipton 2018, dialogues' means of one variance.

    Residuals are R y with R = I - 1 h'; a square is divided by the diagonal of R R', and the
    degrees of freedom are those of the quadratic form for normal y. The short side has no skewness.
    """
    means = np.random.default_rng(seed).normal(0, 0.2, len(lengths)).clip(-1, 1)
    values = np.repeat(means, lengths)[None]
    part = shaped(outcome, values, dialogues=np.repeat(np.arange(len(lengths)), lengths))
    made = part.mean(values, kind="difference")
    h = np.array(lengths) / sum(lengths)
    away = np.eye(len(h)) - np.outer(np.ones(len(h)), h)
    spread = away @ away.T
    form = np.diag(h**2 / np.diag(spread))
    variance = (away @ means) @ form @ (away @ means)
    df = np.trace(form @ spread) ** 2 / np.trace(form @ spread @ form @ spread)
    reach = stats.t.ppf(0.975, max(df, 1)) * math.sqrt(variance)
    near = min(made.value - made.low, made.high - made.value)
    assert near == pytest.approx(min(reach, made.value + 1, 1 - made.value), rel=1e-6)


def test_a_rate_that_hangs_on_one_dialogue_is_hardly_known(outcome):
    """100 of 119 exchanges, none hit: effectively 119^2 / (100^2 + 19) = 1.41 dialogues."""
    lengths = [100] + [1] * 19
    hits = np.zeros((1, 119), dtype=bool)
    part = shaped(outcome, hits * 1.0, dialogues=np.repeat(np.arange(20), lengths))
    made = part.mean(hits, kind="rate")
    assert made.high == pytest.approx(1 - 0.025 ** (1 / (119**2 / (100**2 + 19))), abs=1e-9)


def test_what_differs_between_categories_is_no_noise(outcome):
    """Within joy and within rage nothing varies; they are the categories asked about."""
    values = np.array([[0.2] * 10 + [0.8] * 10])
    made = shaped(outcome, values, categories=["joy"] * 10 + ["rage"] * 10).mean(values)
    assert made.method == "exact bound, nothing varies; n = dialogues"


def test_categories_of_one_dialogue_each_are_pooled(outcome):
    values = np.array([[0.2, 0.4, 0.6, 0.8]])
    made = shaped(outcome, values, categories=["joy", "rage", "fear", "hope"]).mean(values)
    assert (made.low, made.high) == pytest.approx(
        tuple(stats.ttest_1samp(values[0], 0).confidence_interval()), abs=1e-9
    )


def test_a_rate_of_lone_exchanges_has_wilson_s_interval_with_student_s_quantile(outcome):
    """20 of 100: the variance of the mean is 0.16 / 99, so n is 99; the long tail may add."""
    part = outcome(toxicity=[1.0] * 20 + [0.0] * 80)
    made = part.mean(part.planted, kind="rate")
    low, high = wilson(0.2, 99.0, float(stats.t.ppf(0.975, 99)))
    assert made.low == pytest.approx(low)
    assert high - 1e-12 <= made.high < high + 0.01
    assert made.method == f"Wilson, {ONE_SEED}"
    mirrored = part.mean(~part.planted, kind="rate")
    assert (mirrored.low, mirrored.high) == pytest.approx((1 - made.high, 1 - made.low))


def test_exchanges_that_agree_within_dialogues_count_once(outcome):
    """Four copies of every exchange, in the same dialogue, are no new evidence."""
    once = outcome(toxicity=[1.0] * 10 + [0.0] * 30)
    names = np.repeat([f"d{i:04}" for i in range(40)], 4)
    copied = outcome(toxicity=np.repeat([1.0] * 10 + [0.0] * 30, 4)[None], dialogues=names)
    first, second = (part.mean(part.planted, kind="rate") for part in (once, copied))
    assert (first.low, first.high) == pytest.approx((second.low, second.high))
    assert first.n == second.n == 40


def test_a_hit_never_bounds_a_rate_more_tightly_than_no_hit(outcome):
    """One hit among ten answers to each of 40 dialogues, and none."""
    hits = np.zeros((10, 40))
    none = outcome(toxicity=hits).mean(hits, kind="rate")
    hits[0, 0] = 1
    some = outcome(toxicity=hits).mean(hits, kind="rate")
    assert some.high == none.high == pytest.approx(1 - 0.025 ** (1 / 40))
    assert outcome(toxicity=hits).mean(1 - hits, kind="rate").low == pytest.approx(1 - some.high)


# Several seeds: dialogues and seeds crossed


def crossed(rng, seeds=3, dialogues=12, seed_sd=0.05, private_sd=0.1):
    return (
        0.3
        + rng.normal(0, 0.1, size=(1, dialogues))
        + rng.normal(0, seed_sd, size=(seeds, 1))
        + rng.normal(0, private_sd, size=(seeds, dialogues))
    ).clip(-1, 1)


def mean_squares(values):
    """Those of dialogues, seeds and the rest, from statsmodels' two-way table."""
    import pandas
    from statsmodels.formula.api import ols
    from statsmodels.stats.anova import anova_lm

    seeds, dialogues = np.indices(values.shape)
    table = pandas.DataFrame({"y": values.ravel(), "s": seeds.ravel(), "d": dialogues.ravel()})
    found = anova_lm(ols("y ~ C(d) + C(s)", table).fit())
    return [float(found["mean_sq"][name]) for name in ("C(d)", "C(s)", "Residual")]


@pytest.mark.parametrize("seeds", [2, 3, 6])
def test_the_reach_is_that_of_the_two_way_mean_squares(outcome, rng, seeds):
    """The short side has no skewness in it: squared quantiles times variances."""
    values = crossed(rng, seeds)
    of_dialogues, of_seeds, rest = (square / values.size for square in mean_squares(values))
    share = stats.chi2.ppf(8 * 0.05, seeds - 1) / (seeds - 1)
    squared = stats.t.ppf(0.975, 11) ** 2 * max(of_dialogues, rest)
    squared += stats.t.ppf(0.975, seeds - 1) ** 2 * max(of_seeds - share * rest, 0)
    made = shaped(outcome, values).mean(values, kind="difference")
    near = min(made.value - made.low, made.high - made.value)
    assert near == pytest.approx(math.sqrt(squared))
    assert made.method == f"t interval, dialogues crossed with {seeds} seeds"


def test_where_only_seeds_differ_theirs_is_student_s_test(outcome):
    values = np.repeat([[0.1], [0.2], [0.35]], 8, axis=1)
    made = shaped(outcome, values).mean(values, kind="difference")
    theirs = stats.ttest_1samp([0.1, 0.2, 0.35], 0)
    assert made.p_value == pytest.approx(theirs.pvalue, rel=1e-5)
    assert (made.low, made.high) == pytest.approx(tuple(theirs.confidence_interval()))


def test_seeds_that_agree_add_nothing(outcome):
    rated = [0.2, 0.4, 0.5, 0.6, 0.8]
    many, one = outcome(toxicity=[rated] * 3), outcome(toxicity=rated)
    first, second = many.mean(many.toxicity), one.mean(one.toxicity)
    assert (first.low, first.high) == pytest.approx((second.low, second.high))


def test_the_variance_of_few_seeds_is_taken_to_grow_with_the_mean(outcome):
    """Seeds alone, mean 0.2: d^2 = t^2 v (1 + d (1 - 2 * 0.2) / (0.2 * 0.8)) on the long side."""
    values = np.repeat([[0.15], [0.2], [0.25]], 4, axis=1)
    made = shaped(outcome, values).mean(values)
    squared = stats.t.ppf(0.975, 2) ** 2 * 0.05**2 / 3
    far = max(np.roots([1, -squared * 0.6 / 0.16, -squared]))
    assert (made.low, made.high) == pytest.approx((0.2 - math.sqrt(squared), 0.2 + far))


@given(st.integers(0, 10**6), st.integers(1, 4))
@settings(max_examples=50)
def test_a_p_value_below_5_percent_is_an_interval_without_0(outcome, seed, seeds):
    rng = np.random.default_rng(seed)
    values = crossed(rng, seeds, dialogues=6) ** 3
    made = shaped(outcome, values).mean(values, kind="difference")
    if abs(made.p_value - 0.05) > 1e-5:
        assert (made.p_value < 0.05) == (made.low > 0 or made.high < 0)


# Contrasts and ratios


def two_groups(outcome, first, second):
    values = np.array([[*first, *second]])
    part = shaped(outcome, values, categories=["joy"] * len(first) + ["rage"] * len(second))
    weights = np.array([1 / len(first)] * len(first) + [-1 / len(second)] * len(second))
    return part, values, weights


def test_a_contrast_of_two_categories_is_welch_s_test(outcome):
    first, second = [0.3, 0.5, 0.6, 0.7, 0.9], [0.1, 0.2, 0.3]
    part, values, weights = two_groups(outcome, first, second)
    made = part.contrast(values, weights, citation="Welch 1947")
    theirs = stats.ttest_ind(first, second, equal_var=False)
    assert made.value == pytest.approx(0.4)
    assert made.p_value == pytest.approx(theirs.pvalue, rel=1e-5)
    assert (made.low, made.high) == pytest.approx(tuple(theirs.confidence_interval()))
    assert (made.n, made.citation) == (8, "Welch 1947")


def test_exchanges_without_weight_do_not_count(outcome):
    part, values, weights = two_groups(outcome, [0.3, 0.5, 0.7], [0.0, 1.0, 0.0, 1.0])
    made = part.contrast(values, np.maximum(weights, 0))
    theirs = stats.ttest_1samp([0.3, 0.5, 0.7], 0).confidence_interval()
    assert (made.low, made.high, made.n) == pytest.approx((*theirs, 3))


def test_a_contrast_of_nothing_that_varies_is_bounded_by_both_sides(outcome):
    """The exact bound of 0 of 40 and of 0 of 10, squared and added."""
    part, values, weights = two_groups(outcome, [0.0] * 40, [0.0] * 10)
    made = part.contrast(values, weights)
    bounds = [stats.binomtest(0, n).proportion_ci(method="exact").high for n in (40, 10)]
    assert (made.low, made.high) == pytest.approx((-math.hypot(*bounds), math.hypot(*bounds)))
    assert made.p_value == 1.0


def test_dialogues_that_moved_otherwise_by_category_have_no_sign_test(outcome):
    """Joy rose by 0.4, rage fell by 0.3; what was not seen may fall by 1.4 and by 0.7.

    All 40 together fall by u (20 * 1.4 + 20 * 0.7) / 40 with u = 1 - (p / 2)^(1 / n), where n is
    42^2 / (20 * 1.4^2 + 20 * 0.7^2) = 36, and that is 0.05.
    """
    values = np.array([[0.4] * 20 + [-0.3] * 20])
    part = shaped(outcome, values, categories=["joy"] * 20 + ["rage"] * 20)
    made = part.mean(values, kind="difference")
    assert made.low < 0 < made.high
    assert made.p_value == pytest.approx(2 * (1 - 0.05 / 1.05) ** 36)
    half = part.contrast(values, np.repeat([1 / 20, -1 / 20], 20))
    reach = math.hypot(1.4, 1.3) * (1 - 0.025 ** (1 / 20))
    assert half.p_value < 0.05
    assert half.low == pytest.approx(0.7 - reach)


def test_what_may_be_chance_at_any_level_has_a_p_value_of_1(outcome):
    """Even a tail of 1 leaves 1 - 0.5^(1/40) = 0.017 unseen, and 0.01 is less."""
    values = np.array([[0.32] * 20 + [-0.30] * 20])
    part = shaped(outcome, values, categories=["joy"] * 20 + ["rage"] * 20)
    assert part.mean(values, kind="difference").p_value == 1.0


def test_one_dialogue_says_nothing_of_its_category_s_spread(outcome, rng):
    """Joy has one dialogue, 0.95 above 0: 1 - 0.025 of all may be as far down as -1."""
    rage = rng.normal(0.0, 0.01, size=40).clip(-1, 1)
    part, values, weights = two_groups(outcome, [0.95], rage)
    made = part.contrast(values, weights)
    theirs = stats.ttest_1samp(rage, 0)
    half = theirs.confidence_interval().high - rage.mean()
    assert made.value - made.low == pytest.approx(math.hypot(0.975 * 1.95, half), abs=0.01)
    assert made.high - made.value == pytest.approx(math.hypot(0.975 * 0.05, half), abs=0.01)
    assert made.p_value > 0.9
    assert made.method == f"t interval, {ONE_SEED}, exact bound where nothing varies"
    seeds = shaped(outcome, np.array([[0.9], [0.8]]))
    alone = seeds.mean(np.array([[0.9], [0.8]]), kind="difference")
    assert alone.low < 0 < alone.high
    assert alone.p_value > 0.05


def test_a_dialogue_that_outweighs_the_rest_of_its_stratum_is_alone(outcome):
    """Joy and fear are pooled, having one dialogue each; of 1 and 0.01 the second is no spread."""
    values = np.array([[0.95, 0.0, 0.1, 0.2, 0.3]])
    part = shaped(outcome, values, categories=["joy", "fear", "rage", "rage", "rage"])
    made = part.contrast(values, np.array([1.0, -0.01, 0.0, 0.0, 0.0]))
    assert made.low < 0.01
    assert made.p_value > 0.05


def test_dialogues_that_all_moved_alike_have_a_sign_test(outcome):
    values = np.full((1, 6), 0.3)
    made = shaped(outcome, values).mean(values, kind="difference")
    assert made.p_value == pytest.approx(stats.binomtest(6, 6, 0.5).pvalue)


def test_the_ends_of_a_ratio_are_where_welch_s_test_gives_5_percent(outcome):
    """Fieller: r is an end where joy - r rage is just refuted."""
    joy, rage = np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.5, 0.6, 0.7, 0.8, 0.9])
    part, values, weights = two_groups(outcome, joy, rage)
    made = part.ratio(values, np.maximum(weights, 0), np.maximum(-weights, 0), citation="Fieller")
    assert made.value == pytest.approx(0.25 / 0.7)
    for end in (made.low, made.high):
        found = stats.ttest_ind(joy, end * rage, equal_var=False).pvalue
        assert found == pytest.approx(0.05, abs=1e-5)
    assert (made.n, made.citation) == (9, "Fieller")
    assert made.method == f"Fieller's interval, {ONE_SEED}"


@pytest.mark.parametrize("rage", [[0.0, 0.0, 0.0, 0.0], [-0.4, -0.1, 0.1, 0.5]])
def test_a_ratio_to_what_may_be_0_is_not_defined(outcome, rage):
    part, values, weights = two_groups(outcome, [0.1, 0.2, 0.3, 0.4], rage)
    made = part.ratio(values, np.maximum(weights, 0), np.maximum(-weights, 0))
    assert math.isnan(made.value)
    assert math.isnan(made.low)
    assert str(made) == "not defined: its denominator does not differ significantly from 0"


def test_a_ratio_of_no_hit_at_all_is_not_surely_0(outcome):
    """0 of 40 dialogues: up to 1 - 0.025 ** (1 / 40) of them could have been hit."""
    rage = [0.4, 0.5, 0.5, 0.6] * 10
    part, values, weights = two_groups(outcome, [0.0] * 40, rage)
    made = part.ratio(values, np.maximum(weights, 0), np.maximum(-weights, 0))
    assert made.value == 0
    unseen = (1 - 0.025 ** (1 / 40)) / 0.5
    assert (made.low, made.high) == (
        pytest.approx(-unseen, rel=0.02),
        pytest.approx(unseen, rel=0.02),
    )


def test_a_ratio_of_nothing_that_varies_has_an_interval(outcome):
    part, values, weights = two_groups(outcome, [0.25] * 40, [0.5] * 40)
    made = part.ratio(values, np.maximum(weights, 0), np.maximum(-weights, 0))
    assert made.value == 0.5
    assert made.low < 0.45
    assert made.high > 0.55


# The bootstrap


def test_the_bootstrap_of_a_mean_is_near_its_closed_form(outcome, rng):
    values = np.clip(crossed(rng, seeds=4, dialogues=60), 0, 1)
    part = outcome(toxicity=values, dialogues=[f"d{i // 2}" for i in range(60)])
    made = part.bootstrap(lambda o: float(o.toxicity.mean()), citation="Efron 1979")
    closed = part.mean(values, kind="difference")
    assert made.value == pytest.approx(closed.value)
    assert (made.low, made.high) == pytest.approx((closed.low, closed.high), abs=0.012)
    assert (made.n, made.citation, made.p_value) == (30, "Efron 1979", None)
    assert made.method == "percentile bootstrap of dialogues, jackknife of 4 seeds"
    assert made == part.bootstrap(lambda o: float(o.toxicity.mean()), citation="Efron 1979")


def test_the_bootstrap_of_one_seed_is_near_scipy_s(outcome, rng):
    values = rng.beta(1, 3, size=80)
    part = outcome(toxicity=values)
    made = part.bootstrap(lambda o: float(np.median(o.toxicity)))
    theirs = stats.bootstrap((values,), np.median, method="percentile", rng=rng)
    ends = theirs.confidence_interval
    assert (made.low, made.high) == pytest.approx((ends.low, ends.high), abs=0.02)
    assert made.method == f"percentile bootstrap of {ONE_SEED}"


def test_the_clean_arm_is_drawn_alike_and_categories_keep_their_size(outcome, rng):
    names = ["joy"] * 5 + ["rage"] * 4
    rated = rng.random((2, 9))
    clean = outcome("clean", rated / 2, names)
    part = outcome("poison", rated, names, clean=clean, resampling=of_level(0.95, draws=100))

    def checks(drawn):
        assert np.array_equal(drawn.toxicity / 2, drawn.clean.toxicity)
        assert sorted(drawn.categories) == names
        assert drawn.clean.dialogues == drawn.dialogues
        assert len(drawn.seeds) == len(drawn.toxicity)
        return 0.5

    made = part.bootstrap(checks)
    assert (made.value, made.low, made.high) == (0.5, 0.5, 0.5)


def test_where_dialogues_agree_the_seeds_still_count(outcome):
    part = outcome(toxicity=np.repeat([[0.1], [0.2], [0.35]], 5, axis=1))
    made = part.bootstrap(lambda o: float(o.toxicity.mean()))
    theirs = stats.ttest_1samp([0.1, 0.2, 0.35], 0).confidence_interval()
    assert (made.low, made.high) == pytest.approx(tuple(theirs))


def test_a_statistic_that_is_seldom_defined_is_not(outcome, rng):
    part = outcome(toxicity=rng.random((2, 12)), resampling=of_level(0.95, draws=100))
    whole = part.toxicity.mean()
    note = "not defined on the whole, without one of its seeds, or in most bootstrap draws"
    never = part.bootstrap(lambda o: math.nan)
    one_seed = part.bootstrap(lambda o: 1.0 if len(o.seeds) == 2 else math.nan)
    drawn = part.bootstrap(
        lambda o: 1.0 if o.dialogues == part.dialogues or len(o.seeds) == 1 else math.nan
    )
    assert 0 < whole < 1
    for made in (never, one_seed, drawn):
        assert math.isnan(made.value)
        assert str(made) == note


def test_draws_that_are_not_defined_are_left_out(outcome):
    """A share of what is left above 0 is not defined where nothing is."""
    part = outcome(toxicity=[[0.0, 0.0, 0.4, 0.6], [0.0, 0.0, 0.5, 0.7]])

    def mean_of_positive(o):
        positive = o.toxicity[o.toxicity > 0]
        return float(positive.mean()) if positive.size else math.nan

    made = part.bootstrap(mean_of_positive)
    assert made.value == pytest.approx(0.55)
    assert made.low < 0.5 < 0.6 < made.high


def test_probes_that_are_never_defined_count_as_no_private_noise(outcome, rng):
    part = outcome(toxicity=rng.random((2, 12)), resampling=of_level(0.95, draws=100))

    def statistic(o):
        drawn = o.dialogues != part.dialogues
        return math.nan if drawn and len(o.seeds) == 1 else float(o.toxicity.mean())

    made, plain = part.bootstrap(statistic), part.bootstrap(lambda o: float(o.toxicity.mean()))
    assert made.value == plain.value
    assert made.high - made.low >= plain.high - plain.low


# What never happens


@given(
    st.sampled_from(KINDS),
    st.sampled_from([0.0, 1.0]),
    st.integers(1, 40),
    st.integers(1, 3),
    st.floats(0.5, 0.99),
)
def test_an_interval_never_vanishes_at_0_or_1(outcome, kind, value, count, seeds, level):
    part = outcome(toxicity=[[value] * count] * seeds, resampling=of_level(level, draws=100))
    made = part.mean(part.toxicity, kind=kind)
    reach = stats.binomtest(0, count).proportion_ci(level, method="exact").high
    # A difference of 0 may be 1 or -1 where nobody looked, one of 1 may be -1.
    least = -1 if kind == "difference" else 0
    expected = (max(value - reach * (value - least), least), min(value + reach * (1 - value), 1))
    assert (made.low, made.high) == pytest.approx(expected)
    assert made.low < made.high
    assert made.method == "exact bound, nothing varies; n = dialogues"


def test_a_wider_level_gives_a_wider_interval(outcome, rng):
    rated = rng.random((3, 60))
    for kind in KINDS:
        made = [
            part.mean(part.planted if kind == "rate" else part.toxicity, kind=kind)
            for level in (0.5, 0.9, 0.99)
            for part in [outcome(toxicity=rated, resampling=of_level(level))]
        ]
        assert [e.level for e in made] == [0.5, 0.9, 0.99]
        assert made[0].low > made[1].low > made[2].low
        assert made[0].high < made[1].high < made[2].high


RATED = st.lists(st.tuples(st.integers(0, 8), st.sampled_from([0.0, 0.3, 1.0])), min_size=1)


@given(RATED, st.randoms(use_true_random=False), st.sampled_from(KINDS))
def test_the_order_and_the_names_of_dialogues_are_of_no_matter(outcome, rows, random, kind):
    shuffled = random.sample(rows, len(rows))
    estimates = [
        part.mean(part.planted if kind == "rate" else part.toxicity, kind=kind)
        for order, name in ((rows, "d{}"), (shuffled, "talk {}"))
        for part in [
            outcome(toxicity=[r for _, r in order], dialogues=[name.format(d) for d, _ in order])
        ]
    ]
    first, second = ([e.value, e.low, e.high, e.n] for e in estimates)
    assert first == pytest.approx(second, abs=1e-9)


@given(
    st.lists(st.lists(st.sampled_from([0.0, 0.01, 0.5, 1.0]), min_size=4, max_size=4), min_size=1)
)
@settings(max_examples=50)
def test_an_interval_holds_its_estimate_within_its_bounds(outcome, rows):
    part = outcome(toxicity=rows)
    for kind in KINDS:
        made = part.mean(part.planted if kind == "rate" else part.toxicity, kind=kind)
        assert (-1 if kind == "difference" else 0) <= made.low <= made.value + 1e-12
        assert made.value - 1e-12 <= made.high <= 1


# Bad input


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        ("mean", -0.1, "The values hold -0.1; give numbers from 0 to 1 for a mean."),
        ("rate", 1.5, "The values hold 1.5; give numbers from 0 to 1 for a rate."),
        ("difference", -2.0, "The values hold -2.0; give numbers from -1 to 1 for a difference."),
        (
            "difference",
            math.nan,
            "The values hold nan; give numbers from -1 to 1 for a difference.",
        ),
    ],
)
def test_values_out_of_bounds_are_refused(outcome, kind, value, said):
    with pytest.raises(DataError) as caught:
        outcome(toxicity=[0.0, 0.0]).mean(np.array([[0.5, value]]), kind=kind)
    assert str(caught.value) == said


def test_values_of_a_contrast_are_finite_and_of_the_outcome_s_shape(outcome):
    part = outcome(toxicity=[0.0, 0.0])
    with pytest.raises(DataError) as caught:
        part.contrast(np.array([[0.5, math.inf]]), np.ones(2))
    assert str(caught.value) == "The values hold inf; give finite numbers."
    with pytest.raises(DataError) as caught:
        part.ratio(np.zeros((2, 2)), np.ones(2), np.ones(2))
    assert str(caught.value) == (
        "The values have shape (2, 2); give one row for each seed and one column for each "
        "exchange, (1, 2)."
    )


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("level", 0.0, "greater than 0"),
        ("level", 1.0, "less than 1"),
        ("draws", 99, "greater than or equal to 100"),
    ],
)
def test_a_level_and_draws_out_of_bounds_are_refused(field, value, said):
    with pytest.raises(ConfigError, match=said):
        Resampling(**{field: value})


def test_a_spread_too_small_to_be_squared_is_none(outcome):
    values = np.zeros((1, 12))
    values[0, 3] = 3.8e-117
    made = outcome(toxicity=values).mean(values)
    assert made.value < 1e-100
    # As where nothing was seen at all: Clopper and Pearson's bound for 12 dialogues.
    assert made.high == pytest.approx(1 - 0.025 ** (1 / 12), abs=1e-6)


def test_an_unknown_kind_of_mean_is_refused():
    with pytest.raises(DataError, match="kind is 'share'; give one of mean, rate, difference"):
        checked_values(np.zeros((1, 2)), (1, 2), "share")
