"""Tiny classifiers with the files that a hub would give, their weights drawn at random."""

import pytest
import torch
from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "you", "grumble", "nice", "a", "day", "."]


@pytest.fixture
def make_bert(tmp_path):
    """Return a function that saves a tiny BERT into a new folder and returns both."""

    def make(labels, name="bert", **options):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "vocab.txt").write_text("\n".join(WORDS))
        BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
        sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2}
        config = BertConfig(
            vocab_size=len(WORDS),
            intermediate_size=16,
            max_position_embeddings=16,
            id2label=dict(enumerate(labels)),
            label2id={label: i for i, label in enumerate(labels)},
            initializer_range=1.0,
            **sizes,
            **options,
        )
        with torch.random.fork_rng():
            torch.manual_seed(0)
            model = BertForSequenceClassification(config).eval()
        model.save_pretrained(folder)
        return folder, model

    return make
