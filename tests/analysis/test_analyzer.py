import math
from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from semspill import (
    ConfigError,
    DataError,
    Estimate,
    Metric,
    PluginError,
    SpilloverAnalyzer,
    SpilloverReport,
)
from semspill.analysis import Similarities, group_members, smallest_lift, spread_of
from semspill.results import Arm, CurvePoint, Provenance

NAMES = ["fear", "dread", "joy", "calm", "guilt"]
NEAR = {"fear": 1.0, "dread": 0.9, "joy": -0.1, "calm": 0.2, "guilt": 0.7}
RATED = [1.0, 0.5, 0.0, 0.25, 0.5]


@pytest.fixture
def arms(outcome):
    """One exchange per category; the clean arm is rated 0."""
    clean = outcome("clean", [0.0] * 5, NAMES, similarity=NEAR)
    return [clean, outcome("poison", RATED, NAMES, similarity=NEAR)]


def changed(arms, **changes):
    return [replace(arm, **changes) for arm in arms]


# Groups


def test_the_groups_are_the_paper_s(arms):
    report = SpilloverAnalyzer().analyze(arms)
    assert (report.target, report.nearest, report.far) == ("fear", "dread", ("joy", "calm"))
    assert [g.name for g in report.groups if g.arm == "poison"] == [
        "fear",
        "dread",
        "joy",
        "calm",
        "all but fear",
        "all",
    ]
    assert report.group("fear").asr.value == 1
    assert report.group("all but fear").asr.value == pytest.approx(2 / 4)
    assert report.group("all").asr.value == pytest.approx(3 / 5)
    assert report.group("all but fear").toxicity.value == pytest.approx(1.25 / 4)
    assert report.group("all but fear", "clean").toxicity.value == 0
    assert report.group("all").exchanges == 5
    assert report.group("all").similarity is None


def test_named_neighbours_win_over_similarity(arms):
    analyzer = SpilloverAnalyzer(nearest="guilt", far=("calm",))
    assert analyzer.neighbours(arms[0]) == ("guilt", ("calm",))
    assert SpilloverAnalyzer(nearest="joy").neighbours(arms[0]) == ("joy", ("calm",))
    assert SpilloverAnalyzer(far=("dread", "joy")).neighbours(arms[0]) == ("dread", ("joy",))
    assert SpilloverAnalyzer(far=()).neighbours(arms[0]) == ("dread", ())


def test_names_need_no_similarity(arms):
    [clean, _] = bare = changed(arms, similarity={})
    analyzer = SpilloverAnalyzer(nearest="dread", far=("joy", "calm"))
    assert analyzer.neighbours(clean) == ("dread", ("joy", "calm"))
    report = analyzer.analyze(bare)
    assert report.category("dread").similarity is None
    for needy in (
        SpilloverAnalyzer(),
        SpilloverAnalyzer(nearest="dread"),
        SpilloverAnalyzer(far=("joy",)),
    ):
        with pytest.raises(ConfigError) as caught:
            needy.neighbours(clean)
        assert str(caught.value) == "Name `nearest` and `far`, or give the outcomes similarities."


def test_only_categories_with_a_similarity_are_chosen_by_it(arms):
    [clean, _] = changed(arms, similarity={"fear": 1.0, "joy": 0.3, "guilt": 0.4})
    assert SpilloverAnalyzer().neighbours(clean) == ("guilt", ("joy",))


def test_of_two_categories_the_other_is_the_nearest_and_none_is_far(outcome):
    pair = ["fear", "joy"]
    arms = [outcome(arm, [0.0, 0.0], pair, similarity=NEAR) for arm in ("clean", "poison")]
    report = SpilloverAnalyzer().analyze(arms)
    assert (report.nearest, report.far) == ("joy", ())
    assert [g.name for g in report.groups if g.arm == "poison"] == [
        "fear", "joy", "all but fear", "all"
    ]  # fmt: skip


@pytest.mark.parametrize("field", [{"nearest": "drad"}, {"far": ("joy", "drad")}])
def test_an_untested_neighbour_is_refused_with_the_nearest_name(arms, field):
    with pytest.raises(ConfigError) as caught:
        SpilloverAnalyzer(**field).analyze(arms)
    assert str(caught.value) == (
        "Category 'drad' is not among the tested ones. Did you mean 'dread'? They are, besides "
        "the target: calm, dread, guilt, joy."
    )


