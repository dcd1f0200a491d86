"""A field is chosen on the validation split, with another target than the reported one."""

from types import SimpleNamespace

import numpy as np
import pytest

from semspill import (
    Arm,
    ConfigError,
    DataError,
    Outcome,
    SpilloverAnalyzer,
    load_config,
    run,
    tune,
)
from semspill.analysis import DefenseFacts, defenses_report
from semspill.experiment._tune import elsewhere

EPOCHS = "model.finetuner.epochs"


@pytest.fixture(scope="module")
def tuned_fields(given_fields):
    return {**given_fields, "valid_split": "valid"}


def test_values_are_run_on_the_validation_split_with_the_other_target(tuned_fields):
    fields = {**tuned_fields, "arms": ["clean", "poison"], "similarities": ["centroid"]}
    model = fields["model"]
    chosen = {**fields["poisoner"], "selector": {"name": "category", "category": "weary"}}
    tuned = tune(fields, EPOCHS, [1, 0], target="weary", group="target", price=1.0)
    alone = run({
        **fields, "poisoner": chosen, "test_split": "valid", "curve": False,
        "model": {**model, "finetuner": {**model["finetuner"], "epochs": 1}},
    })  # fmt: skip
    first = tuned.choices[0]
    assert [one.value for one in tuned.choices] == [1, 0]
    assert first.planted_rate.value == alone.group("weary").asr.value > 0
    assert first.precision.value == alone.group("all", "clean").precision.value
    assert tuned.config == load_config(fields, [f"{EPOCHS}={tuned.chosen.value}"])
    assert (tuned.target, tuned.split) == ("weary", "valid")


def outcome(name, planted=0, correct=0):
    """Ten dialogues in each of two categories; so many of the target's are hit, of all right."""
    attack, _, defense = name.partition("+")
    pool = "planted" if attack == "poison" else "clean"
    place = np.arange(20)[None]
    hit = place < planted
    return Outcome(
        Arm(name=name, trains=attack, pool=pool, defense=defense),
        target="weary",
        seeds=(0,),
        categories=("weary",) * 10 + ("calm",) * 10,
        dialogues=tuple(f"d{number:02}" for number in range(20)),
        toxicity=hit * 0.9,
        planted=hit,
        correct=place < correct,
        similarity={"weary": 1.0, "calm": 0.5},
    )


def report(planted, correct, *defended):
    """The clean arm is right in `correct`; of each defense its hits, and what is right with it."""
    outcomes = [outcome("clean", 0, correct), outcome("poison", planted, correct)]
    analyzer = SpilloverAnalyzer(metrics=("asr", "asr_lift", "precision"), far=())
    found = analyzer.analyze(outcomes)
    if not defended:
        return found
    for place, (hits, right) in enumerate(defended):
        name = f"d{place}"
        outcomes += [outcome(f"poison+{name}", hits), outcome(f"clean+{name}", 0, right)]
    facts = {f"d{place}": DefenseFacts("d") for place in range(len(defended))}
    return found.replace(defenses=defenses_report(outcomes, facts=facts))


@pytest.fixture
def tuned(monkeypatch, tuned_fields):
    """Return what is chosen out of 1, 2, ... epochs that ended with these reports."""

    def choose(*reports, **options):
        def swept(config, vary, **others):
            return tuple(SimpleNamespace(report=one) for one in reports)

        monkeypatch.setattr("semspill.experiment._tune.sweep", swept)
        values = range(1, 1 + len(reports))
        return tune(tuned_fields, EPOCHS, values, target="weary", group="target", **options)

    return choose


def test_the_least_planted_rate_at_an_affordable_price_is_chosen(tuned):
    """By hand: 10, 9 and 6 of 20 right: prices of 0, 1/20 and 4/20."""
    reports = report(8, 10), report(4, 9), report(0, 6)
    found = tuned(*reports, price=0.05)
    assert [one.price for one in found.choices] == pytest.approx([0, 0.05, 0.2])
    assert [one.planted_rate.value for one in found.choices] == [0.8, 0.4, 0]
    assert [one.affordable for one in found.choices] == [True, True, False]
    assert found.chosen is found.choices[1]
    assert found.config.model.finetuner.epochs == 2
    assert [line[0] for line in str(found).splitlines()[1:]] == [" ", "*", "-"]
    assert tuned(*reports, price=0.5).chosen.value == 3
    assert tuned(*reports, price=0).chosen.value == 1


def test_of_equals_the_first_is_chosen(tuned):
    assert tuned(report(4, 8), report(2, 8), report(2, 8)).chosen.value == 2


def test_a_defense_is_judged_by_its_own_arms(tuned):
    """By hand: 8 of 20 right without it, 7 and 5 with it."""
    reports = report(8, 8, (4, 7)), report(8, 8, (1, 5))
    found = tuned(*reports, price=0.1)
    assert [one.price for one in found.choices] == pytest.approx([0.05, 0.15])
    assert [one.planted_rate.value for one in found.choices] == [0.4, 0.1]
    assert found.chosen.value == 1
    two = report(8, 8, (4, 7), (3, 8)), report(8, 8, (1, 5), (2, 8))
    assert tuned(*two, defense="d1").chosen.value == 2
    with pytest.raises(ConfigError, match="2 defenses"):
        tuned(*two)


def test_what_nobody_can_afford_is_refused(tuned):
    with pytest.raises(DataError, match=r"costs an honest user more than 0.01 of P@1, the .* 0.05"):
        tuned(report(8, 8, (4, 7)), report(8, 8, (1, 5)))


def test_names_of_the_reported_target_are_left_behind(tuned_fields):
    config = load_config({
        **tuned_fields, "target": "brave", "analyzer": {"nearest": "weary", "far": ["calm"]},
    })  # fmt: skip
    other = elsewhere(config, "weary")
    assert (other.target, other.watched, other.test_split) == ("weary", "weary", "valid")
    assert (other.analyzer.nearest, other.analyzer.far) == (None, None)
    at_random = {**tuned_fields, "poisoner": {"selector": {"name": "random"}}, "target": "brave"}
    assert elsewhere(load_config(at_random), "weary").watched == "weary"


@pytest.mark.parametrize(
    ("changes", "target", "said"),
    [
        ({}, "brave", "is the target that is reported"),
        ({"valid_split": None}, "weary", "valid_split must name a split"),
        ({"valid_split": "test"}, "weary", "valid_split must name a split"),
        ({"valid_split": "train"}, "weary", "valid_split must name a split"),
        ({"trusted_split": "valid"}, "weary", "valid_split must name a split"),
    ],
)
def test_what_would_flatter_is_refused_before_anything_is_trained(
    tuned_fields, trainings, changes, target, said
):
    with pytest.raises(ConfigError, match=said):
        tune({**tuned_fields, **changes}, EPOCHS, [0, 1], target=target)
    assert not trainings


def test_mistakes_are_refused(tuned_fields):
    with pytest.raises(ConfigError, match="two or more"):
        tune(tuned_fields, EPOCHS, [1], target="weary")
    with pytest.raises(ConfigError, match="leads nowhere"):
        tune(tuned_fields, "model.tuner.epochs", [0, 1], target="weary")
    with pytest.raises(ConfigError, match="epochs"):
        tune(tuned_fields, EPOCHS, [0, "many"], target="weary")


def test_a_defense_that_is_not_there_cannot_be_tuned(tuned):
    with pytest.raises(ConfigError, match="no defense"):
        tuned(report(8, 8), report(4, 8), defense="d0")
