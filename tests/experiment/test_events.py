"""An experiment tells an observer what it does, and counts right."""

import pytest
from pydantic import ValidationError

from semspill import run, sweep
from semspill.experiment import ArmEvent, LoadEvent

BUDGET = "poisoner.budget"


@pytest.fixture
def fields(fields):
    """Few numbers are computed: these tests are about what happens before."""
    return {**fields, "analyzer": {"draws": 100, "metrics": ["asr", "precision"]}}


@pytest.fixture
def blank(blank_plots, monkeypatch):
    """Nothing is drawn."""
    monkeypatch.setattr("semspill.report._page.report_page", lambda *given, **named: "")


@pytest.fixture
def events():
    return []


def of(stage, events):
    return [event for event in events if event.stage == stage]


def test_every_stage_is_told_in_order(fields, events):
    run({**fields, "arms": ["clean", "poison", "pool_only"]}, observer=events.append)
    clean, poison = ("clean", "pool_only"), ("poison",)
    training = [
        ("train", 1), ("epoch", 1), ("answer", 1), ("train", 2), ("epoch", 2), ("answer", 2),
        ("answer", None),
    ]  # fmt: skip
    facts = [(e.stage, getattr(e, "arms", ()), getattr(e, "epoch", None)) for e in events]
    assert facts == [
        ("load", (), None),
        ("similarity", (), None),
        ("poison", (), None),
        *((stage, clean, epoch) for stage, epoch in training),
        ("arm", ("clean",), None),
        ("arm", ("pool_only",), None),
        *((stage, poison, epoch) for stage, epoch in training),
        ("arm", ("poison",), None),
        ("analyze", (), None),
    ]
    assert {event.seed for event in events[2:-1]} == {0}
    assert {event.variants for event in events} == {()}
    assert events[3].epochs == 2


def test_arms_and_trainings_are_counted_over_all_seeds(fields, events):
    arms = ["clean", "poison", "train_only", "pool_only", "benign_swap"]
    run({**fields, "arms": arms, "seeds": [0, 3]}, observer=events.append)
    assert {event.total for event in events} == {10}
    assert [event.finished for event in of("arm", events)] == list(range(1, 11))
    # Two arms answer from the clean training, two from the poisoned one, one from its own.
    assert {event.trainings for event in of("train", events)} == {6}
    assert [event.trained for event in of("train", events) if event.epoch == 1] == list(range(6))
    assert (events[-1].finished, events[-1].trained) == (10, 6)
    assert (events[0].finished, events[0].trainings) == (0, 0)


def test_an_arm_is_told_with_its_numbers(fields, events):
    fields = {**fields, "valid_split": "valid", "curve": False}
    report = run(fields, observer=events.append)
    for event in of("arm", events):
        [arm] = event.arms
        part = report.group("all", arm)
        assert event.precision == pytest.approx(part.precision.value)
        assert event.planted == pytest.approx(part.asr.value)
        assert event.seconds > 0
    epochs = of("epoch", events)
    assert all(0 <= event.valid_precision <= 1 and event.seconds > 0 for event in epochs)
    assert [event.loss for event in of("arm", events)] == [e.loss for e in epochs if e.epoch == 2]
    # Without the curve only finished models answer.
    assert [event.epoch for event in of("answer", events)] == [None, None]


def test_without_epochs_there_is_nothing_to_learn_and_no_loss(fields, events):
    run(
        {**fields, "model": {**fields["model"], "finetuner": {"epochs": 0}}}, observer=events.append
    )
    assert [(e.epoch, e.epochs) for e in of("train", events)] == [(None, 0), (None, 0)]
    assert not of("epoch", events)
    assert {event.loss for event in of("arm", events)} == {None}


def test_writing_is_told_where_something_is_written(fields, events, blank, tmp_path):
    run({**fields, "arms": ["clean"]}, out=tmp_path / "out", observer=events.append)
    assert [event.stage for event in events[-2:]] == ["analyze", "write"]


def test_finished_arms_of_an_earlier_start_count(fields, events, interrupt, blank, tmp_path):
    fields = {**fields, "arms": ["clean", "poison", "pool_only"], "seeds": [0, 1]}
    interrupt(3, fields, out=tmp_path / "out")
    run(fields, out=tmp_path / "out", observer=events.append)
    assert [(e.seed, e.arms) for e in of("reused", events)] == [
        (0, ("clean",)), (0, ("poison",)), (0, ("pool_only",)),
    ]  # fmt: skip
    assert (events[0].stage, events[0].finished, events[0].total) == ("load", 3, 6)
    assert [event.finished for event in of("arm", events)] == [4, 5, 6]
    assert {event.trainings for event in of("train", events)} == {2}


def test_what_variants_share_is_told_once(fields, events, blank, tmp_path):
    sweep(fields, {BUDGET: [0.1, 0.2]}, out=tmp_path, observer=events.append)
    one, two = "budget=0.1", "budget=0.2"
    assert [event.variants for event in of("load", events)] == [(one,)]
    assert [event.variants for event in of("poison", events)] == [(one,), (two,)]
    first = [event for event in of("train", events) if event.epoch == 1]
    assert [(e.variants, e.arms) for e in first] == [
        ((one, two), ("clean",)), ((one,), ("poison",)), ((two,), ("poison",)),
    ]  # fmt: skip
    assert {event.trainings for event in first} == {3}
    assert [(e.variants, e.arms, e.finished) for e in of("arm", events)] == [
        ((one,), ("clean",), 1), ((two,), ("clean",), 2), ((one,), ("poison",), 3),
        ((two,), ("poison",), 4),
    ]  # fmt: skip
    assert {event.total for event in events} == {4}
    assert [(e.stage, e.variants) for e in events[-4:] if e.variants] == [
        ("analyze", (one,)), ("write", (one,)), ("analyze", (two,)), ("write", (two,)),
    ]  # fmt: skip


def test_variants_that_plant_the_same_are_one_training(fields, events):
    """Both budgets allow more than the category has."""
    sweep(fields, {BUDGET: [0.9, 1.0]}, observer=events.append)
    assert {event.trainings for event in of("train", events)} == {2}
    assert events[-1].trained == 2


def test_variants_that_only_analyze_otherwise_train_nothing_more(fields, events):
    sweep(fields, {"analyzer.level": [0.8, 0.9]}, observer=events.append)
    assert {event.trainings for event in of("train", events)} == {2}
    assert (events[-1].trained, events[-1].finished) == (2, 4)
    assert "write" not in {event.stage for event in events}


def test_what_an_observer_raises_stops_the_run(fields, tmp_path):
    def refuse(event):
        if event.stage == "epoch":
            raise ZeroDivisionError("enough")

    with pytest.raises(ZeroDivisionError, match="enough"):
        run(fields, out=tmp_path / "out", observer=refuse)
    assert list(tmp_path.iterdir()) == []


def test_being_observed_changes_nothing(fields, events):
    assert run(fields, observer=events.append).to_json() == run(fields).to_json()


def test_an_event_is_checked_and_frozen():
    with pytest.raises(ValidationError, match="planted"):
        ArmEvent(seed=0, arms=("clean",), epochs=1, precision=0.5, planted=1.5, seconds=1.0)
    with pytest.raises(ValidationError, match="frozen"):
        LoadEvent().total = 1
