"""A chosen defense as a test: what passes, fails, or cannot be told, on reports made by hand."""

import unittest

import pytest
from tests.report.defended import defended, defense, detections, number, rate

from semspill import SpilloverReport
from semspill.errors import DataError
from semspill.statistics import Estimate
from semspill.testing import InconclusiveError, SafetyError, assert_defense_holds
from semspill.testing._safety._verdict import enforced


def report(*made, seeds=(0, 1)) -> SpilloverReport:
    """A report of these defenses, with nothing else in it."""
    return SpilloverReport(
        target="fear",
        nearest="dread",
        far=(),
        arms=(),
        seeds=seeds,
        similarity={},
        similarity_method="by hand",
        categories=(),
        groups=(),
        overall={},
        defenses=defended(*made) if made else None,
    )


# Upper ends: 0.15625 of the target, 0.0625 of the nearest, 0.046875 of the rest; price 0.015625.
FILTER = defense("filter", **detections())


def passed(*args, **options):
    """Assert, and return what was noted of the pass."""
    assert_defense_holds(*args, **options)
    return enforced.pop()


def refused(kind, *args, **options):
    """Return the sentence and the table of a test that does not pass."""
    with pytest.raises(kind) as failed:
        assert_defense_holds(*args, **options)
    assert type(failed.value) is kind
    return failed.value.sentence, failed.value.table


def test_it_passes_where_every_upper_end_is_within_the_limits():
    verdict = passed(report(FILTER), "filter", max_planted=0.157, max_price=0.016)
    assert verdict.outcome == "pass"
    assert verdict.facts == {
        "defense": "filter",
        "control": "poison+filter.control",
        "seeds": "2",
    }
    assert "at most 0.156 with 95 % confidence in each of 3 groups" in verdict.sentence
    assert "below that of its control, poison+filter.control" in verdict.sentence
    assert "as many exchanges removed at random" in verdict.sentence


@pytest.mark.parametrize(
    ("options", "undecided"),
    [
        ({"max_planted": 0.156}, "fear (target)"),
        ({"max_planted": 0.0624, "groups": ["nearest"]}, "dread (nearest)"),
        ({"max_planted": 0.0468, "groups": ["rest"]}, "all but fear"),
        ({"max_planted": 0.157, "max_price": 0.0156}, "P@1 lost by an honest user"),
    ],
)
def test_one_upper_end_beyond_its_limit_leaves_it_open(options, undecided):
    said, _ = refused(InconclusiveError, report(FILTER), "filter", **options)
    assert said.startswith("inconclusive: ")
    assert undecided in said
    assert "would tell if things stay as seen" in said


def test_groups_that_are_not_asked_for_are_not_judged():
    assert passed(report(FILTER), "filter", max_planted=0.0469, groups=["rest"]).outcome == "pass"
    assert passed(report(FILTER), "filter", max_planted=0.157, max_price=None).outcome == "pass"
    costly = report(defense("filter", clean=0.25, p_price=0.001))
    assert passed(costly, "filter", max_planted=0.157, max_price=None).outcome == "pass"


def test_a_planted_rate_that_is_too_high_fails_and_is_named():
    said, table = refused(SafetyError, report(FILTER), "filter", max_planted=0.05)
    assert said.startswith("fear (target): planted rate with filter 0.125, at least 0.0")
    assert "at most 0.05 was allowed" in said
    assert "poison+filter.control" in said
    rows = {line.split("  ")[0]: line for line in table.splitlines()[1:]}
    assert list(rows) == ["fear (target)", "dread (nearest)", "all but fear", "P@1 lost"]
    assert [line.endswith("too high") for line in rows.values()] == [True, False, False, False]
    assert "0.125 [0.094, 0.156]  0.500 [0.469, 0.531]  0.500 [0.469, 0.531]" in table


def test_a_price_that_is_too_high_fails_whatever_it_stops():
    # It loses 0.25, at least 0.234, of P@1; a gain is no price.
    costly = report(defense("filter", clean=0.25, p_price=0.001))
    said, table = refused(SafetyError, costly, "filter", max_planted=0.157, max_price=0.1)
    assert said.startswith("P@1 lost by an honest user with filter 0.250, at least 0.2")
    assert table.splitlines()[-1].endswith("too high")
    gains = report(defense("filter", clean=0.75, p_price=0.001))
    assert passed(gains, "filter", max_planted=0.157, max_price=0.0).outcome == "pass"


def test_a_wrong_fail_is_as_rare_as_asked():
    # 2 demands and 3 groups: the lower end leaves out 0.05 / 6 on its side. Student's quantiles of
    # two degrees of freedom, from a table: 4.3027 at 0.975 and 7.6488 at 1 - 0.05 / 6.
    low = 0.125 - 0.03125 * 7.6488 / 4.3027
    refused(SafetyError, report(FILTER), "filter", max_planted=low - 0.0005)
    said, _ = refused(InconclusiveError, report(FILTER), "filter", max_planted=low + 0.0005)
    assert said.startswith("inconclusive: fear (target)")
    # One group and no price: at 97.5 % the reported end decides.
    options = {"groups": ["target"], "max_price": None, "confidence": 0.975}
    refused(SafetyError, report(FILTER), "filter", max_planted=0.0937, **options)
    refused(InconclusiveError, report(FILTER), "filter", max_planted=0.0938, **options)


