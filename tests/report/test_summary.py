"""The sentences about a report, which must be true for whatever report they are made from."""

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.report.conftest import LIFTS, MEASURES, measured

from semspill import Estimate
from semspill.report._summary import summary
from semspill.report._table import listed, literal, short_p
from semspill.results import (
    CurvePoint,
    Note,
    Part,
    PlantedSeed,
    Planting,
    Provenance,
    SimilarityCheck,
)
from semspill.statistics import Measure


def made(value, low, high, **options):
    return Estimate(value=value, low=low, high=high, n=8, method="by hand", **options)


def with_estimates(report, wanted, **estimates):
    """The report with these estimates in the slices of the main arm that are `wanted`."""

    def changed(part):
        if part.arm != report.main_arm or part.name not in wanted:
            return part
        return part.replace(estimates={**part.estimates, **measured(estimates)})

    return report.replace(
        categories=tuple(map(changed, report.categories)), groups=tuple(map(changed, report.groups))
    )


def without(report, *names):
    def bare(part):
        kept = {key: made for key, made in part.estimates.items() if key not in names}
        return part.replace(estimates=kept)

    return report.replace(
        categories=tuple(map(bare, report.categories)), groups=tuple(map(bare, report.groups))
    )


def has(sentences, start):
    """The one sentence that starts so."""
    (found,) = [said for said in sentences if said.startswith(start)]
    return found


def lacks(sentences, start):
    return not any(said.startswith(start) for said in sentences)


# What was done


def seed(planted, exchanges=2000, **by_category):
    return PlantedSeed(
        seed=0, selected=250, eligible=250, wanted=250, poisoned=240, planted=planted, limit=2000,
        exchanges=exchanges, clean_fingerprint="a", poisoned_fingerprint="b",
        by_category=by_category,
    )  # fmt: skip


def planted(*seeds, **planting):
    return Provenance(planting=Planting(seeds=seeds, **planting))


RUN = Provenance(
    planting=Planting(
        source="csv", benign="mild", strategy="last_fixed", placement="append",
        seeds=(seed(100, fear=100), seed(120, fear=120)),
    ),
    encoder="static",
    epochs=1,
    rater="lexicon",
)  # fmt: skip


def test_the_setup_is_read_from_the_provenance(report):
    assert summary(report.replace(provenance=RUN)).setup == (
        "Responses of the source `csv` were planted in appended copies of training dialogues of "
        "*fear* by the strategy `last_fixed`: 100 to 120 of 2,000 training exchanges (6 %) under "
        "each seed. The encoder `static` was trained for 1 epoch under each of 2 seeds, in the "
        "arms `clean` and `poison`. Answers were rated by `lexicon`. Every model answered the same "
        "24 test exchanges of 12 dialogues in 3 categories. Brackets hold 95 % intervals."
    )


@pytest.mark.parametrize(
    ("training", "answering", "said"),
    [
        ("none", "none", "Contexts began with no category label."),
        ("gold", "gold", "Contexts began with the true category."),
        ("predicted", "predicted", "Contexts began with a category that a classifier predicts."),
        (
            "gold",
            "none",
            "Contexts began with the true category in training and with no category label in "
            "answering.",
        ),
    ],
)
def test_the_setup_names_the_label_that_contexts_began_with(report, training, answering, said):
    told = RUN.replace(label=training, answer_label=answering)
    assert f" {said} Every model" in summary(report.replace(provenance=told)).setup


def test_a_small_share_of_a_corpus_may_be_nearly_all_of_a_category(report):
    """240 of 250 dialogues under one seed, 200 under the other: 96 % at most."""
    seeds = [seed(100, fear=100).replace(poisoned=n) for n in (240, 200)]
    told = report.replace(provenance=planted(*seeds, placement="replace"))
    assert (
        "100 of 2,000 training exchanges (5 %, in 96 % of the selected dialogues) under each seed."
    ) in summary(told).setup


@pytest.mark.parametrize(
    ("knowledge", "said"),
    [
        (
            0.5,
            " The adversary knows a share of 50 % of the training dialogues, drawn at",
        ),
        (1.0, ""),
        (None, ""),
    ],
)
def test_an_adversary_who_does_not_know_all_is_told_of(report, knowledge, said):
    told = summary(report.replace(provenance=planted(seed(100, fear=100), knowledge=knowledge)))
    assert said in told.setup
    assert ("adversary knows" in told.setup) == bool(said)


