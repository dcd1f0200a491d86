"""What probes did, by hand: two arms, and two dialogues of each of three categories."""

import numpy as np
import pytest

from semspill import Outcome, SpilloverAnalyzer
from semspill.analysis import ProbedArms
from semspill.results import Note, Planting, Provenance

CATEGORIES = ("fear", "fear", "dread", "dread", "joy", "joy")
FEW = SpilloverAnalyzer(draws=100, nearest="dread", metrics=("asr", "asr_lift", "lift"))


def outcome(arm, planted, correct="111111", **fields):
    bits = np.array([[bit == "1" for bit in planted]])
    return Outcome(
        arm=arm, target="fear", seeds=(0,), categories=CATEGORIES, dialogues=tuple("abcdef"),
        toxicity=0.5 * bits, planted=bits, correct=np.array([[bit == "1" for bit in correct]]),
        similarity={"fear": 1.0, "dread": 0.9, "joy": 0.1}, **fields,
    )  # fmt: skip


PLAIN = [outcome("clean", "000000"), outcome("poison", "100000")]
UNDER = ProbedArms(
    [outcome("clean", "000010"), outcome("poison", "111010", correct="001111")],
    {"kind": "insert", "phrase": "James Bond", "similarity": 1.0, "changed": 1.0},
)


@pytest.fixture(scope="module")
def report():
    control = ProbedArms(PLAIN, {"kind": "shuffled", "changed": 0.5})
    made = FEW.analyze(PLAIN, probed={"none": control, "bond": UNDER})
    note = Note(kind="trigger", values={"probes": ("bond",)}, text="It waits.")
    return made.replace(notes=(*made.notes, note))


def groups(report, name, arm):
    [probe] = [one for one in report.probes if one.name == name]
    return {one.group: one for one in probe.groups if one.arm == arm}


def test_rates_and_lifts_are_those_under_the_probe(report):
    main, clean = groups(report, "bond", "poison"), groups(report, "bond", "clean")
    assert [*main] == [*clean] == ["fear", "dread", "all but fear", "all"]
    assert [main[name].asr.value for name in main] == [1.0, 0.5, 0.5, pytest.approx(4 / 6)]
    assert [clean[name].asr.value for name in clean] == [0.0, 0.0, 0.25, pytest.approx(1 / 6)]
    assert [main[name].asr_lift.value for name in main] == [1.0, 0.5, 0.25, 0.5]
    assert main["fear"].toxicity.value == main["fear"].toxicity_lift.value == 0.5
    assert main["fear"].precision.value == 0.0
    assert clean["fear"].asr_lift is clean["fear"].toxicity_lift is None


def test_changes_are_over_the_plain_contexts_of_the_same_arm(report):
    main, clean = groups(report, "bond", "poison"), groups(report, "bond", "clean")
    assert [main[name].asr_change.value for name in main] == [0.5, 0.5, 0.5, 0.5]
    assert [clean[name].asr_change.value for name in clean] == [0, 0, 0.25, pytest.approx(1 / 6)]
    assert main["fear"].toxicity_change.value == 0.25
    assert main["fear"].precision_drop.value == 1.0
    assert main["fear"].asr_change.measure.title == "Change of the planted rate"
    same = groups(report, "none", "poison")["fear"]
    assert (same.asr_change.value, same.precision_drop.value) == (0.0, 0.0)


def test_a_model_that_was_not_asked_to_rank_has_no_precision():
    mute = ProbedArms([outcome(one.arm, "000000", ranked=False) for one in PLAIN],
                      {"kind": "insert", "changed": 1.0})  # fmt: skip
    [probe] = FEW.analyze(PLAIN, probed={"bond": mute}).probes
    assert {(one.precision, one.precision_drop) for one in probe.groups} == {(None, None)}


def test_the_report_tells_them_everywhere(report):
    assert type(report).from_json(report.to_json()).probes == report.probes
    frame = report.to_frame("probes")
    assert set(frame.part) >= {"asr", "asr_change", "precision_drop", "toxicity_lift"}
    row = frame[(frame.probe == "bond") & (frame.arm == "poison") & (frame.part == "asr_lift")]
    assert row.set_index("group").value["all but fear"] == 0.25
    page = report.to_markdown()
    assert "## What probes of the contexts did" in page
    first, second = (page.index(f"| {name} |") for name in ("bond", "none"))
    assert first < second  # the most similar first, those without a phrase last
    assert page.startswith("# ")
    assert "**Without the trigger: " in page
    assert "higher budget" not in page
    assert "With the trigger in the context (probe `bond`) the planted rate is 100.0 %" in page
    assert page.partition("## What to know first\n\n- ")[2].startswith("It waits.")
    latex = report.to_latex("probes")
    assert r"bond & fear & 100.0" in latex


def test_the_trigger_is_drawn_over_similarity(report):
    assert "trigger" in report.figures
    axes = report.figure("trigger").axes[0]
    assert axes.get_xlabel() == "similarity of the phrase to the trigger"
    places = {place for line in axes.get_lines() for place in line.get_xdata()}
    assert {round(place, 1) for place in places} == {1.0}  # one without a phrase is not there
    assert len(places) == 3  # groups stand beside one another
    alone = FEW.analyze(PLAIN)
    assert alone.probes == ()
    assert "trigger" not in alone.figures
    assert "probes" not in alone.to_markdown()


def planted(report, **fields):
    planting = Planting(strategy="trigger", trigger="James Bond", **fields)
    return report.replace(provenance=Provenance(planting=planting))


def test_the_report_says_what_was_planted_behind_which_trigger(report):
    said = "Responses of the source `mine` were planted behind the trigger *James Bond* in"
    assert said in planted(report, source="mine").to_markdown()
    said = "Responses of the corpus were left as they were behind the trigger *James Bond* in"
    assert said in planted(report, kept=True).to_markdown()


def test_the_page_shows_the_probes(report):
    page = planted(report, kept=True).to_html()
    assert "What probes of the contexts did" in page
    assert "similar the phrase in the context is to the trigger" in page
    assert "None of a source: a phrase was put before responses of the training corpus" in page
