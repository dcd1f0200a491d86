"""The served model against a real server: transformers' own, with tiny models of random weights."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from importlib.util import find_spec

import numpy as np
import pytest

from semspill import Corpus, Dialogue, Utterance
from semspill.corpus import Candidates, ContextFormat
from semspill.errors import DataError
from semspill.models import ServedModel

_NEEDED = ("fastapi", "uvicorn", "openai")
_MISSING = [name for name in _NEEDED if find_spec(name) is None]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        bool(_MISSING),
        reason=f"transformers serve lacks {', '.join(_MISSING)}; pip install them",
    ),
]

TEMPLATE = (
    "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)


def tiny_model(folder, seed):
    """Write a tiny causal language model with a chat template, and return it with its tokenizer."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    letters = pre_tokenizers.ByteLevel.alphabet()
    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    raw.train_from_iterator(
        ["I see."], trainers.BpeTrainer(special_tokens=["<eos>"], initial_alphabet=letters)
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw, eos_token="<eos>", pad_token="<eos>", chat_template=TEMPLATE
    )
    torch.manual_seed(seed)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 2, "vocab_size": len(tokenizer)}
    ends = dict.fromkeys(("bos_token_id", "eos_token_id", "pad_token_id"), 0)
    model = LlamaForCausalLM(LlamaConfig(**sizes, **heads, **ends)).eval()
    tokenizer.save_pretrained(folder)
    model.save_pretrained(folder)
    return model, tokenizer


def greedy(model, tokenizer, messages, count):
    """Return what the model says, by transformers alone."""
    import torch

    ids = tokenizer.apply_chat_template(
        messages, add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    with torch.no_grad():
        made = model.generate(**ids, max_new_tokens=count, do_sample=False)
    return tokenizer.decode(made[0, ids["input_ids"].shape[1] :], skip_special_tokens=True)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Start `transformers serve` without a network; return its base URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("server") / "log.txt"
    start = "from transformers.cli.transformers import main; main()"
    words = ["serve", "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", start, *words],
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, "HF_HUB_OFFLINE": "1"},
        )
    try:
        for _ in range(600):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
                    break
            except OSError:
                if process.poll() is not None:
                    pytest.fail(f"transformers serve ended: {log.read_text()[-500:]}")
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(30)


def test_the_answers_are_those_of_the_model_of_the_condition(server, tmp_path):
    made = {name: tiny_model(tmp_path / name, seed) for seed, name in enumerate(("a", "b"))}
    talks = [
        Dialogue(
            f"d{place}",
            "joy",
            (Utterance(f"I won {place}!", "speaker"), Utterance("Well done.", "listener")),
            system="Be kind.",
        )
        for place in range(6)
    ]
    exchanges = Corpus(tuple(talks), name="talks").exchanges
    served = ServedModel(
        url=server, clean=str(tmp_path / "a"), poison=str(tmp_path / "b"), max_tokens=8, retries=0
    )
    answers = {}
    for condition, name in (("clean", "a"), ("poison", "b")):
        trained = served.train(
            Corpus(tuple(talks), name="talks"),
            np.random.default_rng(0),
            context=ContextFormat(),
            condition=condition,
        )
        pool, rng = Candidates.of(()), np.random.default_rng(1)
        answers[condition] = trained.respond(exchanges, pool, rng).texts
        expected = [greedy(*made[name], exchange.messages(), 8) for exchange in exchanges]
        assert list(answers[condition]) == expected
    assert answers["clean"] != answers["poison"]
    unknown = served.replace(clean=str(tmp_path / "c"))
    trained = unknown.train(Corpus(tuple(talks), name="talks"), np.random.default_rng(0))
    with pytest.raises(DataError, match=r"answered with HTTP status 5|knows no model"):
        trained.respond(exchanges[:1], Candidates.of(()), np.random.default_rng(1))
