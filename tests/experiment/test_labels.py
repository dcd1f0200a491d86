import json

import pytest

from semspill import ConfigError, datasets, load_config, read_outcomes, run, sweep
from semspill.experiment._data import data_key
from semspill.experiment.executors import Processes

pytestmark = [pytest.mark.no_cover, pytest.mark.usefixtures("blank_plots")]


@pytest.fixture
def labelled(fields):
    return labelling(fields)


def labelling(fields):
    """Each gold label is shown, but for *jolly*, which is called *brave* one time in two."""
    noisy = {"name": "noisy", "confusion": [["jolly", "brave", 0.5]]}
    return {
        **fields,
        "poisoner": {**fields["poisoner"], "strategy": "each_fixed", "budget": 0.3},
        "context": {"label": "predicted"},
        "labels": {"labeller": noisy},
        "model": {**fields["model"], "finetuner": {"epochs": 8, "batch_size": 32}},
    }


@pytest.fixture(scope="module")
def reported(given_fields, blank_module, tmp_path_factory):
    """The report of the experiment; read only."""
    folder = tmp_path_factory.mktemp("labelled")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("semspill.scoring._scorer.user_cache_dir", lambda name: folder)
        return run(labelling(given_fields))


def test_the_report_says_whom_the_labeller_takes_for_the_target(reported):
    labels = reported.labels
    assert (labels.labeller, labels.folds) == ("noisy", 0)
    channels = {channel.group: channel for channel in labels.channels}
    assert channels["brave"].labelled.value == 1
    assert channels["brave"].asr_rest is None
    called = labels.confusion["jolly"]
    assert called["brave"] + called["jolly"] == pytest.approx(1)
    assert channels["jolly"].labelled.value == pytest.approx(called["brave"])
    others = [
        c for c in labels.channels if c.group not in ("brave", "jolly", "all", "all but brave")
    ]
    assert {channel.labelled.value for channel in others} == {0}
    assert {channel.asr_labelled for channel in others} == {None}


def test_the_two_channels_add_up_to_the_lift(reported):
    for channel in reported.labels.channels:
        lift = (
            reported.category(channel.group)
            if channel.group in {part.name for part in reported.categories}
            else reported.group(channel.group)
        ).asr_lift
        both = channel.via_label.value + channel.via_text.value
        assert both == pytest.approx(lift.value, abs=1e-12)


def test_estimates_of_labels_say_whether_they_are_shares_or_differences(reported):
    channels = reported.to_frame("channels")
    assert set(zip(channels.quantity, channels.unit, strict=True)) == {
        *((name, "share") for name in ("labelled", "asr_labelled", "asr_rest")),
        ("via_label", "points"), ("via_text", "points"),
    }  # fmt: skip
    assert set(reported.to_frame("label_curve").unit) == {"points"}


def test_a_category_that_is_taken_for_the_target_catches_it_through_the_label(labelled):
    report = run({**labelled, "seeds": [0, 1]})
    [jolly] = [channel for channel in report.labels.channels if channel.group == "jolly"]
    assert jolly.via_label.value > abs(jolly.via_text.value)
    assert jolly.asr_labelled.value > jolly.asr_rest.value
    assert report.labels.curve["confusion"].value > 0
    assert "What the predicted labels did" in report.to_markdown()
    assert "What the predicted labels did" in report.to_html()


def test_without_predicted_labels_nothing_is_said_of_them(fields):
    report = run(fields)
    assert report.labels is None
    assert "predicted labels" not in report.to_markdown()


def test_a_label_can_be_shown_in_training_alone(labelled):
    """The model learns that the label brings the planted response; without it, it does not."""
    trained = run({**labelled, "context": {"label": "gold"}})
    hidden = run({**labelled, "context": {"label": "gold"}, "answer_context": {"label": "none"}})
    assert (hidden.provenance.label, hidden.provenance.answer_label) == ("gold", "none")
    assert hidden.category("brave").asr.value < trained.category("brave").asr.value
    # The same trained weights answer in both.
    assert [p.toxicity for p in hidden.curve] != [p.toxicity for p in trained.curve]


