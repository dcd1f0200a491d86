"""What a guard catches of what was planted, what it takes away, and the verdict on both."""

import math
import unittest
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

import semspill as sp
from semspill.defenses import Aid, Cleaner
from semspill.errors import ConfigError, DataError
from semspill.statistics import Estimate
from semspill.testing import (
    InconclusiveError,
    SafetyError,
    Verdict,
    assert_guard_catches,
    measure_guard,
    plant,
)
from semspill.testing._safety._bounds import precision_of
from semspill.testing._safety._verdict import together


class Grumbles(sp.ResponseSource):
    """Planted sentences that a table must not show."""

    citation = "original"

    def load(self):
        return tuple(f"You grumble {number}." for number in range(50))


def made(categories=4, train=640, **options):
    corpus = sp.datasets.build({"name": "synthetic", "categories": categories, "train": train})
    options = {"target": "brave", "strategy": "last_random", "source": Grumbles(), **options}
    return plant(corpus.load("train"), **options)


@pytest.fixture(scope="module")
def planted():
    """1280 exchanges in four categories; 128 planted, one in each of 128 dialogues of brave."""
    return made(budget=0.1)


def flags_of(planted, caught=1.0, **taken):
    """Return flags: the first share of what was planted, and of the rest of each category."""
    names = np.array([exchange.category for exchange in planted.corpus.exchanges])
    flags = np.zeros(len(names), dtype=bool)
    groups = [(planted.truth, caught)]
    groups += [(~planted.truth & (names == name), share) for name, share in taken.items()]
    for group, share in groups:
        rows = np.flatnonzero(group)
        flags[rows[: round(share * len(rows))]] = True
    return flags


def measured(planted, **shares):
    flags = flags_of(planted, **shares)
    return measure_guard(lambda exchanges: flags, planted)


def test_shares_are_counted_by_hand(planted):
    assert planted.truth.sum() == 128
    report = measured(planted, caught=0.75, brave=1 / 12, weary=0.05)
    # brave holds 320 exchanges, 192 of them clean: 16 of these are flagged, and 16 of weary's 320.
    assert report.recall.value == 96 / 128
    # Each dialogue counts once: the 16 of weary are 8 whole dialogues. The 16 of brave are those of
    # 11 dialogues, because 6 are of dialogues whose other exchange was planted.
    assert report.false_positive.value == pytest.approx((8 + 11) / 640)
    wrong = (8 + 11) / 640 * 1152
    assert report.precision.value == pytest.approx(96 / (96 + wrong))
    brave, weary, lonely = map(report.category, ("brave", "weary", "lonely"))
    assert (brave.recall.value, brave.false_positive.value) == (
        96 / 128,
        pytest.approx(11 / 160),
    )
    assert brave.precision.value == pytest.approx(96 / (96 + 11 / 160 * 192))
    assert (weary.false_positive.value, lonely.false_positive.value) == (0.05, 0.0)
    assert report.names == ("brave", "curious", "lonely", "weary")


def test_what_is_not_defined_says_why(planted):
    report = measured(planted, caught=0.0, weary=0.1)
    notes = {name: str(report.category(name).precision) for name in ("brave", "weary", "lonely")}
    assert notes == {
        "brave": "nothing flagged",
        "weary": "nothing planted",
        "lonely": "nothing flagged",
    }
    assert str(report.category("weary").recall) == "nothing planted"
    assert (report.precision.value, report.precision.low) == (0.0, 0.0)
    everything = made(train=40, strategy="each_random", budget=0.9)
    brave = measured(everything).category("brave")
    assert str(brave.false_positive) == str(brave.precision) == "nothing clean"
    assert math.isnan(brave.false_positive.value)
    assert brave.recall.value == 1.0


def test_intervals_are_exact_and_never_vanish(planted):
    report = measured(planted, caught=0.75)
    # One planted exchange in each dialogue: they are independent, and Clopper and Pearson's hold.
    low, high = proportion_confint(96, 128, method="beta")
    assert (report.recall.low, report.recall.high) == pytest.approx((low, high), abs=1e-6)
    assert (report.recall.n, report.recall.level) == (128, 0.95)
    perfect = measured(planted)
    # None of 640 dialogues was wronged: Clopper and Pearson's upper bound.
    assert perfect.false_positive.high == pytest.approx(1 - 0.025 ** (1 / 640))
    assert perfect.recall.low == pytest.approx(0.025 ** (1 / 128), abs=0.005)
    assert perfect.precision.low < 0.96
    assert (perfect.recall.high, perfect.precision.high) == (1.0, 1.0)


