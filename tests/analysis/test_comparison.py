"""Differences between two runs: by hand, by scipy, and what is paired with what."""

import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from semspill import ConfigError, DataError, metrics
from semspill.analysis import compare_outcomes
from semspill.results import Comparison

NAMES = ("dread", "fear", "joy")


def made(outcome, rng, rate, seeds=(0,), dialogues=40, prefix="d", **changes):
    """Three categories, planted answers drawn at a rate each, dread the nearest to fear."""
    categories = [name for name in NAMES for _ in range(dialogues)]
    rates = np.repeat(np.broadcast_to(rate, 3), dialogues)
    planted = rng.random((len(seeds), len(categories))) < rates
    fields = {
        "toxicity": np.where(planted, 0.8, 0.1),
        "planted": planted,
        "correct": rng.random(planted.shape) < 0.4,
        "seeds": tuple(seeds),
        "categories": tuple(categories),
        "dialogues": tuple(f"{prefix}{i:03}" for i in range(len(categories))),
        "nearest": "dread",
    }
    return outcome(**{**fields, **changes})


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def pair(before, after, **options):
    return compare_outcomes({"before": before, "after": after}, **options)


# Paired


def test_one_seed_is_student_s_paired_t_test(outcome):
    """Differences that lie symmetrically have no skewness, which the interval would follow."""
    before = np.linspace(0.4, 0.45, 8)
    after = before + np.array([-0.3, -0.2, -0.1, 0.0, 0.0, 0.1, 0.2, 0.3]) - 0.09
    same = {"planted": np.zeros((1, 8), dtype=bool), "nearest": "fear"}
    compared = pair(outcome(toxicity=before, **same), outcome(toxicity=after, **same))
    tested = stats.ttest_rel(after, before)
    found = compared.difference("target", "toxicity").estimate
    assert found.value == pytest.approx(-0.09)
    assert found.p_value == pytest.approx(tested.pvalue)
    assert (found.low, found.high) == pytest.approx(tuple(tested.confidence_interval()))


def test_what_a_dialogue_or_a_seed_does_to_both_runs_drops_out(outcome):
    """By hand: every dialogue falls by 0.1 or 0.2 under each seed, whatever it was before."""
    hard = np.array([0.5, 0.6, 0.7, 0.9, 0.5, 0.6, 0.7, 0.9])
    lucky = np.array([[-0.2], [0.0], [0.1]])
    before = hard + lucky
    after = before - np.array([0.1, 0.2, 0.1, 0.2, 0.2, 0.1, 0.2, 0.1])
    same = {"planted": np.zeros((3, 8), dtype=bool), "nearest": "fear"}
    sides = [outcome(toxicity=side, **same) for side in (before, after)]
    found = pair(*sides).difference("target", "toxicity")
    assert (found.before, found.after) == pytest.approx((0.675 - 1 / 30, 0.525 - 1 / 30))
    # Seeds do not move the difference; over 8 dialogues its sd is 0.05 sqrt(8 / 7).
    half = stats.t.ppf(0.975, 7) * 0.05 * math.sqrt(8 / 7) / math.sqrt(8)
    ends = found.estimate.low, found.estimate.high
    assert ends == pytest.approx((-0.15 - half, -0.15 + half))
    assert found.significant
    shifted = outcome(toxicity=after, **same, dialogues=range(10, 18))
    apart = pair(sides[0], shifted).difference("target", "toxicity")
    assert apart.estimate.value == pytest.approx(-0.15)
    assert not apart.significant


def test_a_run_that_is_the_same_does_not_differ(outcome, rng):
    one = made(outcome, rng, (0.2, 0.6, 0.1), seeds=(0, 1))
    compared = pair(one, one)
    assert {d.estimate.value for d in compared.differences} == {0.0}
    assert {d.estimate.p_value for d in compared.differences} == {1.0}
    assert not any(d.significant for d in compared.differences)
    # Not a single answer differs in 40 dialogues: what was not seen bounds the difference.
    assert 0.05 < compared.difference("joy").missed < 0.1


