import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from semspill import metrics
from semspill.errors import ConfigError
from semspill.statistics import Resampling


def corrected(outcome, flagged, count, *, level=0.95, **fields):
    """The estimate where so many of so many dialogues are rated 0.9, the others 0.1."""
    rated = [0.9] * flagged + [0.1] * (count - flagged)
    part = outcome(toxicity=rated, resampling=Resampling(level=level))
    return metrics.build({"name": "corrected_share", **fields}).compute(part)


SAMPLE = {"toxic": (80, 100), "harmless": (90, 100)}


def test_it_is_rogan_and_gladen_s(outcome):
    """(0.4 + 0.9 - 1) / (0.8 + 0.9 - 1) = 3/7: a rater that misses a fifth finds too few."""
    made = corrected(outcome, 40, 100, **SAMPLE)
    assert made.value == pytest.approx(3 / 7)
    assert made.low < 3 / 7 < made.high
    assert made.n == 100
    assert "Rogan and Gladen 1978" in made.citation


def test_it_inverts_what_the_rater_does(outcome):
    """Of 100 with 50 toxic, it flags 40 of those and 5 of the others: 45."""
    assert corrected(outcome, 45, 100, **SAMPLE).value == pytest.approx(0.5)


@pytest.mark.parametrize(("flagged", "value"), [(5, 0), (10, 0), (80, 1), (85, 1)])
def test_it_stays_between_0_and_1(outcome, flagged, value):
    made = corrected(outcome, flagged, 100, **SAMPLE)
    assert made.value == pytest.approx(value)
    assert 0 <= made.low <= made.value + 1e-12
    assert made.value - 1e-12 <= made.high <= 1
    assert made.low < made.high


@pytest.mark.parametrize("flagged", [0, 100])
def test_what_the_rater_s_errors_cannot_explain_is_not_defined(outcome, flagged):
    """It flags a tenth of harmless texts and misses a fifth of toxic ones; not 0 or all of 100."""
    made = corrected(outcome, flagged, 100, **SAMPLE)
    assert np.isnan([made.value, made.low, made.high]).all()
    assert str(made) == (
        "not defined: the share flagged is out of the rater's reach, given its errors on the "
        "labelled sample; that sample is not like these responses"
    )


def test_its_interval_is_lang_and_reiczigel_s(outcome):
    """By hand at n' = n + z^2 and two added texts per class, 23 of 150 flagged.

    The effective n of dialogues with one exchange is n, but for Student's t in place of z, so
    the ends agree to the second digit.
    """
    z = stats.norm.ppf(0.975)
    n = 150 + z**2
    p, se, sp = (23 + z**2 / 2) / n, 97 / 102, 90 / 102
    made = corrected(outcome, 23, 150, toxic=(96, 100), harmless=(89, 100))
    share = (p + sp - 1) / (se + sp - 1)
    of_se, of_sp = se * (1 - se) / 102, sp * (1 - sp) / 102
    variance = p * (1 - p) / n + share**2 * of_se + (1 - share) ** 2 * of_sp
    centre = share + 2 * z**2 * (share * of_se - (1 - share) * of_sp)
    half = z * np.sqrt(variance) / (se + sp - 1)
    assert made.low == pytest.approx(max(centre - half, 0), abs=0.01)
    assert made.high == pytest.approx(centre + half, abs=0.01)


def test_exchanges_that_agree_within_dialogues_count_once(outcome):
    rated = [0.9] * 20 + [0.1] * 40
    metric = metrics.build({"name": "corrected_share", **SAMPLE})
    once = metric.compute(outcome(toxicity=rated))
    copied = metric.compute(
        outcome(toxicity=np.repeat(rated, 4), dialogues=np.repeat(range(60), 4))
    )
    assert (copied.low, copied.high) == pytest.approx((once.low, once.high), abs=0.005)


def test_a_small_labelled_sample_widens_the_interval(outcome):
    large = corrected(outcome, 40, 100, toxic=(800, 1000), harmless=(900, 1000))
    small = corrected(outcome, 40, 100, toxic=(8, 10), harmless=(9, 10))
    assert small.value == pytest.approx(large.value)
    assert small.low < large.low < large.high < small.high


def test_a_wider_level_gives_a_wider_interval(outcome):
    narrow, wide = (corrected(outcome, 40, 100, level=level, **SAMPLE) for level in (0.8, 0.99))
    assert wide.low < narrow.low < narrow.high < wide.high
    assert (narrow.level, wide.level) == (0.8, 0.99)


def test_the_threshold_says_what_is_flagged(outcome):
    part = outcome(toxicity=[0.1, 0.5, 0.7, 0.9])
    exact = {"toxic": (1000, 1000), "harmless": (1000, 1000)}
    shares = [
        metrics.build({"name": "corrected_share", **exact, **more}).compute(part).value
        for more in ({}, {"threshold": 0.7}, {"threshold": 0.0})
    ]
    assert shares == pytest.approx([0.75, 0.5, 1])


@given(st.integers(1, 60), st.integers(0, 60), st.integers(1, 3))
def test_the_interval_holds_the_value_and_does_not_vanish(outcome, count, flagged, seeds):
    rated = np.full((seeds, count), 0.1)
    rated[:, : min(flagged, count)] = 0.9
    made = metrics.build({"name": "corrected_share", "toxic": (100, 100), "harmless": (100, 100)})
    found = made.compute(outcome(toxicity=rated))
    assert 0 <= found.low < found.high <= 1
    # Shrunken error rates can move the whole interval, as the method means to; not by much.
    assert found.low - 0.05 <= found.value <= found.high + 0.05


def test_95_percent_intervals_hold_the_truth(outcome, rng):
    """Sensitivity 0.8 and specificity 0.95, each from 50 labels; a quarter is toxic."""
    held, runs = 0, 300
    for _ in range(runs):
        toxic = rng.random(80) < 0.25
        flagged = np.where(toxic, rng.random(80) < 0.8, rng.random(80) < 0.05)
        made = corrected(
            outcome,
            int(flagged.sum()),
            80,
            toxic=(int(rng.binomial(50, 0.8)), 50),
            harmless=(int(rng.binomial(50, 0.95)), 50),
        )
        held += made.low <= 0.25 <= made.high
    assert held >= 273  # 95 % of 300 is 285, and its standard deviation 3.8


@pytest.mark.parametrize(
    ("toxic", "harmless"), [((50, 100), (50, 100)), ((40, 100), (59, 100)), ((2, 2), (1, 100))]
)
def test_a_rater_no_better_than_guessing_is_refused(toxic, harmless):
    with pytest.raises(ConfigError) as caught:
        metrics.build({"name": "corrected_share", "toxic": toxic, "harmless": harmless})
    assert (
        f"toxic={toxic} and harmless={harmless} make a rater no better than guessing (sensitivity "
        "+ specificity of 1 or less); use another rater or threshold"
    ) in str(caught.value)


@pytest.mark.parametrize("sample", [(5, 4), (-1, 4), (0, 0)])
def test_a_sample_that_cannot_be_is_refused(sample):
    with pytest.raises(ConfigError) as caught:
        metrics.build({"name": "corrected_share", "toxic": sample, "harmless": (9, 10)})
    assert (
        f"toxic is {sample}; give how many were rated right, and how many there are, at least 1"
    ) in str(caught.value)


def test_a_labelled_sample_is_needed():
    with pytest.raises(ConfigError, match="toxic"):
        metrics.build("corrected_share")
