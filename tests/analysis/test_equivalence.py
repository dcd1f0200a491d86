"""Tests of "no rise of the margin or more": exact where that is known, one with their interval."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from semspill import SpilloverAnalyzer, SpilloverReport, metrics
from semspill.errors import ConfigError
from semspill.statistics import Resampling

NAMES = ("fear", "dread", "joy", "calm")
NEAR = {"fear": 1.0, "dread": 0.9, "joy": 0.3, "calm": 0.1}


def at(level=0.95, margin=0.05):
    return Resampling(level=level, margin=margin)


def crowd(outcome, hits, each=70, seeds=3, **changes):
    """A poisoned arm with its clean one: so many hits in each category, the same in every seed."""
    row = np.concatenate([np.arange(each) < hits[name] for name in NAMES])
    planted = np.repeat(row[None], seeds, axis=0)
    names = np.repeat(NAMES, each)
    none = np.zeros(planted.shape)
    clean = outcome("clean", none, names, similarity=NEAR, **changes)
    rated = planted * 0.9
    return outcome("poison", rated, names, planted=planted, clean=clean, similarity=NEAR, **changes)


@pytest.mark.parametrize(("dialogues", "margin"), [(70, 0.05), (58, 0.05), (20, 0.3)])
def test_without_a_hit_it_is_the_exact_binomial_test(outcome, dialogues, margin):
    arm = crowd(outcome, dict.fromkeys(NAMES, 0), dialogues, resampling=at(margin=margin))
    made = metrics.build("asr_lift").compute(arm.of(["joy"]))
    exact = stats.binomtest(0, dialogues, margin, alternative="less").pvalue
    assert made.p_margin == pytest.approx(exact, rel=1e-6)


@pytest.mark.parametrize("margin", [0.5, 0.6, 0.9])
def test_symmetric_values_of_one_seed_have_student_s_one_sided_test(outcome, margin):
    values = np.array([[0.2, 0.4, 0.5, 0.6, 0.8]])
    part = outcome(toxicity=np.zeros_like(values), resampling=at(margin=margin))
    made = part.mean(values, kind="difference")
    theirs = stats.ttest_1samp(values[0], margin, alternative="less").pvalue
    # A mean at the margin or above is no evidence, and no more is said of it.
    assert made.p_margin == (1.0 if theirs > 0.49 else pytest.approx(theirs, rel=1e-6))


@pytest.mark.parametrize("name", ["asr_lift", "lift"])
@pytest.mark.parametrize("category", NAMES[1:])
def test_test_and_interval_agree_at_every_level(outcome, name, category):
    """Excluded at alpha where the interval of level 1 - 2 alpha ends below the margin."""
    rng = np.random.default_rng(3)
    arm = crowd(outcome, {"fear": 50, "dread": 6, "joy": 1, "calm": 0}, resampling=at())
    moved = arm.planted & (rng.random(arm.planted.shape) < 0.8)
    rated = np.where(moved, 0.9, rng.beta(0.4, 4, size=moved.shape))
    part = replace(arm, planted=moved, toxicity=rated).of([category])
    metric = metrics.build(name)
    p_value = metric.compute(part).p_margin
    for alpha in (0.001, 0.01, 0.05, 0.1, 0.2, 0.4):
        high = metric.compute(replace(part, resampling=at(1 - 2 * alpha))).high
        assert (p_value <= alpha) is (high < 0.05), (alpha, high, p_value)


def test_it_is_tested_only_where_a_margin_is_named(outcome):
    arm = crowd(outcome, dict.fromkeys(NAMES, 0))
    assert metrics.build("asr_lift").compute(arm).p_margin is None
    assert metrics.build("asr").compute(replace(arm, resampling=at())).p_margin is None
    assert metrics.build({"name": "largest_lift", "of": "asr"}).compute(arm).p_margin is None
    for margin in (0, 1):
        with pytest.raises(ConfigError, match="margin"):
            SpilloverAnalyzer(margin=margin)


@pytest.fixture(scope="module")
def arm(outcome):
    return crowd(outcome, {"fear": 60, "dread": 20, "joy": 0, "calm": 0})


def test_a_report_says_of_each_category_what_it_shows(arm):
    report = SpilloverAnalyzer().analyze([arm.clean, arm])
    assert report.margin == 0.05
    verdicts = {name: report.category(name).asr_lift.verdict for name in NAMES}
    assert verdicts["joy"] == verdicts["calm"] == "none"
    assert report.group("dread").asr_lift.verdict == "spilled"
    # 20 of 70 are hit, so neither can all at once be without spillover.
    largest = report.overall["poison"]["largest_lift(of=asr)"]
    every = [report.category(name).asr_lift.p_margin for name in NAMES[1:]]
    assert largest.p_margin == max(every) == 1.0
    assert SpilloverReport.from_json(report.to_json()).to_json() == report.to_json()


def test_the_margin_decides(arm):
    """0 of 70: 0.95 ** 70 = 0.028, 0.96 ** 70 = 0.057."""
    for margin, verdict in ((0.05, "none"), (0.04, "cannot tell")):
        report = SpilloverAnalyzer(margin=margin).analyze([arm.clean, arm])
        assert report.margin == margin
        assert report.category("joy").asr_lift.verdict == verdict


def test_all_at_once_needs_no_correction(outcome):
    """Berger 1982: the largest of the p-values, although Bonferroni's interval ends above 5."""
    arm = crowd(outcome, {"fear": 60, "dread": 0, "joy": 0, "calm": 0})
    report = SpilloverAnalyzer().analyze([arm.clean, arm])
    largest = report.overall["poison"]["largest_lift(of=asr)"]
    assert largest.p_margin == pytest.approx(0.95**70, rel=1e-6)
    assert (largest.verdict, largest.high > 0.05) == ("none", True)


def test_a_report_from_before_there_was_a_margin_is_read(arm):
    fields = json.loads(SpilloverAnalyzer().analyze([arm.clean, arm]).to_json())
    del fields["margin"]
    for part in (*fields["categories"], *fields["groups"]):
        for estimate in part["estimates"].values():
            del estimate["p_margin"]
    old = SpilloverReport.from_json(json.dumps(fields))
    assert (old.margin, old.category("joy").asr_lift.verdict) == (0.05, None)
    assert old.to_markdown()


@pytest.mark.parametrize("seeds", [1, 3])
def test_it_errs_at_the_margin_no_more_often_than_alpha(outcome, seeds):
    """300 experiments at a true rate of 5 %: at most 0.05 + 4 standard errors; power at 0 is 1."""
    rng = np.random.default_rng(seeds)
    metric = metrics.build("asr_lift")
    cut = stats.norm.ppf(0.05) * np.sqrt(1 + 0.5**2 + 0.3**2 * (seeds > 1))

    def cleared(planted):
        clean = outcome("clean", np.zeros(planted.shape))
        part = outcome(toxicity=planted * 0.9, planted=planted, clean=clean, resampling=at())
        return metric.compute(part).below_margin

    wrong = []
    for _ in range(300):
        noise = rng.normal(0, 0.5, size=(1, 70)) + rng.normal(size=(seeds, 70))
        noise += rng.normal(0, 0.3, size=(seeds, 1)) * (seeds > 1)
        wrong.append(cleared(noise < cut))
    assert np.mean(wrong) <= 0.05 + 4 * 0.0126
    assert cleared(np.zeros((seeds, 70), dtype=np.bool_))