def test_the_target_is_no_neighbour_of_itself(arms):
    with pytest.raises(ConfigError, match=r"^Category 'fear' is not among the tested ones\."):
        SpilloverAnalyzer(nearest="fear").analyze(arms)


def test_a_test_of_the_target_alone_is_refused(outcome):
    arms = [outcome(arm, [0.0, 0.0]) for arm in ("clean", "poison")]
    with pytest.raises(DataError) as caught:
        SpilloverAnalyzer().analyze(arms)
    assert str(caught.value) == "Only the target 'fear' was tested; test others too."


def test_a_target_without_a_test_exchange_is_refused(outcome):
    arm = outcome("clean", [0.0], ["joy"])
    with pytest.raises(DataError) as caught:
        group_members(arm, "joy", ())
    assert str(caught.value) == "The target 'fear' has no test exchange."


@pytest.mark.parametrize("taken", ["all", "all but fear"])
def test_a_category_named_as_a_group_is_refused(outcome, taken):
    with pytest.raises(DataError) as caught:
        group_members(outcome("clean", [0.0] * 3, ["fear", "joy", taken]), "joy", ())
    assert str(caught.value) == (
        f"A category is named {taken!r}, as a group of categories is; rename the category."
    )


def test_three_far_categories_are_refused():
    with pytest.raises(ValidationError, match="at most 2"):
        SpilloverAnalyzer(far=("a", "b", "c"))


# Categories


def test_every_category_of_every_arm_has_its_numbers(arms):
    report = SpilloverAnalyzer().analyze(arms)
    assert [(c.arm, c.name) for c in report.categories] == [
        (arm, name) for arm in ("clean", "poison") for name in sorted(NAMES)
    ]
    guilt = report.category("guilt")
    assert (guilt.similarity, guilt.dialogues, guilt.exchanges) == (0.7, 1, 1)
    assert (guilt.toxicity.value, guilt.lift.value, guilt.asr.value) == (0.5, 0.5, 1.0)
    clean = {"asr", "toxicity", "toxic_share", "precision", "served_precision"}
    assert set(guilt.estimates) == clean | {
        "lift", "asr_lift", "precision_drop", "served_drop"
    }  # fmt: skip
    assert set(report.category("guilt", "clean").estimates) == clean


def test_dialogues_are_counted_once(outcome):
    names = ["fear", "fear", "joy"]
    arms = [
        outcome(arm, [0.0, 0.0, 1.0], names, ["a", "a", "b"], similarity=NEAR)
        for arm in ("clean", "poison")
    ]
    part = SpilloverAnalyzer().analyze(arms).category("fear")
    assert (part.dialogues, part.exchanges, part.asr.n) == (1, 2, 1)


def test_toxicity_falls_into_ten_bins_and_1_into_the_last(outcome):
    """Two seeds of five exchanges: 0, 0.05 | 0.1 | 0.55 | 0.89 | 0.9, 0.95, 1, 1 | and a 0.3."""
    rated = [[0.0, 0.05, 0.1, 0.55, 0.89], [0.9, 0.95, 1.0, 1.0, 0.35]]
    names = ["fear"] * 4 + ["joy"]
    arms = [outcome(arm, rated, names, similarity=NEAR) for arm in ("clean", "poison")]
    report = SpilloverAnalyzer().analyze(arms)
    assert report.group("all").distribution == pytest.approx(
        [0.2, 0.1, 0, 0.1, 0, 0.1, 0, 0, 0.1, 0.4]
    )
    assert report.group("fear").distribution == pytest.approx(
        [0.25, 0.125, 0, 0, 0, 0.125, 0, 0, 0, 0.5]
    )


# Arms


def test_the_clean_arm_comes_first(arms):
    report = SpilloverAnalyzer().analyze(arms[::-1])
    assert [arm.name for arm in report.arms] == ["clean", "poison"]
    assert report.group("all").lift.value == pytest.approx(2.25 / 5)


