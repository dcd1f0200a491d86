"""What `semspill run --dry-run` prints, and how it ends."""

import io
import json
import sys

import pytest
from pydantic import TypeAdapter
from rich.console import Console

from semspill import cli
from semspill.cli import _dry_run
from semspill.experiment import Forecast, ForecastPart

CONFIG = """\
dataset = { name = "synthetic", train = 60, test = 36 }
poisoner = { selector = { name = "category", category = "brave" } }
"""
FOUND = Forecast(
    target="brave", seeds=(0,), arms=("clean", "poison"), trainings=2, epochs=3, batches=4,
    batch_size=256, train_dialogues=60, train_exchanges=120, candidates=100, planted={0: 3},
    limit=3, dropped=0, tests={"brave": 18, "calm": 18}, test_exchanges=72,
    parts=(ForecastPart(name="training", seconds=2.04, said="2 x 1 s"),), low=1.0, high=3.0,
    measured=1.0, memory_mib=400, disk_mib=5.0, smallest_lift=0.5, folder="It would be made.",
    refused=False,
)  # fmt: skip


@pytest.fixture
def semspill(monkeypatch, capsys, tmp_path):
    """Return a function that runs a command line: exit code, standard output, standard error."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.toml").write_text(CONFIG)

    def command(*words):
        monkeypatch.setattr(sys, "argv", ["semspill", *words])
        with pytest.raises(SystemExit) as left:
            cli.main()
        return left.value.code or 0, *capsys.readouterr()

    return command


@pytest.fixture
def asked(monkeypatch) -> list:
    """Let the forecast be known at once; return what it was asked."""
    seen = []

    def forecast(config, *, out, overwrite, show_text):
        seen.append((config.watched, str(out), overwrite, show_text))
        return FOUND.replace(refused=overwrite)

    monkeypatch.setattr(_dry_run, "forecast", forecast)
    return seen


def test_it_prints_the_forecast_and_writes_nothing(semspill, asked, tmp_path):
    code, out, err = semspill("run", "my.toml", "--dry-run")
    assert (code, out, err) == (0, f"{FOUND}\n", "")
    assert asked == [("brave", "semspill-runs/my", False, False)]
    assert [path.name for path in tmp_path.iterdir()] == ["my.toml"]


def test_a_folder_that_would_be_refused_is_a_usage_error(semspill, asked):
    code, out, _ = semspill(
        "run", "my.toml", "--dry-run", "--overwrite", "--show-text", "--out", "there"
    )
    assert (code, asked) == (2, [("brave", "there", True, True)])
    assert "It would be made." in out


def test_json_is_one_object(semspill, asked):
    code, out, _ = semspill("run", "my.toml", "--dry-run", "--json")
    said = TypeAdapter(dict).validate_python(json.loads(out))
    assert (code, said.pop("event"), said.pop("seconds")) == (0, "forecast", 2.0)
    assert Forecast.model_validate(said) == FOUND


def test_a_terminal_is_told_to_wait(semspill, asked, monkeypatch):
    terminal = Console(file=io.StringIO(), force_terminal=True, width=80)
    monkeypatch.setattr(_dry_run, "err_console", terminal)
    _, out, _ = semspill("run", "my.toml", "--dry-run")
    assert out == f"{FOUND}\n"
    assert "measuring" in terminal.file.getvalue()


def test_the_real_one_forecasts(semspill):
    small = ["list_size=10", "curve=false", "finetuner.epochs=1", "encoder.dim=4"]
    small += ["encoder.name='hashing'", "encoder.buckets=64", "analyzer.metrics=['asr','lift']"]
    code, out, _ = semspill("run", "my.toml", "--dry-run", *(f"--set={each}" for each in small))
    assert code == 0
    assert "Trains   2 models: arms clean, poison; seeds 0;" in out
    assert "semspill-runs/my would be made." in out
