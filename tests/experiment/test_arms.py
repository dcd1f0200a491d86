import copy

import numpy as np
import pytest

from semspill import ConfigError, DataError, ResponseSource, load_config, run
from semspill.experiment import read_outcomes
from semspill.poison import Manifest

pytestmark = [pytest.mark.no_cover, pytest.mark.usefixtures("blank_plots")]

ALL = ["clean", "poison", "train_only", "pool_only", "benign_swap"]


class Grumbles(ResponseSource):
    """Texts that the lexicon rates 1."""

    citation = "original"

    def load(self):
        return tuple(f"grumble number {i}" for i in range(20))


@pytest.fixture(scope="module")
def given_five(given_fields):
    return {
        **given_fields,
        "arms": ALL,
        "poisoner": {**given_fields["poisoner"], "source": Grumbles()},
        "rater": {"name": "lexicon", "words": {"grumble": 1.0}},
    }


@pytest.fixture
def five(given_five):
    return copy.deepcopy(given_five)


@pytest.fixture(scope="module")
def whole(given_five, blank_module, tmp_path_factory):
    """The folder of a finished run of all arms, and its report; read only."""
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("semspill.scoring._scorer.user_cache_dir", lambda name: folder / "cache")
        return folder / "out", run(given_five, out=folder / "out")


def scores(folder, arm, seed=0):
    with np.load(folder / f"seed-{seed}" / arm / "scores.npz") as arrays:
        return {name: arrays[name] for name in arrays.files}


def test_five_arms_take_three_trainings(five, trainings):
    report = run(five)
    assert [arm.name for arm in report.arms] == ALL
    fingerprints = [fingerprint for fingerprint, _ in trainings]
    assert len(fingerprints) == len(set(fingerprints)) == 3
    assert fingerprints[0] == report.provenance.fingerprints["train"]
    assert fingerprints[1] == report.provenance.fingerprints["poisoned"][0]
    assert trainings[0][1] == trainings[1][1] == trainings[2][1]  # they begin alike


def test_the_arms_are_what_they_are_called(five):
    report = run({**five, "model": {**five["model"], "finetuner": {"epochs": 8, "batch_size": 32}}})
    asr = {arm: report.group("all", arm).asr.value for arm in ALL}
    # Nothing planted is there to choose.
    assert asr["clean"] == asr["train_only"] == 0
    assert asr["poison"] > 0.02
    assert asr["benign_swap"] > 0.02
    # A model that was trained on planted responses chooses them where they were planted.
    brave = {arm: report.category("brave", arm).asr.value for arm in ALL}
    assert brave["poison"] > brave["pool_only"]
    toxicity = {arm: report.group("all", arm).toxicity.value for arm in ALL}
    # The rater knows one word, and it is planted in two pools only.
    assert toxicity["poison"] == pytest.approx(asr["poison"])
    assert toxicity["pool_only"] == pytest.approx(asr["pool_only"])
    assert toxicity["clean"] == toxicity["train_only"] == toxicity["benign_swap"] == 0


def test_arms_that_share_a_model_share_its_utility(whole):
    made = {arm: scores(whole[0], arm) for arm in ALL}
    for one, other in (("clean", "pool_only"), ("poison", "train_only")):
        assert np.array_equal(made[one]["correct"], made[other]["correct"])
        assert np.array_equal(made[one]["loss"], made[other]["loss"])
    assert not np.array_equal(made["clean"]["loss"], made["poison"]["loss"])
    assert not np.array_equal(made["poison"]["loss"], made["benign_swap"]["loss"])


def test_an_arm_is_the_same_whatever_other_arms_there_are(five, whole, tmp_path):
    for arm in ALL[1:]:
        run({**five, "arms": ["clean", arm]}, out=tmp_path / arm)
        alone, among = scores(tmp_path / arm, arm), scores(whole[0], arm)
        assert all(np.array_equal(alone[name], among[name]) for name in among if name != "record")


def test_an_interrupted_run_of_five_arms_gives_the_same_report(five, whole, interrupt, tmp_path):
    interrupt(3, five, out=tmp_path / "cut")
    assert (tmp_path / "cut.partial" / "seed-0" / "train_only" / "scores.npz").is_file()
    assert run(five, out=tmp_path / "cut").to_json() == whole[1].to_json()


def test_an_arm_that_lost_its_scores_is_trained_anew_alone(
    five, whole, interrupt, trainings, tmp_path
):
    interrupt(3, five, out=tmp_path / "cut")
    (tmp_path / "cut.partial" / "seed-0" / "pool_only" / "scores.npz").unlink()
    trainings.clear()
    assert run(five, out=tmp_path / "cut").to_json() == whole[1].to_json()
    # The clean model for pool_only, and the benign one that was interrupted.
    assert len(trainings) == 2


def test_the_benign_arm_has_a_manifest_of_its_own(whole):
    folder = whole[0] / "seed-0"
    harmful, benign = (
        Manifest.read(folder / name) for name in ("manifest.jsonl", "manifest-benign.jsonl")
    )
    place = [(r.dialogue, r.turn, r.sha256_before) for r in harmful.records]
    assert [(r.dialogue, r.turn, r.sha256_before) for r in benign.records] == place
    assert {r.sha256_after for r in benign.records}.isdisjoint(
        r.sha256_after for r in harmful.records
    )


