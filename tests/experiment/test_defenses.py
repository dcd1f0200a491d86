"""Defenses as arms of an experiment: what is trained, what is shared, what is refused."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from semspill import (
    ConfigError,
    DataError,
    ExperimentConfig,
    PluginError,
    TrainedModel,
    defenses,
    run,
    sweep,
)
from semspill.defenses import Cleaner, Detector, OutputGuard, Repair, TrainingDefense
from semspill.experiment import load_config

pytestmark = pytest.mark.usefixtures("blank_module")


class Told(Detector):
    """Finds what begins with the word that the tests plant; sees no marks."""

    citation = "original"

    def suspicion(self, corpus, aid, rng):
        assert not any(exchange.planted for exchange in corpus.exchanges)
        return np.array([float("grumble" in one.response) for one in corpus.exchanges])


class Brief(TrainingDefense):
    """Trains on contexts of one utterance, and answers those of four."""

    citation = "original"

    def contexts(self, training, answering):
        return training.replace(turns=1), answering


class Half(TrainingDefense):
    """Trains on every other dialogue."""

    citation = "original"

    def prepare(self, corpus, aid, rng):
        return replace(corpus, dialogues=corpus.dialogues[::2], labels=())


class Parrot(TrainedModel):
    """Says one thing."""

    def respond(self, exchanges, pool, rng, *, progress=None):
        from semspill import Responses

        return Responses.of(["Is that so?"] * len(exchanges))


class Replaced(Repair):
    """Another model in place of the trained one."""

    citation = "original"

    def repair(self, model, corpus, aid, rng):
        return Parrot()


@pytest.fixture
def planted(fields):
    """An experiment that plants a word which a detector knows."""
    texts = [f"grumble number {n}" for n in range(40)]
    fields["poisoner"]["source"] = texts
    return {**fields, "curve": False}


def told(**fields):
    return Cleaner(detector=Told(), threshold=0.5, **fields)


def lines_of(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def trainings_of(config, **options):
    """Run, and return the report and how many models were trained."""
    seen = []
    report = run(config, observer=seen.append, **options)
    return report, seen[-1].trained


def test_a_defense_adds_the_attacked_arm_its_control_and_the_honest_one(planted):
    given = {"filter": told(), "brief": Brief(), "both": [Brief(), told()]}
    config = ExperimentConfig(**planted, defenses=given)
    names = [arm.name for arm in config.all_arms]
    assert names == [
        *("clean", "poison"),
        *("poison+filter", "poison+filter.control", "clean+filter"),
        *("poison+brief", "clean+brief"),
        *("poison+both", "poison+both.control", "clean+both"),
    ]
    roles = {arm.name: (arm.trains, arm.pool, arm.baseline) for arm in config.all_arms}
    assert roles["poison+both.control"] == ("poison", "planted", "clean")
    assert roles["clean+both"] == ("clean", "clean", "clean")
    both = config.treatment(config.all_arms[-1])
    assert [type(part) for part in both.parts] == [Cleaner, Brief]


def test_a_config_of_defenses_is_read_as_it_was_written(fields):
    given = {
        "filter": {"name": "cleaner", "detector": "frequency", "share": 0.1},
        "two": [{"name": "cleaner", "detector": "random", "share": 0.1, "where": "pool"}],
    }
    config = ExperimentConfig(**fields, defenses=given)
    assert ExperimentConfig(**json.loads(config.model_dump_json())) == config
    assert config.defenses["filter"][0].detector == defenses.build("frequency")


@pytest.mark.parametrize(
    ("given", "more", "says"),
    [
        ({"d": "frequency"}, {}, "only scores"),
        ({"a b": told()}, {}, "folder's name"),
        ({"d.control": told()}, {}, "another end than .control"),
        ({"d": told()}, {"arms": ["clean"]}, "an arm to defend"),
        (
            {"d": {"name": "cleaner", "detector": {"name": "toxicity", "rater": "lexicon"},
                   "share": 0.1}},
            {},
            "the rater that scores the outcome",
        ),
        ({}, {"trusted_split": "test"}, "neither"),
    ],
)  # fmt: skip
def test_what_cannot_be_applied_is_refused_before_anything_is_trained(planted, given, more, says):
    with pytest.raises(ConfigError, match=says):
        ExperimentConfig(**{**planted, "defenses": given, **more})


def test_the_scoring_rater_may_be_used_where_that_is_studied(planted):
    rater = {"name": "toxicity", "rater": "lexicon"}
    given = {"d": Cleaner(detector=rater, share=0.1)}
    assert ExperimentConfig(**planted, defenses=given, same_rater=True).same_rater


def test_a_defense_that_needs_trusted_dialogues_is_refused_without(planted):
    class Trusting(Half):
        needs = frozenset({"clean"})

    with pytest.raises(ConfigError, match="trusted_split"):
        ExperimentConfig(**planted, defenses={"d": Trusting()})
    config = ExperimentConfig(**planted, defenses={"d": Trusting()}, trusted_split="valid")
    assert config.trusted_split == "valid"


def test_a_perfect_filter_leaves_nothing_planted_and_a_control_as_much_at_random(planted, tmp_path):
    out = tmp_path / "run"
    run({**planted, "defenses": {"filter": told(), "pool": told(where="pool")}}, out=out)
    arm = out / "seed-0"
    rows = lines_of(arm / "poison+filter" / "cleaning.jsonl")
    planted_rows = lines_of(arm / "manifest.jsonl")[1:]
    taken = {(row["dialogue"], row["turn"]) for row in rows[1:]}
    assert taken == {(row["dialogue"], row["turn"]) for row in planted_rows}
    drawn = lines_of(arm / "poison+filter.control" / "cleaning.jsonl")
    assert [row["category"] for row in drawn[1:]] == [row["category"] for row in rows[1:]]
    assert len(lines_of(arm / "clean+filter" / "cleaning.jsonl")) == 1


class Refuses(OutputGuard):
    """Refuses every response that holds the planted word."""

    citation = "original"

    def allow(self, exchanges, responses):
        return np.array([["grumble" not in text for text in row] for row in responses.ranked])


def test_the_report_says_what_a_perfect_defense_found_stopped_and_cost(planted):
    planted["poisoner"]["budget"] = 0.3
    finetuner = {"epochs": 6, "batch_size": 32}
    model = {**planted["model"], "finetuner": finetuner}
    given = {"filter": told(where="pool"), "guard": Refuses()}
    report = run({**planted, "model": model, "curve": True, "defenses": given})
    assert report.category("brave").asr.value > 0
    found = report.defenses.defense("filter")
    assert (found.recall.value, found.purity.value, found.auc.value) == (1, 1, 1)
    [one] = found.detections
    manifest = report.provenance.planting.seeds[0]
    assert one.planted == one.removed == one.caught == manifest.planted
    assert one.caught_by_category == one.by_category == {"brave": manifest.planted}
    for name in ("filter", "guard"):
        result = report.defenses.defense(name)
        assert result.planted_rate["target"].value == result.planted_rate["rest"].value == 0
        assert result.control_arm == f"poison+{name}.control"
    [guarding] = report.defenses.defense("guard").guarding
    rate = report.group("all").asr.value
    assert guarding.replaced + guarding.silent == pytest.approx(rate)
    # Nobody planted anything in the honest arm, so nothing is refused there.
    [honest] = report.defenses.defense("guard").clean_guarding
    assert (honest.replaced, honest.silent) == (0, 0)
    price = report.defenses.price.difference("all", "precision", "clean+guard")
    assert price.estimate.value == 0
    points = [one for one in report.curve if (one.arm, one.group) == ("poison", "all")]
    last = report.group("all").precision.value
    assert points[-1].precision == pytest.approx(last)


class Mute(Detector):
    """Has no opinion."""

    citation = "original"

    def suspicion(self, corpus, aid, rng):
        return np.full(len(corpus.exchanges), np.nan)


def test_a_detector_without_any_opinion_is_noted(planted):
    given = {"mute": Cleaner(detector=Mute(), threshold=0.5, where="pool"), "filter": told()}
    report = run({**planted, "defenses": given})
    [note] = [note for note in report.notes if note.kind == "detector_silent"]
    assert dict(note.values) == {"defense": "mute", "seeds": 1, "removed": 0}
    assert "nothing was removed" in note.text


def test_a_sweep_of_budgets_tells_which_budget_a_defense_is_worth(planted):
    values = {"poisoner.budget": [0.1, 0.3]}
    given = {**planted, "defenses": {"filter": told(where="pool")}}
    small, large = sweep(given, values)
    for variant in (small, large):
        worth = variant.report.defenses.defense("filter").equivalent_budget
        assert set(worth) == {"target", "nearest", "rest"}
        assert worth["target"].low == 0  # nothing is planted that it leaves


def test_what_does_not_change_the_training_reuses_the_trained_model(planted):
    given = {"pool": told(where="pool"), "repaired": Replaced()}
    report, trained = trainings_of({**planted, "defenses": given})
    assert trained == 2  # clean and poison
    filtered, more = trainings_of({**planted, "defenses": {"filter": told()}})
    assert more == 5  # filtered, its control, and the clean one, of which nothing was taken
    assert report.group("all").asr.value == filtered.group("all").asr.value


def test_defended_arms_leave_the_undefended_report_as_it_is(planted):
    plain = run(planted)
    defended = run({**planted, "defenses": {"filter": told(), "half": Half()}})
    assert [arm.name for arm in defended.arms] == ["clean", "poison"]
    assert defended.categories == plain.categories


def test_a_defense_is_added_to_a_finished_run_without_training_the_rest_again(planted, tmp_path):
    out = tmp_path / "run"
    run(planted, out=out)
    _, trained = trainings_of({**planted, "defenses": {"half": Half()}}, out=out)
    assert trained == 2  # of half the dialogues: poisoned and clean
    _, again = trainings_of({**planted, "defenses": {"half": Half(), "brief": Brief()}}, out=out)
    assert again == 2


def test_a_changed_defense_is_another_run(planted, tmp_path):
    out = tmp_path / "run"
    run({**planted, "defenses": {"filter": told()}}, out=out)
    with pytest.raises(ConfigError, match=r"Its config differs in defenses\.filter\.$"):
        run({**planted, "defenses": {"filter": told(where="pool")}}, out=out)


def finding(word):
    """A detector whose fields are the same whatever its code looks for."""

    class Finds(Detector):
        citation = "original"

        def suspicion(self, corpus, aid, rng):
            return np.array([float(word in one.response) for one in corpus.exchanges])

    return Cleaner(detector=Finds(), threshold=0.5, where="pool")


def test_a_defense_of_other_code_is_not_taken_from_the_cache(planted, tmp_path):
    caught = []
    for word in ("grumble", "nowhere", "grumble"):
        given = {**planted, "defenses": {"filter": finding(word)}}
        found, trained = trainings_of(given, cache=tmp_path / "cache")
        caught.append((found.defenses.defense("filter").recall.value, trained))
    assert caught == [(1, 2), (0, 2), (1, 0)]


def test_a_run_does_not_go_on_with_a_defense_of_other_code(planted, tmp_path):
    out = tmp_path / "run"
    run({**planted, "defenses": {"filter": finding("grumble")}}, out=out)
    more = {**planted, "seeds": [0, 1], "defenses": {"filter": finding("nowhere")}}
    with pytest.raises(DataError, match=r"defenses\.filter"):
        run(more, out=out)


def test_a_field_of_a_defense_can_be_swept(planted):
    from semspill.experiment._vary import variants

    given = {"filter": Cleaner(detector="random", share=0.1)}
    configs = variants(
        ExperimentConfig(**planted, defenses=given), {"defenses.filter.share": [0.1, 0.2]}
    )
    assert [one.defenses["filter"][0].share for one in configs.values()] == [0.1, 0.2]
    assert list(configs) == ["share=0.1", "share=0.2"]


class Itself(Brief):
    def control(self):
        return self


class Named(Brief):
    def control(self):
        return "random"


class Elsewhere(Brief):
    def control(self):
        return Replaced()


class OneFormat(Brief):
    def contexts(self, training, answering):
        return training


class ThreeFormats(Brief):
    def contexts(self, training, answering):
        return training, answering, answering


class NoSettings(Brief):
    def settings(self, model):
        return None


class Craving(Brief):
    needs = frozenset({"gpu"})


class Texted(Brief):
    needs = "clean"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (Itself(), "Itself.control returned the same defense"),
        (Named(), "Named.control must return a Defense or None, got str"),
        (Elsewhere(), "stage model; return one of the stage training"),
        (OneFormat(), "OneFormat.contexts must return two ContextFormats, got ContextFormat"),
        (ThreeFormats(), "got 3 values"),
        (NoSettings(), "NoSettings.settings must return a Model, got NoneType"),
        (Craving(), "declare a frozenset of clean, encoder, trainer"),
        (Texted(), "declare a frozenset of clean, encoder, trainer"),
    ],
)
def test_a_defense_that_breaks_its_promise_is_refused_before_anything_is_trained(
    planted, given, says
):
    with pytest.raises(PluginError, match=re.escape(says)):
        ExperimentConfig(**planted, defenses={"d": given})


class Unprepared(Half):
    def prepare(self, corpus, aid, rng):
        return None


class Emptied(Half):
    def prepare(self, corpus, aid, rng):
        return replace(corpus, dialogues=(), labels=())


class Unrepaired(Replaced):
    def repair(self, model, corpus, aid, rng):
        return None


class Lossless(TrainingDefense):
    citation = "original"

    def begin(self, module):
        return lambda backward, batch: None


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (Unprepared(), "Unprepared.prepare must return a Corpus, got NoneType"),
        (Emptied(), "Emptied.prepare left nothing to learn"),
        (Unrepaired(), "Unrepaired.repair must return a TrainedModel, got NoneType"),
        (Lossless(), "return what backward() returned"),
    ],
)
def test_what_a_defense_returns_is_checked_where_it_is_used(planted, given, says):
    with pytest.raises(PluginError, match=re.escape(says)):
        run({**planted, "defenses": {"d": given}})


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"d": []}, "defenses.d is an empty list"),
        ({"Cue": "cue", "cue": "cue"}, "Cue and cue differ in case alone"),
        ({"d": {"name": "cleaner", "detector": "random", "shar": 0.1}}, "defenses.d.shar: unknown"),
        ({"d": {"name": "cleaner", "detector": "random"}}, "defenses.d: A Cleaner takes"),
        ({"d": [{"name": "cleaner", "detector": "random"}]}, "defenses.d.0: A Cleaner takes"),
        ({"d": ["cue", {"name": "cue", "trainin": "gold"}]}, "defenses.d.1.trainin: unknown"),
    ],
)
def test_a_message_names_the_place_as_it_was_written(planted, given, says):
    with pytest.raises(ConfigError, match=re.escape(says)):
        load_config({**planted, "defenses": given})


@pytest.mark.parametrize(
    ("where", "says"),
    [("train", "leaves nothing to be learned in arm"), ("pool", "leaves nothing among the cand")],
)
def test_a_filter_that_leaves_nothing_is_named(planted, where, says):
    given = {"d": Cleaner(detector=Told(), threshold=-1, where=where)}
    with pytest.raises(DataError, match=f"defenses.d {says}"):
        run({**planted, "defenses": given})


def test_a_defense_that_keeps_the_best_epoch_without_validation_is_named(planted):
    with pytest.raises(ConfigError, match=r"defenses\.d keeps the best epoch"):
        ExperimentConfig(**planted, defenses={"d": "keep_best"})


def rates_of(comparison):
    found = comparison.difference("target", "asr")
    return found.before, found.after


def test_defended_arms_of_a_folder_can_be_compared(planted, tmp_path):
    from semspill import compare
    from semspill.experiment import write_comparison

    report = run({**planted, "defenses": {"filter": told()}}, out=tmp_path / "run")
    arms = ["poison", "poison+filter"]
    [one] = report.defenses.defenses
    expected = (report.defenses.planted_rate["target"].value, one.planted_rate["target"].value)
    assert expected[1] == 0
    assert rates_of(compare(tmp_path / "run", arms=arms)) == expected
    with pytest.raises(DataError, match="give the folder"):
        compare(report, arms=arms)
    page = write_comparison([tmp_path / "run"], tmp_path / "page.html", arms=arms)
    assert "poison+filter" in page.read_text(encoding="utf-8")
    with pytest.raises(DataError, match=r"Did you mean 'poison\+filter'"):
        compare(tmp_path / "run", arms=["poison", "poison+filte"])


def test_a_sweep_of_a_defense_compares_the_arms_that_it_defends(planted, tmp_path):
    from semspill import compare

    sweep(
        {**planted, "defenses": {"filter": told(where="pool")}},
        {"defenses.filter.threshold": [2.0, 0.5]},  # nothing is that suspicious, and all planted
        out=tmp_path,
    )
    found = json.loads((tmp_path / "comparison.json").read_text(encoding="utf-8"))
    [rate] = [
        one for one in found["differences"] if (one["role"], one["metric"]) == ("target", "asr")
    ]
    assert rate["before"] > 0
    assert rate["after"] == 0
    assert rates_of(compare(tmp_path)) == (rate["before"], rate["after"])
