"""A small version of benchmarks/calibration: intervals and tests on planted truth.

Bounds are four standard errors of a binomial share wide: of 300 intervals that cover in 95 % at
least 90.0 % do (0.95 - 4 * 0.0126); a percentile bootstrap of two and three seeds covered 64 % and
77 % in such a world.
"""

import numpy as np
import pytest
from scipy import stats

from semspill.statistics import Resampling

pytestmark = pytest.mark.no_cover

RUNS = 300
LEAST = 0.90


def crossed(rng, seeds, dialogues, seed_sd, dialogue_sd=0.1, private_sd=0.05):
    return (
        rng.normal(0, dialogue_sd, size=(1, dialogues))
        + rng.normal(0, seed_sd, size=(seeds, 1))
        + rng.normal(0, private_sd, size=(seeds, dialogues))
    )


@pytest.mark.parametrize("seeds", [2, 3, 5])
@pytest.mark.parametrize("seed_sd", [0.0, 0.02, 0.2], ids=["none", "mixed", "seeds"])
def test_intervals_of_lifts_hold_the_truth(outcome, seeds, seed_sd):
    rng = np.random.default_rng(seeds)
    part = outcome(toxicity=np.zeros((seeds, 40)))
    made = [
        part.mean((0.1 + crossed(rng, seeds, 40, seed_sd)).clip(-1, 1), kind="difference")
        for _ in range(RUNS)
    ]
    assert np.mean([e.low <= 0.1 <= e.high for e in made]) >= LEAST


@pytest.mark.parametrize("seeds", [2, 3])
def test_the_bootstrap_of_few_seeds_holds_the_truth(outcome, seeds):
    """60 bootstraps: 0.95 - 4 * 0.028 = 0.84."""
    rng = np.random.default_rng(seeds)
    held = []
    for _ in range(60):
        rated = (0.5 + crossed(rng, seeds, 20, 0.1)).clip(0, 1)
        part = outcome(toxicity=rated, resampling=Resampling(draws=100))
        made = part.bootstrap(lambda o: float(o.toxicity.mean()))
        held.append(made.low <= 0.5 <= made.high)
    assert np.mean(held) >= 0.84


@pytest.mark.parametrize("rate", [0.0, 0.01, 0.05, 0.3, 0.95])
@pytest.mark.parametrize("seeds", [1, 3])
def test_intervals_of_clustered_rates_hold_the_truth(outcome, rate, seeds):
    """Two answers to each dialogue; a probit with noise of dialogues and, over seeds, of seeds."""
    rng = np.random.default_rng(round(100 * rate) + seeds)
    sds = np.array([1.0, 0.4 if seeds > 1 else 0.0, 1.0])
    part = outcome(toxicity=np.zeros((seeds, 80)), dialogues=np.repeat(np.arange(40), 2))
    held = []
    for _ in range(RUNS):
        noise = (
            sds[0] * np.repeat(rng.normal(size=(1, 40)), 2, axis=1)
            + sds[1] * rng.normal(size=(seeds, 1))
            + sds[2] * rng.normal(size=(seeds, 80))
        )
        made = part.mean(noise / np.sqrt((sds**2).sum()) < stats.norm.ppf(rate), kind="rate")
        held.append(made.low <= rate <= made.high)
    assert np.mean(held) >= LEAST


def test_intervals_of_skewed_ratings_hold_the_truth(outcome):
    """A rater's floor: most ratings near 0, some not; one seed, 20 dialogues."""
    rng = np.random.default_rng(1)
    part = outcome(toxicity=np.zeros((1, 20)))
    made = [part.mean(rng.beta(0.4, 4, size=(1, 20))) for _ in range(RUNS)]
    assert np.mean([e.low <= 0.4 / 4.4 <= e.high for e in made]) >= LEAST


def test_intervals_of_contrasts_and_ratios_hold_the_truth(outcome):
    """0.1 in joy and 0.4 in rage: -0.3 and 1/4, with three seeds.

    Of 100 intervals 0.95 - 4 * 0.022 = 0.86.
    """
    rng = np.random.default_rng(1)
    names = ["joy"] * 30 + ["rage"] * 30
    joy = np.array([1 / 30] * 30 + [0.0] * 30)
    truth = np.array([0.1] * 30 + [0.4] * 30)
    part = outcome(toxicity=np.zeros((3, 60)), categories=names)
    contrasts, ratios = [], []
    for _ in range(100):
        values = truth + crossed(rng, 3, 60, 0.02)
        contrasts.append(part.contrast(values, joy - joy[::-1]))
        ratios.append(part.ratio(values, joy, joy[::-1]))
    assert np.mean([e.low <= -0.3 <= e.high for e in contrasts]) >= 0.86
    assert np.mean([e.low <= 0.25 <= e.high for e in ratios]) >= 0.86


@pytest.mark.parametrize("seeds", [1, 3])
def test_two_clean_arms_seldom_raise_an_alarm(outcome, seeds):
    """40 families of 31: 2 false alarms after Holm, and four standard errors of 1.4, are 7.5.

    Holm's first step decides whether a family has one; without it four in five would.
    """
    rng = np.random.default_rng(seeds)
    part = outcome(toxicity=np.zeros((seeds, 30)))
    alarms = 0
    for _ in range(40):
        family = [
            part.mean(crossed(rng, seeds, 30, 0.02 if seeds > 1 else 0.0), kind="difference")
            for _ in range(31)
        ]
        alarms += min(e.p_value for e in family) * 31 < 0.05
    assert alarms <= 7