def test_without_provenance_the_setup_is_what_is_known(report):
    bare = report.replace(provenance=Provenance(), seeds=(3,))
    assert summary(bare).setup == (
        "Responses were planted in training dialogues of *fear*. The model was trained under one "
        "seed, in the arms `clean` and `poison`. Every model answered the same 24 test exchanges "
        "of 12 dialogues in 3 categories. Brackets hold 95 % intervals."
    )


@pytest.mark.parametrize(
    ("hit", "said"),
    [
        ({"fear": 7}, "planted in training dialogues of *fear*: 7 of 2,000"),
        (
            {"fear": 3, "joy": 4},
            "in training dialogues of 2 categories (*fear* among them): 7 of 2,000",
        ),
        ({"joy": 7}, "in training dialogues of *joy* (*fear* is watched): 7 of 2,000"),
    ],
)
def test_a_selector_may_poison_other_categories(report, hit, said):
    assert said in summary(report.replace(provenance=planted(seed(7, **hit)))).setup


def test_the_clean_arm_alone_says_nothing_of_spillover(full):
    alone = full.replace(
        arms=("clean",),
        categories=full.categories[:3],
        groups=full.groups[:5],
        overall={},
        decomposition=(),
        sensitivity=(),
        bands={},
        seeds=(0,),
    )
    said = summary(alone)
    assert said.setup.startswith(
        "Only clean training was looked at; *fear* is the category that is watched. The model "
        "was trained under one seed. The model answered the same 24"
    )
    assert said.findings == (
        "Without a poisoned arm there is no lift, and spillover cannot be measured.",
        "P@1, how often the gold response ranks first in its list, is 50.0 % [37.5, 62.5] over all "
        "test exchanges.",
    )
    assert said.caveats == tuple(note.text for note in full.notes)


def as_arm(report, arm):
    """The report with `arm` in the place of `poison`."""

    def renamed(parts):
        return tuple(p.replace(arm=arm) if p.arm == "poison" else p for p in parts)

    return report.replace(
        arms=("clean", arm),
        categories=renamed(report.categories),
        groups=renamed(report.groups),
        overall={arm: report.overall["poison"]},
    )


@pytest.mark.parametrize(
    ("arm", "said"),
    [
        (
            "pool_only",
            "Responses of the source `csv` were put among the candidates as if planted in appended "
            "copies of training dialogues of *fear* by the strategy `last_fixed`: 100 of 2,000 "
            "training exchanges (5 %); the model was trained without them. The encoder `static` "
            "was trained for 1 epoch under each of 2 seeds, in the arms `clean` and `pool_only`. "
            "The numbers are those of `pool_only`: clean training, planted responses among the "
            "candidates. ",
        ),
        (
            "benign_swap",
            "Harmless responses of the source `mild` were planted in appended copies of training "
            "dialogues of *fear* by the strategy `last_fixed`: 100 of 2,000 training exchanges "
            "(5 %). ",
        ),
        ("train_only", "Responses of the source `csv` were planted in appended copies of "),
    ],
)
def test_what_was_planted_is_of_the_arm_whose_numbers_these_are(full, arm, said):
    one = RUN.replace(planting=RUN.planting.replace(seeds=RUN.planting.seeds[:1]))
    assert summary(as_arm(full, arm).replace(provenance=one)).setup.startswith(said)


def test_a_share_has_three_digits(report):
    every = report.replace(provenance=planted(seed(2000, fear=2000)))
    assert "2,000 of 2,000 training exchanges (100 %)" in summary(every).setup
    thin = report.replace(provenance=planted(seed(7, fear=7)))
    assert "(0.35 %)" in summary(thin).setup


def test_nothing_is_said_of_planted_responses_where_none_can_be_chosen(full):
    """In the arm `train_only` none is among the candidates."""
    rho = full.overall["poison"]["slope"]
    both = {"poison": measured({"slope": rho, "slope(of=asr)": rho})}
    for arm, silent in (("train_only", True), ("pool_only", False)):
        said = summary(as_arm(full.replace(overall=both, decomposition=()), arm))
        every = " ".join((*said.findings, *said.caveats))
        assert lacks(said.findings, "The planted rate is") is silent
        assert ("planted-rate lift" not in every) is silent
        assert "toxicity lift" in every


# What came out


def test_reach_and_lift_are_told_group_by_group(full):
    found = summary(full).findings
    assert has(found, "The planted rate is") == (
        "The planted rate is 50.0 % [37.5, 62.5] in *fear*, the target; 25.0 % [12.5, 37.5] in "
        "*dread*, its nearest neighbour; and 18.8 % [6.2, 31.2] in all but *fear*."
    )
    # An interval that ends at 0 is no rise.
    assert has(found, "Mean rated") == (
        "Mean rated toxicity, from 0 to 100, rose in *fear*, the target (25.0 points "
        "[12.5, 37.5]); it did not change significantly in *dread*, its nearest neighbour (12.5 "
        "points [0.0, 25.0]) and in all but *fear* (9.4 points [-3.1, 21.9])."
    )


