"""Paths and sizes that the command line meets outside: a sentence and an exit code, never 70."""

import json
import os
import subprocess
import sys

import pytest

from semspill import cli

FIELDS = {
    "dataset": {"name": "synthetic", "train": 60, "test": 36},
    "poisoner": {"selector": {"name": "category", "category": "brave"}},
    "list_size": 10,
}


@pytest.fixture
def semspill(monkeypatch, capsys, tmp_path):
    """Return a function that runs a command line in a folder of its own: exit code, words."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run.json").write_text(json.dumps(FIELDS))

    def command(*words):
        monkeypatch.setattr(sys, "argv", ["semspill", *words])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        said = capsys.readouterr()
        return stopped.value.code or 0, " ".join((said.out + said.err).split())

    return command


@pytest.mark.parametrize("out", ["", " ", ".", "..", "/", "a/..", "~nobody-at-all/x", "x" * 5000])
@pytest.mark.parametrize("command", [["run", "--dry-run"], ["sweep", "--vary", "seeds=[0],[1]"]])
def test_a_folder_that_cannot_be_made_is_refused(semspill, command, out):
    code, said = semspill(*command, "run.json", "--out", out)
    assert code == 2
    assert said.startswith("semspill: Invalid value for '--out': ")


@pytest.mark.parametrize("place", ["", "~nobody-at-all/x", "x" * 5000, "half \ud83d.toml"])
@pytest.mark.parametrize("command", [["run"], ["validate"], ["report"], ["compare"], ["init"]])
def test_a_place_that_can_be_none_is_refused(semspill, command, place):
    code, said = semspill(*command, place)
    assert code == 2
    assert said.startswith("semspill: Invalid value for")


@pytest.mark.parametrize("path", ["~nobody-at-all/x", "a\0b", "x" * 300])
def test_a_data_set_in_no_possible_place_is_refused(semspill, path):
    code, said = semspill("data", "verify", "jsonl", "--path", path)
    assert code in (2, 3)
    assert "Internal" not in said


@pytest.mark.parametrize("name", ["x.yaml", "x.json", "x", "x.toml.txt"])
def test_init_writes_toml_only(semspill, tmp_path, name):
    code, said = semspill("init", name)
    assert (code, (tmp_path / name).exists()) == (2, False)
    assert "give a name that ends in .toml" in said
    code, said = semspill("validate", name)
    assert code == 2
    assert f"init {name}" not in said


@pytest.mark.parametrize("content", [b"\xff\xfe{}", b"[" * 100_000, b"null", b"1" * 5000])
@pytest.mark.parametrize("name", ["report.json", "sweep.json"])
def test_a_broken_report_is_said_to_be_broken(semspill, tmp_path, name, content):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_bytes(content)
    code, said = semspill("report", "out")
    assert code == 3
    assert f"out/{name} is broken; run" in said


def test_a_number_is_a_name_where_a_name_is_wanted(semspill):
    code, said = semspill("validate", "run.json", "--set", "poisoner.selector.category=007")
    assert code == 0
    assert "target 007" in said


@pytest.mark.parametrize("columns", ["1", "20", "29"])
def test_no_number_is_cut_in_a_narrow_terminal(columns):
    command = "from semspill.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", command, "data", "verify", "synthetic", "--split", "test"],
        env={**os.environ, "COLUMNS": columns},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "test 600 1200 8" in " ".join(done.stdout.split())
