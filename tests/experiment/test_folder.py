import shutil

import numpy as np
import pytest

import semspill as sp
from semspill import ConfigError, DataError, run
from semspill.datasets import write_jsonl

pytestmark = pytest.mark.usefixtures("blank_plots")


def refusal(config, out, error=ConfigError, **options) -> str:
    with pytest.raises(error) as caught:
        run(config, out=out, **options)
    return str(caught.value)


@pytest.fixture
def fields(lean_fields):
    return lean_fields


# A folder that is there already


def test_a_finished_folder_is_not_touched(quick, out, trainings):
    run(quick, out=out)
    before = (out / "report.json").read_bytes()
    assert refusal({**quick, "seeds": [1]}, out) == (
        f"{out} already exists; choose another folder, or pass overwrite=True. "
        "Its config differs in seeds."
    )
    assert len(trainings) == 1
    assert (out / "report.json").read_bytes() == before


def test_a_finished_run_of_this_very_config_is_returned(quick, out, trainings):
    first = run(quick, out=out)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert run(quick, out=out) == first
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    assert len(trainings) == 1
    # Its responses are masked, so it is not what is asked for here.
    with pytest.raises(ConfigError, match="already exists"):
        run(quick, out=out, show_text=True)


def test_overwrite_replaces_the_whole_folder(quick, out):
    run(quick, out=out)
    (out / "seed-0" / "left.txt").write_text("from before")
    run({**quick, "seeds": [1]}, out=out, overwrite=True)
    assert not (out / "seed-0").exists()
    assert (out / "seed-1" / "clean" / "scores.npz").exists()
    assert [path.name for path in out.parent.iterdir()] == ["out"]


def test_overwrite_does_not_need_a_folder_and_takes_an_empty_one(quick, out):
    run(quick, out=out, overwrite=True)
    empty = out.with_name("empty")
    empty.mkdir()
    run(quick, out=empty, overwrite=True)
    assert (empty / "report.md").exists()


@pytest.mark.parametrize("name", ["out", "out.partial"])
@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_no_run_wrote_is_never_deleted(quick, tmp_path, name, kind):
    thesis = tmp_path / name if kind == "file" else tmp_path / name / "thesis.txt"
    thesis.parent.mkdir(exist_ok=True)
    thesis.write_text("years of work")
    message = refusal(quick, tmp_path / "out", overwrite=True)
    assert message == f"{tmp_path / name} was not written by a run; choose another folder."
    assert thesis.read_text() == "years of work"


def test_an_older_backup_beside_it_stays(quick, out):
    run(quick, out=out)
    backup = out.with_name("out.old")
    backup.mkdir()
    run(quick, out=out, overwrite=True)
    assert backup.exists()


# A folder that cannot be written


def test_a_file_in_the_way_of_the_folder_is_said(quick, tmp_path):
    (tmp_path / "file").write_text("in the way")
    out = tmp_path / "file" / "out"
    assert refusal(quick, out, DataError) == (
        f"{out} cannot be written (Not a directory); choose another folder."
    )


def test_a_name_too_long_is_said(quick, tmp_path):
    out = tmp_path / ("x" * 300)
    assert refusal(quick, out, DataError) == (
        f"{out} cannot be written (File name too long); choose another folder."
    )


def test_a_parent_that_refuses_is_said(quick, out, monkeypatch):
    def refuse(self, *given, **options):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr("pathlib.Path.mkdir", refuse)
    assert refusal(quick, out, DataError) == (
        f"{out} cannot be written (Permission denied); choose another folder."
    )


