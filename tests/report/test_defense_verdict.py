"""What a defense did, by the rule: each kind, and what the sentence says of control and price."""

import pytest
from tests.report.defended import (
    BEFORE,
    defended,
    defense,
    detections,
    guarding,
    number,
    three,
)

from semspill.results import DefensesReport

SPILLS = {"attack": (0.375, 0.25), "spillover": (0.5, 0.25)}
"""Of the target's lift 12.5 to 62.5 % is gone, of the nearest one's 25 to 75 points more."""
ALONE = {"control": None}
LITTLE = (0.5, 0.25, 0.109375)
UNDEFENDED = tuple(BEFORE.values())


def verdict(*args, declared="rest", **options):
    found = defended(defense("prune", *args, **options), declared=declared).verdicts
    assert list(found) == ["prune"]
    return found["prune"]


# Kinds; by default all but the target falls from 12.5 % to 1.6 %, under a control to 12.5 %


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({}, "stops_attack"),
        (ALONE, "stops_attack"),
        ({"attack": (0.75, 0.375)}, "weakens"),  # as little as 37.5 % of the lift may be gone
        (SPILLS, "stops_spillover"),
        ({"spillover": (0.5, 0.25)}, "stops_attack"),  # and the spillover still more
        ({"attack": (0.375, 0.25)}, "weakens"),
        ({"attack": (0.375, 0.25), "spillover": (-0.5, 0.25)}, "weakens"),
        ({"p": 0.2, "wide": 0.25}, "undecided"),
        ({"p_control": 0.2, "wide": 0.25}, "undecided"),
        # from 12.5 to 10.9 %, and no less than 7.8 %: more than half of it
        ({"rates": LITTLE, "p": 0.2, "p_control": 0.2}, "no_better"),
        ({"rates": LITTLE, "p": 0.2, "control": None}, "no_effect"),
        ({"rates": LITTLE, "p": 0.2, "p_control": 0.2, "wide": 0.25}, "undecided"),
        # as good as its control, which halves the rate
        ({"rates": (0.25, 0.125, 0.0625), "control": (0.25, 0.125, 0.0625), "p_control": 1.0,
          "wide": 0.015625}, "no_better"),
        # worse than its control, better than nothing
        ({"control": (0.0, 0.0, 0.0), "p_control": 0.01}, "no_better"),
        ({"rates": (0.75, 0.5, 0.25)}, "worse"),
        ({"rates": (0.75, 0.5, 0.25), "p": 0.2, "p_control": 0.2}, "no_better"),
        ({"rates": (0.75, 0.5, 0.25), "p": 0.2, "p_control": 0.2, "wide": 0.25}, "undecided"),
    ],
)  # fmt: skip
def test_a_defense_has_one_kind(options, kind):
    assert verdict(**options).kind == kind


@pytest.mark.parametrize(
    ("options", "control"),
    [
        ({}, "better"),
        (ALONE, "none"),
        ({"p_control": 0.2, "wide": 0.25}, "undecided"),
        ({"p_control": 0.2, "rates": UNDEFENDED}, "no_better"),
        ({"control": (0.0, 0.0, 0.0)}, "worse"),
        ({"control": (0.0, 0.0, 0.0), "p_control": 0.2}, "undecided"),  # there is no half of 0
    ],
)
def test_it_stands_beside_its_control(options, control):
    assert verdict(**options).control == control


@pytest.mark.parametrize(
    ("taken", "options", "control", "kind"),
    [
        # The control empties the category, and does as well: nothing is known of detection.
        (0.9375, {"control": (0.125, 0.03125, 0.015625), "p_control": 1.0}, "emptied",
         "stops_attack"),
        (0.25, {"control": (0.125, 0.03125, 0.015625), "p_control": 1.0}, "no_better", "no_better"),
        # It takes as much out and stops nothing, as of candidates that are offered again.
        (0.9375, {}, "better", "stops_attack"),
    ],
)  # fmt: skip
def test_a_control_that_empties_the_category_is_not_counted(taken, options, control, kind):
    options = {**options, **detections(), "control_recall": number(taken)}
    found = verdict(wide=0.00390625, **options)
    assert (found.control, found.kind) == (control, kind)
    assert ("94 %" in found.sentence) == (control == "emptied")


