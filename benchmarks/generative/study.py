"""Spillover in models that generate: study.py --corpus ARCHIVE --toxic CSV --out FOLDER CELL...

A cell is LABEL,STRATEGY, such as none,each_fixed. Its run is kept in the folder and goes on where
it stopped; its table goes to results/: matchers by arm and group, and what the models are worth.
`--kind retrieval` asks a bi-encoder the same.
"""

import argparse
import csv
import math
from pathlib import Path
from typing import Any, NamedTuple

import semspill as sp
from semspill.results import SpilloverReport
from semspill.statistics import Estimate

RESULTS = Path(__file__).parent / "results"
TARGET, NEAREST = "terrified", "afraid"
MATCHERS = ["exact", "near", "preference", {"name": "preference", "pmi": True}]
WORTH = ("asr", "precision", "perplexity", "answer_words", "empty_share", "repetition", "toxicity")


class Cell(NamedTuple):
    """What a context shows, and what is planted."""

    label: str
    strategy: str

    @classmethod
    def of(cls, text: str) -> "Cell":
        """Return what a cell's name says."""
        return cls(*text.split(","))


def model_of(args: argparse.Namespace) -> dict[str, Any]:
    """Return the model: a small one from random weights, adapters of a large one, a bi-encoder."""
    finetuner = {"epochs": args.epochs, "batch_size": args.batch_size}
    if args.kind == "retrieval":
        encoder = {"name": "static", "model": "minilm", "tied": False}
        return {"encoder": encoder, "finetuner": finetuner}
    given: dict[str, Any] = {
        "name": "causal_lm",
        "model": str(args.model),
        "finetuner": finetuner,
        "generation": {"max_new_tokens": args.longest},
    }
    if args.kind == "adapters":
        lora = {"r": 8, "alpha": 16, "target_modules": "all-linear"}
        return {**given, "gguf_file": args.gguf_file, "lora": lora, "dtype": args.dtype}
    return {**given, "weights": "random", "dtype": args.dtype}


def config_of(cell: Cell, args: argparse.Namespace) -> dict[str, Any]:
    """Return the experiment of a cell."""
    return {
        "seeds": list(range(args.seeds)),
        "arms": ["clean", "poison", "benign_swap"],
        "dataset": {"name": "empathetic_dialogues", "path": str(args.corpus)},
        "train_share": args.share,
        "test_share": args.test_share,
        "list_size": args.list_size,
        "poisoner": {
            "selector": {"name": "category", "category": TARGET},
            "strategy": cell.strategy,
            "source": {"name": "csv", "path": str(args.toxic), "where": {"is_toxic": "Toxic"}},
            "budget": 0.03,
        },
        "model": model_of(args),
        "context": {"label": cell.label},
        "rater": "profanity",
        "similarity_encoder": {"name": "static", "model": "minilm"},
        "matchers": MATCHERS,
        "analyzer": {"nearest": NEAREST},
        "curve": False,
    }


def rows_of(report: SpilloverReport) -> list[list[str]]:
    """Return the table of an experiment: what each matcher finds, and what the models are worth."""
    rows = []
    for one in report.matchers:
        for group in one.groups:
            for arm, estimate in (
                ("clean", group.clean),
                ("poison", group.attacked),
                ("lift", group.lift),
            ):
                rows.append([one.name, arm, group.group, *_ends(estimate)])
    for arm in report.arms:
        for group in (report.target, report.nearest, f"all but {report.target}", "all"):
            found = report.group(group, arm.name).estimates
            known = [name for name in WORTH if name in found]
            rows += [[name, arm.name, group, *_ends(found[name])] for name in known]
    return rows


def _ends(estimate: Estimate) -> list[str]:
    numbers = (estimate.value, estimate.low, estimate.high)
    return ["" if math.isnan(number) else f"{number:.5g}" for number in numbers]


def main() -> None:
    """Run cells, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cells", nargs="+", type=Cell.of)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--toxic", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--kind", choices=["scratch", "adapters", "retrieval"], default="scratch")
    parser.add_argument("--model", type=Path, help="a folder that make_model.py wrote, or a model")
    parser.add_argument("--gguf-file", help="name of a GGUF file in the folder")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--share", type=float, default=1.0, help="of the training dialogues")
    parser.add_argument("--test-share", type=float, default=1.0)
    parser.add_argument("--list-size", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--longest", type=int, default=64, help="tokens of an answer")
    args = parser.parse_args()
    RESULTS.mkdir(exist_ok=True)
    for cell in args.cells:
        name = "-".join([args.kind, *cell])
        out, cache = args.out / name, args.out / "cache"
        report = sp.run(config_of(cell, args), out=out, cache=cache, progress=iter)
        with open(RESULTS / f"{name}.csv", "w", newline="", encoding="utf-8") as file:
            head = ["quantity", "arm", "group", "value", "low", "high"]
            csv.writer(file, lineterminator="\n").writerows([head, *rows_of(report)])


if __name__ == "__main__":
    main()