def test_a_difference_is_that_of_the_means(outcome, rng):
    before, after = (made(outcome, rng, rate, seeds=(0, 1)) for rate in (0.6, 0.3))
    clean = made(outcome, rng, 0.0, seeds=(0, 1), arm="clean")
    sides = [made(outcome, rng, 0, seeds=(0, 1), planted=one.planted, correct=one.correct,
                  toxicity=one.toxicity, clean=clean) for one in (before, after)]  # fmt: skip
    compared = pair(*sides)
    members = {"fear": ["fear"], "rest": ["dread", "joy"], "all": NAMES}
    for metric in ("asr", "asr_lift", "toxicity", "lift", "precision"):
        for name, categories in members.items():
            one, other = (
                metrics.build(metric).compute(side.of(list(categories))).value for side in sides
            )
            found = compared.difference(name, metric)
            assert (found.before, found.after) == pytest.approx((one, other))
            assert found.estimate.value == pytest.approx(other - one)


# What is paired


def test_seeds_are_paired_where_two_are_shared_or_all(outcome, rng):
    runs = {seeds: made(outcome, rng, 0.3, seeds=seeds) for seeds in ((0, 1, 2), (2, 1, 5), (7, 8))}
    first, second, third = runs.values()
    shared = pair(first, second)
    pairing = shared.pairings["after"]
    assert (pairing.by, pairing.baseline_seeds, pairing.seeds) == ("seed", (1, 2), (1, 2))
    assert "only the seeds 1, 2 are in both" in pairing.why
    found = shared.difference("all")
    assert found.before == pytest.approx(first.planted[1:].mean())
    assert found.after == pytest.approx(second.planted[:2].mean())
    apart = pair(first, third)
    pairing = apart.pairings["after"]
    assert (pairing.by, pairing.baseline_seeds, pairing.seeds) == ("exchange", (0, 1, 2), (7, 8))
    assert apart.difference("all").before == pytest.approx(first.planted.mean())
    single = made(outcome, rng, 0.3, seeds=(1,))
    assert pair(first, single).pairings["after"].by == "exchange"
    assert pair(single, single).pairings["after"].by == "seed"


def test_other_exchanges_are_not_paired(outcome, rng):
    before = made(outcome, rng, 0.5, seeds=(0, 1))
    after = made(outcome, rng, 0.3, seeds=(0, 1), prefix="e", dialogues=50)
    compared = pair(before, after)
    assert compared.pairings["after"].by == "nothing"
    found = compared.difference("fear").estimate
    one, other = (metrics.build("asr").compute(side.of(["fear"])) for side in (before, after))
    value = other.value - one.value
    # Zou and Donner's square-and-add of the intervals of both.
    low = value - math.hypot(other.value - other.low, one.high - one.value)
    high = value + math.hypot(other.high - other.value, one.value - one.low)
    assert (found.value, found.low, found.high) == pytest.approx((value, low, high))
    assert (found.p_value <= 0.05) == (not low <= 0 <= high)


def test_equal_names_of_other_texts_are_not_paired(outcome, rng):
    one, other = (made(outcome, rng, 0.5) for _ in range(2))
    prints = {"before": {"test": "a"}, "after": {"test": "b"}}
    assert pair(one, other).pairings["after"].by == "seed"
    assert pair(one, other, fingerprints=prints).pairings["after"].by == "nothing"


def test_what_does_not_compare_is_left_out_and_why(outcome, rng):
    one, other = (made(outcome, rng, 0.5) for _ in range(2))
    prints = {"before": {"rater": "a", "ranking": "c"}, "after": {"rater": "b", "ranking": "d"}}
    compared = pair(one, other, fingerprints=prints)
    assert set(compared.pairings["after"].left_out) == {"asr_lift", "lift", "toxicity", "precision"}
    assert {one.metric for one in compared.differences} == {"asr"}
    with pytest.raises(DataError, match="precision': their lists of responses to rank differ"):
        compared.difference("fear", "precision")
    unplanted = [made(outcome, rng, 0.0, arm="train_only") for _ in range(2)]
    assert "asr" in pair(*unplanted).pairings["after"].left_out
    assert "asr" not in pair(one, unplanted[0]).pairings["after"].left_out


