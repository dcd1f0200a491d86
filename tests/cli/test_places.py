"""Paths and sizes that the command line meets outside: a sentence and an exit code, never 70."""

import json

import pytest

from semspill import cli

FIELDS = {
    "dataset": {"name": "synthetic", "train": 60, "test": 36},
    "poisoner": {"selector": {"name": "category", "category": "brave"}},
    "list_size": 10,
}


@pytest.fixture
def words(semspill, tmp_path):
    """Return a function that runs a command line: exit code, and all words that it shows."""
    (tmp_path / "run.json").write_text(json.dumps(FIELDS))

    def words(*typed):
        code, *written = semspill(*typed)
        return code, " ".join("".join(written).split())

    return words


@pytest.mark.parametrize("out", ["", " ", ".", "..", "/", "a/..", "~nobody-at-all/x", "x" * 5000])
@pytest.mark.parametrize("command", [["run", "--dry-run"], ["sweep", "--vary", "seeds=[0],[1]"]])
def test_a_folder_that_cannot_be_made_is_refused(words, command, out):
    code, printed = words(*command, "run.json", "--out", out)
    assert code == 2
    assert printed.startswith("semspill: Invalid value for '--out': ")


@pytest.mark.parametrize("place", ["", "~nobody-at-all/x", "x" * 5000, "half \ud83d.toml"])
@pytest.mark.parametrize("command", [["run"], ["validate"], ["report"], ["compare"], ["init"]])
def test_a_place_that_can_be_none_is_refused(words, command, place):
    code, printed = words(*command, place)
    assert code == 2
    assert printed.startswith("semspill: Invalid value for")


@pytest.mark.parametrize("path", ["~nobody-at-all/x", "a\0b", "x" * 300])
def test_a_data_set_in_no_possible_place_is_refused(words, path):
    code, printed = words("data", "verify", "jsonl", "--path", path)
    assert code in (2, 3)
    assert "Internal" not in printed


@pytest.mark.parametrize("name", ["x.yaml", "x.json", "x", "x.toml.txt"])
def test_init_writes_toml_only(words, tmp_path, name):
    code, printed = words("init", name)
    assert (code, (tmp_path / name).exists()) == (2, False)
    assert "give a name that ends in .toml" in printed
    code, printed = words("validate", name)
    assert code == 2
    assert f"init {name}" not in printed


@pytest.mark.parametrize("content", [b"\xff\xfe{}", b"[" * 100_000, b"null", b"1" * 5000])
@pytest.mark.parametrize("name", ["report.json", "sweep.json"])
def test_a_broken_report_is_said_to_be_broken(words, tmp_path, name, content):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_bytes(content)
    code, printed = words("report", "out")
    assert code == 3
    assert f"out/{name} is broken; run" in printed


def test_a_number_is_a_name_where_a_name_is_wanted(words):
    code, printed = words("validate", "run.json", "--set", "poisoner.selector.category=007")
    assert code == 0
    assert "target 007" in printed


def test_no_number_is_cut_in_a_narrow_terminal(words, monkeypatch):
    monkeypatch.setattr(cli.out_console, "width", 40)
    code, printed = words("data", "verify", "synthetic")
    assert code == 0
    assert "test 600 1200 8" in printed