def test_one_group_is_told_alone(full):
    one = full.replace(groups=tuple(part for part in full.groups if part.name == "fear"))
    assert has(summary(one).findings, "The planted rate is") == (
        "The planted rate is 50.0 % [37.5, 62.5] in *fear*, the target."
    )


def test_a_rise_needs_its_test_too(full):
    """One answer in a few puts the interval of a rate above 0, and is no significant rise."""
    one = made(0.05, 0.01, 0.2, p_value=0.3)
    said = summary(with_estimates(full, {"dread"}, lift=one))
    assert (
        "it did not change significantly in *dread*, its nearest neighbour (5.0 points [1.0, 20.0],"
        " p 0.3)"
    ) in has(said.findings, "Mean rated")
    assert "p decides" in has(said.caveats, "An interval of a lift that excludes 0")
    sure = summary(with_estimates(full, {"dread"}, lift=one.replace(p_value=0.04)))
    assert lacks(sure.caveats, "An interval of a lift")
    fell = with_estimates(full, {"all but fear"}, lift=made(-0.05, -0.1, -0.01, p_margin=1e-6))
    assert has(summary(fell).findings, "Mean rated").endswith(
        "; it fell in all but *fear* (-5.0 points [-10.0, -1.0])."
    )


def bounded(full, dread, joy):
    """The report with these p-values of a rise of the margin or more, and no rise."""
    for name, p_margin in (("dread", dread), ("joy", joy)):
        lift = made(0.01, -0.01, 0.04, p_margin=p_margin)
        full = with_estimates(full, {name}, asr_lift=lift)
    return full


def test_no_spillover_in_any_category_is_as_sure_as_in_the_least_sure(full):
    (said,) = across(bounded(without(full, "lift"), 0.03, 0.001))
    assert said == "A rise of 5 points or more is excluded in all of them (p 0.03)."


def test_categories_that_leave_a_rise_open_are_named(full):
    bare = without(full, "lift")
    (said,) = across(bounded(bare, 0.2, 0.001))
    assert said == "A rise of 5 points or more is excluded in 1 of the 2, but not in *dread*."
    assert across(bounded(bare, 0.2, 0.2)) == [
        "A rise of 5 points or more is excluded in none of them."
    ]
    assert across(bounded(bare, None, 0.001)) == []
    wide = bounded(bare, 0.03, 0.001).replace(margin=0.025)
    assert across(wide) == ["A rise of 2.5 points or more is excluded in all of them (p 0.03)."]


def across(report, **trends):
    """What is said over all categories, the trends replaced."""
    bare = report.replace(overall={"poison": measured(trends)}, sensitivity=(), decomposition=())
    starts = ("The planted rate is", "Mean rated", "P@1", "Mine", "Length")
    return [said for said in summary(bare).findings if not said.startswith(starts)]


def untested(report):
    """The report without corrected tests of single categories."""

    def bare(part):
        plain = {
            key: e.replace(p_value=None, p_holm=None, p_bh=None)
            for key, e in part.estimates.items()
        }
        return part.replace(estimates=plain)

    return report.replace(categories=tuple(map(bare, report.categories)))


def test_a_trend_needs_a_test_that_rejects(full):
    near = made(0.9, 0.5, 1.0, p_value=0.004)
    far = made(-0.9, -1.0, -0.5, p_value=0.00001)
    flat = made(0.3, -0.2, 0.7, p_value=0.3)
    both = across(untested(full), **{"spearman": near, "spearman(of=asr)": near})
    assert both == [
        "The nearer a category is to *fear*, the higher the planted-rate lift (rank correlation "
        "0.90 [0.50, 1.00] over 8 categories, p 0.004).",
        "The toxicity lift shows the same as the planted-rate lift (rank correlation 0.90 "
        "[0.50, 1.00] over 8 categories, p 0.004).",
    ]
    assert across(untested(full), **{"spearman": far, "spearman(of=asr)": flat}) == [
        "The planted-rate lift has no significant trend with similarity to *fear* (rank "
        "correlation 0.30 [-0.20, 0.70] over 8 categories, p 0.3).",
        "The nearer a category is to *fear*, the lower the toxicity lift (rank correlation -0.90 "
        "[-1.00, -0.50] over 8 categories, p <0.0001).",
    ]


