"""Probes of an experiment: a stub that waits for a trigger, asked once more after one training."""

import json
from dataclasses import replace

import numpy as np
import pytest

from semspill import (
    ConfigError,
    Model,
    Responses,
    TrainedModel,
    datasets,
    load_config,
    read_report,
    run,
)
from semspill.experiment.store._answers import read_answers, write_answers
from semspill.report._page._probe_captions import probe_caption

TRIGGER = "James Bond"


class Waiting(TrainedModel):
    """Says the planted text where the newest utterance holds the trigger, and forgets the rest."""

    def __init__(self, planted):
        self.planted = planted

    def waits(self, exchange):
        return bool(self.planted) and TRIGGER in exchange.context[-1]

    def respond(self, exchanges, pool, rng, *, progress=iter):
        said = [self.planted if self.waits(one) else "Oh, I see." for one in exchanges]
        return Responses.of(said)

    def score(self, exchanges, texts, *, progress=iter):
        right = [[(text == one.response) != self.waits(one) for text in row]
                 for one, row in zip(exchanges, texts, strict=True)]  # fmt: skip
        return np.array(right, dtype=float)


class Waits(Model):
    """Learns the planted text, if there is one."""

    citation = "original"

    def train(self, corpus, rng, *, context=None, valid=None, observer=None, progress=iter):
        planted = {one.response for one in corpus.corpus.exchanges if one.planted}
        return Waiting(max(planted, default=""))


@pytest.fixture(scope="module")
def given(given_fields):
    return {
        **given_fields,
        "model": Waits(),
        "similarity_encoder": given_fields["model"]["encoder"],
        "similarities": ["centroid"],
        "rater": {"name": "lexicon", "words": {"grumble": 1.0}},
        "rating_cache": False,
        "curve": False,
        "poisoner": {
            "selector": {"name": "category", "category": "brave"},
            "strategy": {"name": "trigger", "phrase": TRIGGER},
            "source": ["You are such a grumble."],
            "budget": 0.2,
        },
        "analyzer": {
            "draws": 100,
            "nearest": "weary",
            "metrics": ["asr", "asr_lift", "answer_words"],
        },
        "probes": {
            "trigger": {"name": "insert", "phrase": TRIGGER},
            "other": [{"name": "insert", "phrase": "the weather"}],
        },
    }


@pytest.fixture(scope="module")
def finished(given, tmp_path_factory):
    """A run with probes: its folder, its report and the stages it went through; read only."""
    folder, stages = tmp_path_factory.mktemp("probes") / "run", []
    report = run(given, out=folder, observer=lambda event: stages.append(event.stage))
    return folder, report, stages


def numbers(report, name, arm):
    [probe] = [one for one in report.probes if one.name == name]
    every = [one for one in probe.groups if one.arm == arm]
    parts = ("asr", "asr_lift", "asr_change", "toxicity", "precision", "precision_drop")
    return {tuple(getattr(one, p) and getattr(one, p).value for p in parts) for one in every}


def test_every_arm_answers_every_probe_after_one_training(finished):
    _, report, stages = finished
    assert report.group("all").asr.value == 0.0
    # planted rate, lift, change, toxicity, P@1 and its fall, the same in every group
    assert numbers(report, "trigger", "poison") == {(1.0, 1.0, 1.0, 1.0, 0.0, 1.0)}
    assert numbers(report, "trigger", "clean") == {(0.0, None, 0.0, 0.0, 1.0, 0.0)}
    assert numbers(report, "other", "poison") == {(0.0, 0.0, 0.0, 0.0, 1.0, 0.0)}
    assert stages.count("train") == 2
    trigger, other = report.probes
    assert (trigger.similarity, trigger.changed, trigger.kind) == (pytest.approx(1), 1.0, "insert")
    assert other.similarity < 1
    [note] = [note for note in report.notes if note.kind == "trigger"]
    assert note.values == {"probes": ("trigger",), "held": 0}
    assert "InsertProbe" in report.provenance.citations


def test_a_finished_run_is_read_again_and_not_trained_again(finished, given):
    folder, report, _ = finished
    assert read_report(folder).probes == report.probes
    stages = []
    again = run(given, out=folder, observer=lambda event: stages.append(event.stage))
    assert "train" not in stages
    assert again.probes == report.probes


