"""The recipes for experiment trackers hand on every epoch; the trackers are stand-ins."""

import re
import sys
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

pytestmark = pytest.mark.no_cover

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "track.md"
SHARED, WANDB, MLFLOW, TENSORBOARD = re.findall(
    r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
)


@pytest.fixture
def shared(tmp_path, monkeypatch):
    """What the recipes have in common, smaller; and the cache of ratings stays with the test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    names = {}
    exec(SHARED, names)
    small = {"epochs": 2, "batch_size": 32}
    names["config"] |= {"curve": False, "model": {"finetuner": small}, "analyzer": {"draws": 100}}
    names["config"]["rater"] = {"name": "lexicon", "words": {"grumble": 1.0}}
    return names


def stand_in(monkeypatch, name, **parts):
    module = ModuleType(name)
    vars(module).update(parts)
    monkeypatch.setitem(sys.modules, name, module)


def losses(kept):
    """Return epochs by training, from pairs of a curve's name and an epoch."""
    found = {}
    for name, epoch in kept:
        if name.endswith("/loss"):
            found.setdefault(name, []).append(epoch)
    return found


EVERY = {"seed-0/clean/loss": [1, 2], "seed-0/poison/loss": [1, 2]}


def test_wandb_gets_every_epoch_the_result_and_a_masked_config(shared, monkeypatch):
    logged, config = [], {}
    tracked = SimpleNamespace(log=logged.append, summary={}, config=config)

    def init(*, project):
        return nullcontext(tracked)

    stand_in(monkeypatch, "wandb", init=init)
    exec(WANDB, shared)
    pairs = [
        (key, row[key.replace("loss", "epoch")]) for row in logged for key in row if "loss" in key
    ]
    assert losses(pairs) == EVERY
    assert all(isinstance(value, float | int) for row in logged for value in row.values())
    assert tracked.summary == {"asr": shared["report"].category("brave").asr.value}
    assert config["seeds"] == [0]
    assert "grumble" not in str(config)


def test_mlflow_gets_every_epoch_the_result_and_a_masked_config(shared, monkeypatch):
    kept, files = [], {}

    def log_metric(key, value, step=None):
        assert re.fullmatch(r"[\w\-. :/]+", key)  # what MLflow allows
        kept.append((key, step))

    def log_dict(dictionary, artifact_file):
        files[artifact_file] = dictionary

    parts = {"start_run": nullcontext, "log_metric": log_metric, "log_dict": log_dict}
    stand_in(monkeypatch, "mlflow", **parts)
    exec(MLFLOW, shared)
    assert losses(kept) == EVERY
    assert kept[-1] == ("asr", None)
    assert files["config.json"]["seeds"] == [0]
    assert "grumble" not in str(files)


def test_tensorboard_gets_every_epoch_and_the_result(shared, monkeypatch):
    kept = []

    def add_scalar(tag, scalar_value, global_step=None):
        assert isinstance(scalar_value, float)
        kept.append((tag, global_step))

    def writer(log_dir):
        return nullcontext(SimpleNamespace(add_scalar=add_scalar))

    stand_in(monkeypatch, "torch.utils.tensorboard", SummaryWriter=writer)
    exec(TENSORBOARD, shared)
    assert losses(kept) == EVERY
    assert kept[-1] == ("asr", None)