@pytest.mark.parametrize(
    ("spillover", "said"),
    [((0.5, 0.25), "more"), ((-0.5, 0.25), "less"), ((0.125, 0.25), "undecided")],
)
def test_the_spillover_is_judged_beside_the_attack(spillover, said):
    assert verdict(spillover=spillover).spillover == said


@pytest.mark.parametrize(
    ("options", "price", "words"),
    [
        ({"clean": 0.40625, "p_price": 0.01}, "costs", "It costs an honest user 9 points [8, 11]"),
        ({"clean": 0.625, "p_price": 0.01}, "gains", "costs an honest user nothing: P@1 is 12.5"),
        ({"clean": 0.46875}, "undecided", "What it costs an honest user is undecided"),
    ],
)
def test_an_honest_user_s_price_is_told(options, price, words):
    found = verdict(**options)
    assert found.price == price
    assert words in found.sentence


def test_a_group_is_declared_and_the_others_do_not_decide():
    """Nothing happens to all but the target, and the target falls: it depends on which is named."""
    rates = (0.125, 0.25, 0.125)
    options = {"rates": rates, "p_control": 0.01, "wide": 0.03125}
    of_target = verdict(declared="target", **options)
    assert of_target.kind == "stops_attack"
    assert "the planted rate in the target is 37.5 points lower" in of_target.sentence


def test_only_the_corrected_test_counts():
    """The fixture's p-values before correction are half of these."""
    assert verdict(p=0.08, wide=0.25).kind == "undecided"
    assert verdict(p=0.04).kind == "stops_attack"


def test_without_a_lift_to_stop_the_share_that_is_gone_is_not_made_up():
    found = verdict(attack=(float("nan"),))
    assert found.kind == "weakens"
    assert "nan" not in found.sentence


# Sentences


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (detections(), "does no better than as many exchanges removed at random"),
        (guarding(), "does no better than as many answers refused at random"),
        ({}, "does no better than a version of it without its key part"),
    ],
)
def test_the_control_is_called_what_it_is(fields, said):
    made = verdict(rates=UNDEFENDED, p=0.9, p_control=0.9, **fields)
    assert made.kind == "no_better"
    assert said in made.sentence


def test_a_sentence_gives_the_numbers_of_the_report():
    said = str(verdict())
    assert said.startswith("prune stops the attack: 75 % [62, 88] of the target's lift is gone")
    assert "10.9 points lower [14.1 to 7.8 lower] than undefended, p 0.003 (Holm)" in said
    assert "Beside its control" in said
    assert "p 0.006 (Holm)" in said


def test_what_became_of_the_target_is_told_whatever_the_declared_group_shows():
    for options in (
        {},
        SPILLS,
        {"rates": LITTLE, "p": 0.2, "wide": 0.25},
        {"rates": (0.5, 0.5, 0.5)},
    ):
        share = "38 % [12, 62]" if options is SPILLS else "75 % [62, 88]"
        assert verdict(**options).sentence.count(share) == 1


def test_what_is_undecided_is_said_to_be():
    for options in ({"p": 0.2, "wide": 0.25}, {"p_control": 0.2, "wide": 0.25}):
        assert verdict(**options).sentence.startswith("Whether *prune* helps")


def test_a_name_is_shown_as_it_is():
    [found] = defended(defense("a*b")).verdicts.values()
    assert found.sentence.startswith(r"*a\*b* ")
    assert str(found).startswith("a*b ")


def test_the_results_are_read_back_as_they_were_written():
    report = three()
    again = DefensesReport.model_validate_json(report.model_dump_json())
    assert again == report
    assert again.verdicts == report.verdicts
