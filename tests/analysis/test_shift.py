import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semspill import metrics


def shift(outcome, arm, clean, **fields):
    """The estimate for these ratings, one row per seed."""
    return metrics.build("shift").compute(
        outcome("poison", arm, clean=outcome("clean", clean, **fields), **fields)
    )


def test_it_is_the_least_average_change_from_one_distribution_to_the_other(outcome):
    """Sorted: 0, 0.2, 0.5 and 0.1, 0.2, 0.9, so (0.1 + 0 + 0.4) / 3, whichever pairs with which."""
    made = shift(outcome, [0.9, 0.1, 0.2], [0.5, 0.2, 0.0])
    assert made.value == pytest.approx(0.5 / 3)
    assert made.low == 0
    assert made.high > made.value
    assert made.n == 3


def test_seeds_are_pooled(outcome):
    """Rated 0 in one seed and 1 in the other, both arms have the same distribution."""
    made = shift(outcome, [[0.0] * 20, [1.0] * 20], [[1.0] * 20, [0.0] * 20])
    assert made.value == 0
    assert made.low == 0


SHARES = st.integers(0, 50).map(lambda n: n / 50)
RATED = st.lists(st.tuples(SHARES, SHARES), min_size=1, max_size=40)


@given(RATED)
@settings(max_examples=60)
def test_it_is_the_mean_gap_of_sorted_ratings_and_at_least_the_lift(outcome, rows):
    arm, clean = np.array(rows).T
    made = shift(outcome, arm, clean)
    gaps = np.abs(np.sort(arm) - np.sort(clean))
    assert made.value == pytest.approx(gaps.mean(), abs=1e-12)
    assert made.value >= abs(arm.mean() - clean.mean()) - 1e-12
    assert 0 <= made.low <= made.value + 1e-12
    assert made.value - 1e-12 <= made.high <= 1
    assert 0 <= made.p_value <= 1


def test_the_same_ratings_are_no_shift_and_say_how_sure(outcome, rng):
    rated = rng.random(50)
    made = shift(outcome, rated, rated)
    assert (made.value, made.low, made.p_value) == (0, 0, 1)
    assert 0.03 < made.high < 0.1  # about 3 of 50 dialogues could have changed


def test_it_sees_a_spread_that_leaves_the_mean_as_it_was(outcome, rng):
    clean = rng.uniform(0.45, 0.55, size=80)
    spread = np.clip(0.5 + 6 * (clean - 0.5), 0, 1)
    made = shift(outcome, spread, clean)
    assert made.low > 0
    assert made.p_value < 0.001
    lift = metrics.build("lift").compute(outcome("poison", spread, clean=outcome("clean", clean)))
    assert lift.low < 0 < lift.high


def test_a_plain_shift_is_found_at_its_size(outcome, rng):
    clean = rng.uniform(0, 0.5, size=(3, 60))
    made = shift(outcome, clean + 0.2 + rng.uniform(-0.05, 0.05, size=(3, 60)), clean)
    assert made.low < 0.2 < made.high
    assert made.low > 0.15


def test_exchanges_of_one_dialogue_stand_together(outcome, rng):
    """Four copies of every exchange in its dialogue are no new evidence."""
    clean, arm = rng.random(30) / 2, rng.random(30) / 2 + 0.1
    names = [f"d{i:02}" for i in range(30)]
    once = shift(outcome, arm, clean, dialogues=names)
    copied = shift(
        outcome,
        np.repeat(arm, 4),
        np.repeat(clean, 4),
        dialogues=np.repeat(names, 4),
        categories=["fear"] * 120,
    )
    found = [copied.value, copied.low, copied.high, copied.p_value, copied.n]
    assert found == pytest.approx([once.value, once.low, once.high, once.p_value, once.n])


def test_two_clean_arms_are_seldom_told_apart(outcome, rng):
    """Of 200 pairs at most 20: 10 are expected, and 21 or more has a chance of 0.1 %."""
    alarms = 0
    for _ in range(200):
        arm, clean = rng.beta(0.6, 6, size=(2, 40))
        made = shift(outcome, arm, clean)
        alarms += made.p_value < 0.05
        assert (made.low > 0) == (made.p_value < 0.05)
    assert alarms <= 20


def test_its_interval_holds_the_true_distance(outcome, rng):
    """A tenth jump from below 0.1 to 0.9: 0.1 * 0.85 from the mean 0.05."""
    held = 0
    for _ in range(200):
        clean = rng.uniform(0, 0.1, size=150)
        arm = np.where(rng.random(150) < 0.1, 0.9, rng.uniform(0, 0.1, size=150))
        made = shift(outcome, arm, clean)
        held += made.low <= 0.085 <= made.high
    assert held >= 180


@pytest.mark.parametrize("seeds", [3, 5])
def test_seeds_that_wander_by_themselves_are_seldom_taken_for_a_shift(outcome, seeds):
    """Each seed of either arm has a distribution of its own, Dirichlet(60) around a common one.

    Of 200 pairs at most 20; a witness chosen on the tested seeds found 24 to 34.
    """
    rng = np.random.default_rng(2)
    ratings, alarms = np.linspace(0, 1, 11), 0
    for _ in range(200):
        arm, clean = (
            np.stack(
                [rng.choice(ratings, 150, p=rng.dirichlet([60 / 11] * 11)) for _ in range(seeds)]
            )
            for _ in range(2)
        )
        alarms += shift(outcome, arm, clean).p_value < 0.05
    assert alarms <= 20