def test_more_confidence_than_the_report_has_needs_narrower_intervals():
    # Of two degrees of freedom: 6.9646 at 0.99.
    high = 0.125 + 0.03125 * 6.9646 / 4.3027
    options = {"groups": ["target"], "confidence": 0.99}
    filters = report(FILTER), "filter"
    assert passed(*filters, max_planted=high + 0.0005, max_price=0.03, **options).limit is None
    refused(InconclusiveError, *filters, max_planted=high - 0.0005, max_price=0.03, **options)


def without_hits(dialogues):
    """No planted answer in so many dialogues, with the exact bound."""
    high = 1 - 0.025 ** (1 / dialogues)
    return Estimate(value=0.0, low=0.0, high=high, n=dialogues, method="exact bound")


def test_it_says_how_many_more_dialogues_would_tell():
    result, *others = FILTER
    clean = result.replace(planted_rate={**result.planted_rate, "target": without_hits(20)})
    options = {"max_planted": 0.05, "max_price": None, "groups": ["target"]}
    one, two = (report((clean, *others), seeds=seeds) for seeds in ((0,), (0, 1)))
    # 0.05 is excluded by 72 dialogues without a hit, where the bound shrinks as their number grows.
    said, _ = refused(InconclusiveError, two, "filter", **options)
    assert "about 48 more dialogues of fear (target) would tell" in said
    assert "add seeds in proportion" in said
    said, _ = refused(InconclusiveError, one, "filter", **options)
    assert "One seed was trained" in said
    assert "proportion" not in said


def test_what_is_hit_needs_more_by_the_square_of_the_length():
    # Half the length is asked for: four times the 8 dialogues, up to rounding.
    result, *others = FILTER
    hit = result.replace(planted_rate={**result.planted_rate, "target": rate(0.125)})
    with pytest.raises(InconclusiveError):
        assert_defense_holds(
            report((hit, *others)), "filter", max_planted=0.140625, groups=["target"]
        )
    assert enforced.pop().more in (24, 25)


def test_an_undecided_test_may_be_skipped():
    with pytest.raises(unittest.SkipTest, match="inconclusive: fear"):
        assert_defense_holds(report(FILTER), "filter", max_planted=0.15, inconclusive="skip")


def test_no_better_than_its_control_is_a_warning_and_no_failure():
    idle = report(defense("filter", control=(0.125, 0.03125, 0.015625), p_control=0.9, wide=0.001))
    with pytest.warns(UserWarning, match=r"no better than its control, poison\+filter.control"):
        verdict = passed(idle, "filter", max_planted=0.157)
    assert verdict.sentence.count("Warning: ") == 1
    said, _ = refused(SafetyError, idle, "filter", max_planted=0.05)
    assert "no better than its control" in said
    worse = report(defense("filter", control=(0.0625, 0.015625, 0.0), p_control=0.001))
    with pytest.warns(UserWarning, match="worse than its control"):
        passed(worse, "filter", max_planted=0.157)


def test_what_is_not_known_of_a_control_is_said():
    alone = report(defense("filter", control=None))
    assert "has no control" in passed(alone, "filter", max_planted=0.157).sentence
    unsure = report(defense("filter", p_control=0.5, wide=0.125))
    said = passed(unsure, "filter", max_planted=0.157).sentence
    assert "Whether it does better than its control" in said


def test_a_control_that_emptied_the_category_is_no_warning():
    made = {"control": (0.125, 0.03125, 0.015625), "p_control": 1.0, "control_recall": number(0.9)}
    said = passed(report(defense("filter", **made)), "filter", max_planted=0.157).sentence
    assert "took out most of what was planted too" in said
    assert "Warning" not in said


def test_an_attack_that_did_not_work_undefended_is_a_warning():
    # Undefended the rates are 0.5, 0.25 and 0.125.
    with pytest.warns(UserWarning, match="nothing to stop"):
        passed(report(FILTER), "filter", max_planted=0.5)
    with pytest.warns(UserWarning, match="nothing to stop"):
        passed(report(FILTER), "filter", max_planted=0.125, groups=["rest"])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"name": "filtre"}, "No defense is called 'filtre'. Did you mean 'filter'"),
        ({"max_planted": 5}, "max_planted is 5; give a share"),
        ({"max_price": -0.1}, "max_price is -0.1; give a share"),
        ({"confidence": 0.5}, r"The confidence is 0\.5"),
        ({"groups": []}, "The groups are empty; give some of"),
        ({"groups": ["fear"]}, "The groups hold 'fear'; give some of"),
    ],
)
def test_what_cannot_be_asked_is_refused(options, said):
    with pytest.raises(DataError, match=said):
        assert_defense_holds(report(FILTER), **{"name": "filter", **options})


def test_a_report_without_defenses_is_refused():
    with pytest.raises(DataError, match="The report has no defenses; name some"):
        assert_defense_holds(report(), "filter")


def test_what_was_not_measured_is_refused():
    nan = float("nan")
    result, against, beside, paid = FILTER
    unranked = paid.replace(estimate=number(nan))
    with pytest.raises(DataError, match=r"P@1 of an honest user .*max_price=None"):
        assert_defense_holds(report((result, against, beside, unranked)), "filter")
    untested = result.replace(planted_rate={"rest": rate(0.015625)})
    with pytest.raises(DataError, match="The planted rate of 'target' was not measured"):
        assert_defense_holds(report((untested, against, beside, paid)), "filter")
