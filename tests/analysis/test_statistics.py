import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy import stats

from semspill.analysis import Resampling
from semspill.analysis._statistics import wilson

KINDS = ("mean", "rate", "difference")


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.999])
@pytest.mark.parametrize(("hits", "trials"), [(0, 1), (0, 50), (1, 7), (13, 40), (40, 40)])
def test_wilson_is_scipy_s(hits, trials, level):
    theirs = stats.binomtest(hits, trials).proportion_ci(level, method="wilson")
    assert wilson(hits / trials, float(trials), level) == pytest.approx(theirs, abs=1e-12)


@given(st.floats(0, 1), st.floats(1, 1e6), st.floats(0.01, 0.999))
def test_wilson_stays_in_bounds_and_holds_the_rate(rate, n, level):
    low, high = wilson(rate, n, level)
    assert 0 <= low <= rate + 1e-9
    assert rate - 1e-9 <= high <= 1
    assert low < high


# The bootstrap, by hand


def of_level(level, draws=2000):
    return Resampling(level=level, draws=draws)


def test_two_dialogues_are_drawn_whole(outcome):
    """The draws are aa: 1, ab and ba: 0.5, bb: 0, with chances 1/4, 1/2 and 1/4."""
    values = [1.0, 1.0, 0.0, 0.0]
    both = {"toxicity": values, "dialogues": ["a", "a", "b", "b"]}
    wide = outcome(resampling=of_level(0.95), **both).mean(np.array([values]))
    assert (wide.value, wide.low, wide.high, wide.n) == (0.5, 0.0, 1.0, 2)
    narrow = outcome(resampling=of_level(0.4), **both).mean(np.array([values]))
    assert (narrow.low, narrow.high, narrow.level) == (0.5, 0.5, 0.4)


def test_a_longer_dialogue_weighs_more(outcome):
    """Of a (three exchanges of 1) and b (one of 0), a draw of both has the mean 3/4."""
    values = [1.0, 1.0, 1.0, 0.0]
    part = outcome(
        toxicity=values, dialogues=["a", "a", "a", "b"], resampling=of_level(0.4, draws=5000)
    )
    made = part.mean(part.toxicity)
    assert (made.value, made.low, made.high) == (0.75, 0.75, 0.75)
    assert made.method == "percentile cluster bootstrap by dialogue"


def test_seeds_that_disagree_widen_the_interval(outcome):
    """Within a seed nothing varies; drawing two seeds gives 0, 1/2 or 1."""
    part = outcome(toxicity=[[1.0] * 5, [0.0] * 5])
    made = part.mean(part.toxicity)
    assert (made.value, made.low, made.high) == (0.5, 0.0, 1.0)
    assert made.method == "percentile cluster bootstrap by dialogue over seeds"
    agreeing = outcome(toxicity=[[0.2, 0.4] * 20] * 2)
    made = agreeing.mean(agreeing.toxicity)
    single = outcome(toxicity=[0.2, 0.4] * 20)
    alone = single.mean(single.toxicity)
    assert (made.low, made.high) == pytest.approx((alone.low, alone.high), abs=0.005)


@pytest.mark.parametrize("kind", ["mean", "difference"])
def test_equal_clusters_agree_with_scipy_s_bootstrap_of_their_means(outcome, kind, rng):
    dialogues, size = 50, 3
    centres = rng.beta(1, 3, size=(dialogues, 1))
    values = np.clip(centres + rng.normal(0, 0.1, size=(dialogues, size)), 0, 1)
    names = np.repeat([f"d{i}" for i in range(dialogues)], size)
    part = outcome(toxicity=values.reshape(1, -1), dialogues=names)
    ours = part.mean(part.toxicity, kind=kind)
    theirs = stats.bootstrap(
        (values.mean(axis=1),), np.mean, n_resamples=4000, method="percentile", rng=rng
    ).confidence_interval
    assert ours.value == pytest.approx(values.mean())
    assert (ours.low, ours.high) == pytest.approx(theirs, abs=0.006)
    assert ours.n == dialogues


def test_a_rate_of_lone_exchanges_has_nearly_wilson_s_interval(outcome):
    part = outcome(toxicity=[1.0] * 20 + [0.0] * 80)
    made = part.mean(part.planted, kind="rate")
    theirs = stats.binomtest(20, 100).proportion_ci(method="wilson")
    assert (made.low, made.high) == pytest.approx(theirs, abs=0.01)
    assert made.method == "Wilson at the effective n of a cluster bootstrap by dialogue"


def test_exchanges_that_agree_within_dialogues_count_once(outcome):
    """Four copies of every exchange, in the same dialogue, are no new evidence."""
    once = outcome(toxicity=[1.0] * 10 + [0.0] * 30)
    names = np.repeat([f"d{i:04}" for i in range(40)], 4)
    copied = outcome(toxicity=np.repeat([1.0] * 10 + [0.0] * 30, 4)[None], dialogues=names)
    first, second = (part.mean(part.planted, kind="rate") for part in (once, copied))
    assert (first.low, first.high) == pytest.approx((second.low, second.high), abs=0.002)
    assert first.n == second.n == 40