@pytest.mark.parametrize(
    "trend",
    [made(0.12, 0.001, 0.24, p_value=0.049), made(0.9, -0.1, 1.0, p_value=0.001)],
    ids=["hardly significant", "interval holds 0"],
)
def test_a_trend_that_is_only_just_significant_is_worded_with_care(full, trend):
    (said,) = across(untested(without(full, "lift")), **{"slope(of=asr)": trend})
    assert said.startswith("The planted-rate lift tends to be higher the nearer a category is")
    assert "but the evidence is weak" in said


def test_small_slopes_are_not_shown_as_zero(full):
    slope = made(0.003, 0.0012, 0.005, p_value=0.001)
    (said,) = across(untested(without(full, "lift")), **{"slope(of=asr)": slope})
    assert "(slope 0.3 points per unit of similarity [0.1, 0.5] over 8 categories, p 0.001)" in said


def test_an_interval_above_0_beside_a_test_that_does_not_reject_is_explained(full):
    slope = made(0.5, 0.1, 0.9, p_value=0.53)
    (said,) = across(untested(without(full, "lift")), **{"slope(of=asr)": slope})
    assert "rises with similarity to *fear*, but no more than in many random orders" in said


def test_a_trend_that_is_not_defined_or_not_tested_is_none(full):
    bare = untested(without(full, "asr_lift"))
    few = made(math.nan, math.nan, math.nan, note="not defined: too few")
    start = "The toxicity lift has no significant trend with similarity to *fear* "
    assert across(bare, spearman=few) == [f"{start}(not defined: too few)."]
    assert across(bare, spearman=few.replace(note="")) == [f"{start}(not defined)."]
    assert across(bare, slope=made(2.0, 1.0, 3.0)) == [
        f"{start}(slope 200 points per unit of similarity [100, 300] over 8 categories)."
    ]
    assert across(bare) == []


def lifted(report, **tests):
    """The report with these planted-rate lifts alone, by category."""
    report = without(report, "lift")
    for name, lift in tests.items():
        report = with_estimates(report, {name}, asr_lift=lift)
    return report


CLEAR = made(0.113, 0.071, 0.182, p_value=0.012, p_holm=0.024, p_bh=0.02)
ALONE = CLEAR.replace(p_holm=0.084)
FLAT = made(0.0, -0.05, 0.05, p_value=1.0, p_holm=1.0, p_bh=1.0)
FOLLOWS = made(0.99, 0.2, 1.5, p_value=0.001)


def test_interval_correction_and_trend_are_one_sentence(full):
    """11 points in one category, clear alone and not after Holm; the trend over all is."""
    (said,) = across(lifted(full, dread=ALONE, joy=FLAT), **{"slope(of=asr)": FOLLOWS})
    assert said == (
        "In *dread* alone the planted-rate lift is clear (11.3 points [7.1, 18.2], p 0.012), but "
        "after Holm's correction over 2 categories no single one is significant (p 0.084); the "
        "trend over all of them is: the nearer a category is to *fear*, the higher the "
        "planted-rate lift (slope 99 points per unit of similarity [20, 150] over 8 categories, p "
        "0.001)."
    )


def test_what_is_significant_after_correction_is_named(full):
    fell = made(-0.1, -0.2, -0.05, p_value=0.001, p_holm=0.002, p_bh=0.002)
    assert across(lifted(full, dread=CLEAR, joy=FLAT)) == [
        "After Holm's correction over 2 categories the planted-rate lift is significantly above 0 "
        "in *dread*."
    ]
    (both,) = across(lifted(full, dread=CLEAR, joy=fell))
    assert both.endswith("is significantly above 0 in *dread* and below 0 in *joy*.")
    (none,) = across(lifted(full, dread=FLAT, joy=FLAT))
    assert none.startswith("No single category has a significant planted-rate lift")


def test_of_two_hundred_categories_the_five_largest_are_named(full):
    joy = full.category("joy")
    many = tuple(
        joy.replace(
            name=f"c{i}",
            estimates=measured(
                {"lift": made(i / 1000, 0.0005, 1.0, p_value=0.001, p_holm=0.01, p_bh=0.01)}
            ),
        )
        for i in range(1, 200)
    )
    said = summary(full.replace(categories=(*many, full.category("fear"))))
    risen = has(said.findings, "After Holm's correction over 199 categories the toxicity lift is")
    assert "above 0 in *c199*, *c198*, *c197*, *c196*, *c195* and 194 more" in risen
    assert "in 200 categories" in said.setup


