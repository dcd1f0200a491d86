"""Whoever writes a folder has it alone, and a lock never outlives its holder."""

import os
import signal
import subprocess
import sys

import pytest

from semspill import ConfigError, DataError, run, sweep
from semspill.experiment import forecast, write_page

pytestmark = pytest.mark.usefixtures("blank_plots")

BUDGET = "poisoner.budget"


@pytest.fixture
def quick(fields):
    return {
        **fields,
        "curve": False,
        "arms": ["clean"],
        "model": {**fields["model"], "finetuner": {"epochs": 0}},
    }


def during(action, error=ConfigError):
    """Return an observer that does something else while a run is under way, and what came of it."""
    messages = []

    def observe(event):
        if event.stage == "poison" and not messages:
            with pytest.raises(error) as caught:
                action()
            messages.append(str(caught.value))

    return observe, messages


def names(folder):
    return sorted(path.name for path in folder.iterdir() if path.name != "cache")


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_second_start_is_refused_and_the_first_ends_whole(quick, tmp_path, overwrite):
    out, link = tmp_path / "out", tmp_path / "link"
    link.symlink_to(tmp_path)
    for place in (out, link / "out"):
        observe, messages = during(
            lambda place=place: run({**quick, "seeds": [3]}, out=place, overwrite=overwrite)
        )
        run(quick, out=out, observer=observe, overwrite=out.exists())
        assert messages == [
            f"Another run is writing {place}; wait until it ends, or choose another folder."
        ]
        assert (out / "seed-0" / "clean" / "scores.npz").is_file()
        assert not (out / "seed-3").exists()
        assert names(tmp_path) == ["link", "out"]


def test_a_sweep_and_its_variants_are_locked(quick, tmp_path):
    out = tmp_path / "out"
    refused = []

    def observe(event):
        if event.stage == "poison" and not refused:
            for action in (
                lambda: sweep(quick, {BUDGET: [0.3]}, out=out),
                lambda: run(quick, out=out / "budget=0.2", overwrite=True),
                lambda: run(quick, out=out, overwrite=True),
            ):
                with pytest.raises(ConfigError) as caught:
                    action()
                refused.append(str(caught.value))

    sweep(quick, {BUDGET: [0.2]}, out=out, observer=observe)
    assert [messages.partition(";")[0] for messages in refused] == [
        f"Another run is writing {out}",
        f"Another run is writing {out / 'budget=0.2'}",
        f"Another run is writing {out}",
    ]
    assert names(out) == ["budget=0.2", "report.html", "sweep.json"]


def test_a_page_is_not_written_into_a_folder_that_is_being_written(quick, tmp_path):
    out = tmp_path / "out"
    run(quick, out=out)
    observe, messages = during(lambda: write_page(out))
    run(quick, out=out, observer=observe, overwrite=True)
    assert messages[0].startswith(f"Another run is writing {out};")
    assert write_page(out) == out / "report.html"
    assert not [name for name in names(tmp_path) if name.endswith(".lock")]


def test_a_dry_run_says_that_somebody_is_writing(quick, tmp_path):
    forecasts = []

    def observe(event):
        if event.stage == "poison" and not forecasts:
            forecasts.append(forecast(quick, out=tmp_path / "out"))

    run(quick, out=tmp_path / "out", observer=observe)
    assert forecasts[0].refused
    assert forecasts[0].folder.startswith("Another run is writing")


def test_the_lock_of_a_killed_run_is_free(quick, tmp_path):
    code = (
        "import os, signal\nfrom pathlib import Path\n"
        "from semspill.experiment.store._lock import FolderLock\n"
        f"lock = FolderLock(Path({str(tmp_path / 'out')!r}))\nos.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", code])
    assert killed.returncode == -signal.SIGKILL
    assert names(tmp_path) == [".out.lock"]
    run(quick, out=tmp_path / "out")
    assert names(tmp_path) == ["out"]


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_appears_meanwhile_is_not_replaced(quick, tmp_path, overwrite):
    out = tmp_path / "out"

    def observe(event):
        if event.stage == "arm":
            out.mkdir()
            (out / "thesis.txt").write_text("years of work")

    with pytest.raises(DataError, match="appeared during the run"):
        run(quick, out=out, observer=observe, overwrite=overwrite)
    assert names(out) == ["thesis.txt"]
    assert (tmp_path / "out.partial" / "report.json").is_file()


def test_another_run_that_was_moved_there_is_not_replaced(quick, tmp_path):
    out, other = tmp_path / "out", tmp_path / "other"
    run(quick, out=out)
    run({**quick, "seeds": [5]}, out=other)

    def observe(event):
        if event.stage == "arm":
            os.rename(out, tmp_path / "moved")
            os.rename(other, out)

    with pytest.raises(DataError, match="appeared during the run"):
        run({**quick, "seeds": [7]}, out=out, observer=observe, overwrite=True)
    assert (out / "seed-5").is_dir()