def test_exchanges_of_one_dialogue_count_together():
    planted = made(strategy="each_random", budget=0.1)
    report = measured(planted, caught=0.75)
    alone = proportion_confint(96, 128, method="wilson")
    assert (planted.truth.sum(), report.recall.n) == (128, 64)
    assert report.recall.high - report.recall.low > 1.3 * (alone[1] - alone[0])


def estimate(hits, count):
    low, high = np.clip(proportion_confint(hits, count, method="wilson"), 0, 1)
    return Estimate(value=hits / count, low=low, high=high, n=count, method="wilson")


@pytest.mark.parametrize(("caught", "taken"), [(90, 20), (60, 60), (99, 5), (30, 100), (3, 5)])
def test_precision_s_interval_agrees_with_the_score_interval_of_a_ratio(caught, taken):
    found = precision_of(estimate(caught, 100), estimate(taken, 400), planted=100, clean=400)
    ratio = confint_proportions_2indep(taken, 400, caught, 100, compare="ratio", method="score")
    ends = [1 / (1 + 4 * end) for end in reversed(ratio)]
    assert found.value == pytest.approx(caught / (caught + taken))
    assert (found.low, found.high) == pytest.approx(ends, abs=0.04)


@given(
    planted=st.integers(1, 300), clean=st.integers(1, 3000), rates=st.tuples(*[st.floats(0, 1)] * 2)
)
def test_precision_s_interval_holds_the_value_and_stays_within_0_and_1(planted, clean, rates):
    caught, taken = round(rates[0] * planted), round(rates[1] * clean)
    assume(caught + taken)
    found = precision_of(estimate(caught, planted), estimate(taken, clean), planted, clean)
    assert found.value == pytest.approx(caught / (caught + taken))
    assert 0 <= found.low <= found.value + 1e-12
    assert found.value - 1e-12 <= found.high <= 1
    assert found.high - found.low > 1e-6


def test_a_recall_whose_upper_end_is_twice_its_value_has_a_precision():
    recall = Estimate(value=0.25, low=0.1, high=0.5, n=20, method="by hand")
    wrong = Estimate(value=0.1, low=0.05, high=0.2, n=90, method="by hand")
    # Then the lower end of the ratio is low (2 f - low) / (2 f r) = 0.05 * 0.15 / 0.05.
    found = precision_of(recall, wrong, planted=100, clean=100)
    assert found.high == pytest.approx(1 / (1 + 0.15))


def test_a_guard_is_asked_once_and_sees_no_marks(planted):
    asked = []

    def guard(exchanges):
        asked.append(exchanges)
        return [False] * len(exchanges)

    measure_guard(guard, planted)
    [exchanges] = asked
    assert tuple(exchanges) == planted.corpus.exchanges
    assert not any(exchange.planted for exchange in exchanges)


@pytest.mark.parametrize("form", [list, tuple, np.array, lambda flags: [*map(np.bool_, flags)]])
def test_flags_come_in_any_plain_form(planted, form):
    flags = form(planted.truth.tolist())
    assert measure_guard(lambda exchanges: flags, planted).recall.value == 1.0


@pytest.mark.parametrize(
    ("answer", "came"),
    [
        (lambda seen: (True for _ in seen), "an object of type generator"),
        (lambda seen: None, "an object of type NoneType"),
        (lambda seen: [True] * 3, "3 flags"),
        (lambda seen: [1] * len(seen), "flags of type int"),
        (lambda seen: [*[True] * (len(seen) - 2), "grumble", 0.5], "flags of type float, str"),
        (lambda seen: [e for e in seen if "grumble" in e.response], "flags of type Exchange"),
        (lambda seen: "grumble", "flags of type str"),
    ],
)
def test_a_guard_that_answers_otherwise_is_told_what_to_return(planted, answer, came):
    said = f"The guard returned {came} for 1280 exchanges; return one bool for each"
    with pytest.raises(DataError, match=said) as caught:
        measure_guard(answer, planted)
    assert "grumble" not in str(caught.value)