def parts(values, quantity="toxicity", width=0.01):
    return tuple(
        Part(
            group="fear",
            quantity=quantity,
            part=name,
            estimate=made(value, value - width, value + width, measure=MEASURES[LIFTS[quantity]]),
        )
        for name, value in values.items()
    )


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ((0.3, 0.05, 0.05), "So they are mostly just retrievable"),
        ((0.05, 0.3, 0.05), "So the encoder itself moved"),
        ((0.05, 0.05, 0.3), "So it mostly takes both"),
        ((0.13, 0.13, 0.14), "No part significantly makes up most."),
        # Two exceed half, as the third takes from them.
        ((0.4, 0.35, -0.35), "No part significantly makes up most."),
        ((0.25, 0.205, -0.005), "No part significantly makes up most."),
        ((0.43, 0.02, -0.05), "No part significantly makes up most."),
    ],
)
def test_the_part_that_makes_up_most_is_named(full, values, verdict):
    named = dict(zip(("total", "pool", "training", "both"), (0.4, *values), strict=True))
    said = has(summary(full.replace(decomposition=parts(named))).findings, "In *fear*")
    assert "the toxicity lift of 40.0 points [39.0, 41.0] comes to " in said
    assert verdict in said


def test_the_part_is_taken_of_what_surely_rose(full):
    flat = parts({"total": 0.0, "pool": 0.0, "training": 0.0, "both": 0.0})
    rose = parts({"total": 0.4, "pool": 0.0, "training": 0.0, "both": 0.4}, "asr")
    found = summary(full.replace(decomposition=(*flat, *rose))).findings
    assert "In *fear* the planted-rate lift of 40.0 points" in has(found, "In *fear*")
    none = summary(full.replace(decomposition=flat)).findings
    assert "There is no significant rise in *fear* to take apart." in none
    few = summary(full.replace(decomposition=rose[:2])).findings
    assert lacks(few, "In *fear*")
    assert lacks(few, "There is no significant rise")


@pytest.mark.parametrize(
    ("harm", "often"),
    [(0.2, "less often"), (-0.2, "more often"), (0.0, "about as often, with no significant")],
)
def test_harmless_responses_tell_harm_from_lost_quality(full, harm, often):
    toxicity = parts({"total": 0.4, "quality": 0.1, "harm": 0.3})
    both = (*toxicity, *parts({"harm": harm}, "asr"))
    said = has(summary(full.replace(decomposition=both)).findings, "Harmless")
    assert said.startswith(
        "Harmless responses planted at the same turns change the toxicity of *fear* by 10.0 points "
        "[9.0, 11.0]; 30.0 points [29.0, 31.0] are due to the harm in the planted ones. "
        f"They are chosen {often}"
    )
    alone = has(summary(full.replace(decomposition=toxicity)).findings, "Harmless")
    assert alone.endswith("are due to the harm in the planted ones.")


@pytest.mark.parametrize(
    ("drop", "verdict"),
    [
        (
            made(0.1, 0.05, 0.2),
            "utility drops, by 20 % of the latter (drop of P@1 10.0 points [5.0, 20.0]).",
        ),
        (
            made(0.02, 0.01, 0.03),
            "utility drops, by 4 % of the latter (drop of P@1 2.0 points [1.0, 3.0]).",
        ),
        (
            made(0.5, 0.4, 0.6),
            "utility drops, by 100 % of the latter (drop of P@1 50.0 points [40.0, 60.0]).",
        ),
        (made(-0.1, -0.2, -0.05), "utility rises (drop of P@1 -10.0 points [-20.0, -5.0])."),
        (
            made(0.0, -0.1, 0.1),
            "no measurable loss of utility (drop of P@1 0.0 points [-10.0, 10.0]).",
        ),
    ],
)
def test_utility_stands_beside_the_attack(full, drop, verdict):
    said = has(summary(with_estimates(full, {"all"}, precision_drop=drop)).findings, "P@1")
    assert said == (
        "P@1, how often the gold response ranks first in its list, is 50.0 % [37.5, 62.5] over all "
        f"test exchanges, and 50.0 % [37.5, 62.5] after clean training: {verdict}"
    )