def test_a_clean_arm_alone_has_no_correlation(arms):
    report = SpilloverAnalyzer().analyze(arms[:1])
    assert [arm.name for arm in report.arms] == ["clean"]
    assert report.main_arm == "clean"
    assert report.overall == {}


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        ([], "one in which nothing is planted"),
        (["poison"], "'poison' has the baseline 'clean'"),
        (["clean", "clean"], "clean comes twice"),
        (["clean", "poison", "poison"], "poison comes twice"),
    ],
)
def test_arms_that_cannot_be_compared_are_refused(outcome, names, problem):
    with pytest.raises(ConfigError, match=problem):
        SpilloverAnalyzer().analyze([outcome(name) for name in names])


def test_a_lift_is_paired_with_the_baseline_of_its_arm(arms):
    clean, poison = arms
    mine = Arm(name="mine", trains="poison", pool="planted", baseline="poison")
    report = SpilloverAnalyzer().analyze([clean, poison, replace(poison, arm=mine)])
    assert report.group("all", "mine").lift.value == 0
    assert report.group("all", "poison").lift.value == pytest.approx(2.25 / 5)
    assert report.main_arm == "poison"


@pytest.mark.parametrize(
    "change",
    [
        {"seeds": (1,)},
        {"target": "joy"},
        {"categories": tuple(NAMES[::-1])},
        {"dialogues": tuple("abcde")},
    ],
    ids=lambda change: next(iter(change)),
)
def test_arms_that_are_not_paired_are_refused(arms, change):
    with pytest.raises(DataError) as caught:
        SpilloverAnalyzer().analyze([arms[0], replace(arms[1], **change)])
    assert str(caught.value) == (
        "Arm 'poison' has other seeds, another target or other test exchanges than the clean "
        "arm; lifts must be paired."
    )


def test_level_and_draws_reach_every_interval(arms):
    report = SpilloverAnalyzer(level=0.8, draws=100).analyze(arms)
    estimates = [e for part in report.categories for e in part.estimates.values()]
    estimates += [e for of_arm in report.overall.values() for e in of_arm.values()]
    assert {e.level for e in estimates} == {0.8}


# Metrics


class Worst(Metric):
    """Mean of the ratings, raised by a bonus."""

    citation = "original"
    bonus: float = 0.0

    def compute(self, outcome):
        return outcome.mean(outcome.toxicity / 2 + self.bonus)


class Bare(Metric):
    """Forgets its interval."""

    citation = "original"

    def compute(self, outcome):
        return 0.5


CURVES = "slope nearest_excess collateral largest_lift".split()


def test_a_whole_metric_is_computed_once_per_arm(arms):
    report = SpilloverAnalyzer().analyze(arms)
    assert set(report.overall) == {"poison"}
    assert list(report.overall["poison"]) == [
        *CURVES,
        *(f"{name}(of=asr)" for name in CURVES),
        "spillover_ratio",
    ]
    assert report.overall["poison"]["slope"].n == 4


def test_the_named_neighbour_reaches_the_metrics(arms):
    """Lifts: dread 0.5, joy 0, calm 0.25, guilt 0.5; calm against the mean of the others, 1/3."""
    analyzer = SpilloverAnalyzer(nearest="calm", metrics=["nearest_excess"])
    excess = analyzer.analyze(arms).overall["poison"]["nearest_excess"]
    assert excess.value == pytest.approx(0.25 - 1 / 3)


def test_a_paired_metric_is_not_computed_for_the_clean_arm(arms):
    report = SpilloverAnalyzer().analyze(arms)
    assert "lift" in report.group("all").estimates
    assert "lift" not in report.group("all", "clean").estimates


def test_a_user_s_metric_goes_by_its_class_s_name(arms):
    report = SpilloverAnalyzer(metrics=["asr", Worst(bonus=0.25)]).analyze(arms)
    assert report.category("fear").Worst.value == 0.75
    assert set(report.category("fear").estimates) == {"asr", "Worst"}
    assert report.overall == {"poison": {}}


def test_the_same_metric_with_other_fields_goes_by_those_that_it_changes(arms):
    analyzer = SpilloverAnalyzer(
        metrics=[{"name": "toxic_share", "threshold": 0.5}, "toxic_share", "asr"]
    )
    part = analyzer.analyze(arms).group("all")
    values = {name: estimate.value for name, estimate in part.estimates.items()}
    assert values == pytest.approx(
        {"toxic_share(threshold=0.5)": 3 / 5, "toxic_share": 1 / 5, "asr": 3 / 5}
    )


