"""Fine-tune a small Llama on dialogues: semspill against the Trainer of transformers.

The same tokens, initial weights, batches in the same order, learning rate and clipping, and a loss
on the responses alone; the Trainer pads each batch to its longest and sets the labels of prompts
to -100, as collators for completions do. Data are made up, with the lengths of EmpatheticDialogues,
unless a corpus is given. The limit counts what must be multiplied for real tokens: all layers at
every token, the head at those of responses.

    python lm_train.py                                         # 4 layers x 256, 512 exchanges
    python lm_train.py --exchanges 64 --rounds 1 --threads 1 --clock cpu    # on a busy machine
"""

import argparse
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from harness import KEEP_FREED_MEMORY, Arrays, Contender, Stage, Timed, sgemm_rate

RATE, BATCH, READ = 5e-4, 16, 128
WORDS = 4000


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the size of the model and of the data."""
    parser.add_argument("--corpus", type=Path, help="empatheticdialogues.tar.gz; else made up")
    parser.add_argument("--exchanges", type=int, default=512)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--dim", type=int, default=256)
    parser.add_argument("--vocabulary", type=int, default=8000)
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall", help="cpu: when busy")


def clock(given: argparse.Namespace) -> float:
    """Return the time now: wall time, or the processor time of this process."""
    return time.process_time() if given.clock == "cpu" else time.perf_counter()


def corpus_of(given: argparse.Namespace) -> Any:
    """Return the dialogues, each of two turns or, of a corpus, as many exchanges."""
    import semspill as sp

    rng = np.random.default_rng(0)
    if given.corpus is not None:
        path = str(given.corpus)
        corpus = sp.datasets.build({"name": "empathetic_dialogues", "path": path}).load("train")
        few = rng.permutation(len(corpus.dialogues))[: given.exchanges // 2]
        return sp.Corpus(tuple(corpus.dialogues[i] for i in few), name="few")
    share = 1 / np.arange(1, WORDS + 1)

    def say(mean: float) -> str:
        count = max(3, round(float(rng.lognormal(np.log(mean), 0.5))))
        return " ".join(f"w{word}" for word in rng.choice(WORDS, count, p=share / share.sum()))

    return sp.Corpus(
        tuple(
            sp.Dialogue(
                f"d{i}",
                "joy",
                tuple(
                    sp.Utterance(say(17 if place % 2 == 0 else 12), role)
                    for place, role in enumerate(("speaker", "listener") * 2)
                ),
            )
            for i in range(given.exchanges // 2)
        ),
        name="made up",
    )


def loaded(given: argparse.Namespace, corpus: Any) -> Any:
    """Return a Llama with random weights and a tokenizer made for the corpus."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    from semspill import ContextFormat
    from semspill.language import LanguageSpec
    from semspill.language.language_model import load_language_model

    torch.set_num_threads(given.threads)
    texts = [turn.text for talk in corpus.dialogues for turn in talk.utterances]
    # Of made-up words each is a token, as most are of a tokenizer that has seen enough.
    texts += [" ".join(f"w{word}" for word in range(WORDS))] * 3 if given.corpus is None else []
    backend = Tokenizer(models.BPE())
    backend.normalizer = normalizers.NFC()
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=given.vocabulary,
        special_tokens=["<pad>", "<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    backend.train_from_iterator(texts, trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend, pad_token="<pad>", bos_token="<s>", eos_token="</s>"
    )
    config = LlamaConfig(
        vocab_size=given.vocabulary,
        hidden_size=given.dim,
        intermediate_size=round(given.dim * 8 / 3),
        num_hidden_layers=given.layers,
        num_attention_heads=max(1, given.dim // 64),
        max_position_embeddings=512,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=0,
    )
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        LlamaForCausalLM(config).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        spec = LanguageSpec(model=folder, template="plain")
        context = ContextFormat(max_tokens=READ)
        return load_language_model(spec, np.random.default_rng(0), context=context)


def order(count: int) -> list[int]:
    """Return the order in which semspill's batches hold the exchanges, told by its progress."""
    from semspill.training._batches import shuffled

    stream = np.random.default_rng(0).spawn(4)[1]
    return [int(row) for batch in shuffled(count, BATCH, stream) for row in batch]


def probe(model: Any, exchanges: Any) -> np.ndarray:
    """Return the loss of each of some exchanges after the training."""
    import torch

    some = exchanges[:64]
    with torch.no_grad():
        nll, held = model.nll(model.prompts(some), model.responses([one.response for one in some]))
    return np.asarray(nll.masked_fill(~held, 0).sum(1) / held.sum(1))


def semspill(given: argparse.Namespace) -> Timed:
    """Fine-tune by a `LanguageFinetuner`."""
    from semspill.training import LanguageFinetuner

    corpus = corpus_of(given)
    model = loaded(given, corpus)
    finetuner = LanguageFinetuner(
        epochs=1, batch_size=BATCH, learning_rate=RATE, warmup=0, schedule="constant", device="cpu"
    )
    losses: list[float] = []
    began = clock(given)
    trained = finetuner.finetune(
        lambda rng: model,
        corpus,
        np.random.default_rng(0),
        observer=lambda epoch: losses.append(epoch.loss),
    )
    seconds = clock(given) - began
    return Timed(seconds, {"probe": probe(trained, corpus.exchanges), "loss": np.array(losses)})


def trainer(given: argparse.Namespace) -> Timed:
    """Fine-tune by the Trainer of transformers."""
    import torch
    from transformers import Trainer, TrainingArguments

    corpus = corpus_of(given)
    model = loaded(given, corpus)
    exchanges = corpus.exchanges
    chosen = order(len(exchanges))

    class InOrder(Trainer):
        def _get_train_sampler(self, *_: Any) -> Any:
            return chosen

    def collate(rows: list[dict[str, np.ndarray]]) -> dict[str, torch.Tensor]:
        def padded(name: str, filler: int) -> torch.Tensor:
            parts = [torch.from_numpy(row[name]) for row in rows]
            return torch.nn.utils.rnn.pad_sequence(parts, True, filler)

        return {
            "input_ids": padded("ids", 0),
            "labels": padded("labels", -100),
            "attention_mask": padded("mask", 0),
        }

    with tempfile.TemporaryDirectory() as folder:
        options = TrainingArguments(
            output_dir=folder,
            per_device_train_batch_size=BATCH,
            num_train_epochs=1,
            learning_rate=RATE,
            lr_scheduler_type="constant",
            save_strategy="no",
            logging_strategy="no",
            report_to=[],
            use_cpu=True,
            disable_tqdm=True,
            remove_unused_columns=False,
        )
        began = clock(given)
        prompts = model.prompts(exchanges)
        responses = model.responses([exchange.response for exchange in exchanges])
        rows = []
        for prompt, response in zip(prompts, responses, strict=True):
            ids = np.concatenate([prompt, response])
            labels = np.concatenate([np.full(len(prompt), -100), response])
            rows.append({"ids": ids, "labels": labels, "mask": np.ones_like(ids)})
        InOrder(model.module, options, collate, rows).train()
        seconds = clock(given) - began
    model.module.eval()
    return Timed(seconds, {"probe": probe(model, exchanges)})


@cache
def _counts(layers: int, dim: int, vocabulary: int, exchanges: int, corpus: Any) -> Any:
    given = argparse.Namespace(
        layers=layers, dim=dim, vocabulary=vocabulary, exchanges=exchanges, corpus=corpus, threads=1
    )
    data = corpus_of(given)
    model = loaded(given, data)
    spoken = sum(map(len, model.responses([one.response for one in data.exchanges])))
    body = sum(
        weight.numel()
        for name, weight in model.module.named_parameters()
        if weight.ndim == 2 and "embed" not in name and "lm_head" not in name
    )
    return sum(map(len, model.prompts(data.exchanges))) + spoken, spoken, body


def counts(given: argparse.Namespace) -> Any:
    """Return how many tokens there are, how many of responses, and the weights of all layers."""
    return _counts(given.layers, given.dim, given.vocabulary, given.exchanges, given.corpus)


def limit(given: argparse.Namespace) -> float:
    """Return the tokens per second at which nothing but needed products would take time."""
    tokens, spoken, body = counts(given)
    operations = 6 * (body * tokens + given.dim * given.vocabulary * spoken)
    return float(tokens / (operations / sgemm_rate(given.threads)))


def agree(results: dict[str, Arrays]) -> str:
    """Compare what the models make of some exchanges after all steps."""
    ours, theirs = (results[name]["probe"] for name in ("semspill", "transformers"))
    np.testing.assert_allclose(ours, theirs, rtol=2e-3)
    most = float(np.abs(ours - theirs).max())
    return f"losses after training differ by at most {most:.1e} of {ours.mean():.2f} nats"


if __name__ == "__main__":
    Stage(
        "lm_train",
        "tokens",
        lambda given: float(counts(given)[0]),
        {
            "semspill": Contender(semspill),
            "transformers": Contender(trainer),
            "transformers-best": Contender(trainer, KEEP_FREED_MEMORY),
        },
        agree,
        arguments,
        limit,
    ).main()
