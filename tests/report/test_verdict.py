"""The verdict of a report, which must agree with the findings beside it, and the line of facts."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.report.conftest import measured

from semspill import Estimate
from semspill.report._summary import summary
from semspill.report._verdict import facts, verdict
from semspill.results import Note, PlantedSeed, Planting, Provenance

OTHERS = ("weary", "smug", "glad")
TARGET, REST = "brave", "all but brave"


def made(value, low, high, **options):
    return Estimate(value=value, low=low, high=high, n=60, method="by hand", **options)


CLEAR = made(0.113, 0.071, 0.182, p_value=0.004, p_holm=0.012, p_margin=1.0)
ALONE = CLEAR.replace(p_value=0.03, p_holm=0.09)
SMALL = made(0.03, -0.01, 0.06, p_value=0.3, p_holm=0.6, p_margin=0.2)
FLAT = made(0.0, 0.0, 0.042, p_value=1.0, p_holm=1.0, p_margin=0.02)
REACHED = made(0.356, 0.24, 0.503, p_value=0.0001, p_margin=1.0)
FOLLOWS = made(0.99, 0.2, 1.5, p_value=0.001)


def part(template, name, lift, arm):
    level = 0.0 if arm == "clean" else lift.value
    rate = made(level, min(lift.low, level), max(lift.high, level))
    toxicity = rate.replace(value=abs(rate.value))
    own = {"asr": rate, "toxicity": toxicity}
    if arm != "clean":
        own["asr_lift"] = lift
    return template.replace(name=name, arm=arm, similarity=None, estimates=measured(own))


@pytest.fixture(scope="session")
def report_of(report):
    """A report of these planted-rate lifts, by category and group."""
    template = report.categories[0]

    def build(weary=FLAT, smug=FLAT, glad=FLAT, brave=REACHED, rest=FLAT, trend=None, **changes):
        lifts = {"weary": weary, "smug": smug, "glad": glad, TARGET: brave}
        near = {f"all but {TARGET}": rest, TARGET: brave, "weary": weary}
        arms = ("clean", "poison")
        overall = {} if trend is None else measured({"slope(of=asr)": trend})
        fields = {
            "target": TARGET,
            "nearest": "weary",
            "far": ("glad",),
            "similarity": {},
            "categories": tuple(part(template, n, e, a) for a in arms for n, e in lifts.items()),
            "groups": tuple(part(template, n, e, a) for a in arms for n, e in near.items()),
            "overall": {"poison": overall},
            "curve": (),
            "notes": (),
            **changes,
        }
        return report.replace(**fields)

    return build


# Each kind


def test_a_category_that_rose_after_correction_is_named_with_its_rate(report_of):
    came_out = verdict(report_of(weary=CLEAR, smug=SMALL))
    assert came_out.kind == "spilled"
    assert came_out.sentence == (
        "Spilled over to *weary*: planted rate 11 % [7, 18], 0 to 3 % in all 2 others."
    )


def test_of_several_the_largest_comes_first(report_of):
    lower = CLEAR.replace(value=0.08, low=0.03)
    assert verdict(report_of(weary=lower, smug=CLEAR, glad=SMALL)).sentence == (
        "Spilled over to 2 categories: planted rate 11 % [7, 18] in *smug* and 8 % [3, 18] in "
        "*weary*, 3 % in *glad*."
    )


def test_where_clean_training_hits_too_the_lift_is_told(report_of):
    report = report_of(weary=CLEAR)
    hit = measured({"asr": made(0.2, 0.1, 0.3)})
    clean = tuple(p.replace(estimates=hit) if p.arm == "clean" else p for p in report.categories)
    assert verdict(report.replace(categories=clean)).sentence.startswith(
        "Spilled over to *weary*: planted-rate lift 11 points [7, 18], 0 points in all 2 others"
    )


def test_the_trend_alone_is_enough_and_the_correction_is_named(report_of):
    """0.001, 0.03 and 0.2 after Holm: 0.003, 0.06 and 0.2; no category survives it over three."""
    rest = made(0.04, -0.01, 0.08, p_value=0.2, p_margin=1.0)
    came_out = verdict(report_of(weary=ALONE, smug=SMALL, rest=rest, trend=FOLLOWS))
    assert came_out.kind == "spilled"
    assert came_out.sentence == (
        "Spilled over: the nearer to *brave*, the higher the planted rate (p 0.001); highest in "
        "*weary*, 11 % [7, 18]; no single category is significant after Holm's correction over 3."
    )


@pytest.mark.parametrize(
    ("p_values", "kind"),
    [
        # Trend, nearest, all but the target: Holm takes the least three times, the next twice.
        ((0.016, 1.0, 1.0), "spilled"),
        ((0.018, 1.0, 1.0), "unclear"),
        ((0.018, 0.018, 1.0), "unclear"),
        ((1.0, 0.016, 1.0), "spilled"),
        ((1.0, 1.0, 0.016), "spilled"),
        ((0.03, 0.03, 0.03), "unclear"),
    ],
)
def test_three_tests_named_in_advance_are_corrected_for_being_three(report_of, p_values, kind):
    trend, nearest, rest = p_values
    report = report_of(
        weary=ALONE.replace(p_value=nearest, p_holm=1.0),
        rest=made(0.04, 0.01, 0.08, p_value=rest, p_margin=1.0),
        trend=FOLLOWS.replace(p_value=trend),
    )
    assert verdict(report).kind == kind


@pytest.mark.parametrize(
    ("note", "kind"),
    [
        (None, "spilled"),
        (("nearest_after_outcome", {}), "unclear"),
        (("nearest_by_hand", {"named": "unknown"}), "unclear"),
        (("nearest_by_hand", {"named": "before"}), "spilled"),
    ],
)
def test_a_nearest_category_named_after_the_outcome_is_no_test(report_of, note, kind):
    notes = () if note is None else (Note(kind=note[0], values=note[1], text="A note."),)
    report = report_of(weary=ALONE.replace(p_value=0.01, p_holm=0.2), notes=notes)
    assert verdict(report).kind == kind


def test_a_trend_of_falls_is_no_spillover(report_of):
    fell = made(-0.1, -0.2, -0.02, p_value=0.5, p_holm=1.0, p_margin=0.001)
    falls = dict.fromkeys(OTHERS, fell)
    assert verdict(report_of(**falls, rest=fell, trend=FOLLOWS)).kind == "none"


def test_what_would_have_been_missed_is_the_largest_upper_end(report_of):
    """0 to 1 % seen; the widest interval ends at 4.2 points, the margin is 5."""
    little = FLAT.replace(value=0.01, high=0.035)
    came_out = verdict(report_of(smug=little))
    assert came_out.kind == "none"
    assert came_out.sentence == (
        "No spillover found: planted rate 0 to 1 % in all 3 other categories; a rise of up to "
        "4.2 points would have been missed."
    )
    # A one-sided test at 5 % excludes a little more than an interval of 95 % shows.
    wider = verdict(report_of(smug=FLAT.replace(high=0.054)))
    assert wider.sentence.endswith("a rise of up to 5 points would have been missed.")


@pytest.mark.parametrize(
    ("undecided", "said"),
    [
        ({"smug": 128}, "; about 130 more test dialogues of *smug* would tell."),
        ({"smug": 100, "glad": 28}, "; about 100 more test dialogues of *smug* would tell."),
        ({"smug": None}, "; more training seeds would tell, more test dialogues of *smug* alone"),
        ({}, "is not excluded in *smug*."),
    ],
)
def test_where_it_cannot_tell_it_says_what_would(report_of, undecided, said):
    came_out = verdict(report_of(smug=SMALL, undecided=undecided))
    assert came_out.kind == "unclear"
    assert came_out.sentence.startswith(
        "*brave* itself was reached (planted rate 36 % [24, 50]); cannot tell whether it spilled "
        "over: no other category rises significantly, but a rise of 5 points or more is "
        "not excluded in *smug*"
    )
    assert said in came_out.sentence


def test_the_dialogues_of_several_categories_are_added_up(report_of):
    open_ = report_of(weary=SMALL, smug=SMALL, undecided={"weary": 28, "smug": 100})
    assert verdict(open_).sentence.endswith(
        "is not excluded in *weary* and *smug*; about 130 more test dialogues in all (about 28 to "
        "100 each) would tell."
    )
    alike = report_of(**dict.fromkeys(OTHERS, SMALL), undecided=dict.fromkeys(OTHERS, 40))
    assert verdict(alike).sentence.endswith(
        "is not excluded in any of the 3; about 120 more test dialogues in all (about 40 each) "
        "would tell."
    )


def test_a_rise_that_is_clear_only_alone_is_said_to_be(report_of):
    came_out = verdict(report_of(weary=ALONE, undecided={"weary": 79}))
    assert came_out.kind == "unclear"
    assert came_out.sentence == (
        "*brave* itself was reached (planted rate 36 % [24, 50]); cannot tell whether it spilled "
        "over: in *weary* alone the planted rate is significant, 11 % [7, 18], but not after "
        "Holm's correction over 3 categories; about 79 more test dialogues of *weary* would tell."
    )


@pytest.mark.parametrize(
    ("brave", "said"),
    [
        (FLAT, "*brave* itself was not reached (planted rate 0 % [0, 4.2])"),
        (
            REACHED.replace(value=0.03, low=0.01, high=0.2, p_value=0.24),
            "*brave* itself was not reached (planted rate 3 % [1, 20], not significant, p 0.24)",
        ),
        (
            made(0.03, 0.01, 0.06, p_value=0.01, p_margin=0.3),
            "*brave* itself was hardly reached (planted rate 3 % [1, 6])",
        ),
    ],
)
def test_without_a_target_that_was_reached_nothing_can_be_told(report_of, brave, said):
    came_out = verdict(report_of(brave=brave))
    advice = (
        "check that the text tells *brave* from the rest, then try a higher budget, more epochs or "
        "another target"
    )
    assert (came_out.kind, came_out.sentence) == ("unclear", f"Cannot tell: {said}; {advice}.")
    # What did rise is said all the same.
    assert verdict(report_of(brave=brave, weary=CLEAR)).kind == "spilled"


def test_without_a_test_of_the_margin_nothing_is_excluded(report_of):
    bare = FLAT.replace(p_margin=None)
    assert "was not tested" in verdict(report_of(**dict.fromkeys(OTHERS, bare))).sentence


def test_clean_training_alone_is_no_attack(report_of):
    report = report_of()
    clean = [part for part in report.categories if part.arm == "clean"]
    alone = report.replace(arms=("clean",), categories=clean, groups=report.groups[:3], overall={})
    assert verdict(alone).kind == "unplanted"
    assert summary(alone).title == "Clean training, watched at *brave*"


def test_where_nothing_planted_can_be_chosen_toxicity_decides(report_of):
    def toxic(part):
        if part.arm == "clean":
            return part
        own = {"lift": part.estimates["asr_lift"], "asr": part.estimates["asr"]}
        return part.replace(arm="train_only", estimates=measured(own))

    report = report_of(weary=CLEAR)
    moved = report.replace(
        arms=("clean", "train_only"),
        categories=tuple(map(toxic, report.categories)),
        groups=tuple(map(toxic, report.groups)),
        overall={},
    )
    assert verdict(moved).sentence == (
        "Spilled over to *weary*: toxicity lift 11 points [7, 18], 0 points in all 2 others."
    )


def test_the_title_follows_the_outcome(report_of):
    run = Provenance(data="EmpatheticDialogues", encoder="static")
    assert summary(report_of(weary=CLEAR, provenance=run)).title == "Spillover from *brave*"
    assert summary(report_of(provenance=run)).title == (
        "Planted under *brave*: EmpatheticDialogues, static"
    )


# No contradictions


def shares(low=-1.0):
    return st.floats(low, 1).map(lambda number: round(number, 3))


@st.composite
def lifts(draw):
    """A planted-rate lift whose interval and tests are of one make, or none at all."""
    value = draw(shares(-0.2))
    reach = draw(st.floats(0.001, 0.3))
    p_value = draw(st.floats(0, 1))
    p_holm = min(1.0, p_value * draw(st.integers(1, 3)))
    p_margin = draw(st.none() | st.floats(0, 1))
    return made(
        value, value - reach, value + reach, p_value=p_value, p_holm=p_holm, p_margin=p_margin
    )


FUNCTION_SCOPED = [HealthCheck.function_scoped_fixture]


@settings(suppress_health_check=FUNCTION_SCOPED, max_examples=60, deadline=None)
@given(data=st.data(), trend=st.none() | lifts())
def test_verdict_and_findings_agree(report_of, data, trend):
    every = {name: data.draw(lifts()) for name in (*OTHERS, TARGET, "rest")}
    report = report_of(**every, trend=trend)
    said = summary(report)
    found, kind = " ".join(said.findings), said.verdict.kind
    risen = [n for n in OTHERS if every[n].survives and every[n].value > 0]
    significant = re.findall(r"significantly above 0 in ((?:\*\w+\*(?:, | and )?)+)", found)
    assert bool(significant) is bool(risen)
    if risen:  # what the findings name is what the verdict names
        assert kind == "spilled"
        assert all(f"*{name}*" in significant[0] for name in risen)
        assert all(f"*{name}*" in said.verdict.sentence for name in risen)
    if kind == "none":
        assert "is excluded in all of them" in found
        assert "alone the planted-rate lift is clear" not in found or "excluded" in found
        assert every[TARGET].low > 0
    if "is excluded in all of them" not in found:
        assert kind != "none"
    if "the nearer to *brave*, the higher" in said.verdict.sentence:
        assert "the nearer a category is to *brave*, the higher" in found.lower()
    if kind == "spilled" and not risen:
        # Nothing but the tests named in advance: one of them at least is significant by itself.
        tests = [t for t in (trend, every["weary"], every["rest"]) if t is not None]
        assert any(t.p_value <= 0.05 and t.low > 0 for t in tests)
    assert (said.title == "Spillover from *brave*") is (kind == "spilled")
    assert said.verdict.sentence.endswith(".")
    assert "nan" not in said.verdict.sentence
    assert "-0 " not in said.verdict.sentence
    assert not re.search(r"-0\.0+(?!\d)", said.verdict.sentence + found)


# Facts


SEED = PlantedSeed(
    seed=0, selected=25, eligible=25, wanted=25, poisoned=25, planted=30, limit=30, exchanges=1000,
    clean_fingerprint="a", poisoned_fingerprint="b", by_category={"brave": 30},
)  # fmt: skip
RUN = Provenance(
    data="EmpatheticDialogues",
    dataset="empathetic_dialogues",
    planting=Planting(source="csv", source_file="toxic.csv", strategy="last_fixed", seeds=(SEED,)),
    encoder="static",
    encoder_model="minilm",
    label="none",
    answer_label="none",
    versions={"semspill": "0.1.0"},
)


def test_facts_name_data_model_label_planting_seeds_date_and_version(report_of):
    assert facts(report_of(provenance=RUN), date="2026-11-29") == (
        "EmpatheticDialogues, 16 test dialogues (32 exchanges) · `static` (minilm) · no label · "
        "3 % planted from `csv` (toxic.csv) by `last_fixed` · 2 seeds · 2026-11-29 · "
        "semspill 0.1.0"
    )


@pytest.mark.parametrize(
    ("trained", "answered", "said"),
    [
        ("gold", "gold", "gold label"),
        ("predicted", None, "predicted label"),
        ("gold", "none", "gold label in training, no label in answering"),
    ],
)
def test_the_label_is_named_as_it_was_shown(report_of, trained, answered, said):
    run = RUN.replace(label=trained, answer_label=answered)
    assert f" · {said} · " in facts(report_of(provenance=run))


def test_what_is_not_known_is_left_out(report_of):
    assert facts(report_of(provenance=Provenance(), seeds=(3,))) == (
        "16 test dialogues (32 exchanges) · 1 seed"
    )


def test_facts_of_names_with_markup_are_shown_as_they_are(report_of):
    odd = RUN.replace(data="*mine*", planting=Planting(source="a`b", source_file="x_*.csv"))
    line = facts(report_of(provenance=odd))
    assert r"\*mine\*" in line
    assert "`a b`" in line
    assert r"(x\_\*.csv)" in line or r"(x_\*.csv)" in line
