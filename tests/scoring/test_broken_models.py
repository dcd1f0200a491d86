"""What comes with a classifier and does not fit: one sentence of ours, never torch's words."""

import io
import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import RobertaConfig, RobertaForSequenceClassification

from semspill.errors import ConfigError, DataError, PluginError
from semspill.scoring import DetoxifyRater, Rater, ToxicityScorer, TransformersRater, assess_rater

CODE = """
from pathlib import Path
from transformers import BertConfig, BertForSequenceClassification
Path({touched!r}).touch()
class OwnConfig(BertConfig):
    model_type = "own"
class OwnClassifier(BertForSequenceClassification):
    config_class = OwnConfig
"""


@pytest.fixture
def bert(make_bert):
    return make_bert(["nothate", "hate"])[0]


def change(path, **values):
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_code_of_a_model_runs_only_where_it_is_trusted(bert, tmp_path, monkeypatch, capfd):
    plain = TransformersRater(model=str(bert)).rate(["you grumble"])
    touched = tmp_path / "the code ran"
    (bert / "own.py").write_text(CODE.format(touched=str(touched)))
    names = {
        "AutoConfig": "own.OwnConfig",
        "AutoModelForSequenceClassification": "own.OwnClassifier",
    }
    change(bert / "config.json", model_type="own", auto_map=names)
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "c"))
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n" * 9))
    with pytest.raises(DataError, match="code of its own, which is not run; set trust_remote_code"):
        TransformersRater(model=str(bert)).rate(["you grumble"])
    assert not touched.exists()
    assert capfd.readouterr().out == ""
    trusting = TransformersRater(model=str(bert), trust_remote_code=True)
    assert trusting.rate(["you grumble"]) == pytest.approx(plain, abs=1e-6)
    assert touched.exists()


def test_a_classifier_without_its_tokenizer_is_refused_with_the_names_of_its_files(bert, tmp_path):
    for file in bert.glob("*token*"):
        file.unlink()
    assert TransformersRater(model=str(bert)).rate(["you grumble"]).shape == (1,)  # by vocab.txt
    (bert / "vocab.txt").unlink()
    with pytest.raises(DataError, match=r"tokenizer\.json or vocab\.txt is missing"):
        TransformersRater(model=str(bert)).rate(["you grumble"])
    config = RobertaConfig(
        vocab_size=9, hidden_size=8, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=8, id2label={0: "nothate", 1: "hate"},
    )  # fmt: skip
    RobertaForSequenceClassification(config).save_pretrained(tmp_path / "roberta")
    with pytest.raises(
        DataError, match=r"tokenizer\.json or vocab\.json and merges\.txt is missing"
    ):
        TransformersRater(model=str(tmp_path / "roberta")).rate(["you grumble"])


def test_a_detoxify_config_without_a_tokenizer_is_refused(make_bert, tmp_path):
    folder, model = make_bert(["toxic", "insult"], "base")
    arch = {
        "model_type": "nowhere", "num_classes": 2, "tokenizer_name": "BertTokenizer",
        "model_name": "BertForSequenceClassification",
    }  # fmt: skip
    said = {"arch": {"args": arch}, "dataset": {"args": {"classes": ["toxic", "insult"]}}}
    torch.save({"config": said, "state_dict": model.state_dict()}, tmp_path / "it.ckpt")
    rater = DetoxifyRater(checkpoint=tmp_path / "it.ckpt", config=folder)
    assert rater.rate(["you grumble"]).shape == (1,)
    for file in (*folder.glob("*token*"), folder / "vocab.txt"):
        file.unlink()
    with pytest.raises(DataError, match=r"tokenizer\.json or vocab\.txt is missing.*give `config`"):
        rater.replace(label="insult").rate(["you grumble"])


@pytest.mark.parametrize("device", ["cuda:99", "nonsense", "meta", ""])
def test_a_device_that_is_not_there_is_one_sentence(bert, device):
    with pytest.raises(ConfigError, match=r"torch finds none; use 'auto' or 'cpu'"):
        TransformersRater(model=str(bert), device=device).rate(["a"])


