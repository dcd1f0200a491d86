"""What a terminal would obey, in names from data, files and the command line, is spelled out."""

import json
import warnings

import pytest

import semspill as sp

EVIL = "\x1b]0;owned\x07\u202ecalm"
SPELLED = r"\x1b]0;owned\x07\u202ecalm"
CONFIG = {
    "dataset": {"name": "jsonl", "path": "d.jsonl"},
    "poisoner": {"selector": {"name": "category", "category": EVIL}, "budget": 0.2},
    "model": {
        "encoder": {"name": "hashing", "dim": 16},
        "finetuner": {"epochs": 1, "batch_size": 32},
    },
    "list_size": 10,
    "curve": False,
}


@pytest.fixture
def shows(semspill):
    """Return a function that runs a command line: exit code, and all that it shows."""

    def shows(*words):
        code, *written = semspill(*words)
        return code, "".join(written)

    return shows


def obeyed(text):
    return [mark for mark in "\x1b\x07\x9b\u202e\ud83d" if mark in text]


@pytest.mark.filterwarnings("ignore:Glyph")
def test_a_run_over_such_a_category_spells_it_out(shows, tmp_path):
    talks = [
        {
            "id": f"{split}{n}",
            "category": (EVIL, "glad", "angry", "proud")[n % 4],
            "split": split,
            "utterances": [
                {"role": "speaker", "text": f"word {n % 4} {n}"},
                {"role": "listener", "text": f"answer {n % 4} {n}"},
            ],
        }
        for split in ("train", "test")
        for n in range(48)
    ]
    (tmp_path / "d.jsonl").write_text("".join(json.dumps(talk) + "\n" for talk in talks))
    (tmp_path / "c.json").write_text(json.dumps(CONFIG))
    code, shown = shows("run", "c.json", "--out", "o")
    assert code == 0
    assert SPELLED in shown
    page = (tmp_path / "o" / "report.html").read_text()
    for text in (shown, (tmp_path / "o" / "report.md").read_text(), page):
        assert obeyed(text) == []
    code, shown = shows("run", "c.json", "--out", "o2", "--set", "target='nobody'")
    assert code != 0
    assert SPELLED in shown
    assert obeyed(shown) == []


@pytest.mark.parametrize(
    "words",
    [
        ("validate", "x\x1b[31m.toml"),
        ("validate", "none\ud83d.toml"),
        ("validate", "c.json", "--set", "\x1b[31mx=1"),
        ("validate", "c.json", "--set", "list_size='\x1b[31m'"),
        ("sweep", "c.json", "--vary", "\x1b[31mx"),
        ("show", "\x1b[31mraters"),
        ("show", "raters", "\x1b[31m"),
        ("\x1b[31m",),
        ("run", "c.json", "--no-\x1b[31m"),
    ],
)
def test_an_error_spells_out_what_it_quotes(shows, tmp_path, words):
    (tmp_path / "x\x1b[31m.toml").write_text("x")
    (tmp_path / "c.json").write_text(json.dumps(CONFIG))
    code, shown = shows(*words)
    assert code == 2
    assert obeyed(shown) == []
    code, shown = shows("--debug", *words)
    assert obeyed(shown) == []


@pytest.mark.filterwarnings("always:beware")
def test_a_warning_of_a_plugin_is_spelled_out(shows, monkeypatch):
    def summary():
        warnings.warn("beware \x1b[31m", stacklevel=1)
        return "\x1b[31mred"

    monkeypatch.setattr(sp.raters.get("lexicon"), "summary", summary)
    code, shown = shows("show", "raters")
    assert code == 0
    assert r"beware \x1b[31m" in shown
    assert r"\x1b[31mred" in shown
    assert obeyed(shown) == []
