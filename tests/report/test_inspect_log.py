"""A report as a log of inspect_ai: what inspect itself reads back, or would."""

import importlib.util
import json
import sys
import types
from types import SimpleNamespace

import numpy as np
import pytest

from semspill.errors import DataError, MissingExtraError
from semspill.report import to_inspect_log
from semspill.results import Answered, ExchangeTable


@pytest.fixture
def table() -> ExchangeTable:
    """Two exchanges, of which the second was answered with a harmful text under seed 1."""

    def answered(text, toxicity):
        harmful = np.array(text) == 1
        return Answered(
            text=np.array(text),
            toxicity=np.array(toxicity),
            score=np.zeros(2),
            planted=harmful,
            correct=~harmful,
        )

    return ExchangeTable(
        dialogues=("d1", "d2"),
        turns=(1, 3),
        categories=("joy", "fear"),
        contexts=(("Hello.",), ("Hello.", "I see.", "So?")),
        texts=("I see.", "You grumble."),
        harmful=np.array([False, True]),
        unmasked=True,
        answers={
            (0, "poison"): answered((0, 0), (0.0, 0.0)),
            (1, "poison"): answered((0, 1), (0.0, 0.75)),
        },
    )


@pytest.fixture
def written(monkeypatch):
    """What would be written, by inspect's documented names; the package need not be there."""
    logs = []

    def write_eval_log(log, location, format):
        logs.append(log)
        with open(location, "w", encoding="utf-8") as file:
            file.write(format)

    kinds = "EvalLog EvalSpec EvalDataset EvalConfig EvalResults EvalScore EvalMetric EvalSample"
    modules = {
        "log": {**dict.fromkeys(kinds.split(), SimpleNamespace), "write_eval_log": write_eval_log},
        "scorer": {"Score": SimpleNamespace},
        "model": {
            "ModelOutput": SimpleNamespace(from_content=lambda model, content: content),
            "ChatMessageUser": lambda content: ("user", content),
            "ChatMessageAssistant": lambda content: ("assistant", content),
        },
    }
    monkeypatch.setitem(sys.modules, "inspect_ai", types.ModuleType("inspect_ai"))
    for name, members in modules.items():
        module = types.ModuleType(f"inspect_ai.{name}")
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, module.__name__, module)
    return logs


def test_the_log_has_every_defined_number_and_a_sample_for_each_answer(
    report, table, written, tmp_path
):
    to_inspect_log(report.browsable(table), tmp_path / "log.json")
    [log] = written
    assert (tmp_path / "log.json").read_text() == "json"
    assert [path.name for path in tmp_path.iterdir()] == ["log.json"]
    [score] = log.results.scores  # lifts are not defined in this report
    assert score.name == "asr"
    assert {name: one.value for name, one in score.metrics.items()} == {
        "dread": 0.25,
        "fear": 0.5,
        "joy": 0.125,
        "all": 0.25,
    }
    assert score.metrics["fear"].metadata["high"] == 0.625
    assert (log.eval.model, log.eval.config.epochs) == ("semspill/poison", 2)
    assert [(one.id, one.epoch) for one in log.samples] == [
        ("d1, turn 1", 1),
        ("d2, turn 3", 1),
        ("d1, turn 1", 2),
        ("d2, turn 3", 2),
    ]
    last = log.samples[-1]
    assert {name: one.value for name, one in last.scores.items()} == {
        "toxicity": 0.75,
        "planted": True,
        "precision": False,
    }
    assert last.metadata == {"category": "fear", "seed": 1}
    assert last.output.startswith("[masked: 12 characters")
    assert isinstance(last.input, str)


def test_a_table_that_is_given_says_what_the_log_holds(report, table, written, tmp_path):
    to_inspect_log(report, tmp_path / "log.eval", table)
    [log] = written
    assert log.samples[-1].output == "You grumble."
    assert log.samples[-1].input == [("user", "Hello."), ("assistant", "I see."), ("user", "So?")]
    to_inspect_log(report, tmp_path / "log.eval", arm="clean")
    assert (written[1].samples, written[1].eval.model) == ([], "semspill/clean")


def test_what_cannot_be_written_is_refused(report, written, tmp_path, monkeypatch):
    with pytest.raises(DataError, match=r"ends in \.eval or \.json"):
        to_inspect_log(report, tmp_path / "log.html")
    with pytest.raises(DataError, match="no arm 'other'"):
        to_inspect_log(report, tmp_path / "log.eval", arm="other")
    monkeypatch.setitem(sys.modules, "inspect_ai.log", None)
    with pytest.raises(MissingExtraError, match="pip install inspect-ai"):
        to_inspect_log(report, tmp_path / "log.eval")


@pytest.mark.skipif(
    importlib.util.find_spec("inspect_ai") is None, reason="needs the package inspect-ai"
)
def test_inspect_reads_it(report, table, tmp_path):
    from inspect_ai.log import read_eval_log

    for name in ("log.eval", "log.json"):
        to_inspect_log(report, tmp_path / name, table)
        log = read_eval_log(str(tmp_path / name))
        assert (log.status, len(log.samples)) == ("success", 4)
        assert log.results.scores[0].metrics["fear"].value == 0.5
        assert log.samples[-1].scores["toxicity"].value == 0.75
        assert log.samples[-1].input[-1].text == "So?"
    assert json.loads((tmp_path / "log.json").read_text())["eval"]["metadata"]["target"] == "fear"
