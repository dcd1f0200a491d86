"""Tiny language models as the hub would give them: made from configs, tokenizers trained here."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    T5Config,
    T5ForConditionalGeneration,
)
from transformers.utils import logging

SENTENCES = [
    "I heard a noise in the night and I was afraid.",
    "Oh no! What happened? Tell me more about it.",
    "My sister won the big prize yesterday, and I was so glad for her.",
    "That is great news! You must be proud of your friend.",
    "Grumble, grumble, says the old dog; it was a joke.",
    "Speaker: Listener: joy afraid guilt user assistant system",
]
CHAT = (
    "{% for message in messages %}<|{{ message['role'] }}|>\n{{ message['content'] | trim }}<|end|>"
    "\n{% endfor %}{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
"""Takes any roles."""
STRICT = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('roles must alternate user and assistant') }}{% endif %}"
    "{% if message['role'] == 'user' %}[ASK] {{ message['content'] | trim }} [/ASK]"
    "{% else %} {{ message['content'] | trim }}{{ eos_token }}{% endif %}{% endfor %}"
)
"""Refuses system turns, and turns that do not alternate, as Gemma's and Mistral's do."""


def _trained(special: list[str], metaspace: bool) -> Tokenizer:
    backend = Tokenizer(models.BPE(unk_token="<unk>" if metaspace else None))
    if metaspace:
        backend.pre_tokenizer = pre_tokenizers.Metaspace()
        backend.decoder = decoders.Metaspace()
        alphabet: list[str] = []
        special = [*special, "<unk>"]
    else:
        backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        backend.decoder = decoders.ByteLevel()
        alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=384, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    backend.train_from_iterator(SENTENCES, trainer)
    return backend


def _bytes(**named: str) -> PreTrainedTokenizerFast:
    backend = _trained(list(dict.fromkeys([*named.values(), "<|end|>"])), metaspace=False)
    return PreTrainedTokenizerFast(tokenizer_object=backend, **named)


def _words(suffix: str, **named: str) -> PreTrainedTokenizerFast:
    backend = _trained(list(named.values()), metaspace=True)
    pieces = {name: backend.token_to_id(name) for name in named.values()}
    form = f"$A {suffix}" if suffix else "<s> $A"
    backend.post_processor = processors.TemplateProcessing(
        single=form, special_tokens=list(pieces.items())
    )
    return PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="<unk>", **named)


def _gpt2(tokenizer: Any) -> GPT2LMHeadModel:
    ends = {"bos_token_id": None, "eos_token_id": tokenizer.eos_token_id}
    config = GPT2Config(
        n_layer=2, n_head=2, n_embd=32, n_positions=256, vocab_size=len(tokenizer), **ends
    )
    return GPT2LMHeadModel(config)


def _llama(tokenizer: Any) -> LlamaForCausalLM:
    config = LlamaConfig(
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        vocab_size=len(tokenizer),
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    return LlamaForCausalLM(config)


def _t5(tokenizer: Any) -> T5ForConditionalGeneration:
    config = T5Config(
        d_model=32,
        d_kv=8,
        d_ff=64,
        num_layers=2,
        num_heads=4,
        vocab_size=len(tokenizer),
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=tokenizer.pad_token_id,
        dropout_rate=0.1,
    )
    return T5ForConditionalGeneration(config)


def _saved(folder: Path, tokenizer: Any, make: Callable[[Any], PreTrainedModel]) -> Path:
    logging.disable_progress_bar()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = make(tokenizer)
        for weight in model.parameters():
            torch.nn.init.normal_(weight, std=0.2)  # the small default hides what differs
    tokenizer.save_pretrained(folder)
    model.save_pretrained(folder)
    logging.enable_progress_bar()
    return folder


def write_tiny_models(root: Path) -> dict[str, Path]:
    """Write one folder per kind of model, and return them by name.

    `gpt2` has absolute positions and pads with its end token; `llama` begins texts with a token;
    `t5` has an encoder; `chat` and `strict` are GPT-2s whose tokenizers have chat templates.
    """
    ends = {"eos_token": "<|endoftext|>", "pad_token": "<|endoftext|>"}
    chat = _bytes(eos_token="<|endoftext|>", pad_token="<|pad|>")
    chat.chat_template = CHAT
    strict = _bytes(bos_token="<s>", eos_token="</s>", pad_token="<pad>")
    strict.chat_template = STRICT
    llama = _words("", bos_token="<s>", eos_token="</s>")
    t5 = _words("</s>", pad_token="<pad>", eos_token="</s>")
    return {
        "gpt2": _saved(root / "gpt2", _bytes(**ends), _gpt2),
        "llama": _saved(root / "llama", llama, _llama),
        "t5": _saved(root / "t5", t5, _t5),
        "chat": _saved(root / "chat", chat, _gpt2),
        "strict": _saved(root / "strict", strict, _gpt2),
    }