# Groups


def test_runs_of_one_target_have_the_baseline_s_nearest(outcome, rng):
    before, after = (made(outcome, rng, 0.5, nearest=name) for name in ("dread", "joy"))
    compared = pair(before, after)
    assert compared.difference("nearest").name == "dread"
    assert compared.difference("nearest").after == after.of(["dread"]).planted.mean()
    names = [one.name for one in compared.of("after", "asr", "category")]
    assert names == ["dread", "fear", "joy"]


def test_runs_of_other_targets_are_compared_by_role(outcome, rng):
    before = made(outcome, rng, (0.2, 0.9, 0.1), seeds=(0, 1))
    after = made(outcome, rng, (0.2, 0.1, 0.6), seeds=(0, 1), target="joy")
    compared = pair(before, after)
    assert compared.of("after", "asr", "category") == ()
    target = compared.difference("target")
    assert target.before == pytest.approx(before.of(["fear"]).planted.mean())
    assert target.after == pytest.approx(after.of(["joy"]).planted.mean())
    assert target.estimate.n == 80
    rest = compared.difference("rest")
    assert rest.after == pytest.approx(after.of(["dread", "fear"]).planted.mean())
    assert rest.estimate.value == pytest.approx(rest.after - rest.before)


# Corrections


def test_p_values_are_corrected_over_categories_runs_and_the_groups_of_spillover(outcome, rng):
    rates = {"none": (0.4, 0.8, 0.3), "a": (0.2, 0.7, 0.2), "b": (0.3, 0.3, 0.1)}
    outcomes = {name: made(outcome, rng, rate, seeds=(0, 1)) for name, rate in rates.items()}
    compared = compare_outcomes(outcomes)
    assert (compared.baseline, compared.runs) == ("none", ("a", "b"))
    families = [
        [one for one in compared.differences if one.metric == "asr" and one.role in roles
         and (one.role, one.name) != ("category", "fear")]
        for roles in (("category",), ("nearest", "rest"), ("target",), ("all",))
    ]  # fmt: skip
    assert [len(family) for family in families] == [4, 4, 2, 2]
    for family in families:
        p_values = [one.estimate.p_value for one in family]
        corrected = multipletests(p_values, method="holm")[1]
        assert [one.estimate.p_holm for one in family] == pytest.approx(list(corrected))
        assert [one.significant for one in family] == list(corrected <= 0.05)
    (single,) = [one for one in compared.of("b", "asr", "category") if one.name == "fear"]
    assert single.estimate.p_holm is None
    assert single.significant == (single.estimate.p_value <= 0.05)


# Values


def test_a_comparison_is_read_back_and_asked_by_name(outcome, rng):
    compared = pair(*(made(outcome, rng, rate) for rate in (0.5, 0.2)))
    assert Comparison.from_json(compared.to_json()) == compared
    frame = compared.to_frame()
    assert len(frame) == len(compared.differences)
    assert set(frame["paired_by"]) == {"seed"}
    row = frame[(frame.role == "target") & (frame.metric == "asr")].iloc[0]
    assert row["value"] == compared.difference("fear").estimate.value
    for words, said in (
        (["faer"], "fear"),
        (["fear", "asrr"], "asr"),
        (["fear", "asr", "aft"], "after"),
    ):
        with pytest.raises(DataError, match=f"Did you mean '{said}'"):
            compared.difference(*words)


def test_one_run_is_no_comparison(outcome, rng):
    with pytest.raises(ConfigError, match="needs two runs or more; got 1"):
        compare_outcomes({"only": made(outcome, rng, 0.5)})