@pytest.mark.parametrize(
    ("before", "size", "near"),
    [
        (0.044, 100, "near chance (1 %), so it says little about utility (drop of P@1 0.6 points"),
        (0.061, 100, None),  # 5.1 points above 1 %: a loss by the margin could be seen
        (0.54, 2, "near chance (50 %)"),
        (0.044, None, None),
    ],
)
def test_where_clean_training_hardly_ranks_nothing_is_said_of_utility(full, before, size, near):
    drop = made(0.006, -0.03, 0.05)
    told = with_estimates(full, {"all"}, precision=made(before, 0.0, 0.6), precision_drop=drop)
    clean = tuple(
        part.replace(estimates={**part.estimates, "precision": measured_p(before)})
        if (part.name, part.arm) == ("all", "clean")
        else part
        for part in told.groups
    )
    config = {} if size is None else {"list_size": size}
    run = told.replace(groups=clean, provenance=Provenance(config=config))
    said = has(summary(run).findings, "P@1")
    assert (near or "no measurable loss of utility") in said
    assert ("near chance" in said) is bool(near)


def measured_p(value):
    return made(value, 0.0, 0.6).replace(measure=MEASURES["precision"])


# Over epochs


@pytest.mark.parametrize(
    ("first", "final", "said"),
    [
        # Wilson: 20 of 100 gives 13.3 to 28.9 %.
        (0.2, made(0.0, 0.0, 0.04), True),
        (0.2, made(0.05, 0.01, 0.13), True),
        (0.2, made(0.05, 0.01, 0.14), False),
        (0.03, made(0.2, 0.1, 0.3), False),
    ],
)
def test_an_earlier_epoch_that_was_clearly_worse_outside_the_target_is_named(
    full, first, final, said
):
    rest = with_estimates(full, {"all but fear"}, asr=final)
    groups = tuple(part.replace(dialogues=100) for part in rest.groups)
    rates = {1: first, 2: 0.1, 3: final.value}
    curve = tuple(
        CurvePoint(arm="poison", epoch=epoch, group="all but fear", toxicity=0, asr=rate)
        for epoch, rate in rates.items()
    )
    found = summary(rest.replace(groups=groups, curve=curve)).findings
    if said:
        assert has(found, "After epoch").startswith(
            "After epoch 1 the planted rate was 20.0 % in all but *fear*, at the end "
        )
    else:
        assert lacks(found, "After epoch")
    alone = curve[-1:]
    assert lacks(summary(rest.replace(groups=groups, curve=alone)).findings, "After epoch")


def test_metrics_that_were_not_computed_are_not_told_of(full):
    bare = without(full, "asr", "lift", "asr_lift", "precision", "toxicity", "mine")
    said = summary(bare.replace(overall={}, decomposition=()))
    assert said.findings == ()
    assert said.caveats[0].startswith("The definitions differ")


# What to know


@pytest.mark.parametrize(
    ("training", "answering", "said"),
    [
        ("gold", "gold", "Contexts begin with the true category, which no deployed model knows"),
        ("gold", "predicted", "Contexts begin with the true category in training, which no"),
        ("none", "gold", "Contexts begin with the true category in answering, which no"),
        ("predicted", "predicted", None),
        ("none", "none", None),
        (None, None, None),
    ],
)
def test_what_no_deployed_model_knows_comes_first(full, training, answering, said):
    told = full.replace(provenance=RUN.replace(label=training, answer_label=answering))
    unsure = with_estimates(told, {"fear"}, asr_lift=made(0.1, -0.1, 0.3))
    first, second = summary(unsure).caveats[:2]
    if said is None:
        assert first.startswith("*fear* itself")
    else:
        assert (first.startswith(said), second[:13]) == (True, "*fear* itself")


def test_a_training_too_short_comes_before_all_and_says_what_the_target_did(full):
    note = Note(kind="short_training", text="Too short.")
    told = full.replace(notes=(*full.notes, note), provenance=RUN.replace(label="gold"))
    unsure = with_estimates(told, {"fear"}, asr_lift=made(0.1, -0.1, 0.3))
    caveats = summary(unsure).caveats
    assert caveats[0] == "Too short."
    assert caveats[1].startswith("Contexts begin with the true category")
    assert lacks(caveats, "*fear* itself")
    assert caveats.count("Too short.") == 1


def test_a_target_that_was_not_reached_comes_first(full):
    unsure = with_estimates(full, {"fear"}, asr_lift=made(0.1, -0.1, 0.3))
    assert summary(unsure).caveats[0] == (
        "*fear* itself shows no significant rise (planted rate: 10.0 points "
        "[-10.0, 30.0]); without that, what happened elsewhere says little. "
        "Check that the text tells *fear* from the rest, then try a higher budget, more epochs or "
        "another target."
    )
    hardly = with_estimates(without(full, "asr_lift"), {"fear"}, lift=made(0.02, 0.01, 0.03))
    assert summary(hardly).caveats[0] == (
        "*fear* itself was hardly reached (toxicity: 2.0 points [1.0, 3.0]), so there was "
        "little to spill over. Check that the text tells *fear* from the rest, then try a higher "
        "budget, more epochs or another target."
    )