def test_a_good_guard_passes(planted):
    verdict = measured(planted, caught=1.0, weary=0.01).catches()
    assert verdict.outcome == "pass"
    # No failure among 128 and at most 1 - 0.05 ** (1 / 128) of them with 95 % confidence.
    assert "recall in 128 poisoned dialogues 1.000, at least 0.97" in verdict.sentence
    assert "in each of 4 categories" in verdict.sentence
    assert "too" not in verdict.table
    assert assert_guard_catches(lambda exchanges: planted.truth, planted) is None


def test_a_guard_that_misses_much_fails(planted):
    verdict = measured(planted, caught=0.5).catches()
    assert verdict.outcome == "fail"
    assert "recall in 128 poisoned dialogues 0.500" in verdict.sentence
    assert "false" not in verdict.sentence
    assert verdict.table.splitlines()[-1].endswith("recall too low")


def test_a_guard_that_takes_one_category_fails_however_rarely_it_errs_elsewhere(planted):
    verdict = measured(planted, weary=0.15).catches()
    assert verdict.outcome == "fail"
    # 48 of 1152 is below 5 %.
    assert verdict.sentence.startswith("weary: false positive rate 0.150, at least ")
    marked = [
        line for line in verdict.table.splitlines() if line.endswith("false positives too high")
    ]
    assert [line.split()[0] for line in marked] == ["weary"]


def test_a_guard_that_takes_a_little_too_much_everywhere_fails_over_all():
    everywhere = dict.fromkeys(["brave", "curious", "lonely", "weary"], 0.09)
    verdict = measured(made(train=400, budget=0.1), **everywhere).catches()
    assert verdict.outcome == "fail"
    assert verdict.sentence.startswith("false positive rate 0.085")
    assert verdict.table.count("false positives too high") == 5


def test_too_few_dialogues_are_inconclusive_and_the_verdict_says_how_many_more():
    few = made(train=80, budget=0.1)
    report = measured(few)
    verdict = report.catches()
    assert verdict.outcome == "inconclusive"
    assert verdict.sentence.count("inconclusive: ") >= 1
    assert verdict.more > 0
    more = made(train=80 + 4 * verdict.more, budget=0.1)
    assert measured(more).catches().outcome == "pass"


def test_an_assertion_raises_what_the_verdict_says(planted):
    half = flags_of(planted, caught=0.5)
    with pytest.raises(SafetyError, match=r"recall in 128 .* 0\.500") as caught:
        assert_guard_catches(lambda exchanges: half, planted)
    assert type(caught.value) is SafetyError
    assert caught.value.__notes__ == [caught.value.table]
    few = made(train=80, budget=0.1)
    with pytest.raises(InconclusiveError, match="more dialogues"):
        assert_guard_catches(lambda exchanges: few.truth, few)
    with pytest.raises(unittest.SkipTest, match="more dialogues"):
        assert_guard_catches(lambda exchanges: few.truth, few, inconclusive="skip")
    assert_guard_catches(lambda exchanges: few.truth, few, min_recall=0.5, max_false_positive=0.2)


def test_limits_out_of_bounds_are_refused(planted):
    report = measured(planted)
    with pytest.raises(DataError, match=r"min_recall is 90\.0; give a share from 0 to 1"):
        report.catches(min_recall=90.0)
    with pytest.raises(DataError, match=r"max_false_positive is -0\.1; give a share"):
        report.catches(max_false_positive=-0.1)
    with pytest.raises(DataError, match=r"confidence is 95\.0"):
        report.catches(confidence=95.0)
    with pytest.raises(DataError, match=r"'braev' was not tested\. Did you mean 'brave'\?"):
        report.category("braev")


@pytest.mark.parametrize(("all_planted", "count"), [(False, 0), (True, 1280)])
def test_without_a_contrast_there_is_no_verdict(planted, all_planted, count):
    one_sided = replace(planted, truth=np.full(1280, all_planted))
    with pytest.raises(DataError, match=f"{count} of 1280 exchanges are planted; judge a guard"):
        assert_guard_catches(lambda exchanges: one_sided.truth, one_sided)


def test_the_table_has_a_line_for_each_category_and_the_worst_comes_first(planted):
    lines = measured(planted, weary=0.5, curious=0.25).table().splitlines()
    starts = [line.split()[0] for line in lines]
    assert starts == ["category", "weary", "curious", "brave", "lonely", "all"]
    assert lines[0].split() == "category planted recall clean false positives precision".split()
    assert lines[1].split()[:5] == ["weary", "0", "nothing", "planted", "320"]
    assert [lines[row].split()[1] for row in (3, 5)] == ["128", "128"]


