import os
import pickle
from hashlib import sha256
from pathlib import Path

import detoxify.detoxify
import numpy as np
import pytest
import torch

from semspill import raters
from semspill.errors import ConfigError, DataError
from semspill.scoring import DetoxifyRater, ToxicityScorer

CLASSES = ["toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate"]
TEXTS = ["You grumble", "nice day.", "a", "you you you you grumble.", ""]


@pytest.fixture
def saved(make_bert, tmp_path):
    """A checkpoint as Detoxify saves it, and the folder of its config and tokenizer."""
    folder, model = make_bert(CLASSES)
    return save(tmp_path / "tiny.ckpt", folder, model.state_dict()), folder


def save(path, model_type, weights, **arch):
    arguments = {
        "model_type": str(model_type),
        "model_name": "BertForSequenceClassification",
        "tokenizer_name": "BertTokenizer",
        "num_classes": len(CLASSES),
        **arch,
    }
    config = {"arch": {"args": arguments}, "dataset": {"args": {"classes": CLASSES}}}
    torch.save({"config": config, "state_dict": weights}, path)
    return path


@pytest.mark.parametrize(("label", "named"), [("toxicity", "toxicity"), ("insult", "insult")])
def test_rates_as_detoxify_itself(saved, label, named):
    checkpoint, _ = saved
    expected = detoxify.detoxify.Detoxify(checkpoint=str(checkpoint)).predict(TEXTS)[named]
    rated = DetoxifyRater(checkpoint=checkpoint, label=label).rate(TEXTS)
    np.testing.assert_allclose(rated, expected, rtol=0, atol=1e-6)
    assert np.ptp(rated) > 0.01


def test_a_config_folder_stands_for_the_hub(saved, tmp_path):
    checkpoint, folder = saved
    weights = torch.load(checkpoint, weights_only=True)["state_dict"]
    elsewhere = save(tmp_path / "hub.ckpt", "somebody/not-downloaded", weights)
    expected = DetoxifyRater(checkpoint=checkpoint).rate(TEXTS)
    rated = DetoxifyRater(checkpoint=elsewhere, config=folder).rate(TEXTS)
    assert rated.tolist() == expected.tolist()


def test_the_config_folder_need_not_know_the_number_of_labels(make_bert, saved):
    checkpoint, _ = saved
    # As the folder of a base model such as bert-base-uncased, made for two labels.
    plain, _ = make_bert(["LABEL_0", "LABEL_1"], name="plain")
    rated = DetoxifyRater(checkpoint=checkpoint, config=plain).rate(TEXTS)
    assert rated.tolist() == DetoxifyRater(checkpoint=checkpoint).rate(TEXTS).tolist()


def test_one_text_none_and_a_very_long_one(saved):
    checkpoint, _ = saved
    rater = DetoxifyRater(checkpoint=checkpoint)
    assert rater.rate([]).shape == (0,)
    assert rater.rate(["a"]).shape == (1,)
    # 16 positions: 14 words between [CLS] and [SEP].
    assert rater.rate(["you " * 5000]).tolist() == rater.rate(["you " * 14]).tolist()


def test_it_works_in_a_scorer_by_name(saved, tmp_path):
    checkpoint, folder = saved
    spec = {"name": "detoxify", "checkpoint": str(checkpoint), "config": str(folder)}
    scorer = ToxicityScorer(rater=spec, cache=tmp_path / "cache")
    expected = DetoxifyRater(checkpoint=checkpoint).rate(TEXTS)
    assert scorer.score(TEXTS).tolist() == pytest.approx(expected.tolist(), abs=1e-6)
    assert raters.build(raters.describe(scorer.rater)) == scorer.rater


def test_the_fingerprint_is_the_content_of_the_files(saved, tmp_path):
    checkpoint, folder = saved
    rater = DetoxifyRater(checkpoint=checkpoint, config=folder)
    first = rater.fingerprint
    moved = checkpoint.rename(tmp_path / "moved.ckpt")
    assert rater.replace(checkpoint=moved, batch_size=7).fingerprint == first
    assert rater.replace(checkpoint=moved, label="insult").fingerprint != first
    save(moved, folder, {})
    assert rater.replace(checkpoint=moved).fingerprint != first
    assert DetoxifyRater().fingerprint != DetoxifyRater(model_type="unbiased").fingerprint


# Checkpoints that must not be trusted


