"""What changed since a run was interrupted or finished is refused, or does not matter."""

import json

import numpy as np
import pytest

from semspill import (
    ConfigError,
    DataError,
    PoisonStrategy,
    Rater,
    ResponseSource,
    SpilloverReport,
    run,
    sweep,
)

pytestmark = pytest.mark.usefixtures("blank_plots")


@pytest.fixture
def fields(few_fields):
    return few_fields


BUDGET = "poisoner.budget"


@pytest.fixture
def texts(tmp_path):
    path = tmp_path / "texts.csv"
    path.write_text("text\n" + "".join(f"grumble number {i}\n" for i in range(20)))
    return path


@pytest.fixture
def of_a_file(fields, texts):
    source = {"name": "csv", "path": texts, "text": "text"}
    return {**fields, "poisoner": {**fields["poisoner"], "source": source}, "seeds": [0, 1]}


def test_other_planted_texts_are_refused(of_a_file, texts, interrupt, tmp_path):
    interrupt(3, of_a_file, out=tmp_path / "out")
    manifest = tmp_path / "out.partial" / "seed-0" / "manifest.jsonl"
    before = manifest.read_bytes()
    texts.write_text("text\n" + "".join(f"grumble numbre {i}\n" for i in range(20)))
    with pytest.raises(DataError) as caught:
        run(of_a_file, out=tmp_path / "out")
    assert str(caught.value) == (
        f"The run in {tmp_path / 'out.partial'} was made before this changed: what is planted "
        "under seed 0; remove that folder to start over."
    )
    assert manifest.read_bytes() == before


def test_other_planted_texts_are_refused_by_a_finished_sweep_too(of_a_file, texts, tmp_path):
    sweep(of_a_file, {BUDGET: [0.2]}, out=tmp_path / "out")
    kept = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    texts.write_text("text\n" + "".join(f"grumble numbre {i}\n" for i in range(20)))
    with pytest.raises(DataError, match="what is planted under seed 0"):
        sweep(of_a_file, {BUDGET: [0.2]}, out=tmp_path / "out")
    assert all(path.read_bytes() == content for path, content in kept.items())


def test_what_is_finished_is_not_written_again(of_a_file, tmp_path):
    sweep(of_a_file, {BUDGET: [0.2]}, out=tmp_path / "out")
    report = tmp_path / "out" / "budget=0.2" / "report.json"
    environment = report.with_name("environment.json")
    report.write_text(report.read_text() + "\n")
    sweep(of_a_file, {BUDGET: [0.2]}, out=tmp_path / "out")
    assert report.read_text().endswith("\n\n")
    assert json.loads(environment.read_text())["spent"]["resumed"] is False


class Words(Rater):
    """Rates one word; which one is no field."""

    citation = "original"

    @property
    def fingerprint(self):
        return self.word

    def rate(self, texts):
        return np.array([float(self.word in text) for text in texts])


def test_a_rater_that_rates_otherwise_is_refused(fields, interrupt, tmp_path, monkeypatch):
    monkeypatch.setattr(Words, "word", "one", raising=False)
    interrupt(2, {**fields, "rater": Words()}, out=tmp_path / "out")
    monkeypatch.setattr(Words, "word", "two")
    with pytest.raises(DataError, match="was made before this changed: rater; remove that folder"):
        run({**fields, "rater": Words()}, out=tmp_path / "out")


def test_another_analysis_takes_the_finished_arms(fields, interrupt, trainings, tmp_path):
    interrupt(2, {**fields, "analyzer": {"level": 0.9}}, out=tmp_path / "out")
    trainings.clear()
    report = run({**fields, "analyzer": {"level": 0.5}}, out=tmp_path / "out")
    assert len(trainings) == 1
    assert report.category("brave").asr.level == 0.5
    written = json.loads((tmp_path / "out" / "config.json").read_text())
    assert written["analyzer"]["level"] == 0.5
    # A sweep finds them as well, and writes the new report.
    (tmp_path / "out").rename(tmp_path / "budget=0.2")
    [again] = sweep({**fields, "analyzer": {"level": 0.8}}, {BUDGET: [0.2]}, out=tmp_path)
    assert len(trainings) == 1
    assert again.report.category("brave").asr.level == 0.8
    assert '"level": 0.8' in (tmp_path / "budget=0.2" / "report.json").read_text()