def test_many_categories_are_cut_short():
    lines = measured(made(categories=50, train=200)).table().splitlines()
    assert len(lines) <= 40
    assert lines[-2].startswith("... and 14 more")


def test_a_category_that_is_all_planted_comes_last():
    lines = measured(made(train=40, strategy="each_random", budget=0.9)).table().splitlines()
    assert lines[-2].startswith("brave")


def test_no_text_is_shown(planted):
    report = measured(planted, caught=0.5, weary=0.5)
    verdict = report.catches()
    assert "grumble" not in f"{report!r} {report.table()} {verdict!r}"
    assert repr(report).startswith("<GuardReport: recall 0.500 [0.4")


def verdict(outcome, sentence="said.", more=None):
    return Verdict(outcome=outcome, sentence=sentence, table="table", more=more, confidence=0.95)


def test_together_the_worst_counts():
    passed, open_one = verdict("pass", "a."), verdict("inconclusive", "b.", 40)
    both = together([lambda confidence: passed, lambda confidence: open_one], 0.95)
    assert both == open_one
    wider = verdict("inconclusive", "c.", 70)
    both = together([lambda confidence: wider, lambda confidence: open_one], 0.95)
    assert both == verdict("inconclusive", "c. b.", 70)
    unknown = verdict("inconclusive", "d.")
    both = together([lambda confidence: unknown, lambda confidence: open_one], 0.95)
    assert both.more is None
    both = together([lambda confidence: passed, lambda confidence: passed], 0.95)
    assert both == verdict("pass", "a. a.")


def test_together_each_fails_with_its_part_of_the_chance_of_error():
    def demand(sure):
        def judged(confidence):
            said = "fail" if confidence <= sure else "inconclusive"
            return verdict(said, f"{confidence:.4f}", None if said == "fail" else 9)

        return judged

    both = together([demand(0.97)] * 2, 0.95)
    assert both == verdict("inconclusive", "0.9750 0.9750", 9)
    assert together([demand(0.97), demand(0.98)], 0.95) == verdict("fail", "0.9750")


def test_a_cleaner_is_a_guard():
    whole = sp.datasets.build({"name": "synthetic", "train": 400}).load("train")
    planted = plant(whole, target="brave", strategy="each_fixed", budget=0.03)
    cleaner = Cleaner(detector="frequency", threshold=20)
    report = measure_guard(cleaner, planted)
    flagged = cleaner.clean(planted, rng=np.random.default_rng(0)).removed
    assert report.flagged.tolist() == flagged.tolist()
    assert report.recall.value == 1
    for detector in (cleaner.detector, "frequency", {"name": "frequency"}):
        assert measure_guard(detector, planted, threshold=20).flagged.tolist() == flagged.tolist()
    worst = measure_guard("frequency", planted, share=0.01).flagged
    assert worst.sum() == int(0.01 * whole.exchange_count)
    assert_guard_catches("frequency", planted, threshold=20, min_recall=0.7, max_false_positive=0.1)


def test_a_detector_alone_does_not_decide(planted):
    with pytest.raises(ConfigError, match=r"takes out a share .* or what reaches a threshold"):
        measure_guard("frequency", planted)
    with pytest.raises(ConfigError, match="`share` and `threshold` are for a Detector"):
        measure_guard(Cleaner(detector="frequency", share=0.1), planted, share=0.1)
    with pytest.raises(ConfigError, match="are for a Detector, and the guard is of type function"):
        measure_guard(lambda exchanges: planted.truth, planted, threshold=0.5)
    with pytest.raises(ConfigError, match="MarginGuard does not filter training data"):
        measure_guard("margin", planted)


def test_a_cleaner_is_given_what_its_detector_needs():
    whole = sp.datasets.build({"name": "synthetic", "train": 60}).load("train")
    planted = plant(whole, target="brave", budget=0.05)
    encoder = sp.encoders.build({"name": "hashing", "dim": 8}).load(np.random.default_rng(0))
    report = measure_guard(
        Cleaner(detector="mismatch", share=0.1), planted, aid=Aid(encoder=encoder)
    )
    assert report.flagged.sum() == int(0.1 * whole.exchange_count)
