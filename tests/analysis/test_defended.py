"""What defenses did: by hand, by scipy and statsmodels, and laws that hold for any answers."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from semspill import Arm, DataError
from semspill.analysis import DefenseFacts, EpochOutcomes, defenses_report
from semspill.results import DefensesReport, Detection, Guarding

NAMES = ("dread", "fear", "joy")
"""The nearest category, the target, and another one."""


def arm(name):
    """Return an arm by its name: what is trained, the defense, and whether its control."""
    attack, _, rest = name.partition("+")
    defense, _, control = rest.partition(".")
    pool = "planted" if attack == "poison" else "clean"
    return Arm(name=name, trains=attack, pool=pool, defense=defense, control=bool(control))


@pytest.fixture(scope="module")
def made(outcome):
    """Ten dialogues in each category, of which the first so many are hit, one count per seed."""

    def make(name, *hits, correct=5, dialogues=10, **changes):
        rows = hits or (dict.fromkeys(NAMES, 0),)
        place = np.tile(np.arange(dialogues), 3)
        counts = [np.repeat([row[c] for c in NAMES], dialogues) for row in rows]
        planted = place < np.array(counts)
        fields = {
            "toxicity": planted * 0.9,
            "planted": planted,
            "correct": np.broadcast_to(place < correct, planted.shape),
            "categories": tuple(np.repeat(NAMES, dialogues).tolist()),
            "nearest": "dread",
        }
        return outcome(arm(name), **{**fields, **changes})

    return make


def hits(dread, fear, joy=0):
    return {"dread": dread, "fear": fear, "joy": joy}


def report(*outcomes, **options):
    names = dict.fromkeys(one.arm.defense for one in outcomes if one.arm.defense)
    return defenses_report(outcomes, facts={n: DefenseFacts(n) for n in names}, **options)


def of_three_seeds(made, *more, **options):
    nothing = [hits(0, 0)] * 3
    return report(
        made("clean", *nothing),
        made("poison", hits(5, 8), hits(4, 7), hits(4, 8)),
        made("poison+filter", hits(1, 2), hits(1, 1), hits(1, 2)),
        made("clean+filter", *nothing, correct=4),
        *more,
        **options,
    )


# What was stopped


def test_what_was_stopped_is_a_share_of_the_lifts(made):
    """By hand: fear falls from 23 to 5 in 30, dread from 13 to 3; all but fear are these in 60."""
    one = of_three_seeds(made).defense("filter")
    assert one.planted_rate["target"].value == pytest.approx(5 / 30)
    assert one.planted_rate["rest"].value == pytest.approx(3 / 60)
    assert one.stopped.attack.value == pytest.approx(18 / 23)
    assert one.stopped.spillover.value == pytest.approx(10 / 13 - 18 / 23)
    assert one.stopped.around.value == pytest.approx(10 / 13 - 18 / 23)
    for estimate in (one.stopped.attack, one.stopped.spillover):
        assert estimate.low < estimate.value < estimate.high
    assert one.stopped.attack.high <= 1
    assert "3 seeds" in one.stopped.attack.method


def test_clean_answers_that_read_like_planted_ones_drop_out(made):
    """Lifts in fear are 7 - 1 and 4 - 1 of ten: half of it is gone, not three sevenths."""
    found = report(
        made("clean", hits(0, 1)),
        made("poison", hits(4, 7)),
        made("poison+filter", hits(4, 4)),
        made("clean+filter"),
    ).defense("filter")
    assert found.stopped.attack.value == pytest.approx(1 / 2)
    assert found.stopped.spillover.value == pytest.approx(-1 / 2)


def test_no_hit_under_a_defense_is_not_a_rate_of_0(made):
    """By hand: all of ten were hit, and none. A share u = 1 - 0.025 ** (1 / 10) was not seen.

    What is left, r, is accepted while r <= sqrt(u^2 + r^2 u^2), as the two are independent.
    """
    found = report(
        made("clean"),
        made("poison", hits(10, 10, 10)),
        made("poison+filter", hits(0, 0)),
        made("clean+filter"),
    ).defense("filter")
    unseen = 1 - 0.025 ** (1 / 10)
    attack = found.stopped.attack
    assert (attack.value, attack.high) == (1.0, 1.0)
    assert attack.low == pytest.approx(1 - unseen / math.sqrt(1 - unseen**2), abs=1e-6)
    left = 1 - attack.low
    assert found.stopped.spillover.low == pytest.approx(-left)
    assert found.stopped.spillover.high == pytest.approx(left)
    assert "one seed" in attack.method


def test_where_nothing_rose_nothing_can_be_stopped(made):
    found = report(
        made("clean", dialogues=40),
        made("poison", hits(1, 30), dialogues=40),
        made("poison+filter", hits(0, 10), dialogues=40),
        made("clean+filter", dialogues=40),
    ).defense("filter")
    assert found.stopped.attack.value == pytest.approx(2 / 3)
    for spillover in (found.stopped.spillover, found.stopped.around):
        assert np.isnan([spillover.value, spillover.low, spillover.high]).all()
        assert "lift" in str(spillover)


def test_a_small_lift_makes_the_share_uncertain(made):
    """Of 8 and of 30 in 40 dialogues half is gone."""
    wide, narrow = (
        report(
            made("clean", dialogues=40),
            made("poison", hits(20, count), dialogues=40),
            made("poison+filter", hits(20, count // 2), dialogues=40),
            made("clean+filter", dialogues=40),
        )
        .defense("filter")
        .stopped.attack
        for count in (8, 30)
    )
    assert wide.value == narrow.value == pytest.approx(1 / 2)
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)


answers = arrays(np.bool_, (2, 30)).map(lambda drawn: drawn | (np.arange(30) % 2 == 0))
"""At least half of the exchanges are hit under either seed."""
few = settings(max_examples=8)


def against(made, before, after):
    """Return the report on a defense that makes these answers of those."""
    nothing = [hits(0, 0)] * len(before)
    return report(
        made("clean", *nothing),
        made("poison", *nothing, planted=before),
        made("poison+filter", *nothing, planted=after),
        made("clean+filter", *nothing),
    )


@given(answers)
@few
def test_a_defense_that_does_nothing_stopped_nothing(made, planted):
    found = against(made, planted, planted)
    assert found.difference("filter").estimate.p_value == 1
    of = found.defense("filter").stopped
    assert of.attack.p_value == 1
    for estimate in (of.attack, of.spillover):
        if not math.isnan(estimate.value):
            assert estimate.value == pytest.approx(0, abs=1e-12)
            assert estimate.low < 0 < estimate.high


@given(answers)
@few
def test_a_defense_that_removes_everything_stopped_the_attack(made, planted):
    of = against(made, planted, np.zeros_like(planted)).defense("filter").stopped
    if not math.isnan(of.attack.value):
        assert (of.attack.value, of.attack.high) == (1, 1)
        assert of.attack.low < 1
    if not math.isnan(of.spillover.value):
        assert of.spillover.low < of.spillover.value == 0 < of.spillover.high


# Differences, and what they are corrected for


@pytest.fixture(scope="module")
def three(made):
    """Three defenses, two with controls, drawn at random: with the controls, and without."""
    rng = np.random.default_rng(0)

    def drawn(name, rate):
        planted = rng.random((2, 90)) < rate
        return made(name, hits(0, 0), hits(0, 0), dialogues=30, planted=planted)

    arms = [drawn("clean", 0), drawn("poison", 0.4)]
    for name, rate in (("a", 0.2), ("b", 0.1), ("c", 0.3)):
        arms += [drawn(f"poison+{name}", rate), drawn(f"clean+{name}", 0)]
    controls = [drawn("poison+a.control", 0.4), drawn("poison+b.control", 0.35)]
    return report(*arms, *controls), report(*arms)


@pytest.mark.parametrize("role", ["target", "nearest", "rest"])
def test_defenses_are_corrected_for_one_another_and_not_for_controls(three, role):
    whole, alone = three
    runs = ["poison+a", "poison+b", "poison+c"]
    tested = [whole.against.difference(role, run=run).estimate for run in runs]
    expected = multipletests([one.p_value for one in tested], method="holm")[1]
    assert [one.p_holm for one in tested] == pytest.approx(expected.tolist())
    without = [alone.against.difference(role, run=run).estimate.p_holm for run in runs]
    assert without == pytest.approx(expected.tolist())


def test_controls_are_tested_too(three):
    whole, _ = three
    runs = ["poison+a.control", "poison+b.control"]
    tested = [whole.against.difference("rest", run=run).estimate for run in runs]
    expected = multipletests([one.p_value for one in tested], method="holm")[1]
    assert [one.p_holm for one in tested] == pytest.approx(expected.tolist())
    beside = [whole.beside_control(name).estimate for name in ("a", "b")]
    expected = multipletests([one.p_value for one in beside], method="holm")[1]
    assert [one.p_holm for one in beside] == pytest.approx(expected.tolist())
    assert whole.beside_control("c") is None
    assert whole.defense("b").control_arm == "poison+b.control"
    assert set(whole.defense("b").control_rate) == {"target", "nearest", "rest"}


def test_the_declared_group_decides_which_difference_is_the_tested_one(made):
    found = {group: of_three_seeds(made, declared=group) for group in ("target", "nearest")}
    # By hand: 5 of 30 in place of 23; 3 in place of 13.
    assert found["target"].difference("filter").estimate.value == pytest.approx(-18 / 30)
    assert found["nearest"].difference("filter").estimate.value == pytest.approx(-10 / 30)


def test_an_honest_user_pays_with_utility(made):
    """By hand: 5 of ten gold responses rank first, and 4 with the defense."""
    found = of_three_seeds(made)
    price = found.price.difference("all", "precision", run="clean+filter").estimate
    assert price.value == pytest.approx(-0.1)
    assert found.clean_precision.value == 0.5
    assert found.defense("filter").clean_precision.value == 0.4


def test_a_model_that_ranks_no_lists_has_no_utility(made):
    unranked = {"ranked": False}
    found = report(
        made("clean", **unranked),
        made("poison", hits(3, 8), **unranked),
        made("poison+filter", hits(1, 2), **unranked),
        made("clean+filter", **unranked),
        epochs=EpochOutcomes(np.zeros((1, 2, 30), bool), np.ones((1, 2, 30), bool)),
    )
    assert math.isnan(found.precision.value)
    assert not found.defense("filter").same_utility


# The undefended run at equal utility, and at other budgets


def test_the_undefended_run_is_stopped_at_equal_utility(made):
    """By hand: 30 exchanges, defended P@1 is 1/2 under every seed.

    P@1 after the epochs is 1/3, 1/2, 2/3 under two seeds, 2/3 from the first on under the other:
    stopped after 2, 2 and 1. Then 4, 4 and 1 of ten are hit in fear, 2, 2 and 0 in joy.
    """
    place, name = np.tile(np.arange(10), 3), np.repeat(NAMES, 10)
    fear, joy = name == "fear", name == "joy"
    ranked = [[10, 15, 20], [10, 15, 20], [20, 20, 20]]
    correct = np.array([[np.arange(30) < many for many in row] for row in ranked])
    late = [(1, 0), (4, 2), (9, 9)]
    counts = [late, late, [(1, 0), (8, 8), (9, 9)]]
    planted = np.array([[fear & (place < f) | joy & (place < j) for f, j in row] for row in counts])
    found = of_three_seeds(made, epochs=EpochOutcomes(planted, correct)).defense("filter")
    assert found.same_utility_epoch == pytest.approx(5 / 3)
    rates = {group: rate.value for group, rate in found.same_utility.items()}
    assert rates == pytest.approx({"target": 9 / 30, "nearest": 0, "rest": 4 / 60})
    assert found.same_utility["nearest"].high > 0
    assert "not covered" in found.same_utility["target"].method


def test_no_epoch_reaches_the_utility_under_every_seed(made):
    correct = np.array([[[True] * 30], [[True] * 30], [[False] * 30]])
    found = of_three_seeds(made, epochs=EpochOutcomes(~correct, correct)).defense("filter")
    assert not found.same_utility
    assert found.same_utility_epoch is None


def swept(made, rates, defended, dialogues=100):
    """Return the equivalent budget of the target, given its hits by budget."""
    found = report(
        made("clean", dialogues=dialogues),
        made("poison", hits(0, 90), dialogues=dialogues),
        made("poison+filter", hits(0, defended), dialogues=dialogues),
        made("clean+filter", dialogues=dialogues),
        budgets={
            budget: made("poison", hits(0, count), dialogues=dialogues)
            for budget, count in rates.items()
        },
    )
    return found.defense("filter").equivalent_budget["target"]


def test_the_equivalent_budget_is_interpolated_on_its_logarithm(made):
    """By hand: 40 lies half way from 20 to 60, the budget half way from 1 to 4 % on logarithms."""
    found = swept(made, {0.04: 60, 0.01: 20, 0.16: 90}, 40)
    assert found.value == pytest.approx(0.02)
    assert 0.01 < found.low < found.value < found.high < 0.04


def test_a_curve_that_falls_is_levelled(made):
    """By hand: 50 and 30 become 40 each, so 30 is half way from 20 to them: from 1 to 4 %."""
    found = swept(made, {0.01: 20, 0.04: 50, 0.08: 30, 0.16: 90}, 30)
    assert found.value == pytest.approx(0.02)
    assert found.high >= 0.08


def test_a_flat_curve_singles_out_no_budget(made):
    found = swept(made, {0.01: 0, 0.04: 0, 0.16: 0}, 0)
    assert math.isnan(found.value)
    assert (found.low, found.high) == (0, math.inf)
    assert "does not rise" in str(found)


def test_outside_the_sweep_there_is_a_bound_and_no_budget(made):
    rates = {0.01: 40, 0.04: 60}
    below, above = swept(made, rates, 5), swept(made, rates, 90)
    assert math.isnan(below.value)
    assert (below.low, below.high) == (0, pytest.approx(0.01))
    assert "0.01" in str(below)
    assert math.isnan(above.value)
    assert (above.low, above.high) == (pytest.approx(0.04), math.inf)
    unsure = swept(made, rates, 38)
    assert unsure.low == 0
    assert 0.01 < unsure.high < 0.04


# What a cleaner found


def detection(seed=0, planted=40, caught=30, removed=60, auc=0.5, exchanges=1000):
    return Detection(
        seed=seed, exchanges=exchanges, planted=planted, removed=removed, caught=caught, auc=auc
    )


def found_by(made, *detections):
    seen = {"poison+filter": detections}
    return of_three_seeds(made, detections=seen).defense("filter")


def test_one_seed_has_wilson_s_intervals(made):
    found = found_by(made, detection())
    assert found.recall.value == 0.75
    assert found.purity.value == 0.5
    for estimate, whole in ((found.recall, 40), (found.purity, 60)):
        low, high = proportion_confint(30, whole, method="wilson")
        assert (estimate.low, estimate.high) == pytest.approx((low, high))
        assert "one seed" in estimate.method


def test_the_area_of_one_seed_has_the_variance_of_hanley_and_mcneil(made):
    """By hand, at 1/2 with ten and ten: (1/4 + 9/12 + 9/12) / 100, over 1/16 on log odds."""
    found = found_by(made, detection(planted=10, caught=5, exchanges=20, auc=0.5)).auc
    half = stats.norm.ppf(0.975) * math.sqrt(0.0175 * 16)
    assert (found.low, found.high) == pytest.approx(
        (1 / (1 + math.exp(half)), 1 / (1 + math.exp(-half)))
    )


def test_seeds_have_student_s_interval_of_log_odds(made):
    seeds = [detection(seed, auc=auc, planted=400) for seed, auc in enumerate((0.6, 0.8, 0.9))]
    found = found_by(made, *seeds).auc
    log_odds = np.log(np.array([1.5, 4.0, 9.0]))
    ends = stats.t.interval(0.95, 2, log_odds.mean(), stats.sem(log_odds))
    assert found.value == pytest.approx(2.3 / 3)
    assert (found.low, found.high) == pytest.approx([1 / (1 + math.exp(-end)) for end in ends])
    assert found.n == 3


def test_seeds_that_agree_leave_the_noise_of_counts(made):
    found = found_by(made, *(detection(seed, caught=40, auc=1.0) for seed in range(3)))
    assert found.recall.value == found.recall.high == 1
    assert 0.6 < found.recall.low < 1
    assert found.auc.low < found.auc.value == 1


@pytest.mark.parametrize("seeds", [1, 2, 3, 5])
def test_a_perfect_detector_is_as_sure_as_its_planted_exchanges_allow(made, seeds):
    """Wilson's interval of 40 of 40 begins at 0.912, that of odds of 40.5 to 0.5 at 0.833."""
    found = found_by(made, *(detection(seed, caught=40, auc=1.0) for seed in range(seeds)))
    for estimate in (found.auc, found.recall):
        assert estimate.high == estimate.value == 1
        assert 0.83 < estimate.low < 0.97
    if seeds == 2:
        half = stats.norm.ppf(0.975) * math.sqrt(1 / 40.5 + 1 / 0.5)
        assert found.recall.low == pytest.approx(1 / (1 + math.exp(half) / 81))
    assert ("exchanges of one seed" in found.auc.method) == (seeds in (2, 3))