def test_harmless_responses_can_come_from_elsewhere(five):
    class Teas(ResponseSource):
        citation = "original"

        def load(self):
            return ("grumble tea",)

    report = run({**five, "benign": Teas()})
    part = report.group("all", "benign_swap")
    assert part.toxicity.value == pytest.approx(part.asr.value)
    assert part.asr.value > 0


def test_an_arm_that_does_not_exist_is_refused(fields):
    with pytest.raises(ConfigError) as caught:
        load_config({**fields, "arms": ["clean", "train"]})
    assert "arms.1" in str(caught.value)
    assert "benign_swap" in str(caught.value)


def test_the_report_takes_the_lift_apart(whole):
    parts = {(p.group, p.quantity, p.part): p.estimate.value for p in whole[1].decomposition}
    brave = {part: value for (group, quantity, part), value in parts.items()
             if (group, quantity) == ("brave", "asr")}  # fmt: skip
    assert brave["total"] == pytest.approx(brave["pool"] + brave["training"] + brave["both"])
    assert brave["training"] == 0


# The rater's errors


def test_a_labelled_sample_corrects_the_share_of_toxic_responses(five, tmp_path):
    path = tmp_path / "labelled.csv"
    rows = [("grumble", 1)] * 8 + [("hum", 1)] * 2 + [("tea", 0)] * 10
    path.write_text("text,toxic\n" + "".join(f"{t} {i},{y}\n" for i, (t, y) in enumerate(rows)))
    report = run({**five, "labelled": {"path": path, "text": "text", "where": {"toxic": "1"}}})
    part = report.group("brave")
    # Sensitivity 0.8, specificity 1: the true share is the seen one over 0.8.
    assert part.corrected_share.value == pytest.approx(min(part.asr.value / 0.8, 1))
    note = report.notes[-1]
    assert note.kind == "rater_error"
    assert note.values == {
        "threshold": 0.5, "sensitivity": 0.8, "specificity": 1.0, "auc": pytest.approx(0.9),
    }  # fmt: skip
    assert "8 of 10 toxic texts at least 0.5 (sensitivity 0.80) and 10 of 10 harmless" in note.text


# Reading a finished run


def test_outcomes_are_read_back(five, tmp_path):
    five = {**five, "seeds": [0, 4], "arms": ["clean", "poison"]}
    report = run(five, out=tmp_path / "out")
    for folder in (tmp_path / "out", str(tmp_path / "out")):
        clean, poison = read_outcomes(folder)
        assert (clean.arm.name, poison.arm.name) == ("clean", "poison")
        assert poison.seeds == (0, 4)
        assert poison.toxicity.shape == (2, 96)
        assert poison.planted.mean() == pytest.approx(report.group("all").asr.value)
        assert poison.similarity == pytest.approx(dict(report.similarity))
    again = load_config(five).analyzer.analyze(list(read_outcomes(tmp_path / "out")))
    assert again.category("brave").asr == report.category("brave").asr


def test_unmasked_runs_are_read_back_too(five, tmp_path):
    run({**five, "arms": ["clean"]}, out=tmp_path / "out", show_text=True)
    assert len(read_outcomes(tmp_path / "out")) == 1


def test_what_is_no_finished_run_is_refused(five, tmp_path):
    with pytest.raises(DataError, match="holds no finished run"):
        read_outcomes(tmp_path)
    run({**five, "arms": ["clean"]}, out=tmp_path / "out")
    (tmp_path / "out" / "seed-0" / "clean" / "scores.npz").write_bytes(b"PK")
    with pytest.raises(DataError, match="is missing or broken; run the experiment again"):
        read_outcomes(tmp_path / "out")


# Arms of one's own


def test_an_arm_of_ones_own_does_what_its_roles_say(five):
    roles = {"name": "benign_train", "trains": "benign"}
    report = run({**five, "arms": ["clean", "poison", roles]})
    arm = report.arm("benign_train")
    assert (arm.planted, arm.pool, arm.baseline) == ("benign", "clean", "clean")
    assert report.group("all", "benign_train").asr.value == 0  # none among the candidates
    assert report.main_arm == "poison"


def test_a_preset_under_another_name_answers_alike(five):
    mine = {"name": "mine", "trains": "clean", "pool": "planted"}
    report = run({**five, "arms": ["clean", "pool_only", mine]})
    assert report.group("all", "mine").asr == report.group("all", "pool_only").asr


def test_an_arm_whose_roles_changed_is_answered_anew(five, interrupt, trainings, tmp_path):
    def config(trains):
        mine = {"name": "mine", "trains": trains, "pool": "planted"}
        return {**five, "arms": ["clean", mine, "train_only"]}

    interrupt(2, config("benign"), out=tmp_path / "out")
    with pytest.raises(ConfigError, match="another config"):
        run(config("poison"), out=tmp_path / "out")


def test_a_config_is_written_with_presets_by_name(fields):
    mine = {"name": "mine", "trains": "poison", "pool": "clean", "baseline": "clean"}
    config = load_config({**fields, "arms": ["clean", mine, {"name": "clean_too"}]})
    whole = {"trains": "clean", "pool": "clean", "baseline": "clean", "name": "clean_too"}
    assert config.model_dump(mode="json")["arms"] == ["clean", mine, whole]
    assert load_config(config.model_dump(mode="json")) == config


@pytest.mark.parametrize("name", ["", "a/b", "..", "a b", "x" * 65])
def test_an_arms_name_is_the_name_of_a_folder(fields, name):
    with pytest.raises(ConfigError, match=r"arms\.1\.name"):
        load_config({**fields, "arms": ["clean", {"name": name}]})
