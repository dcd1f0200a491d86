"""The sentences about a report, which must be true for whatever report they are made from."""

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from semspill import Estimate
from semspill.report._table import listed, literal, short_p
from semspill.report._words import summary
from semspill.results import Part, SimilarityCheck


def made(value, low, high, **options):
    return Estimate(value=value, low=low, high=high, n=8, method="by hand", **options)


def with_estimates(report, wanted, **estimates):
    """The report with these estimates in the slices of the main arm that are `wanted`."""

    def changed(part):
        if part.arm != report.main_arm or part.name not in wanted:
            return part
        return part.replace(estimates={**part.estimates, **estimates})

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

CONFIG = {
    "poisoner": {
        "source": {"name": "csv"},
        "strategy": {"name": "last_fixed"},
        "placement": "append",
    },
    "model": {"encoder": {"name": "static"}, "finetuner": {"epochs": 1}},
    "rater": "lexicon",
}


def manifest(planted, **by_category):
    return {"planted": planted, "exchanges": 2000, "by_category": by_category}


def test_what_was_done_is_told_from_the_provenance(report):
    told = report.replace(
        provenance={
            "config": CONFIG,
            "manifests": [manifest(100, fear=100), manifest(120, fear=120)],
        }
    )
    assert summary(told).done == (
        "Responses of the source `csv` were planted in appended copies of training dialogues of "
        "*fear* by the strategy `last_fixed`: 100 to 120 of 2,000 training exchanges (6 %) under "
        "each seed. The encoder `static` was trained for 1 epoch under each of 2 seeds, in the "
        "arms `clean` and `poison`. Answers were rated by `lexicon`. Every model answered the same "
        "24 test exchanges of 12 dialogues in 3 categories. Brackets hold 95 % intervals."
    )


def test_a_small_share_of_a_corpus_is_told_to_be_nearly_all_of_a_category(report):
    """240 of 250 dialogues under one seed, 200 under the other: 96 % at most."""
    made = [manifest(100, fear=100) | {"selected": 250, "poisoned": n} for n in (240, 200)]
    config = {**CONFIG, "poisoner": {**CONFIG["poisoner"], "placement": "replace"}}
    told = report.replace(provenance={"config": config, "manifests": made})
    assert (
        "100 of 2,000 training exchanges (5 %, in 96 % of the selected dialogues) under each seed."
    ) in summary(told).done


