"""What `semspill run --dry-run` prints, and how it ends."""

import json

import pytest

from semspill.experiment import Forecast
from semspill.models import Effort

CONFIG = """\
dataset = { name = "synthetic", train = 60, test = 36 }
poisoner = { selector = { name = "category", category = "brave" } }
"""
FOUND = Forecast(
    target="brave", seeds=(0,), arms=("clean", "poison"), trainings=2, epochs=3,
    effort=Effort(steps=3, guessing=4.8),
    train_dialogues=60, train_exchanges=120, candidates=100, planted={0: 3}, limit=3, dropped=0,
    tests={"brave": 18, "calm": 18}, test_dialogues=36, test_exchanges=72, memory_mib=400.0,
    smallest_lift=0.5, folder="It would be made.", refused=False,
)  # fmt: skip


@pytest.fixture(autouse=True)
def config(tmp_path):
    (tmp_path / "my.toml").write_text(CONFIG)


@pytest.fixture
def asked(monkeypatch) -> list:
    """Let the forecast be known at once; return what it was asked."""
    seen = []

    def forecast(config, *, out, overwrite, show_text):
        seen.append((config.watched, str(out), overwrite, show_text))
        return FOUND.replace(refused=overwrite)

    monkeypatch.setattr("semspill.cli._experiments.forecast", forecast)
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
    fields = json.loads(out)
    assert (code, fields.pop("event")) == (0, "forecast")
    assert Forecast.model_validate(fields) == FOUND


def test_the_real_one_forecasts(semspill, tmp_path):
    small = ["list_size=10", "curve=false", "model.finetuner.epochs=1", "model.encoder.dim=4"]
    small += [
        "model.encoder.name='hashing'",
        "model.encoder.buckets=64",
        "analyzer.metrics=['asr','lift']",
    ]
    words = ["run", "my.toml", "--dry-run", *(f"--set={each}" for each in small)]
    code, out, _ = semspill(*words)
    assert code == 0
    assert "Trains   2 models: arms clean, poison; seeds 0;" in out
    assert "semspill-runs/my would be made." in out
    (tmp_path / "semspill-runs" / "my").mkdir(parents=True)
    code, out, _ = semspill(*words)
    assert code == 2
    assert "already exists; choose another folder, or pass --overwrite." in " ".join(out.split())