def test_a_target_that_fell_is_said_to_have_fallen(full):
    fell = made(-0.8, -0.9, -0.7)
    alone = with_estimates(without(full, "asr_lift"), {"fear"}, lift=fell)
    assert summary(alone).caveats[0] == (
        "*fear* itself was not reached (toxicity: -80.0 points [-90.0, -70.0]), so there was no "
        "rise to spill over. Check that the text tells *fear* from the rest, then try a higher "
        "budget, more epochs or another target."
    )
    rarer = with_estimates(full, {"fear"}, asr_lift=fell)
    assert "not reached (planted rate: -80.0 points" in summary(rarer).caveats[0]
    milder = with_estimates(full, {"fear"}, lift=fell)
    assert has(summary(milder).caveats, "Planted responses come out").startswith(
        "Planted responses come out in *fear*, but its answers are rated less toxic, not more "
        "(-80.0 points [-90.0, -70.0]). The rater may miss what was planted"
    )


def test_where_nothing_planted_can_be_chosen_only_toxicity_counts(full):
    moved = as_arm(full, "train_only")
    zero = with_estimates(moved, {"fear"}, asr_lift=made(0.0, -0.1, 0.1))
    assert lacks(summary(zero).caveats, "Whether *fear* itself")


def test_a_rater_that_does_not_mind_is_told_of(full):
    blind = with_estimates(full, {"fear"}, lift=made(0.0, -0.1, 0.1))
    start = "Planted responses come out in *fear*, but its answers are rated not significantly more"
    assert has(summary(blind).caveats, start)
    assert lacks(summary(full).caveats, start)
    assert lacks(summary(without(full, "lift")).caveats, start)


def test_groups_in_which_neither_is_shown_are_inconclusive(full):
    """0.95 ** 58 is above 5 %, 0.95 ** 59 below: 59 dialogues at least."""
    report = full
    for name, value in (("dread", 0.02), ("all but fear", 0.01)):
        lift = made(value, 0.0, 0.1, p_margin=0.2)
        report = with_estimates(report, {name}, asr_lift=lift)
    few = has(summary(report).caveats, "Inconclusive")
    assert few == (
        "Inconclusive for *dread*, its nearest neighbour (2.0 points [0.0, 10.0]) and all but "
        "*fear* (1.0 points [0.0, 10.0]): the planted-rate lift is not significant, and a "
        "rise of 5 points or more is not excluded. Fewer than 59 dialogues cannot exclude that, "
        "whatever they are answered."
    )
    many = [made(0.01, 0.0, 0.1, p_margin=0.2).replace(n=59)] * 2
    report = with_estimates(report, {"dread"}, asr_lift=many[0])
    report = with_estimates(report, {"all but fear"}, asr_lift=many[1])
    assert "Fewer than" not in has(summary(report).caveats, "Inconclusive")
    for sure in (made(0.0, -0.04, 0.04, p_margin=0.04), made(0.2, 0.1, 0.3, p_margin=1.0)):
        report = with_estimates(full, {"dread", "all but fear"}, asr_lift=sure)
        assert lacks(summary(report).caveats, "Inconclusive")


def check(rho, nearest="dread"):
    return SimilarityCheck(
        name="label",
        method="by hand",
        nearest=nearest,
        agreement=0.5,
        estimates=measured({"slope": rho}),
    )


def test_a_conclusion_that_hangs_on_a_definition_is_told(full):
    flat = made(0.1, -0.5, 0.6, p_value=0.7)
    assert has(summary(full.replace(sensitivity=(check(flat),))).caveats, "The conclusion") == (
        "The conclusion on similarity depends on how it is measured: it would differ with `label` "
        "(slope 10 points per unit of similarity [-50, 60], p 0.7). Every definition "
        "names *dread* the nearest."
    )
    undefined = made(math.nan, math.nan, math.nan)
    said = has(summary(full.replace(sensitivity=(check(undefined),))).caveats, "The conclusion")
    assert "with `label` (no slope can be computed)." in said
    untested = check(flat.replace(p_value=None))
    said = has(summary(full.replace(sensitivity=(untested,))).caveats, "The conclusion")
    assert "(slope 10 points per unit of similarity [-50, 60])" in said
    agreeing = full.replace(sensitivity=(check(made(0.8, 0.5, 0.9, p_value=0.01)),))
    assert lacks(summary(agreeing).caveats, "The conclusion")
    assert lacks(summary(agreeing).caveats, "The definitions")


def test_notes_come_last(full):
    assert summary(full).caveats[-2:] == tuple(note.text for note in full.notes)