# What never happens


@given(
    st.sampled_from(KINDS),
    st.sampled_from([0.0, 1.0]),
    st.integers(1, 40),
    st.integers(1, 3),
    st.floats(0.5, 0.99),
)
@settings(deadline=None)
def test_an_interval_never_vanishes_at_0_or_1(outcome, kind, value, count, seeds, level):
    part = outcome(toxicity=[[value] * count] * seeds, resampling=of_level(level, draws=100))
    made = part.mean(part.toxicity, kind=kind)
    reach = stats.binomtest(0, count).proportion_ci(level, method="wilson").high
    floor = -1 if kind == "difference" else 0
    assert (made.low, made.high) == pytest.approx(
        (max(value - reach, floor), min(value + reach, 1))
    )
    assert made.low < made.high
    assert made.method == "Wilson bound, nothing varies; n = dialogues"


def test_a_wider_level_gives_a_wider_interval(outcome, rng):
    rated = rng.random((1, 60))
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
@settings(deadline=None)
def test_the_order_of_exchanges_is_of_no_matter(outcome, rows, random, kind):
    shuffled = random.sample(rows, len(rows))
    estimates = [
        part.mean(part.planted if kind == "rate" else part.toxicity, kind=kind)
        for order in (rows, shuffled)
        for part in [outcome(toxicity=[r for _, r in order], dialogues=[f"d{d}" for d, _ in order])]
    ]
    first, second = ([e.value, e.low, e.high, e.n] for e in estimates)
    assert first == pytest.approx(second, abs=1e-9)


@given(RATED)
@settings(deadline=None)
def test_new_names_in_the_same_order_change_nothing(outcome, rows):
    rated = [r for _, r in rows]
    old = outcome(toxicity=rated, dialogues=[f"d{d}" for d, _ in rows])
    new = outcome(toxicity=rated, dialogues=[f"talk {d + 1}" for d, _ in rows])
    assert old.mean(old.toxicity) == new.mean(new.toxicity)


def test_names_in_another_order_change_no_more_than_another_draw(outcome, rng):
    rated = rng.random((1, 80))
    old = outcome(toxicity=rated, dialogues=[f"d{i:02}" for i in range(80)])
    new = outcome(toxicity=rated, dialogues=[f"d{79 - i:02}" for i in range(80)])
    first, second = old.mean(old.toxicity), new.mean(new.toxicity)
    assert first.value == second.value
    assert (first.low, first.high) == pytest.approx((second.low, second.high), abs=0.01)


def test_the_same_outcome_gives_the_same_interval(outcome, rng):
    rated = rng.random((2, 30))
    made = [outcome(toxicity=rated) for _ in range(2)]
    assert made[0].mean(made[0].toxicity) == made[1].mean(made[1].toxicity)


# Coverage


@pytest.mark.parametrize("rate", [0.05, 0.3])
def test_95_percent_intervals_of_correlated_rates_hold_the_truth(outcome, rate, rng):
    """Each dialogue has its own rate, drawn around the true one; its exchanges are alike."""
    held, runs = 0, 300
    for _ in range(runs):
        own = rng.beta(4 * rate, 4 * (1 - rate), size=(60, 1))
        planted = (rng.random((60, 3)) < own).reshape(1, -1)
        part = outcome(
            toxicity=planted.astype(np.float64),
            dialogues=np.repeat([f"d{i}" for i in range(60)], 3),
            resampling=of_level(0.95, draws=400),
        )
        made = part.mean(planted, kind="rate")
        held += made.low <= rate <= made.high
    assert 0.90 <= held / runs <= 0.99


def test_95_percent_intervals_of_paired_differences_hold_the_truth(outcome, rng):
    held, runs, truth = 0, 300, 0.1
    for _ in range(runs):
        own = truth + rng.normal(0, 0.2, size=(50, 1))
        rise = np.clip(own + rng.normal(0, 0.1, size=(50, 2)), -1, 1).reshape(1, -1)
        part = outcome(
            toxicity=np.abs(rise),
            dialogues=np.repeat([f"d{i}" for i in range(50)], 2),
            resampling=of_level(0.95, draws=400),
        )
        made = part.mean(rise, kind="difference")
        held += made.low <= truth <= made.high
    assert 0.90 <= held / runs <= 0.99


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("level", 0.0, "greater than 0"),
        ("level", 1.0, "less than 1"),
        ("draws", 99, "greater than or equal to 100"),
    ],
)
def test_a_level_and_draws_out_of_bounds_are_refused(field, value, said):
    with pytest.raises(ValidationError, match=said):
        Resampling(**{field: value})
