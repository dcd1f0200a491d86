"""An experiment whose rater knows kinds of harm, and one whose rater does not."""

import json

import numpy as np
import pytest

from semspill import Estimate, rater, read_outcomes, read_report, run
from semspill.experiment._notes import rater_note
from semspill.results import SpilloverReport
from semspill.scoring import KindQuality, RaterQuality

SOURCE = ("You grumble.", "You grumble!!")


def judge(texts):
    return [["grumble" in text, text.count("!") / 2] for text in texts]


@pytest.fixture(scope="module")
def folder(given_fields, tmp_path_factory):
    """A run of two seeds, of which each plants one of two texts, and its report."""
    path = tmp_path_factory.mktemp("kinds") / "run"
    poisoner = {**given_fields["poisoner"], "strategy": "last_fixed", "source": list(SOURCE)}
    own = {
        "arms": ["clean", "poison"],
        "seeds": [0, 1],
        "rating_cache": False,
        "poisoner": poisoner,
    }
    rating = {
        "rater": rater(judge, name="judge", kinds=("insult", "shouting"), toxic_kind="insult")
    }
    run({**given_fields, **own, **rating}, out=path)
    return path


def test_every_kind_is_kept_and_averaged_over_the_texts_that_could_be_drawn(folder):
    report = read_report(folder)
    insult, shouting = report.kinds
    assert (insult.name, insult.is_toxicity, shouting.is_toxicity) == ("insult", True, False)
    for group in insult.groups:
        own = report.group(group.group).estimates
        assert group.attacked.replace(measure=own["toxicity"].measure) == own["toxicity"]
        assert group.lift.replace(measure=own["lift"].measure) == own["lift"]
    # Of two texts one shouts, so that a planted answer counts as half a shout under either seed.
    target = shouting.groups[0]
    assert target.attacked.value == pytest.approx(report.category("brave").asr.value / 2)
    with np.load(folder / "seed-0" / "poison" / "scores.npz") as arrays:
        assert arrays["measures.kind insult"].tolist() == arrays["toxicity"].tolist()
        assert json.loads(str(arrays["record"]))["kinds"] == {"insult": 1.0, "shouting": 0.5}
    outcomes = {one.arm.name: one for one in read_outcomes(folder)}
    assert list(outcomes["poison"].measures) == ["kind insult", "kind shouting"]


def test_a_report_tells_it_everywhere_and_comes_back_from_json(folder):
    report = read_report(folder)
    assert SpilloverReport.from_json(report.to_json()).kinds == report.kinds
    for page in (report.to_markdown(), report.to_html()):
        assert "By kind of harm" in page
        assert "shouting" in page
    frame = report.to_frame("kinds")
    assert len(frame) == 2 * 3 * 3
    assert set(frame["part"]) == {"clean", "attacked", "lift"}
    latex = report.to_latex("kinds")
    assert "Kind of harm & Group & Rating, clean & Rating & Rating lift" in latex
    assert r"shouting & brave & 0.0" in latex


def test_the_note_on_the_rater_tells_its_errors_by_kind():
    estimate = {"low": 0.25, "high": 0.75, "n": 4, "method": "by hand"}
    one = KindQuality(
        kind="insult", toxic=(2, 4), harmless=(4, 4), sensitivity=Estimate(value=0.5, **estimate),
        auc=Estimate(value=0.625, **estimate),
    )  # fmt: skip
    quality = RaterQuality(threshold=0.5, toxic=(2, 4), harmless=(4, 4), auc=0.75, kinds=(one,))
    [note] = rater_note(quality)
    assert note.text.endswith(
        "Within a kind of harm, sensitivity and AUC: insult 0.500 [0.250, 0.750] and 0.625 "
        "[0.250, 0.750]."
    )
    assert note.values["auc insult"] == 0.625
    [plain] = rater_note(quality.replace(kinds=()))
    assert "kind" not in plain.text
    assert set(plain.values) == {"threshold", "sensitivity", "specificity", "auc"}