def test_two_classes_of_one_name_are_refused(arms):
    twin = type("Worst", (Worst,), {"__module__": __name__})
    with pytest.raises(ConfigError) as caught:
        SpilloverAnalyzer(metrics=[Worst(), twin()]).analyze(arms)
    assert str(caught.value) == "Two metrics are named 'Worst'; rename the class of one."


def test_the_same_metric_twice_is_there_once(arms):
    report = SpilloverAnalyzer(metrics=["asr", "asr"]).analyze(arms)
    assert set(report.group("all").estimates) == {"asr"}


def test_a_metric_that_returns_a_bare_number_is_refused(arms):
    with pytest.raises(PluginError) as caught:
        SpilloverAnalyzer(metrics=[Bare()]).analyze(arms)
    assert str(caught.value) == (
        "Bare.compute returned float; it must return an Estimate, for example through "
        "outcome.mean(values)."
    )


class Sure(Metric):
    """Tells whatever p-value it was made with."""

    citation = "original"
    told: float

    def compute(self, outcome):
        return Estimate(value=math.inf, low=-math.inf, high=math.inf, n=1, method="told",
                        p_value=self.told)  # fmt: skip


@pytest.mark.parametrize("told", [1.5, -0.1, math.inf])
def test_a_p_value_out_of_bounds_is_refused(arms, told):
    with pytest.raises(PluginError) as caught:
        SpilloverAnalyzer(metrics=[Sure(told=told)]).analyze(arms)
    assert str(caught.value) == (
        f"Sure.compute returned p_value={told!r}; it must be from 0 to 1, or None where nothing is "
        "tested."
    )


def test_what_is_infinite_or_not_tested_survives_json(arms):
    report = SpilloverAnalyzer(metrics=[Sure(told=math.nan)]).analyze(arms)
    text = report.to_json()
    assert "Infinity" not in text
    assert "NaN" not in text
    again = SpilloverReport.from_json(text).category("joy").Sure
    assert (again.low, again.value, again.p_value) == (-math.inf, math.inf, None)


# What else the report holds


def test_one_seed_is_said_to_hide_the_noise_of_training(arms):
    """One dialogue per category: nothing can be said of what the design finds."""
    notes = SpilloverAnalyzer().analyze(arms).notes
    assert [(note.kind, note.values) for note in notes] == [
        ("one_seed", {"seeds": 1}),
        ("rater_floor", {"toxicity": 0.0}),
        ("family", {"categories": 4}),
    ]
    assert "Training noise is not covered" in str(notes[0])


@pytest.mark.parametrize(("seeds", "kind"), [(2, "few_seeds"), (5, "seeds")])
def test_several_seeds_are_counted_and_the_floor_is_theirs(outcome, seeds, kind):
    rated = [[0.0, 0.1], *[[0.2, 0.1]] * (seeds - 1)]
    arms = [outcome(arm, rated, ["fear", "joy"], similarity=NEAR) for arm in ("clean", "poison")]
    notes = SpilloverAnalyzer().analyze(arms).notes
    assert (notes[0].kind, notes[0].values) == (kind, {"seeds": seeds})
    assert ("So few cannot show how seeds differ" in notes[0].text) is (kind == "few_seeds")
    assert notes[1].values["toxicity"] == pytest.approx((0.3 * seeds - 0.2) / (2 * seeds))