def test_auto_is_a_device(bert):
    rated = TransformersRater(model=str(bert), device="auto").rate(["you grumble"])
    assert rated == pytest.approx(
        TransformersRater(model=str(bert)).rate(["you grumble"]), abs=1e-4
    )


def test_broken_weights_are_one_sentence(bert):
    (bert / "model.safetensors").write_bytes(b"x" * 64)
    with pytest.raises(DataError, match=r"cannot be loaded \(.*the folder of a downloaded one"):
        TransformersRater(model=str(bert)).rate(["a"])


def test_a_tokenizer_that_knows_more_than_the_weights_is_one_sentence(bert):
    weights = load_file(bert / "model.safetensors")
    name = "bert.embeddings.word_embeddings.weight"
    weights[name] = weights[name][:6].clone()
    save_file(weights, bert / "model.safetensors", metadata={"format": "pt"})
    change(bert / "config.json", vocab_size=6)
    with pytest.raises(DataError, match=r"cannot rate a text of 3 tokens .* its tokenizer is the"):
        TransformersRater(model=str(bert)).rate(["grumble"])


class Answering(Rater):
    """A rater that gives anything."""

    citation = "original"

    def rate(self, texts):
        return ANSWERS[len(texts)](texts)


class Locked:
    def __array__(self, *given, **options):
        raise RuntimeError("locked")


ANSWERS = {
    1: lambda texts: torch.full((1,), 0.3, requires_grad=True),
    2: lambda texts: torch.tensor([0.25, 0.5], dtype=torch.bfloat16),
    3: lambda texts: [True, 0, 1],
    4: lambda texts: 1 / 0,
    5: lambda texts: torch.ones(2) @ torch.ones(3),
    6: lambda texts: Locked(),
    7: lambda texts: [[0.1], 0.2],
    8: lambda texts: int(texts[0]),
}


def score(count):
    texts = [f"grumble {i}" for i in range(count)]
    return ToxicityScorer(rater=Answering(), cache=None).score(texts)


@pytest.mark.parametrize(("count", "wanted"), [(1, [0.3]), (2, [0.25, 0.5]), (3, [1, 0, 1])])
def test_tensors_and_lists_are_ratings(count, wanted):
    assert score(count).tolist() == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("count", [4, 5, 6, 7, 8])
def test_whatever_else_a_rater_does_is_one_sentence_without_a_text(count):
    with pytest.raises(PluginError, match=rf"Answering\.rate .* {count} texts") as caught:
        score(count)
    assert "grumble" not in str(caught.value)


def test_what_is_no_text_is_refused_by_its_place_and_type():
    """In a process of its own, where no test checks the types of arguments."""
    code = """if True:
        from semspill import DataError
        from semspill.scoring import ToxicityScorer
        for other in (None, 7, b"grumble", float("nan")):
            try:
                ToxicityScorer(rater="lexicon", cache=None).score(["a", other])
            except DataError as error:
                print(error)
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        f"Text 2 of 2 is of type {kind}; give strings."
        for kind in ("NoneType", "int", "bytes", "float")
    ]


def test_an_iterator_of_texts_is_rated_whole():
    scorer = ToxicityScorer(rater="lexicon", cache=None)
    assert scorer.score(text for text in ["grumble", "well"]).tolist() == [1, 0]


@pytest.mark.parametrize("other", [None, float("nan"), np.nan, 0.3, "0", "no", 2, -1, [1]])
def test_a_label_that_is_none_is_refused(other):
    scorer = ToxicityScorer(rater="lexicon", cache=None)
    with pytest.raises(DataError, match=rf"Label 3 is of type {type(other).__name__} and none of"):
        assess_rater(scorer, (["grumble", "well", "day"], [True, False, other]))


@pytest.mark.parametrize("kind", [list, np.array, lambda labels: np.array(labels, dtype=float)])
def test_labels_of_zero_and_one_count(kind):
    scorer = ToxicityScorer(rater="lexicon", cache=None)
    quality = assess_rater(scorer, (["grumble", "well", "day"], kind([1, 0, 0])))
    assert (quality.toxic, quality.harmless) == ((1, 1), (2, 2))