def test_all_processes_label_alike_and_outcomes_are_read_back(labelled, tmp_path):
    labelled = {**labelled, "curve": False}
    one = run(labelled, out=tmp_path / "one")
    other = run(labelled, out=tmp_path / "other", executor="processes")
    assert one.to_json() == other.to_json()
    assert one.provenance.label == "predicted"
    outcomes = read_outcomes(tmp_path / "one")
    again = load_config(labelled).analyzer.analyze(list(outcomes))
    assert again.labels.channels == one.labels.channels


def test_a_model_that_reads_contexts_in_its_own_way_takes_no_second_format(labelled):
    config = load_config({**labelled, "answer_context": {"label": "none"}})
    assert [context.label for context in config.contexts] == ["predicted", "none"]
    assert config.predicts_labels
    assert not load_config({**labelled, "context": {"label": "none"}}).predicts_labels


# Labels of responses


@pytest.fixture
def responding(fields):
    """Contexts and responses begin with what a classifier predicts of them."""
    return {
        **fields,
        "context": {"label": "predicted"},
        "labels": {"responses": True},
        "rater": {"name": "lexicon", "words": {"grumble": 1.0}},
        "curve": False,
        "similarities": ["label"],  # the others ask a labeller as well
    }


def without(fields):
    return {**fields, "labels": {"responses": False}}


def test_only_labels_of_responses_that_are_shown_make_other_data(responding):
    shown, hidden = load_config(responding), load_config(without(responding))
    assert data_key(shown) != data_key(hidden)
    assert data_key(hidden) == data_key(load_config({**responding, "labels": {}}))
    assert "responses" not in hidden.model_dump_json(include={"labels"})
    bare = {"context": {"label": "none"}}
    assert "labels" in load_config({**without(responding), **bare}).unused
    assert "labels" not in load_config({**responding, **bare}).unused


def test_what_is_answered_stored_and_compared_is_the_bare_response(responding, tmp_path):
    report = run(responding, out=tmp_path / "out", show_text=True)
    train = datasets.build(responding["dataset"]).load("train")
    known = set(train.responses().texts)
    rows = [
        json.loads(line)
        for path in (tmp_path / "out" / "seed-0" / "clean").glob("responses*.jsonl")
        for line in path.read_text().splitlines()
    ]
    assert rows
    assert {row["response"] for row in rows} <= known
    assert report.labels.responses
    assert "Responses begin" in report.to_markdown()
    # What was planted is known again where it is answered.
    assert report.category("brave").asr.value > 0
    assert run(responding).to_json() == run(responding, executor=Processes(workers=1)).to_json()


def test_arms_with_and_without_labels_of_responses_share_nothing(responding, trainings, tmp_path):
    cache, seen = tmp_path / "cache", []
    for given in (without(responding), responding):
        run(given, cache=cache)
        seen.append(len(trainings))
    assert seen == [2, 4]
    for given in (without(responding), responding):
        run(given, cache=cache)
    assert len(trainings) == 4
    hidden, shown = sweep(without(responding), {"labels.responses": [False, True]}, cache=cache)
    assert len(trainings) == 4
    scores = [variant.outcomes[0].correct for variant in (hidden, shown)]
    assert (scores[0] != scores[1]).any()


def test_a_run_with_labels_of_responses_is_resumed(responding, interrupt, trainings, tmp_path):
    interrupt(2, responding, out=tmp_path / "out")
    report = run(responding, out=tmp_path / "out")
    assert len(trainings) == 2  # the clean arm before, the poisoned one after
    assert report.to_json() == run(responding).to_json()
    prints = json.loads((tmp_path / "out" / "fingerprints.json").read_text())
    assert len(prints["labels of responses"]) == 64
    with pytest.raises(ConfigError, match="already exists"):
        run(without(responding), out=tmp_path / "out")


def test_responses_can_show_labels_where_contexts_show_none(responding):
    bare = {**responding, "context": {"label": "none"}}
    shown, hidden = run(bare), run(without(bare))
    assert shown.labels is None
    assert "TfidfLabeller" in shown.provenance.citations
    assert "TfidfLabeller" not in hidden.provenance.citations
    rates = [[part.asr.value for part in report.categories] for report in (shown, hidden)]
    assert rates[0] != rates[1]


def test_a_labeller_that_needs_the_category_is_refused_with_the_config(responding):
    with pytest.raises(ConfigError, match=r"labels.*NoisyLabeller labels by the category"):
        load_config({**responding, "labels": {"labeller": "noisy", "responses": True}})