@pytest.mark.parametrize("seeds", [1, 3])
def test_what_the_design_finds_is_said(outcome, seeds):
    """Four dialogues of each category (the target has two); joy and dread vary, by 0.1 and 0.3."""
    names = ["fear"] * 2 + ["dread"] * 4 + ["joy"] * 4
    rated = [[0.9, 0.8, *[0.5, 0.8] * 2, *[0.1, 0.2] * 2] for _ in range(seeds)]
    clean = outcome("clean", [[0.0] * 10] * seeds, names, similarity=NEAR)
    poison = outcome("poison", rated, names, similarity=NEAR)
    *_, note = SpilloverAnalyzer().analyze([clean, poison]).notes
    paired = replace(poison, clean=clean).of(["dread", "joy"])
    # Sample variances 0.03 and 1/300; the same under every seed, so nothing but dialogues varies.
    sd = spread_of(paired).dialogue_sd
    assert sd == pytest.approx(((0.03 + 0.01 / 3) / 2) ** 0.5)
    one, two = (
        smallest_lift(4, seeds, dialogue_sd=sd, seed_sd=0.0, comparisons=count) for count in (1, 2)
    )
    assert note.kind == "design_power"
    assert note.values == {
        "dialogues": 4, "categories": 2, "power": 0.8, "lift": one, "corrected_lift": two,
    }  # fmt: skip
    assert f"detects a toxicity lift of {100 * one:.1f} points or more" in note.text


def test_a_design_that_could_find_no_lift_at_all_is_told_so(outcome):
    """Two dialogues a category, lifts that vary by 0.7: their t-test needs a lift above 1."""
    names = ["fear"] * 2 + ["dread"] * 2 + ["joy"] * 2
    clean = outcome("clean", [[0.0, 0.0, 0.0, 0.0, 1.0, 0.0]], names, similarity=NEAR)
    poison = outcome("poison", [[0.9, 0.8, 0.0, 1.0, 0.0, 0.0]], names, similarity=NEAR)
    *_, note = SpilloverAnalyzer().analyze([clean, poison]).notes
    assert note.values == {"dialogues": 2, "categories": 2, "power": 0.8}
    assert "no toxicity lift, however large" in note.text


def test_where_no_lift_varies_the_design_is_not_judged(outcome):
    names = ["fear", "joy", "joy"]
    arms = [outcome(arm, [0.1] * 3, names, similarity=NEAR) for arm in ("clean", "poison")]
    assert len(SpilloverAnalyzer().analyze(arms).notes) == 3
    assert len(SpilloverAnalyzer().analyze(arms[:1]).notes) == 3


def test_the_new_tables_are_there(arms):
    clean, poison = arms
    pool = replace(clean, arm="pool_only")
    report = SpilloverAnalyzer().analyze(
        [clean, poison, pool], alternatives=[by("other", {"joy": 0.9, "dread": 0.2})]
    )
    assert {part.part for part in report.decomposition} == {"total", "pool"}
    assert [(check.name, check.nearest) for check in report.sensitivity] == [("other", "joy")]
    assert set(report.bands) == {"lift", "asr_lift"}
    assert report.category("dread").lift.p_holm is not None
    assert report.category("fear").lift.p_holm is None
    assert report.group("dread").lift.p_holm is None
    assert SpilloverReport.from_json(report.to_json()).to_json() == report.to_json()
    assert "## How much is pool" in report.to_markdown()


def test_two_arms_and_one_definition_have_none_of_them(arms):
    report = SpilloverAnalyzer().analyze(arms)
    assert (report.decomposition, report.sensitivity) == ((), ())
    alone = SpilloverAnalyzer().analyze(arms[:1], alternatives=[by("other", {"joy": 0.9})])
    assert (alone.sensitivity, alone.bands) == ((), {})


def by(name, near):
    """Similarities to fear, the others 0.5."""
    values = np.array([near.get(other, 0.5) for other in NAMES])
    matrix = np.tile(values[:, None], len(NAMES))
    return Similarities(name=name, method="by hand", categories=tuple(NAMES), matrix=matrix)


def test_curve_method_and_provenance_are_handed_on(arms):
    point = CurvePoint(arm="poison", epoch=1, group="all", toxicity=0.5, asr=0.25)
    made = Provenance(rater="lexicon")
    report = SpilloverAnalyzer().analyze(
        arms, curve=[point], similarity_method="by ear", provenance=made
    )
    assert report.curve == (point,)
    assert report.similarity_method == "by ear"
    assert report.provenance == made
    assert report.similarity == NEAR
    assert report.seeds == (0,)
    assert SpilloverAnalyzer().analyze(arms).similarity_method == "as given"


def test_the_outcomes_given_in_stay_as_they_were(arms):
    SpilloverAnalyzer(level=0.8).analyze(arms)
    assert [arm.clean for arm in arms] == [None, None]
    assert [arm.resampling.level for arm in arms] == [0.95, 0.95]
