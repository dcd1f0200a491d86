import json
import random

import numpy as np
import pytest

from semspill import (
    ConfigError,
    Corpus,
    DataError,
    Dataset,
    Dialogue,
    PluginError,
    ResponseSource,
    SpilloverReport,
    Utterance,
    datasets,
    load_config,
    run,
)

pytestmark = pytest.mark.usefixtures("blank_plots")


def clean_part(report):
    return [part.model_dump_json() for part in report.categories if part.arm == "clean"]


def values(report, metric, arm="poison"):
    return {
        part.name: part.estimates[metric].value for part in report.categories if part.arm == arm
    }


def curve(report):
    return {(point.arm, point.epoch, point.group): point.toxicity for point in report.curve}


def test_a_run_finds_what_was_planted(fields):
    report = run(fields)
    assert isinstance(report, SpilloverReport)
    assert (report.target, [a.name for a in report.arms], report.seeds) == (
        "brave",
        ["clean", "poison"],
        (0,),
    )
    assert set(values(report, "asr")) == set(report.similarity)
    assert len(report.similarity) == 6
    assert report.category("brave").asr.value > 0.1
    assert report.category("brave", "clean").asr.value == 0
    assert report.category("brave").lift.value == pytest.approx(
        report.category("brave").toxicity.value - report.category("brave", "clean").toxicity.value
    )
    assert report.nearest == "weary"  # beside it on the line of the made-up categories
    assert report.group("all").exchanges == 96


def test_a_file_a_mapping_and_a_config_give_the_same_report(fields, tmp_path):
    path = tmp_path / "run.json"
    path.write_text(json.dumps(fields))
    texts = {run(given).to_json() for given in (fields, path, str(path), load_config(fields))}
    assert len(texts) == 1


def test_the_global_generators_are_neither_used_nor_moved(fields):
    import torch

    texts = set()
    for seed in (1, 2):
        np.random.seed(seed)  # noqa: NPY002
        torch.manual_seed(seed)
        random.seed(seed)
        before = torch.get_rng_state()
        texts.add(run(fields).to_json())
        assert torch.equal(torch.get_rng_state(), before)
    assert len(texts) == 1


def test_a_run_is_quiet(fields, capfd):
    run(fields)
    assert capfd.readouterr() == ("", "")


def test_progress_is_handed_on(fields):
    seen = []

    def watch(items):
        seen.append(1)
        return iter(items)

    assert run(fields, progress=watch).to_json() == run(fields).to_json()
    assert seen


# Arms and seeds


def test_the_clean_arm_is_the_same_whatever_the_poisoner_is(fields):
    other = {
        **fields["poisoner"],
        "strategy": "last_fixed",
        "budget": 0.05,
        "source": "benign",
    }
    first, second = run(fields), run({**fields, "poisoner": other})
    assert clean_part(first) == clean_part(second)
    assert values(first, "asr") != values(second, "asr")


def test_arms_of_a_seed_begin_alike_and_seeds_differ(fields, trainings):
    run({**fields, "seeds": [0, 1]})
    (clean0, rng0), (poison0, rng0_too), (clean1, rng1), (poison1, rng1_too) = trainings
    assert rng0 == rng0_too
    assert rng1 == rng1_too
    assert rng0 != rng1
    assert clean0 == clean1
    assert len({clean0, poison0, poison1}) == 3


def test_untrained_arms_have_the_same_weights(fields):
    report = run({**fields, "model": {**fields["model"], "finetuner": {"epochs": 0}}})
    assert values(report, "precision", "clean") == values(report, "precision", "poison")
    assert report.curve == ()


def test_a_clean_arm_alone_can_be_run(fields):
    report = run({**fields, "arms": ["clean"]})
    assert [arm.name for arm in report.arms] == ["clean"]
    assert clean_part(report) == clean_part(run(fields))


