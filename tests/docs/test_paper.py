"""The paper's protocol runs from end to end, on models and a corpus small enough for a test."""

import csv
import string
from pathlib import Path

import pytest
import torch
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    BertTokenizerFast,
)
from transformers.utils import logging

from semspill import load_config, run

pytestmark = pytest.mark.no_cover

PAPER = Path(__file__).parents[2] / "examples" / "paper.toml"
LABELS = ("toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate")


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> tuple[Path, Path]:
    """A BERT and a classifier with the labels of the paper's rater, both of letters."""
    letters = string.ascii_lowercase + string.digits + ".,!?'"
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{c}" for c in letters)]
    vocabulary = {word: i for i, word in enumerate(words)}
    small = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = BertConfig(vocab_size=len(words), intermediate_size=16, **small)
    names = {0: "nothate", 1: "hate"}
    rating = BertConfig(
        vocab_size=len(words), intermediate_size=16, id2label=names,
        label2id={name: i for i, name in names.items()}, **small,
    )  # fmt: skip
    bert, rater = tmp_path_factory.mktemp("bert"), tmp_path_factory.mktemp("rater")
    logging.disable_progress_bar()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        BertModel(config).save_pretrained(bert)
        BertForSequenceClassification(rating).save_pretrained(rater)
    logging.enable_progress_bar()
    for folder in (bert, rater):
        BertTokenizerFast(vocab=vocabulary).save_pretrained(folder)
    return bert, rater


@pytest.fixture
def comments(tmp_path) -> Path:
    """Kaggle's file in small: only rows with both labels are planted."""
    path = tmp_path / "train.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.DictWriter(file, ["id", "comment_text", *LABELS])
        rows.writeheader()
        for i in range(12):
            flags = dict.fromkeys(LABELS, 0) | {"toxic": 1, "insult": 1, "severe_toxic": i % 2}
            rows.writerow({"id": i, "comment_text": f"grumble number {i}", **flags})
    return path


def test_the_paper_s_protocol_runs(models, comments, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    bert, rater = models
    small = load_config(
        PAPER,
        [
            "dataset={name = 'synthetic', train = 40, test = 24, categories = 4}",
            "poisoner.selector.category=brave",
            f"poisoner.source.path={comments}",
            "poisoner.budget=0.2",
            f"model.encoder.model={bert}",
            f"rater.model={rater}",
            "model.finetuner.epochs=2",
            "model.finetuner.batch_size=32",
            "seeds=[0, 1]",
            "list_size=20",
            "analyzer={}",
        ],
    )
    report = run(small)
    names = [arm.name for arm in report.arms]
    assert names == ["clean", "poison", "train_only", "pool_only", "benign_swap"]
    assert {point.epoch for point in report.curve} == {1, 2}
    assert {part.part for part in report.decomposition} == {
        "total", "pool", "training", "both", "quality", "harm",
    }  # fmt: skip
    checks = [check.name for check in report.sensitivity]
    assert checks == ["discriminative", "label", "confusion"]
    assert report.labels.responses
    for arm in ("clean", "train_only"):
        assert report.group("all", arm).asr.value == 0
    assert "Vidgen" in report.to_markdown()