class Bomb:
    """Leaves a mark where it is unpickled."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize(
    "write", [torch.save, lambda o, p: p.write_bytes(pickle.dumps(o, protocol=2))]
)
def test_code_in_a_checkpoint_never_runs(tmp_path, write):
    mark, path = tmp_path / "mark", tmp_path / "bomb.ckpt"
    write({"config": {}, "state_dict": {}, "more": Bomb(mark)}, path)
    with pytest.raises(DataError, match=r"bomb\.ckpt is not a file of tensors .* run foreign code"):
        DetoxifyRater(checkpoint=path).rate(["a"])
    assert not mark.exists()


@pytest.mark.parametrize(
    "content",
    [
        [1, 2],
        {"state_dict": {}},
        {"config": {"arch": 3}, "state_dict": {}},
        {"config": {"arch": {"args": {}}, "dataset": {"args": {"classes": []}}}},
    ],
    ids=["list", "no config", "no arguments", "no weights"],
)
def test_another_file_of_torch_is_refused(tmp_path, content):
    path = tmp_path / "other.ckpt"
    torch.save(content, path)
    with pytest.raises(DataError, match=r"other\.ckpt is not a Detoxify checkpoint"):
        DetoxifyRater(checkpoint=path).rate(["a"])


def test_classes_that_a_checkpoint_names_are_not_looked_up(saved):
    checkpoint, folder = saved
    expected = DetoxifyRater(checkpoint=checkpoint).rate(TEXTS)
    weights = torch.load(checkpoint, weights_only=True)["state_dict"]
    save(checkpoint, folder, weights, model_name="pipeline", tokenizer_name="Trainer")
    assert DetoxifyRater(checkpoint=checkpoint).rate(TEXTS).tolist() == expected.tolist()


def test_a_file_that_is_cut_or_missing_is_refused(saved, tmp_path):
    checkpoint, _ = saved
    checkpoint.write_bytes(checkpoint.read_bytes()[:2000])
    for path in (checkpoint, tmp_path / "none.ckpt"):
        with pytest.raises(DataError, match=r"The checkpoint .* cannot be read \("):
            DetoxifyRater(checkpoint=path).rate(["a"])
    with pytest.raises(DataError, match=r"The file .*none\.ckpt cannot be read"):
        DetoxifyRater(checkpoint=path).fingerprint  # noqa: B018
    with pytest.raises(DataError, match=r"The file .*nowhere cannot be read"):
        DetoxifyRater(checkpoint=checkpoint, config=tmp_path / "nowhere").fingerprint  # noqa: B018


def test_missing_weights_are_not_made_up(saved):
    checkpoint, folder = saved
    weights = torch.load(checkpoint, weights_only=True)["state_dict"]
    del weights["classifier.weight"]
    save(checkpoint, folder, weights)
    with pytest.raises(DataError, match=r"holds no weights for 1 parts .* classifier\.weight"):
        DetoxifyRater(checkpoint=checkpoint).rate(["a"])


def test_without_the_base_model_the_sentence_says_config(saved, tmp_path):
    checkpoint, _ = saved
    weights = torch.load(checkpoint, weights_only=True)["state_dict"]
    elsewhere = save(tmp_path / "hub.ckpt", "somebody/not-downloaded", weights)
    with pytest.raises(DataError, match=r"give `config`, .* of 'somebody/not-downloaded'"):
        DetoxifyRater(checkpoint=elsewhere).rate(["a"])


def test_a_label_the_checkpoint_lacks_lists_what_it_has(saved):
    with pytest.raises(ConfigError, match=r"has no label 'toxic'\. .* It has: toxicity, severe_"):
        DetoxifyRater(checkpoint=saved[0], label="toxic").rate(["a"])


# Official checkpoints, fetched from a folder in place of the network


@pytest.fixture
def official(saved, tmp_path, monkeypatch):
    """An "official" checkpoint at a URL, named after its own hash."""
    checkpoint, _ = saved
    digest = sha256(checkpoint.read_bytes()).hexdigest()[:8]
    remote = checkpoint.rename(tmp_path / f"toxic_tiny-{digest}.ckpt")
    monkeypatch.setitem(detoxify.detoxify.MODEL_URLS, "original", remote.as_uri())
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return remote


def test_an_official_model_is_downloaded_once(official):
    first = DetoxifyRater().rate(TEXTS)
    expected = detoxify.detoxify.Detoxify(checkpoint=str(official)).predict(TEXTS)["toxicity"]
    assert first.tolist() == pytest.approx(expected, abs=1e-6)
    official.unlink()
    assert DetoxifyRater().rate(TEXTS).tolist() == first.tolist()


def test_a_download_that_is_not_the_official_file_is_refused(official):
    official.write_bytes(b"something else")
    with pytest.raises(DataError, match=r"'original' cannot be downloaded from .* hash"):
        DetoxifyRater().rate(["a"])


def test_a_changed_copy_is_refused(official, tmp_path):
    DetoxifyRater().rate(["a"])
    copy = tmp_path / "torch" / "hub" / "checkpoints" / official.name
    copy.write_bytes(b"something else")
    with pytest.raises(DataError, match=r"is not the official Detoxify model: its SHA-256 must"):
        DetoxifyRater().rate(["a"])


def test_without_a_network_the_sentence_says_so(official):
    official.unlink()
    with pytest.raises(DataError, match=r"connect to a network, or give `checkpoint` and `config`"):
        DetoxifyRater().rate(["a"])


def test_official_names_carry_the_hash_that_is_checked():
    for url in detoxify.detoxify.MODEL_URLS.values():
        assert len(Path(url).stem.rpartition("-")[2]) == 8
