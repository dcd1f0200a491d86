"""Tiny pretrained models, made on the spot, so that no test needs a download."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import (
    BertConfig,
    BertModel,
    BertTokenizerFast,
    GPT2Config,
    GPT2Model,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaModel,
)
from transformers.utils import logging

from semspill import Exchange

WORDS = "[PAD] [UNK] [CLS] [SEP] [MASK] afraid joy i heard a noise . oh no ! gr ##umb ##le tell me"
SMALL = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}


@pytest.fixture
def exchanges() -> tuple[Exchange, ...]:
    """Five exchanges whose contexts and responses are all different."""
    said = ["I heard a noise.", "Oh no!", "Tell me a noise", "grumble grumble", "No no no."]
    return tuple(
        Exchange(f"d{i}", 1, "afraid" if i % 2 else "joy", (text, "Oh."), f"{text} {i}")
        for i, text in enumerate(said)
    )


def _saved(folder: Path, tokenizer: object, make: Callable[[], PreTrainedModel]) -> Path:
    logging.disable_progress_bar()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = make()
        for weight in model.parameters():
            torch.nn.init.normal_(weight, std=0.3)  # the small default hides what differs
    tokenizer.save_pretrained(folder)
    model.save_pretrained(folder)
    logging.enable_progress_bar()
    return folder


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory) -> Path:
    """A plain transformers folder with 24 positions."""
    vocabulary = {word: i for i, word in enumerate([*WORDS.split(), "9"])}
    config = BertConfig(
        vocab_size=len(vocabulary), intermediate_size=16, max_position_embeddings=24, **SMALL
    )
    tokenizer = BertTokenizerFast(vocab=vocabulary)
    return _saved(tmp_path_factory.mktemp("bert"), tokenizer, lambda: BertModel(config))


def _bytes(**special: str) -> Tokenizer:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: i for i, token in enumerate([*special.values(), *alphabet])}
    backend = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    return backend


@pytest.fixture(scope="session")
def tiny_roberta(tmp_path_factory) -> Path:
    """Bytes as tokens, a leading space that matters, positions counted from behind padding."""
    special = {"bos_token": "<s>", "pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    backend = _bytes(**special)
    backend.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, **special)
    config = RobertaConfig(
        vocab_size=len(tokenizer),
        intermediate_size=16,
        max_position_embeddings=42,
        pad_token_id=1,
        **SMALL,
    )
    return _saved(tmp_path_factory.mktemp("roberta"), tokenizer, lambda: RobertaModel(config))


@pytest.fixture(scope="session")
def tiny_gpt(tmp_path_factory) -> Path:
    """A decoder whose tokenizer adds nothing and has no token for padding."""
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=_bytes(eos_token="<end>"), eos_token="<end>"
    )
    config = GPT2Config(
        vocab_size=len(tokenizer), n_embd=16, n_layer=1, n_head=2, n_positions=40,
        bos_token_id=0, eos_token_id=0,
    )  # fmt: skip
    return _saved(tmp_path_factory.mktemp("gpt"), tokenizer, lambda: GPT2Model(config))