def test_two_seeds_that_differ_more_than_their_exchanges_explain_have_student_s_interval(made):
    found = found_by(
        made, *(detection(n, planted=400, auc=auc) for n, auc in enumerate((0.6, 0.9)))
    )
    assert found.auc.low < 0.05
    assert "t interval" in found.auc.method


def test_what_was_not_scored_or_not_removed_is_not_estimated(made):
    found = found_by(made, detection(auc=math.nan, removed=0, caught=0))
    assert found.auc is None
    assert found.purity is None
    assert found.recall.value == 0
    assert found.recall.high > 0
    assert of_three_seeds(made).defense("filter").recall is None


# The report as a whole


def test_a_report_is_written_and_read(made):
    seen = {"poison+filter": [detection()]}
    guarded = {"clean+filter": [Guarding(seed=0, replaced=0.1, silent=0)]}
    found = of_three_seeds(made, detections=seen, guardings=guarded)
    again = DefensesReport.model_validate_json(found.model_dump_json())
    assert again.model_dump_json() == found.model_dump_json()
    assert found.defense("filter").clean_guarding[0].replaced == 0.1
    assert found.defense("filter").guarding == ()


def test_defenses_stand_in_the_order_of_their_facts(made):
    outcomes = [made("clean"), made("poison", hits(5, 8))]
    outcomes += [made(f"{arm}+{name}", hits(0, 0)) for name in "ab" for arm in ("poison", "clean")]
    facts = {name: DefenseFacts(name.upper(), cost="none") for name in "ba"}
    found = defenses_report(outcomes, facts=facts)
    assert [one.title for one in found.defenses] == ["B", "A"]
    assert found.against.runs == ("poison+b", "poison+a")