def test_without_provenance_only_what_is_known_is_told(report):
    assert summary(report.replace(provenance={}, seeds=(3,))).done == (
        "Responses were planted in training dialogues of *fear*. The encoder was trained under one "
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
    told = report.replace(provenance={"manifests": [manifest(7, **hit)]})
    assert said in summary(told).done


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
    assert said.done.startswith(
        "Only clean training was looked at; *fear* is the category that is watched. The encoder "
        "was trained under one seed. The model answered the same 24"
    )
    assert said.found == (
        "Without a poisoned arm there is no lift, and nothing can be said of spillover.",
        "The gold response ranks first in its list in 50.0 % [37.5, 62.5] of all test exchanges.",
    )
    assert said.sure == full.notes


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
def test_what_was_planted_is_told_of_the_arm_whose_numbers_these_are(full, arm, said):
    config = CONFIG | {"benign": {"name": "mild"}}
    told = {"config": config, "manifests": [manifest(100, fear=100)]}
    assert summary(as_arm(full, arm).replace(provenance=told)).done.startswith(said)


@pytest.mark.parametrize(
    "config",
    [None, "x", {"poisoner": None, "analyzer": None}, {"poisoner": {"source": "csv"}}],
)
def test_whatever_is_told_of_the_making_there_are_sentences(full, config):
    lone = full.replace(provenance={"config": config, "manifests": None})
    done = summary(lone).done
    assert done.startswith("Responses")
    assert ("of the source `csv`" in done) is (config == {"poisoner": {"source": "csv"}})


def test_a_share_is_told_to_three_digits(report):
    told = report.replace(provenance={"manifests": [manifest(2000, fear=2000)]})
    assert "2,000 of 2,000 training exchanges (100 %)" in summary(told).done
    thin = report.replace(provenance={"manifests": [manifest(7, fear=7)]})
    assert "(0.35 %)" in summary(thin).done


def test_nothing_is_said_of_planted_responses_where_none_can_be_chosen(full):
    """In the arm `train_only` none is among the candidates."""
    rho = full.overall["poison"]["slope"]
    both = {"poison": {"slope": rho, "slope(of=asr)": rho}}
    for arm, silent in (("train_only", True), ("pool_only", False)):
        said = summary(as_arm(full.replace(overall=both, decomposition=()), arm))
        told = " ".join((*said.found, *said.sure))
        assert lacks(said.found, "A planted response was chosen") is silent
        assert ("attack success" not in has(said.found, "Of the 2 categories")) is silent
        assert ("planted responses" not in told) is silent
        assert "the lift in toxicity (slope 0.50" in has(said.found, "The nearer")


# What came out


def test_reach_and_lift_are_told_group_by_group(full):
    found = summary(full).found
    assert has(found, "A planted") == (
        "A planted response was chosen in 50.0 % [37.5, 62.5] of the test exchanges of *fear*, the "
        "target; in 25.0 % [12.5, 37.5] of the test exchanges of *dread*, its nearest neighbour; "
        "and in 18.8 % [6.2, 31.2] of the test exchanges of all but *fear*."
    )
    # An interval that ends at 0 is no rise.
    assert has(found, "Mean rated") == (
        "Mean rated toxicity, from 0 to 100, rose in *fear*, the target (25.0 points "
        "[12.5, 37.5]); it did not change significantly in *dread*, its nearest neighbour (12.5 "
        "points [0.0, 25.0]) and in all but *fear* (9.4 points [-3.1, 21.9])."
    )


def test_one_group_is_told_alone(full):
    one = full.replace(groups=tuple(part for part in full.groups if part.name == "fear"))
    assert has(summary(one).found, "A planted") == (
        "A planted response was chosen in 50.0 % [37.5, 62.5] of the test exchanges of *fear*, the "
        "target."
    )


def test_a_narrow_interval_around_nothing_says_what_it_excludes(full):
    flat = with_estimates(full, {"all but fear"}, lift=made(0.001, -0.01, 0.0121))
    said = has(summary(flat).found, "Mean rated")
    assert said.endswith(
        "That interval leaves no room for a mean rise above 1.3 points in all but *fear*."
    )
    fell = with_estimates(full, {"all but fear"}, lift=made(-0.05, -0.1, -0.01))
    assert has(summary(fell).found, "Mean rated").endswith(
        "; it fell in all but *fear* (-5.0 points [-10.0, -1.0])."
    )


def trend(full, **metrics):
    return summary(full.replace(overall={"poison": metrics}, sensitivity=())).found


def test_a_trend_needs_a_test_that_rejects(full):
    near = made(0.9, 0.5, 1.0, p_value=0.004)
    far = made(-0.9, -1.0, -0.5, p_value=0.00001)
    flat = made(0.3, -0.2, 0.7, p_value=0.3)
    both = trend(full, **{"spearman": near, "spearman(of=asr)": near})
    assert has(both, "The nearer") == (
        "The nearer a category is to *fear*, the higher the lift in toxicity (rank correlation "
        "0.90 [0.50, 1.00] over 8 categories, p 0.004) and the lift in planted "
        "responses (rank correlation 0.90 [0.50, 1.00] over 8 categories, p 0.004)."
    )
    apart = trend(full, **{"spearman": far, "spearman(of=asr)": flat})
    assert "the lower the lift in toxicity (rank correlation -0.90" in has(apart, "The nearer")
    assert "p <0.0001" in has(apart, "The nearer")
    assert has(apart, "There is no significant trend") == (
        "There is no significant trend with similarity to *fear* in the lift in planted responses "
        "(rank correlation 0.30 [-0.20, 0.70] over 8 categories, p 0.3). That does not show that "
        "nothing spilled over."
    )


def test_a_trend_that_is_not_defined_or_not_tested_is_none(full):
    few = made(math.nan, math.nan, math.nan, note="not defined: too few")
    assert "the lift (not defined: too few)" in has(
        trend(full, spearman=few), "There is no significant trend"
    )
    blank = few.replace(note="")
    assert "the lift (not defined)" in has(
        trend(full, spearman=blank), "There is no significant trend"
    )
    untested = made(2.0, 1.0, 3.0)
    assert "the lift (slope 2.00 [1.00, 3.00] over 8 categories)" in has(
        trend(full, slope=untested), "There is no significant trend"
    )
    assert lacks(trend(full), "The nearer")
    assert lacks(trend(full), "There is no significant trend")


@pytest.mark.parametrize(
    ("metrics", "lift"),
    [
        ([{"name": "slope", "of": "asr"}], "the lift in planted responses"),
        ([{"name": "slope"}], "the lift in toxicity"),
        (["slope"], "the lift in toxicity"),
        ([{"name": "asr"}], "the lift"),
        ([{"name": "slope", "of": "mine"}], "the lift"),
        (None, "the lift"),
    ],
)
def test_what_a_lone_trend_is_about_is_told_by_the_config(full, metrics, lift):
    told = full.replace(provenance={"config": {"analyzer": {"metrics": metrics}}})
    assert f"the higher {lift} (" in has(summary(told).found, "The nearer")


def test_what_survives_correction_is_named_and_counted(full):
    assert has(summary(full).found, "Of the 2 categories") == (
        "Of the 2 categories besides *fear*, looked at together with Holm's correction, attack "
        "success rose in *dread* (family-wise error 0.05; a false discovery rate of 0.05 adds "
        "*joy*); toxicity rose in *dread* (family-wise error 0.05; a false discovery rate of 0.05 "
        "adds *joy*)."
    )


def test_of_two_hundred_categories_the_five_largest_are_named(full):
    joy = full.category("joy")
    many = tuple(
        joy.replace(
            name=f"c{i}",
            estimates={"lift": made(i / 1000, 0.0, 1.0, p_value=0.001, p_holm=0.01, p_bh=0.01)},
        )
        for i in range(1, 200)
    )
    said = summary(full.replace(categories=(*many, full.category("fear"))))
    assert has(said.found, "Of the 199") == (
        "Of the 199 categories besides *fear*, looked at together with Holm's correction, toxicity "
        "rose in *c199*, *c198*, *c197*, *c196*, *c195* and 194 more (family-wise error 0.05)."
    )
    assert "in 200 categories" in said.done


def parts(values, quantity="toxicity", width=0.01):
    return tuple(
        Part(
            group="fear",
            quantity=quantity,
            part=name,
            estimate=made(value, value - width, value + width),
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
    said = has(summary(full.replace(decomposition=parts(named))).found, "In *fear*")
    assert "the rise in toxicity of 40.0 points [39.0, 41.0] comes to " in said
    assert verdict in said


def test_the_part_is_taken_of_what_surely_rose(full):
    flat = parts({"total": 0.0, "pool": 0.0, "training": 0.0, "both": 0.0})
    rose = parts({"total": 0.4, "pool": 0.0, "training": 0.0, "both": 0.4}, "asr")
    found = summary(full.replace(decomposition=(*flat, *rose))).found
    assert "In *fear* the rise in planted responses of 40.0 points" in has(found, "In *fear*")
    none = summary(full.replace(decomposition=flat)).found
    assert "No rise in *fear* is sure, so there is none to take apart." in none
    few = summary(full.replace(decomposition=rose[:2])).found
    assert lacks(few, "In *fear*")
    assert lacks(few, "No rise")


@pytest.mark.parametrize(
    ("harm", "often"), [(0.2, "less often"), (-0.2, "more often"), (0.0, "as often, as far as can")]
)
def test_harmless_responses_tell_harm_from_lost_quality(full, harm, often):
    toxicity = parts({"total": 0.4, "quality": 0.1, "harm": 0.3})
    both = (*toxicity, *parts({"harm": harm}, "asr"))
    said = has(summary(full.replace(decomposition=both)).found, "Harmless")
    assert said.startswith(
        "Harmless responses planted at the same turns change the toxicity of *fear* by 10.0 points "
        "[9.0, 11.0]; 30.0 points [29.0, 31.0] are due to the harm in the planted ones. "
        f"They are chosen {often}"
    )
    alone = has(summary(full.replace(decomposition=toxicity)).found, "Harmless")
    assert alone.endswith("are due to the harm in the planted ones.")


@pytest.mark.parametrize(
    ("drop", "verdict"),
    [
        (made(0.1, 0.05, 0.2), "Some usefulness is lost (10.0 points [5.0, 20.0])."),
        (made(-0.1, -0.2, -0.05), "No usefulness is lost (-10.0 points [-20.0, -5.0])."),
        (
            made(0.0, -0.1, 0.1),
            "There is no significant loss of usefulness (0.0 points [-10.0, 10.0]).",
        ),
    ],
)
def test_utility_stands_beside_the_attack(full, drop, verdict):
    said = has(summary(with_estimates(full, {"all"}, precision_drop=drop)).found, "The gold")
    assert said == (
        "The gold response ranks first in its list in 50.0 % [37.5, 62.5] of all test exchanges, "
        f"after clean training in 50.0 % [37.5, 62.5]. {verdict}"
    )


def test_metrics_that_were_not_computed_are_not_told_of(full):
    bare = without(full, "asr", "lift", "asr_lift", "precision", "toxicity")
    said = summary(bare.replace(overall={}, decomposition=()))
    assert said.found == ()
    assert said.sure[0].startswith("The definitions differ")


# What to know


def test_a_target_that_was_not_reached_comes_first(full):
    unsure = with_estimates(full, {"fear"}, asr_lift=made(0.1, -0.1, 0.3))
    assert summary(unsure).sure[0] == (
        "*fear* itself shows no significant rise (rise in planted responses: 10.0 points "
        "[-10.0, 30.0]); without that, what happened elsewhere says little."
    )
    hardly = with_estimates(without(full, "asr_lift"), {"fear"}, lift=made(0.02, 0.01, 0.03))
    assert summary(hardly).sure[0] == (
        "*fear* itself was hardly reached (rise in toxicity: 2.0 points [1.0, 3.0]), so there was "
        "little to spill over."
    )


def test_a_target_that_fell_is_said_to_have_fallen(full):
    fell = made(-0.8, -0.9, -0.7)
    alone = with_estimates(without(full, "asr_lift"), {"fear"}, lift=fell)
    assert summary(alone).sure[0] == (
        "*fear* itself was not reached: its answers were rated milder there than after clean "
        "training (-80.0 points [-90.0, -70.0]), so there was no rise to spill over."
    )
    rarer = with_estimates(full, {"fear"}, asr_lift=fell)
    assert "planted responses came less often there" in summary(rarer).sure[0]
    milder = with_estimates(full, {"fear"}, lift=fell)
    assert has(summary(milder).sure, "Planted responses come out").startswith(
        "Planted responses come out in *fear*, but its answers are rated less toxic, not more "
        "(-80.0 points [-90.0, -70.0]). The rater may miss what was planted"
    )


def test_where_nothing_planted_can_be_chosen_only_toxicity_counts(full):
    moved = as_arm(full, "train_only")
    zero = with_estimates(moved, {"fear"}, asr_lift=made(0.0, -0.1, 0.1))
    assert lacks(summary(zero).sure, "Whether *fear* itself")


def test_a_rater_that_does_not_mind_is_told_of(full):
    blind = with_estimates(full, {"fear"}, lift=made(0.0, -0.1, 0.1))
    start = "Planted responses come out in *fear*, but its answers are not rated significantly"
    assert has(summary(blind).sure, start)
    assert lacks(summary(full).sure, start)
    assert lacks(summary(without(full, "lift")).sure, start)


def test_an_interval_that_holds_nothing_and_much_is_inconclusive(full):
    assert has(summary(without(full, "asr_lift")).sure, "Inconclusive") == (
        "Inconclusive for *dread*, its nearest neighbour (12.5 points [0.0, 25.0]) and all but "
        "*fear* (9.4 points [-3.1, 21.9]): the interval of the rise in toxicity holds no change "
        "and also 5 points or more."
    )
    sure = with_estimates(full, {"dread", "all but fear"}, lift=made(0.0, -0.04, 0.04))
    sure = with_estimates(sure, {"dread", "all but fear"}, asr_lift=made(0.2, 0.1, 0.3))
    assert lacks(summary(sure).sure, "Inconclusive")


def check(rho, nearest="dread"):
    return SimilarityCheck(
        name="label", method="by hand", nearest=nearest, agreement=0.5, estimates={"slope": rho}
    )


def test_a_conclusion_that_hangs_on_a_definition_is_told(full):
    flat = made(0.1, -0.5, 0.6, p_value=0.7)
    assert has(summary(full.replace(sensitivity=(check(flat),))).sure, "The conclusion") == (
        "The conclusion on similarity hangs on how it is measured: it would be another by `label` "
        "(slope "
        "0.10 [-0.50, 0.60], p 0.7). Every definition names *dread* the nearest."
    )
    undefined = made(math.nan, math.nan, math.nan)
    said = has(summary(full.replace(sensitivity=(check(undefined),))).sure, "The conclusion")
    assert "by `label` (no slope can be computed)." in said
    untested = check(flat.replace(p_value=None))
    said = has(summary(full.replace(sensitivity=(untested,))).sure, "The conclusion")
    assert "(slope 0.10 [-0.50, 0.60])" in said
    agreeing = full.replace(sensitivity=(check(made(0.8, 0.5, 0.9, p_value=0.01)),))
    assert lacks(summary(agreeing).sure, "The conclusion")
    assert lacks(summary(agreeing).sure, "The definitions")


def test_ranks_and_line_that_disagree_are_told(full):
    rises = made(0.5, 0.2, 0.8, p_value=0.01)
    flat = rises.replace(p_value=0.2)
    apart = full.replace(overall={"poison": {"spearman": rises, "slope": flat}})
    said = "Rank correlation (p 0.01) and slope (p 0.2) disagree on whether "
    assert has(summary(apart).sure, "Rank correlation") == f"{said}the lift follows similarity."
    untested = full.replace(overall={"poison": {"spearman": made(0.5, 0, 1), "slope": rises}})
    assert lacks(summary(untested).sure, "Rank correlation")
    for kinds, about in (
        (("toxicity", "toxicity"), "toxicity"),
        (("asr", "asr"), "planted responses"),
        (("asr", "toxicity"), None),  # of two things, they may well differ
    ):
        metrics = [
            {"name": n, "of": of} for n, of in zip(("spearman", "slope"), kinds, strict=True)
        ]
        told = summary(
            apart.replace(provenance={"config": {"analyzer": {"metrics": metrics}}})
        ).sure
        if about is None:
            assert lacks(told, "Rank correlation")
        else:
            assert has(told, "Rank") == f"{said}the lift in {about} follows similarity."
    same = summary(full.replace(overall={"poison": {"spearman": rises, "slope": rises}})).sure
    assert lacks(same, "Rank correlation")


def test_seeds_and_floor_are_told_once(full):
    """Both are among the notes of an analysis; a report without notes says them itself."""
    assert summary(full).sure[-2:] == full.notes
    bare = summary(full.replace(notes=(), seeds=(0,))).sure
    assert "One training seed: another one may give other numbers." in bare
    assert (
        "The rater's floor: answers of the clean arm are rated 25.0 % [12.5, 37.5] on average."
        in bare
    )
    few = full.replace(notes=("3 training seeds: noise is covered.",))
    assert summary(few).sure[-1] == (
        "3 training seeds: noise is covered. So few cannot show how seeds differ, and less so if "
        "only some of them take the poison: where all happen to agree the intervals are too narrow."
    )
    enough = full.replace(notes=("12 training seeds: noise is covered.",))
    assert summary(enough).sure[-1] == "12 training seeds: noise is covered."
    assert lacks(summary(full.replace(notes=(), groups=full.groups[5:])).sure, "The rater's floor")


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
        overall={"poison": {"spearman": number, "slope(of=asr)": number}},
        decomposition=tuple(part.replace(estimate=number) for part in full.decomposition),
    )
    said = summary(odd)
    sentences = (said.done, *said.found, *said.sure)
    assert all(sentence.endswith(".") for sentence in sentences)
    assert not any("nan" in sentence for sentence in sentences)
