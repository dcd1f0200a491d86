"""What a killed run leaves neither stops the next one nor ends up in its results."""

import json
import logging
import shutil

import pytest

from semspill import ConfigError, run, sweep

pytestmark = pytest.mark.usefixtures("blank_plots")

BUDGET = "poisoner.budget"


@pytest.fixture
def fields(lean_fields):
    return lean_fields


def hidden(folder):
    return [path.name for path in folder.rglob(".*")]


# Before anything was written


@pytest.mark.parametrize("left", [(), (".run.json.abcd1234.tmp",)])
def test_a_run_killed_in_its_first_write_starts_again(quick, out, partial, left):
    partial.mkdir()
    for name in left:
        (partial / name).write_text("{")
    run(quick, out=out)
    assert hidden(out) == []
    assert not partial.exists()


def test_a_run_killed_while_its_config_was_written_starts_again(quick, out, partial, interrupt):
    interrupt(1, quick, out=out.with_name("other"))
    partial.mkdir()
    (partial / "run.json").write_text('{"semspill_run": 2, "semspill": "0.1.0"}')
    (partial / ".config.json.abcd1234.tmp").write_text('{"seeds"')
    run(quick, out=out)
    assert hidden(out) == []


# Files half written


def test_files_half_written_do_not_reach_the_results(fields, out, partial, interrupt):
    interrupt(2, fields, out=out, show_text=True)
    for place in (partial, partial / "seed-0" / "clean", partial / "seed-0" / "poison"):
        place.mkdir(exist_ok=True)
        (place / ".responses.UNMASKED-HARMFUL-TEXT.jsonl.a1b2c3d4.tmp").write_text("grumble")
    mine = partial / "seed-0" / ".notes.txt"
    mine.write_text("not a temporary file")
    run(fields, out=out, show_text=True)
    assert hidden(out) == [".notes.txt"]


def test_a_finished_sweep_is_tidied_too(quick, out):
    sweep(quick, {BUDGET: [0.2]}, out=out)
    for place in (out, out / "plots", out / "budget=0.2" / "seed-0"):
        place.mkdir(exist_ok=True)
        (place / ".report.html.a1b2c3d4.tmp").write_text("half")
    sweep(quick, {BUDGET: [0.2]}, out=out)
    assert hidden(out) == []


# Damage


def emptied(path):
    path.write_bytes(b"")


def torn(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def of_another_kind(path):
    path.write_bytes(b"[[1, 2], 3]")


def flipped(path):
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(bytes(raw))


@pytest.mark.parametrize("damage", [emptied, torn, of_another_kind], ids=lambda d: d.__name__)
@pytest.mark.parametrize(
    "name",
    [
        "config.json",
        "run.json",
        "fingerprints.json",
        "similarity.json",
        "named-first.json",
        "exchanges.jsonl",
        "seed-0/manifest.jsonl",
        "seed-0/clean/responses.jsonl",
        "seed-0/clean/scores.npz",
    ],
)
def test_a_damaged_file_is_made_anew(fields, out, partial, halfway, caplog, name, damage):
    if (name, damage) == ("config.json", of_another_kind):
        pytest.skip("a config that can be read and is another one is refused, with a sentence")
    left, whole = halfway
    shutil.copytree(left, partial)
    damage(partial / name)
    with caplog.at_level(logging.WARNING, "semspill"):
        assert run(fields, out=out).to_json() == whole.to_json()
    if name not in ("config.json", "run.json", "exchanges.jsonl"):
        assert any("again" in record.message for record in caplog.records)
    assert json.loads((out / "fingerprints.json").read_text())["train"]
    assert json.loads((out / "run.json").read_text())["complete"] is True


def test_one_changed_byte_of_the_answers_is_noticed(fields, out, partial, interrupt, trainings):
    interrupt(2, fields, out=out)
    path = partial / "seed-0" / "clean" / "responses.jsonl"
    before = path.read_bytes()
    flipped(path)
    trainings.clear()
    run(fields, out=out)
    assert len(trainings) == 2
    assert (out / "seed-0" / "clean" / "responses.jsonl").read_bytes() == before


def test_a_lost_config_does_not_mix_two_runs(fields, out, partial, interrupt):
    interrupt(2, fields, out=out)
    (partial / "config.json").write_bytes(b"")
    with pytest.raises(ConfigError, match="holds finished arms of an interrupted run"):
        run({**fields, "list_size": 10}, out=out)
    assert (partial / "seed-0" / "clean" / "scores.npz").is_file()


# Whose folder it is


def model_folder(path):
    path.mkdir()
    (path / "config.json").write_text('{"model_type": "bert", "hidden_size": 768}')
    (path / "model.safetensors").write_text("the weights of a week")
    return path


@pytest.mark.parametrize(("name", "overwrite"), [("out", True), ("out.partial", False)])
def test_a_folder_with_a_config_is_not_taken_for_a_run(quick, tmp_path, name, overwrite):
    folder = model_folder(tmp_path / name)
    with pytest.raises(ConfigError, match="was not written by a run"):
        run(quick, out=tmp_path / "out", overwrite=overwrite)
    assert (folder / "model.safetensors").is_file()


def test_the_mark_of_a_run_is_needed_to_replace_it(quick, out):
    run(quick, out=out)
    content = json.loads((out / "run.json").read_text())
    assert (content["semspill_run"], content["complete"]) == (2, True)
    (out / "run.json").unlink()
    with pytest.raises(ConfigError, match="was not written by a run"):
        run(quick, out=out, overwrite=True)


@pytest.mark.parametrize("name", ["matrix-asr.json", "plots/pairs-asr.png", "report.html"])
def test_a_sweep_replaces_no_file_that_no_sweep_wrote(quick, out, trainings, name):
    (out / "plots").mkdir(parents=True)
    (out / name).write_text("mine")
    with pytest.raises(ConfigError, match="was not written by a sweep; choose another folder"):
        sweep(quick, {BUDGET: [0.2]}, out=out)
    assert (out / name).read_text() == "mine"
    assert trainings == []


# Replacing


@pytest.mark.parametrize("step", ["aside", "replaced"])
def test_a_replacement_that_was_killed_loses_nothing(quick, out, interrupt, step):
    run(quick, out=out)
    before = (out / "report.json").read_bytes()
    aside = out.with_name(".out.old")
    if step == "aside":  # killed before the new folder was there
        out.rename(aside)
    else:  # killed while the old one was removed
        shutil.copytree(out, aside)
        (aside / "config.json").unlink()
    with pytest.raises(ConfigError, match="already exists"):
        run({**quick, "seeds": [1]}, out=out)
    assert (out / "report.json").read_bytes() == before
    assert not aside.exists()


def test_a_rewritten_report_that_was_killed_is_written_again(fields, out, monkeypatch):
    """Of a sweep that trains an arm anew, every page is written again, also after a kill."""
    sweep(fields, {BUDGET: [0.2]}, out=out)
    variant = out / "budget=0.2"
    page = (variant / "report.html").read_bytes()
    (variant / "seed-0" / "clean" / "scores.npz").unlink()

    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("semspill.report._page.draw", killed)
        with pytest.raises(KeyboardInterrupt):
            sweep(fields, {BUDGET: [0.2]}, out=out)
    (variant / "report.html").write_text("stale")
    sweep(fields, {BUDGET: [0.2]}, out=out)
    assert (variant / "report.html").read_bytes() == page