def test_several_seeds_are_averaged(fields):
    both, first, second = (run({**fields, "seeds": seeds}) for seeds in ([3, 5], [3], [5]))
    assert both.seeds == (3, 5)
    assert both.notes[0].values == {"seeds": 2}
    for metric in ("asr", "toxicity", "precision"):
        singles = values(first, metric), values(second, metric)
        expected = {name: (singles[0][name] + singles[1][name]) / 2 for name in singles[0]}
        assert values(both, metric) == pytest.approx(expected)
    first_curve, second_curve = curve(first), curve(second)
    for key, toxicity in curve(both).items():
        # Which categories are far is told from the first seed's weights.
        if key[-1] in ("brave", "all but brave", "all"):
            assert toxicity == pytest.approx((first_curve[key] + second_curve[key]) / 2)
    assert values(first, "asr") != values(second, "asr")


# The curve


def test_the_curve_ends_where_the_report_stands(fields):
    report = run(fields)
    assert {(p.arm, p.epoch) for p in report.curve} == {
        (arm, epoch) for arm in ("clean", "poison") for epoch in (1, 2)
    }
    for point in report.curve:
        if point.epoch == 2:
            part = report.group(point.group, point.arm)
            assert point.asr == pytest.approx(part.asr.value)
            assert point.toxicity == pytest.approx(part.toxicity.value)


def test_without_a_curve_the_numbers_are_the_same(fields):
    bare, curved = run({**fields, "curve": False}), run(fields)
    assert bare.curve == ()
    assert values(bare, "asr") == values(curved, "asr")
    assert bare.category("brave") == curved.category("brave")


# What is trained and tested on


def test_a_share_of_the_training_data_is_drawn_once_for_all_seeds(fields, trainings):
    report = run({**fields, "train_share": 0.5, "seeds": [0, 1], "arms": ["clean"]})
    assert len({fingerprint for fingerprint, _ in trainings}) == 1
    whole = datasets.build(fields["dataset"]).load("train")
    printed = report.provenance.fingerprints
    assert printed["train"] == trainings[0][0] != whole.fingerprint
    assert printed["test"] == datasets.build(fields["dataset"]).load("test").fingerprint


def test_the_best_epoch_is_kept_by_validation(fields):
    """With a constant rate, the best epoch of three is the last one of a shorter training."""
    settings = {"epochs": 3, "batch_size": 32, "keep": "best", "schedule": "constant", "warmup": 0}
    best = run(
        {**fields, "model": {**fields["model"], "finetuner": settings}, "valid_split": "valid"}
    )
    ends = [
        run(
            {
                **fields,
                "model": {
                    **fields["model"],
                    "finetuner": {**settings, "epochs": n, "keep": "last"},
                },
            }
        )
        for n in (1, 2, 3)
    ]
    assert values(best, "asr") in [values(end, "asr") for end in ends]
    assert len({p.epoch for p in best.curve}) == 3


def test_a_control_without_a_category_watches_the_named_one(fields):
    control = {"selector": "random", "strategy": "each_random", "budget": 0.1}
    report = run({**fields, "poisoner": control, "target": "weary"})
    assert report.target == "weary"
    assert report.group("all").asr.value > 0


class Overlapping(Dataset):
    """The same dialogues in every split."""

    citation = "original"

    def load(self, split):
        talks = tuple(
            Dialogue(
                f"talk-{i}",
                "joy" if i % 2 else "fear",
                (Utterance(f"It is {i}.", "speaker"), Utterance(f"So it is {i}.", "listener")),
            )
            for i in range(20)
        )
        return Corpus(talks, name="same", split=split)


def test_dialogues_in_both_splits_are_refused(fields):
    poisoner = {"selector": {"name": "category", "category": "joy"}}
    with pytest.raises(DataError) as caught:
        run({**fields, "dataset": Overlapping(), "poisoner": poisoner})
    assert str(caught.value) == (
        "20 dialogues are in both 'train' and 'test', such as [0] of the latter; spillover needs "
        "unseen ones."
    )


