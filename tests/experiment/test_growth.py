"""A finished experiment grows: only what is missing is trained, also across experiments."""

import json

import pytest

from semspill import ConfigError, SpilloverReport, run

pytestmark = pytest.mark.usefixtures("blank_plots")


@pytest.fixture
def fields(few_fields):
    return few_fields


@pytest.fixture
def trainings():
    """What is trained: the seeds and arms of each model."""
    seen = []

    def watch(event):
        if event.stage == "train" and event.epoch in (None, 1):
            seen.append((event.seed, event.arms))

    watch.seen = seen
    return watch


def arms(out):
    return sorted(str(p.parent.relative_to(out)) for p in out.rglob("scores.npz"))


def test_a_seed_and_an_arm_are_added_to_a_finished_run(fields, tmp_path, trainings):
    out = tmp_path / "run"
    run(fields, out=out)
    grown = {
        **fields,
        "seeds": [*range(len(fields.get("seeds", [0])) + 1)],
        "arms": ["clean", "poison", "benign_swap"],
    }
    report = run(grown, out=out, observer=trainings)
    assert trainings.seen == [
        (0, ("benign_swap",)), (1, ("clean",)), (1, ("poison",)), (1, ("benign_swap",)),
    ]  # fmt: skip
    assert report.to_json() == run(grown, out=tmp_path / "whole").to_json()
    assert arms(out) == arms(tmp_path / "whole")
    assert json.loads((out / "report.json").read_text())["seeds"] == [0, 1]


def test_a_run_with_less_or_other_than_a_finished_one_is_refused(fields, tmp_path):
    out = tmp_path / "run"
    run({**fields, "seeds": [0, 1]}, out=out)
    for other in ({"seeds": [0]}, {"seeds": [0, 1], "list_size": 10}, {"seeds": [0, 2]}):
        with pytest.raises(ConfigError, match="already exists"):
            run({**fields, **other}, out=out)


def test_an_interrupted_addition_goes_on(fields, tmp_path, trainings):
    out = tmp_path / "run"
    run(fields, out=out)
    grown = {**fields, "seeds": [0, 1, 2]}

    def stop(event):
        if event.stage == "arm" and event.seed == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(grown, out=out, observer=stop)
    report = run(grown, out=out, observer=trainings)
    assert trainings.seen == [(1, ("poison",)), (2, ("clean",)), (2, ("poison",))]
    assert report.seeds == (0, 1, 2)


def test_a_curve_is_added_to_a_finished_run(fields, tmp_path):
    out = tmp_path / "run"
    run({**fields, "curve": False}, out=out)
    assert run({**fields, "curve": True}, out=out).curve


def test_two_experiments_share_clean_arms_through_a_cache(fields, tmp_path, trainings):
    cache = tmp_path / "cache"
    run(fields, cache=cache)
    other = {**fields, "poisoner": {**fields["poisoner"], "budget": 0.03}}
    report = run(other, cache=cache, observer=trainings)
    assert trainings.seen == [(0, ("poison",))]
    assert report.to_json() == run(other).to_json()
    assert all("UNMASKED-HARMFUL-TEXT" in path.name for path in cache.iterdir())


def test_a_damaged_cache_entry_is_trained_again(fields, tmp_path, trainings):
    cache = tmp_path / "cache"
    before = run(fields, cache=cache)
    for path in cache.iterdir():
        path.write_bytes(path.read_bytes()[:100])
    assert run(fields, cache=cache, observer=trainings).to_json() == before.to_json()
    assert len(trainings.seen) == 2


def test_a_report_can_be_browsed_without_a_folder(fields):
    report = run(fields)
    table = report.exchanges
    assert table is not None
    assert table.unmasked
    assert set(table.answers) == {(0, "clean"), (0, "poison")}
    page = report.to_html()
    assert page == report.to_html(table.masked())
    assert page != SpilloverReport.from_json(report.to_json()).to_html()


def test_a_folder_of_another_format_is_not_added_to(fields, tmp_path):
    out = tmp_path / "run"
    run(fields, out=out)
    mark = json.loads((out / "run.json").read_text())
    (out / "run.json").write_text(json.dumps(mark | {"semspill_run": 1}))
    with pytest.raises(ConfigError, match="has format 1 and this version of semspill writes"):
        run({**fields, "seeds": [0, 1]}, out=out)
    run(fields, out=out, overwrite=True)
    assert json.loads((out / "run.json").read_text()) == mark