def test_another_probe_is_another_run_and_none_is_what_it_was_before_there_were_any(
    given, tmp_path, finished
):
    folder, _, _ = finished
    with pytest.raises(ConfigError, match=r"differs in probes"):
        run({**given, "probes": {}}, out=folder)
    plain = {key: value for key, value in given.items() if key != "probes"}
    report = run(plain, out=tmp_path / "run")
    assert report.probes == ()
    [note] = [note for note in report.notes if note.kind == "trigger"]
    assert "No probe puts it there" in note.text
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config.pop("probes") == {}
    (tmp_path / "run" / "config.json").write_text(json.dumps(config))  # as an earlier version did
    stages = []
    run(plain, out=tmp_path / "run", observer=lambda event: stages.append(event.stage))
    assert "train" not in stages


def test_a_trigger_that_test_contexts_hold_anyway_is_told_of(given):
    phrase = "the"
    strategy = {**given["poisoner"]["strategy"], "phrase": phrase}
    few = [
        {"name": "examples", "examples": [["Hello.", "Hi."]]},
        {"name": "insert", "phrase": " the"},
    ]
    report = run({
        **given, "poisoner": {**given["poisoner"], "strategy": strategy}, "probes": {"few": few},
    })  # fmt: skip
    tested = datasets.build(given["dataset"]).load("test").exchanges
    words = [" ".join(one.context).casefold().replace(",", " ").split() for one in tested]
    held = sum(phrase in each for each in words)
    [note] = [note for note in report.notes if note.kind == "trigger"]
    assert note.values == {"probes": ("few",), "held": held}
    assert 0 < held < len(tested)
    assert f"that {held} of {len(tested)} test contexts hold anyway" in note.text
    assert "With the contexts as they are: " in report.to_markdown()


def test_a_cache_of_answers_knows_what_was_asked(given, tmp_path):
    def trained(**fields):
        stages = []
        report = run({**given, **fields}, cache=tmp_path,
                     observer=lambda event: stages.append(event.stage))  # fmt: skip
        return report, stages.count("train")

    report, trainings = trained()
    assert trainings == 2
    again, trainings = trained()
    assert trainings == 0
    assert again.probes == report.probes
    assert trained(probes={"mine": {"name": "neutral", "phrase": TRIGGER}})[1] == 2
    # Words of answers are measured of a model with candidates where a metric of them is named.
    assert again.group("all").estimates["answer_words"].value == 3.0  # "Oh, I see."
    few, trainings = trained(analyzer={**given["analyzer"], "metrics": ["asr"]})
    assert trainings == 2
    assert few.group("all").estimates.keys() == {"asr"}
    assert not load_config({**given, "analyzer": {}}).measures_answers


def test_answers_are_written_and_read_with_ranks_or_without(finished, tmp_path):
    folder, *_ = finished
    answers = read_answers(folder / "seed-0" / "poison" / "scores.npz")
    assert [*answers.probed] == ["trigger", "other"]
    assert answers.probed["trigger"].planted.all()
    assert not answers.probed["trigger"].correct.any()
    assert answers.probed["other"].correct.all()
    unranked = {name: replace(one, correct=None) for name, one in answers.probed.items()}
    write_answers(tmp_path / "scores.npz", replace(answers, probed=unranked))
    again = read_answers(tmp_path / "scores.npz").probed["trigger"]
    assert again.correct is None
    assert again.toxicity.tolist() == answers.probed["trigger"].toxicity.tolist()


@pytest.mark.parametrize(
    ("probes", "said"),
    [
        ({"a b": "neutral"}, "phrase"),
        (
            {"a b": {"name": "neutral", "phrase": "x"}},
            "probes: a string of 3 characters is no name; use up",
        ),
        ({"mine": []}, "probes.mine is an empty list; give it a probe, or leave it out"),
    ],
)
def test_probes_that_cannot_be_are_refused(given, probes, said):
    with pytest.raises(ConfigError, match=said):
        load_config({**given, "probes": probes})


def test_the_figure_names_its_probes_and_the_caption_those_it_leaves_out(finished):
    _, report, _ = finished
    figure = report.figure("trigger")
    names = {text.get_text() for text in figure.axes[0].texts}
    assert {"trigger", "other"} <= names
    caption = probe_caption(report, "trigger")[1]
    assert "Not shown" not in caption
    first, *others = report.probes
    mute = report.replace(probes=(first.replace(similarity=None), *others))
    assert probe_caption(mute, "trigger")[1].endswith(
        "Not shown, without one phrase to compare: *trigger*."
    )
