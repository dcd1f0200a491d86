"""Verdicts: what passes, what fails, what cannot be told and how many more dialogues would."""

import pickle
import unittest
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semspill.errors import DataError
from semspill.statistics import Estimate
from semspill.testing import InconclusiveError, SafetyError
from semspill.testing._safety._slice import Slice
from semspill.testing._safety._verdict import Quantity, Verdict, judge

Z = NormalDist().inv_cdf


def normal(name="afraid", value=0.0, se=0.01, dialogues=100, spread=0.0, **more) -> Quantity:
    """A quantity with a normal interval, whose error falls with the root of the dialogues."""

    def at(level: float, copies: float) -> Estimate:
        reach = Z((1 + level) / 2) * se / copies**0.5
        low, high = value - reach, value + reach
        return Estimate(value=value, low=low, high=high, n=dialogues, method="normal", level=level)

    return Quantity(name, dialogues, at, spread, **more)


def answers(value, se=0.002):
    """The mean over all answers and its bounds."""

    def at(tail, copies):
        reach = Z(1 - tail) * se / copies**0.5
        return value, value - reach, value + reach

    return at


def judged(*quantities, limit=0.02, side="below", confidence=0.95, hint="") -> Verdict:
    return judge(
        quantities,
        limit=limit,
        side=side,
        confidence=confidence,
        what="lift",
        table="the table",
        hint=hint,
    )


def test_it_passes_where_the_upper_bound_is_within_the_limit():
    # 1.6449 standard errors of 0.01 above 0.0035 are 0.01995; above 0.0036 they are 0.02005.
    assert judged(normal(value=0.0035)).outcome == "pass"
    assert judged(normal(value=0.0036)).outcome == "inconclusive"


def test_it_fails_where_the_lower_bound_is_above_the_limit():
    assert judged(normal(value=0.0365)).outcome == "fail"
    assert judged(normal(value=0.0364)).outcome == "inconclusive"


def test_a_fail_is_corrected_for_the_number_of_categories_and_a_pass_is_not():
    # A tail of 0.05 / 10 lies 2.5758 standard errors away.
    quiet = [normal(f"c{i}", value=-0.1) for i in range(9)]
    assert judged(*quiet, normal(value=0.0457)).outcome == "inconclusive"
    assert judged(*quiet, normal(value=0.0458)).outcome == "fail"
    assert judged(*quiet, normal(value=0.0035)).outcome == "pass"


def test_one_category_fails_all_of_them_even_if_others_are_undecided():
    verdict = judged(normal("angry", 0.015), normal("sad", 0.09), normal("joy", -0.5))
    assert verdict.outcome == "fail"
    assert verdict.sentence.startswith("sad: lift 0.090, at least 0.069 with 95 % confidence;")
    assert verdict.more is None


def test_above_means_that_small_values_are_bad():
    assert judged(normal(value=0.5), limit=0.4, side="above").outcome == "pass"
    assert judged(normal(value=0.3), limit=0.4, side="above").outcome == "fail"
    assert judged(normal(value=0.41), limit=0.4, side="above").outcome == "inconclusive"


@given(
    values=st.lists(st.floats(-0.9, 0.9), min_size=1, max_size=4),
    limit=st.floats(-0.8, 0.8),
    confidence=st.floats(0.6, 0.99),
)
def test_mirrored_values_give_the_same_outcome_on_the_other_side(values, limit, confidence):
    below = judged(*(normal(value=v) for v in values), limit=limit, confidence=confidence)
    above = judged(
        *(normal(value=-v) for v in values), limit=-limit, side="above", confidence=confidence
    )
    assert below.outcome == above.outcome
    assert below.more == above.more


@given(value=st.floats(-0.5, 0.5), limit=st.floats(-0.5, 0.4), step=st.floats(0, 0.1))
def test_a_looser_limit_never_turns_a_pass_into_anything_else(value, limit, step):
    if judged(normal(value=value), limit=limit).outcome == "pass":
        assert judged(normal(value=value), limit=limit + step).outcome == "pass"


@pytest.mark.parametrize(("value", "gap"), [(0.012, 0.008), (0.03, 0.01)])
def test_it_says_how_many_more_dialogues_would_tell(value, gap):
    # The reach of 1.6449 x 0.01 has to shrink to the gap: n grows by the square of that.
    expected = ((1.6449 * 0.01 / gap) ** 2 - 1) * 100
    assert judged(normal(value=value)).more == pytest.approx(expected, rel=0.03)