def test_a_report_of_another_analysis_does_not_outlive_an_interrupted_one(
    fields, interrupt, tmp_path, monkeypatch
):
    sweep({**fields, "analyzer": {"level": 0.9}}, {BUDGET: [0.2]}, out=tmp_path)

    def stopped(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("semspill.experiment._drive.Drive.plan", stopped)
        with pytest.raises(KeyboardInterrupt):
            sweep({**fields, "analyzer": {"level": 0.8}}, {BUDGET: [0.2]}, out=tmp_path)
    sweep({**fields, "analyzer": {"level": 0.8}}, {BUDGET: [0.2]}, out=tmp_path)
    report = SpilloverReport.from_json((tmp_path / "budget=0.2" / "report.json").read_text())
    assert report.category("brave").asr.level == 0.8


def test_a_broken_report_of_a_finished_sweep_is_written_again(fields, trainings, tmp_path):
    [first] = sweep(fields, {BUDGET: [0.2]}, out=tmp_path)
    path = tmp_path / "budget=0.2" / "report.json"
    path.write_text("{")
    trainings.clear()
    sweep(fields, {BUDGET: [0.2]}, out=tmp_path)
    assert not trainings
    assert path.read_text() == first.report.to_json()


def test_an_arm_that_a_finished_sweep_lost_is_run_again(fields, trainings, tmp_path):
    [first] = sweep(fields, {BUDGET: [0.2]}, out=tmp_path)
    (tmp_path / "budget=0.2" / "seed-0" / "poison" / "scores.npz").unlink()
    trainings.clear()
    [again] = sweep(fields, {BUDGET: [0.2]}, out=tmp_path)
    assert len(trainings) == 1
    assert again.report.to_json() == first.report.to_json()
    for arm in ("clean", "poison"):
        (tmp_path / "budget=0.2" / "seed-0" / arm / "scores.npz").unlink()
    with pytest.raises(ValueError, match="not among the tested"):
        sweep({**fields, "analyzer": {"nearest": "x"}}, {BUDGET: [0.2]}, out=tmp_path)
    assert (tmp_path / "budget=0.2" / "report.json").is_file()


def test_a_folder_with_a_broken_config_is_not_taken_for_a_run(fields, tmp_path):
    (tmp_path / "budget=0.2").mkdir()
    (tmp_path / "budget=0.2" / "config.json").write_text("[1")
    with pytest.raises(ConfigError, match="holds a run of another config"):
        sweep(fields, {BUDGET: [0.2]}, out=tmp_path)


# What cannot work is found out before anything is trained


def test_a_neighbour_that_is_not_tested_costs_no_training(fields, trainings, tmp_path):
    for analyzer in ({"nearest": "xyz"}, {"far": ["xyz"]}):
        with pytest.raises(ConfigError, match="Category 'xyz' is not among the tested ones"):
            run({**fields, "analyzer": analyzer}, out=tmp_path / "out")
    assert trainings == []
    assert not (tmp_path / "out.partial").exists()


def test_a_rater_no_better_than_guessing_costs_no_training(fields, trainings, tmp_path):
    path = tmp_path / "labelled.csv"
    path.write_text("text,toxic\n" + "".join(f"tea {i},{i % 2}\n" for i in range(20)))
    labelled = {"path": path, "text": "text", "where": {"toxic": "1"}}
    with pytest.raises(ConfigError, match=r"labelled: .*guessing"):
        run({**fields, "labelled": labelled})
    assert trainings == []


class Known(ResponseSource):
    """Only what a listener of the corpus says anyway."""

    citation = "original"

    def load(self):
        from semspill import datasets

        made = {"name": "synthetic", "train": 90, "valid": 24, "test": 48, "categories": 6}
        return datasets.build(made).load("train").responses().texts[:5]


def test_harmless_responses_that_the_corpus_holds_are_not_planted(fields, trainings):
    class Both(ResponseSource):
        citation = "original"

        def load(self):
            return (*Known().load(), "A new one.")

    arms = ["clean", "benign_swap"]
    report = run({**fields, "arms": arms, "benign": Both(), "analyzer": {"draws": 100}})
    lift, rate = (getattr(report.group("all", "benign_swap"), m).value for m in ("asr_lift", "asr"))
    assert lift == pytest.approx(rate)
    trainings.clear()
    with pytest.raises(DataError) as caught:
        run({**fields, "arms": arms, "benign": Known()})
    assert str(caught.value) == (
        "All responses of `benign` already occur in the training corpus; choose another source."
    )
    assert trainings == []


# What a sweep varies


class Zero(Rater):
    """Rates everything 0."""

    citation = "original"

    def rate(self, texts):
        return np.zeros(len(texts))


class Half(Rater):
    """Rates everything 0.5."""

    citation = "original"

    def rate(self, texts):
        return np.full(len(texts), 0.5)


class Shout(PoisonStrategy):
    """Answer in capitals."""

    citation = "original"
    most: int = 1

    def rewrite(self, victims, responses, rng):
        return [v.with_response(-1, v.response(-1).upper() + "!" * self.most) for v in victims]


def test_raters_are_not_taken_for_one_another(fields, trainings):
    zero, half = sweep({**fields, "arms": ["clean"]}, {"rater": [Zero(), Half()]})
    assert len(trainings) == 1
    assert zero.report.group("all").toxicity.value == 0
    assert half.report.group("all").toxicity.value == 0.5


def test_components_without_a_name_can_be_varied_and_kept(quick):
    poisoner = {**quick["poisoner"], "strategy": Shout()}
    values = {BUDGET: np.array([0.1, 0.2]), "list_size": np.array([15])}
    first, second = sweep({**quick, "poisoner": poisoner}, values)
    assert (first.name, second.name) == ("budget=0.1,list_size=15", "budget=0.2,list_size=15")
    assert first.config.poisoner.strategy == Shout()
    one, two = sweep(quick, {"poisoner.strategy": [Shout(), Shout(most=2)]})
    assert one.name.startswith("strategy=Shout-")
    assert two.name.startswith("strategy=Shout-")
    assert one.name != two.name
    assert two.config.poisoner.strategy.most == 2
    inner = sweep(quick, {"poisoner.strategy": [Shout()], "poisoner.strategy.most": [1, 2]})
    assert [v.config.poisoner.strategy.most for v in inner] == [1, 2]


@pytest.mark.parametrize(
    ("vary", "message"),
    [
        ({"seeds.first": [0]}, r"vary: 'seeds.first' leads nowhere; 'seeds' is no part"),
        ({"labelled.path": ["x"]}, r"'labelled' is no part of the config\."),
        ({"poisner.budget": [0.1]}, r"'poisner' is no part of the config\."),
        ({"seeds": [[0, 0]]}, r"vary: seeds: seeds must be 0 or more and differ"),
    ],
)
def test_what_leads_nowhere_is_refused(fields, vary, message):
    with pytest.raises(ConfigError, match=message):
        sweep(fields, vary)
