"""A choice that tests depend on is known to be made before the answers, or after them."""

import json

import pytest

from semspill import run, sweep

pytestmark = [pytest.mark.no_cover, pytest.mark.usefixtures("blank_plots")]

BUDGET = "poisoner.budget"
KINDS = ("nearest_by_hand", "nearest_after_outcome", "far_after_outcome", "margin_after_outcome")


def naming(report):
    return {note.kind: dict(note.values) for note in report.notes if note.kind in KINDS}


def named(fields, **analyzer):
    return {**fields, "analyzer": {**fields["analyzer"], **analyzer}}


@pytest.fixture
def chosen(fields):
    """The category that similarity names, and two others but the target."""
    report = run({**fields, "arms": ["clean"]})
    others = [name for name in sorted(report.similarity) if name != report.target]
    return report.nearest, *[name for name in others if name != report.nearest][:2]


def test_a_run_knows_that_it_named_the_nearest_before(fields, chosen, tmp_path, interrupt):
    _, other, _ = chosen
    config = named(fields, nearest=other)
    before = {"nearest_by_hand": {"category": other, "named": "before"}}
    alone = run(config)
    assert naming(alone) == before
    assert naming(run(fields)) == {}
    interrupt(2, config, out=tmp_path / "resumed")
    for out in ("fresh", "resumed"):
        run(config, out=tmp_path / out)
        assert (tmp_path / out / "report.json").read_text() == alone.to_json()
    held = json.loads((tmp_path / "fresh" / "named-first.json").read_text())
    assert held == {"nearest": other, "far": None, "margin": 0.05, "before": True}


def test_a_change_between_interruption_and_resumption_is_told(
    fields, chosen, tmp_path, interrupt, trainings
):
    _, other, third = chosen
    interrupt(2, named(fields, nearest=other), out=tmp_path / "out")
    trainings.clear()
    report = run(named(fields, nearest=third), out=tmp_path / "out")
    assert len(trainings) == 1
    assert naming(report) == {"nearest_after_outcome": {"category": third, "before": other}}


def test_a_change_before_the_first_answer_is_none(fields, chosen, tmp_path, monkeypatch):
    _, other, third = chosen

    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("semspill.experiment.executors._serial.Serial.run", killed)
        patch.setattr("semspill.experiment.store._write.RunStore.tidy", lambda store: None)
        with pytest.raises(KeyboardInterrupt):
            run(named(fields, nearest=other), out=tmp_path / "out")
    assert (tmp_path / "out.partial" / "named-first.json").is_file()
    report = run(named(fields, nearest=third), out=tmp_path / "out")
    assert naming(report) == {"nearest_by_hand": {"category": third, "named": "before"}}


def test_another_analysis_of_finished_answers_is_held_against_the_first(
    fields, chosen, tmp_path, trainings
):
    similar, other, third = chosen

    def analyzed(**analyzer):
        [variant] = sweep(named(fields, **analyzer), {BUDGET: [0.2]}, out=tmp_path)
        return variant.report

    first = analyzed()
    trainings.clear()
    assert naming(analyzed(nearest=other)) == {
        "nearest_after_outcome": {"category": other, "before": similar}
    }
    # Who names what similarity had named changes nothing.
    assert naming(analyzed(nearest=similar)) == {
        "nearest_by_hand": {"category": similar, "named": "before"}
    }
    assert naming(analyzed(far=[third], margin=0.1)) == {
        "far_after_outcome": {"categories": (third,), "before": first.far},
        "margin_after_outcome": {"margin": 0.1, "before": 0.05},
    }
    assert analyzed().to_json() == first.to_json()
    assert trainings == []


def test_leaving_the_choice_to_similarity_afterwards_is_a_change_too(
    fields, chosen, tmp_path, interrupt
):
    similar, other, _ = chosen
    interrupt(2, named(fields, nearest=other), out=tmp_path / "out")
    assert naming(run(fields, out=tmp_path / "out")) == {
        "nearest_after_outcome": {"category": similar, "before": other}
    }


def as_before_it_was_written_down(folder):
    """Make a folder one of a version that knew no margin and wrote no named-first.json."""
    (folder / "named-first.json").unlink()
    path = folder / "config.json"
    config = json.loads(path.read_text())
    del config["analyzer"]["margin"]
    path.write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n")


@pytest.mark.parametrize("grown", [{}, {"seeds": [0, 1]}], ids=["the same", "another seed"])
def test_a_finished_folder_of_an_earlier_version_goes_on(
    fields, chosen, tmp_path, trainings, grown
):
    _, other, third = chosen
    out = tmp_path / "out"
    run(named(fields, nearest=other), out=out)
    as_before_it_was_written_down(out)
    trainings.clear()
    report = run({**named(fields, nearest=other), **grown}, out=out)
    assert len(trainings) == (2 if grown else 0)
    assert naming(report) == {"nearest_by_hand": {"category": other, "named": "unknown"}}
    # From now on it is known what was named when these answers were there.
    out.rename(tmp_path / "budget=0.2")
    other_one = {**named(fields, nearest=third), **grown}
    [variant] = sweep(other_one, {BUDGET: [0.2]}, out=tmp_path)
    assert naming(variant.report) == {"nearest_after_outcome": {"category": third, "before": other}}


def test_an_interrupted_folder_of_an_earlier_version_goes_on(
    fields, tmp_path, interrupt, trainings
):
    interrupt(2, fields, out=tmp_path / "out")
    as_before_it_was_written_down(tmp_path / "out.partial")
    trainings.clear()
    assert run(fields, out=tmp_path / "out").to_json() == run(fields).to_json()
    assert len(trainings) == 1 + 2


def test_answers_from_a_cache_may_have_been_seen(fields, chosen, tmp_path):
    _, other, _ = chosen
    cache = tmp_path / "cache"
    first = run(fields, cache=cache)
    seen = run(named(fields, nearest=other), cache=cache)
    assert naming(seen) == {"nearest_by_hand": {"category": other, "named": "unknown"}}
    assert run(fields, cache=cache).to_json() == first.to_json()


def test_a_damaged_memory_is_none(fields, chosen, tmp_path, interrupt):
    _, other, _ = chosen
    interrupt(2, named(fields, nearest=other), out=tmp_path / "out")
    (tmp_path / "out.partial" / "named-first.json").write_text("{")
    report = run(named(fields, nearest=other), out=tmp_path / "out")
    assert naming(report) == {"nearest_by_hand": {"category": other, "named": "unknown"}}