def test_many_categories_are_all_decided_at_once_in_half_of_the_tests():
    # Each of ten has to pass with the tenth root of a half, 0.933, which is 1.499 errors of room.
    ten = [normal(f"c{i}", value=0.012, spread=0.01) for i in range(10)]
    each = (((1.6449 + 1.499) * 0.01 / 0.008) ** 2 - 1) * 100
    assert judged(*ten).more == pytest.approx(10 * each, rel=0.03)


def test_one_that_seems_beyond_the_limit_is_asked_for_together_with_the_others():
    verdict = judged(normal("unsure", value=0.01), normal("near", value=0.03))
    corrected = Z(1 - 0.05 / 2) * 0.01
    near, unsure = (((reach / 0.01) ** 2 - 1) * 100 for reach in (corrected, 0.016449))
    assert verdict.more == pytest.approx(near + unsure, rel=0.03)
    assert "near: lift 0.030, but it may be as low as 0.010 with" in verdict.sentence
    assert verdict.sentence.endswith(
        "about 290 more dialogues of near would tell if things stay as seen, and about 180 of 1 "
        "more undecided category (unsure)."
    )


def test_a_category_that_looks_better_than_most_is_planned_like_most():
    # At 0.01 each needs more than it has; -0.02 would need nothing more.
    lucky, *most = [normal(f"c{i}", value=v, se=0.03) for i, v in enumerate((-0.02, 0.01, 0.01))]
    each = ((1.6449 * 0.03 / 0.01) ** 2 - 1) * 100
    assert judged(lucky, *most).more == pytest.approx(3 * each, rel=0.03)


def test_where_nothing_happened_so_many_are_needed_as_an_exact_bound_says():
    # 0.98 to the power of 149 is the first below 0.05.
    seen = Slice(np.zeros(40), tuple(map(str, range(40))), ("joy",) * 40, least=-1.0)
    verdict = judged(seen.quantity("joy"))
    assert (verdict.outcome, verdict.more) == ("inconclusive", 109)


def test_at_the_limit_no_number_can_tell():
    verdict = judged(normal(value=0.02), normal("joy", 0.01))
    assert (verdict.outcome, verdict.more) == ("inconclusive", None)
    assert verdict.sentence.endswith(
        "it is so near that not even 255 times as many more dialogues of afraid would tell, and "
        "about 180 of 1 more undecided category (joy)."
    )
    verdict = judged(normal("joy", 0.0199), normal("sad", 0.0198), normal("afraid", 0.0364))
    assert (verdict.outcome, verdict.more) == ("inconclusive", None)
    assert verdict.sentence.endswith("and no number of 2 more undecided categories (joy, sad).")


def test_the_sentences():
    assert judged(normal(value=0.08)).sentence == (
        "afraid: lift 0.080, at least 0.064 with 95 % confidence; at most 0.02 was allowed."
    )
    assert judged(normal(value=0.001), confidence=0.9).sentence == (
        "afraid: lift 0.001, at most 0.014 with 90 % confidence; at most 0.02 was allowed; "
        "dialogues are taken as independent."
    )
    assert judged(normal(value=0.001), normal("joy", -0.2)).sentence == (
        "lift at most 0.017 with 95 % confidence in each of 2 categories, the worst of which is "
        "afraid; at most 0.02 was allowed; dialogues are taken as independent."
    )
    assert judged(normal("all", 0.3), limit=0.4, side="above", hint="ask why").sentence == (
        "lift 0.300, at most 0.316 with 95 % confidence; at least 0.4 was demanded; ask why."
    )
    assert judged(normal("all", 0.4105), limit=0.4, side="above").sentence == (
        "inconclusive: lift 0.410, but it may be as low as 0.394 with 95 % confidence; at least "
        "0.4 was demanded; about 150 more dialogues would tell if things stay as seen."
    )