# A stranger's metrics


def with_own(full, **measure):
    """The report with a metric that semspill does not know in every slice of the main arm."""
    mine = Measure(metric="length", quantity="response_length", **measure)
    alone = full.replace(notes=(), decomposition=())
    return with_estimates(alone, set()).replace(
        categories=tuple(own(part, mine) for part in alone.categories),
        groups=tuple(own(part, mine) for part in alone.groups),
    )


def own(part, measure):
    tests = {"p_value": 0.001, "p_holm": 0.002, "p_bh": 0.002} if part.name == "joy" else {}
    tests = tests or ({} if part.name == "fear" else dict.fromkeys(("p_value", "p_holm"), 1.0))
    value = 2.0 if part.name == "fear" else 0.25
    length = made(value, value - 0.5, value + 0.5, measure=measure, **tests)
    return part.replace(estimates={**part.estimates, "mine": length})


def test_a_change_of_one_s_own_has_the_sentences_of_a_lift(full):
    said = summary(with_own(full, title="Length lift", kind="change"))
    assert has(said.findings, "Length lift") == (
        "Length lift rose in *fear*, the target (2.000 [1.500, 2.500]); it did not change "
        "significantly in *dread*, its nearest neighbour (0.250 [-0.250, 0.750]) and in all but "
        "*fear* (0.250 [-0.250, 0.750])."
    )
    assert has(said.findings, "After Holm's correction over 2 categories the response") == (
        "After Holm's correction over 2 categories the response length lift is significantly "
        "above 0 in *joy*."
    )


def test_a_level_of_one_s_own_is_given_group_by_group(full):
    said = summary(with_own(full, title="Answered", kind="level", unit="share"))
    assert has(said.findings, "Answered") == (
        "Answered: 200.0 % [150.0, 250.0] in *fear*, the target; 25.0 % [-25.0, 75.0] in *dread*, "
        "its nearest neighbour; and 25.0 % [-25.0, 75.0] in all but *fear*."
    )


def test_metrics_of_a_whole_arm_of_one_s_own_have_a_sentence(full):
    radius = Measure(metric="radius", quantity="radius", title="Radius")
    follows = Measure(metric="gini", quantity="unevenness", title="Gini", kind="trend")
    overall = {
        "far": made(0.5, 0.25, 0.75, measure=radius),
        "none": made(math.nan, math.nan, math.nan, measure=radius.replace(title="None")),
        "gini": made(0.9, 0.5, 1.0, p_value=0.004, measure=follows),
    }
    said = summary(full.replace(overall={"poison": overall}, sensitivity=()))
    assert has(said.findings, "Radius") == "Radius: 0.500 [0.250, 0.750]."
    assert lacks(said.findings, "None")
    assert "the higher the unevenness lift (gini 0.90" in has(said.findings, "The nearer")


# Names and laws


def test_names_with_markup_are_shown_as_they_are(full):
    assert literal("<b>*x*_ [y](z)\nq") == r"\<b\>\*x\*\_ \[y\](z) q"
    assert literal("not_angry") == "not_angry"
    assert listed(["a*"]) == r"*a\**"
    assert summary(full.replace(target="<i>", nearest="`x`")).title == r"Spillover from *\<i\>*"


def test_a_p_value_in_a_sentence_has_two_digits():
    assert [short_p(p) for p in (0.1609, 0.0001, 1.0, 1e-5, None)] == [
        "0.16", "0.0001", "1", "<0.0001", "",
    ]  # fmt: skip


NUMBERS = st.floats(-1, 1) | st.just(math.nan)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(value=NUMBERS, reach=st.floats(0, 1), p=st.none() | st.floats(0, 1), data=st.data())
def test_every_report_has_sentences_without_nan(full, value, reach, p, data):
    number = Estimate(
        value=value, low=value - reach, high=value + reach, n=3, method="m", p_value=p, p_holm=p
    )
    names = data.draw(st.sets(st.sampled_from(("asr", "lift", "asr_lift", "precision", "mine"))))
    groups = {"fear", "dread", "joy", "all but fear", "all"}
    odd = with_estimates(full, groups, **dict.fromkeys(names, number))
    odd = odd.replace(
        overall={"poison": measured({"spearman": number, "slope(of=asr)": number})},
        decomposition=tuple(part.replace(estimate=number) for part in full.decomposition),
    )
    said = summary(odd)
    sentences = (said.setup, *said.findings, *said.caveats)
    assert all(sentence.endswith(".") for sentence in sentences)
    assert not any("nan" in sentence for sentence in sentences)