@pytest.mark.parametrize("name", [".", "/"])
def test_a_place_without_a_name_is_refused(quick, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert refusal(quick, name, overwrite=True) == (
        f"Output folder must have a name, which {name!r} lacks."
    )


def test_the_folder_is_refused_before_anything_is_loaded(quick, out, trainings):
    run(quick, out=out)
    impossible = {**quick, "dataset": {"name": "jsonl", "path": "nowhere.jsonl"}}
    assert "already exists" in refusal(impossible, out)


# Interruptions


def test_an_interrupted_run_goes_on_where_it_stopped(fields, out, partial, interrupt):
    fields = {**fields, "curve": True}
    uninterrupted = run(fields, out=out.with_name("whole"))
    interrupt(2, fields, out=out)
    assert not out.exists()
    assert (partial / "seed-0" / "clean" / "scores.npz").exists()
    kept = (partial / "seed-0" / "clean" / "scores.npz").stat().st_mtime_ns

    report = run(fields, out=out)
    assert report.to_json() == uninterrupted.to_json()
    assert not partial.exists()
    assert (out / "seed-0" / "clean" / "scores.npz").stat().st_mtime_ns == kept
    for path in ("report.json", "report.md", "seed-0/poison/responses.jsonl"):
        assert (out / path).read_bytes() == (out.with_name("whole") / path).read_bytes()
    assert '"resumed": true' in (out / "environment.json").read_text()


def test_arms_of_data_that_changed_meanwhile_are_not_mixed(fields, out, interrupt, tmp_path):
    made = sp.datasets.build(fields["dataset"])
    for split in ("train", "test"):
        write_jsonl(made.load(split), tmp_path / f"{split}.jsonl")
    fields = {**fields, "dataset": {"name": "jsonl", "path": str(tmp_path)}}
    interrupt(2, fields, out=out)
    short = (tmp_path / "train.jsonl").read_text().splitlines(keepends=True)[:-6]
    (tmp_path / "train.jsonl").write_text("".join(short))
    assert refusal(fields, out, DataError) == (
        f"The run in {out}.partial was made before this changed: train; remove that folder to "
        "start over."
    )


def test_a_finished_arm_is_not_trained_again(fields, out, interrupt, trainings):
    interrupt(4, {**fields, "seeds": [0, 1]}, out=out)
    trainings.clear()
    run({**fields, "seeds": [0, 1]}, out=out)
    assert len(trainings) == 1


def test_similarity_is_not_measured_again(fields, out, interrupt, monkeypatch):
    interrupt(2, fields, out=out)
    calls = []
    monkeypatch.setattr(
        "semspill.experiment._drive.measure_similarity", lambda *a, **k: calls.append(1)
    )
    report = run(fields, out=out)
    assert calls == []
    assert report.nearest == "weary"


def truncated(path):
    path.write_bytes(path.read_bytes()[:-40])


def emptied(path):
    path.write_bytes(b"")


def scribbled(path):
    path.write_bytes(b"grumble")


def flipped(path):
    """Damage inside a compressed array, where only its checksum or its inflation can tell."""
    raw = bytearray(path.read_bytes())
    raw[60:90] = bytes(30)
    path.write_bytes(bytes(raw))


def removed(path):
    path.unlink()


def of_other_arrays(path):
    with path.open("wb") as file:
        np.savez(file, chosen=np.zeros(3, dtype=np.int64))


def a_bare_array(path):
    with path.open("wb") as file:
        np.save(file, np.zeros(3))


@pytest.mark.parametrize(
    "damage",
    [truncated, emptied, scribbled, flipped, removed, of_other_arrays, a_bare_array],
    ids=lambda damage: damage.__name__,
)
def test_a_damaged_arm_is_done_again(fields, out, partial, halfway, trainings, damage):
    left, uninterrupted = halfway
    shutil.copytree(left, partial)
    damage(partial / "seed-0" / "clean" / "scores.npz")
    assert run(fields, out=out).to_json() == uninterrupted.to_json()
    assert len(trainings) == 2


def test_responses_of_the_other_kind_are_written_anew(fields, out, partial, interrupt, trainings):
    """A run that showed text was interrupted; the one that goes on was not asked to show any."""
    interrupt(2, fields, out=out, show_text=True)
    assert list(partial.rglob("*UNMASKED*"))
    trainings.clear()
    run(fields, out=out)
    assert len(trainings) == 2
    assert not list(out.rglob("*UNMASKED*"))
    assert len(list(out.rglob("responses.jsonl"))) == 2


def test_another_config_does_not_touch_finished_arms(fields, out, partial, interrupt, trainings):
    interrupt(2, fields, out=out)
    other = {**fields, "list_size": 10}
    assert refusal(other, out) == (
        f"{partial} holds finished arms of an interrupted run of another config; remove it, or "
        "pass overwrite=True. Its config differs in list_size."
    )
    assert (partial / "seed-0" / "clean" / "scores.npz").exists()
    trainings.clear()
    run(other, out=out, overwrite=True)
    assert len(trainings) == 2


def test_another_config_replaces_what_has_no_finished_arm(
    fields, out, partial, interrupt, trainings
):
    # What a killed process leaves, which could not tidy up.
    interrupt(2, fields, out=out)
    shutil.rmtree(partial / "seed-0" / "clean")
    assert (partial / "seed-0" / "manifest.jsonl").exists()
    trainings.clear()
    run({**fields, "seeds": [1]}, out=out)
    assert len(trainings) == 2
    assert not (out / "seed-0").exists()


def test_a_run_that_fails_before_an_arm_is_finished_leaves_nothing(fields, out, interrupt):
    assert "not in corpus" in refusal({**fields, "target": "nowhere"}, out, DataError)
    interrupt(1, fields, out=out)
    assert list(out.parent.iterdir()) == []


def test_an_empty_folder_of_a_run_that_never_began_is_taken(quick, out, partial):
    partial.mkdir()
    run(quick, out=out)
    assert out.exists()
    assert not partial.exists()


def test_overwrite_keeps_the_old_results_until_the_new_are_there(fields, out, interrupt):
    run(fields, out=out)
    before = (out / "report.json").read_bytes()
    interrupt(2, {**fields, "seeds": [1]}, out=out, overwrite=True)
    assert (out / "report.json").read_bytes() == before
    run({**fields, "seeds": [1]}, out=out, overwrite=True)
    assert (out / "report.json").read_bytes() != before