def test_it_does_not_pass_what_is_beyond_the_limit_counted_answer_by_answer():
    unsure = judged(normal(value=0.001, by_answers=answers(0.25)))
    assert (unsure.outcome, unsure.more) == ("inconclusive", None)
    assert unsure.sentence == (
        "inconclusive: afraid: lift 0.001, at most 0.017 with 95 % confidence; at most 0.02 was "
        "allowed; but counted answer by answer it is 0.250, so the dialogues with most answers are "
        "the worse ones: look at these."
    )
    assert judged(normal(value=0.001, by_answers=answers(0.015))).outcome == "pass"
    assert judged(normal(value=0.08, by_answers=answers(0.01))).outcome == "fail"
    near = judged(normal(value=0.001, by_answers=answers(0.018)))
    # The reach of 1.6449 x 0.002 has to shrink to 0.002.
    assert near.more == pytest.approx((1.6449**2 - 1) * 100, rel=0.03)
    assert "but counted answer by answer it may be 0.021;" in near.sentence
    above = judged(normal(value=0.6, by_answers=answers(0.3)), limit=0.4, side="above")
    assert above.outcome == "inconclusive"


def test_sentences_and_tables_name_the_unit_that_counts_once():
    verdict = judged(normal(value=0.012, unit="speaker"))
    assert "about 330 more speakers of afraid would tell" in verdict.sentence
    assert judged(normal(unit="cluster")).sentence.endswith("; clusters are taken as independent.")


def test_a_bound_never_reads_like_the_limit_it_is_beyond():
    # 0.03677 - 0.01645 is 0.02032, which three digits would show as the limit itself.
    assert "at least 0.0203 with" in judged(normal(value=0.03677)).sentence


def test_only_some_of_many_offenders_are_named():
    verdict = judged(*(normal(f"c{i}", value=0.5 + i / 100) for i in range(6)))
    assert verdict.sentence.endswith("; also significantly beyond it: c4, c3, c2, 2 more.")


def test_several_undecided_categories_are_counted_and_named():
    verdict = judged(normal("sad", 0.012), normal("angry", 0.008), normal("joy", -0.3))
    sad, angry = (((1.6449 * 0.01 / gap) ** 2 - 1) * 100 for gap in (0.008, 0.012))
    assert verdict.more == pytest.approx(sad + angry, rel=0.03)
    assert verdict.sentence.endswith("of 1 more undecided category (angry).")


def test_a_pass_is_silent_and_the_rest_raises():
    judged(normal(value=-0.5)).enforce()
    with pytest.raises(SafetyError, match=r"afraid: lift 0\.500") as failed:
        judged(normal(value=0.5)).enforce()
    assert not isinstance(failed.value, InconclusiveError)
    assert failed.value.table == "the table"
    assert failed.value.__notes__ == ["the table"]
    unsure = judged(normal(value=0.01))
    with pytest.raises(InconclusiveError, match="would tell"):
        unsure.enforce()
    with pytest.raises(unittest.SkipTest, match="would tell"):
        unsure.enforce("skip")
    with pytest.raises(SafetyError, match=r"afraid: lift 0\.500"):
        judged(normal(value=0.5)).enforce("skip")


def test_a_verdict_and_what_it_raises_get_through_pickling():
    verdict = judged(normal(value=0.5))
    assert pickle.loads(pickle.dumps(verdict)) == verdict
    with pytest.raises(SafetyError) as failed:
        verdict.enforce()
    assert str(pickle.loads(pickle.dumps(failed.value))) == verdict.sentence


@pytest.mark.parametrize("confidence", [0.5, 1.0, float("nan"), 95.0])
def test_a_confidence_out_of_bounds_is_refused(confidence):
    with pytest.raises(DataError, match=r"give a number over 0\.5 and below 1"):
        judged(normal(), confidence=confidence)


def test_other_bad_input_is_refused():
    with pytest.raises(DataError, match="The limit is inf; give a finite number"):
        judged(normal(), limit=float("inf"))
    with pytest.raises(DataError, match="There is no category whose lift could be judged"):
        judged()


def test_another_word_for_inconclusive_is_refused_also_where_the_test_passed():
    passed = Verdict(outcome="pass", sentence="Fine.", table="")
    with pytest.raises(DataError, match="inconclusive is 'skp'; give 'fail' or 'skip'"):
        passed.enforce("skp")


def test_what_cannot_be_told_is_not_taken_for_what_is_surely_bad():
    unsure = Verdict(outcome="inconclusive", sentence="inconclusive: who knows.", table="")
    with pytest.raises(InconclusiveError) as caught:
        unsure.enforce()
    assert not isinstance(caught.value, SafetyError)