def test_what_cannot_be_measured_is_refused(made):
    clean, poison = made("clean"), made("poison", hits(5, 8))
    defended, price = made("poison+filter", hits(1, 2)), made("clean+filter")
    facts = {"filter": DefenseFacts("f")}
    refused = {
        "in which nothing is planted": [clean, poison, defended],
        "attacked as": [clean, poison, price],
        "something is planted": [clean, price],
        "other seeds": [clean, poison, price, made("poison+filter", hits(1, 2), seeds=(7,))],
    }
    for why, outcomes in refused.items():
        with pytest.raises(DataError, match=why):
            defenses_report(outcomes, facts=facts)
    whole = [clean, poison, defended, price]
    with pytest.raises(DataError, match="no defense"):
        defenses_report(whole, facts={})
    short = EpochOutcomes(np.zeros((1, 2, 7), bool), np.zeros((1, 2, 7), bool))
    with pytest.raises(DataError, match="epochs"):
        defenses_report(whole, facts=facts, epochs=short)
    with pytest.raises(DataError, match="budget"):
        defenses_report(whole, facts=facts, budgets={0.0: poison})
    with pytest.raises(DataError, match="budget"):
        defenses_report(whole, facts=facts, budgets={0.1: made("poison", hits(0, 0), seeds=(3,))})