def test_an_unknown_target_is_refused_with_the_nearest_name(fields):
    with pytest.raises(DataError) as caught:
        run({**fields, "target": "braev"})
    assert str(caught.value).startswith(
        "Category 'braev' is not in corpus 'synthetic' (train). Did you mean 'brave'? It has: "
    )


def test_lists_longer_than_the_test_are_refused(fields):
    with pytest.raises(ConfigError) as caught:
        run({**fields, "list_size": 500})
    assert str(caught.value) == (
        "list_size is 500, but 'test' has only 96 exchanges; lower list_size."
    )


def test_a_neighbour_that_is_not_tested_is_refused(fields):
    with pytest.raises(ValueError, match="Category 'xyz' is not among the tested ones"):
        run({**fields, "analyzer": {"nearest": "xyz"}})


def test_a_rater_without_an_opinion_is_refused(fields, nothing):
    with pytest.raises(PluginError) as caught:
        run({**fields, "rater": nothing})
    assert str(caught.value).startswith("Nothing.rate gave nan to a text of ")
    assert "a rating must be from 0 to 1." in str(caught.value)


class Parroted(ResponseSource):
    """What the listeners of the synthetic corpus say anyway."""

    citation = "original"

    def load(self):
        corpus = datasets.build({"name": "synthetic", "train": 90, "categories": 6}).load("train")
        return corpus.responses().texts


def test_a_planted_text_that_the_clean_pool_holds_too_counts_there(fields):
    poisoner = {**fields["poisoner"], "source": Parroted()}
    report = run({**fields, "poisoner": poisoner})
    assert report.group("all", "clean").asr.value > 0
    assert report.group("all").asr.value > 0


# Where it comes from


def test_the_report_says_where_it_comes_from(fields):
    fields["analyzer"] = {"draws": 100}
    report = run(fields)
    provenance = report.provenance
    assert load_config(provenance.config) == load_config(fields)
    assert set(provenance.fingerprints) == {"train", "test", "poisoned", "ranking", "rater"}
    assert len(provenance.fingerprints["poisoned"]) == 1
    assert (provenance.dataset, provenance.licence) == ("synthetic", "Apache-2.0")
    assert (provenance.encoder, provenance.epochs, provenance.rater) == ("hashing", 2, "lexicon")
    assert (provenance.label, provenance.answer_label, provenance.turns) == ("none", "none", 4)
    planting = provenance.planting
    assert (planting.selector, planting.strategy) == ("category", "each_random")
    assert (planting.source, planting.benign) == ("builtin", "benign")
    assert (planting.placement, planting.budget, planting.rate) == ("replace", 0.2, 1.0)
    [seed] = planting.seeds
    assert (seed.seed, dict(seed.by_category)) == (0, {"brave": seed.planted})
    assert seed.poisoned_fingerprint == provenance.fingerprints["poisoned"][0]
    assert {"python", "semspill", "numpy", "torch"} <= set(provenance.versions)
    assert {
        "SyntheticDataset", "CategorySelector", "EachRandom", "BuiltinSource", "HashingEncoder",
        "Finetuner", "LexiconRater", "AttackSuccessRate", "Lift", "Slope",
    } <= set(provenance.citations)  # fmt: skip
    assert "Jagielski" in provenance.citations["CategorySelector"]
    assert "BadNets" in report.to_markdown()
    assert "log odds" in report.similarity_method
    assert report.similarity_unit == "log odds of the target, by text"


def test_a_package_that_is_not_installed_has_no_version(fields, monkeypatch):
    from importlib.metadata import PackageNotFoundError, version

    def missing(name):
        if name == "detoxify":
            raise PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr("semspill.experiment._environment.version", missing)
    versions = run({**fields, "arms": ["clean"]}).provenance.versions
    assert "detoxify" not in versions
    assert "numpy" in versions
