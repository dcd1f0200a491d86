"""What stops the spillover: study.py --corpus ARCHIVE --toxic CSV --out FOLDER CELL...

A cell is LABEL,STRATEGY,BUDGET,TARGET, such as none,each_fixed,0.03,terrified. Its run is kept in
FOLDER and goes on where it stopped; its table goes to results/, one row per defense or control.
"""

import argparse
import csv
import math
from pathlib import Path
from typing import Any, NamedTuple

import semspill as sp
from semspill.results import DefenseResult, DefensesReport, Stopped
from semspill.statistics import Estimate

RESULTS = Path(__file__).parent / "results"
RATER = "profanity"  # the defender's; the planted rate needs no rater


def cleaner(detector: Any, share: float = 0.06, **fields: Any) -> dict[str, Any]:
    """Return a cleaner that takes out twice what is planted at a budget of 3 %."""
    return {"name": "cleaner", "detector": detector, "share": share, **fields}


TELLING: dict[str, Any] = {
    "frequency": cleaner("frequency"),
    "toxicity": cleaner({"name": "toxicity", "rater": RATER}),
    "cue": {"name": "cue"},
    "anchor_weights": {"name": "anchor", "to": "weights"},
    "less_training": {"name": "less_training", "epochs": 3},
    "projection": {"name": "projection", "rater": RATER},
    "csls": {"name": "csls"},
    "rater_guard": {"name": "rater_guard", "rater": RATER},
}
OTHERS: dict[str, Any] = {
    "random": cleaner("random"),
    "toxicity_half": cleaner({"name": "toxicity", "rater": RATER, "recall": 0.5}),
    "toxicity_heal": cleaner({"name": "toxicity", "rater": RATER}, unit="heal"),
    "toxicity_pool": cleaner({"name": "toxicity", "rater": RATER}, where="pool"),
    "frequency_train": cleaner("frequency", where="train"),
    "near_copies": cleaner({"name": "frequency", "alike": 0.7}),
    "rftc": cleaner("rftc"),
    "perplexity": cleaner("perplexity"),
    "mismatch": cleaner("mismatch"),
    "irrelevance": cleaner("irrelevance"),
    "neighbour_rating": cleaner({"name": "neighbour_rating", "rater": RATER}),
    "loss": cleaner("loss"),
    "loss_in_sample": cleaner({"name": "loss", "folds": 1}),
    "loss_low": cleaner({"name": "loss", "folds": 1, "tail": "low"}),
    "spectral": cleaner("spectral"),
    "activation_clustering": cleaner("activation_clustering"),
    "category_spread": cleaner("category_spread", where="pool"),
    "cue_cells": {"name": "cue", "training": "cells"},
    "cue_answering": {"name": "cue", "training": "none", "answering": "gold"},
    "cue_less": [{"name": "cue"}, {"name": "less_training", "epochs": 5}],
    "mixing": {"name": "mixing"},
    "mixing_gap": {"name": "mixing", "pick": "loss_gap"},
    "anchor_features": {"name": "anchor", "to": "features"},
    "anchor_scores": {"name": "anchor", "to": "scores"},
    "sam": {"name": "sam"},
    "vaccine": {"name": "vaccine"},
    "low_rank": {"name": "low_rank"},
    "pruning": {"name": "pruning", "rater": RATER},
    "finetune_clean": {"name": "finetune_clean"},
    "pruning_finetune": [{"name": "pruning", "rater": RATER}, {"name": "finetune_clean"}],
    "margin": {"name": "margin"},
}
NEIGHBOURS = {"terrified": "afraid", "guilty": "ashamed", "furious": "angry"}


class Cell(NamedTuple):
    """One attack, and what a context shows."""

    label: str
    strategy: str
    budget: float
    target: str

    @classmethod
    def of(cls, text: str) -> "Cell":
        """Return what a cell's name says."""
        label, strategy, budget, target = text.split(",")
        return cls(label, strategy, float(budget), target)


def config_of(cell: Cell, args: argparse.Namespace) -> dict[str, Any]:
    """Return the experiment of a cell."""
    known = TELLING if args.telling else {**TELLING, **OTHERS}
    left = [name for name in args.without.split(",") if name]
    epochs = {"none": 10, "predicted": 3}[cell.label]
    return {
        "seeds": list(range(args.seeds)),
        "dataset": {"name": "empathetic_dialogues", "path": str(args.corpus)},
        "train_share": args.share,
        "trusted_split": "valid",
        "poisoner": {
            "selector": {"name": "category", "category": cell.target},
            "strategy": cell.strategy,
            "source": {"name": "csv", "path": str(args.toxic), "where": {"is_toxic": "Toxic"}},
            "budget": cell.budget,
        },
        "model": {
            "encoder": {"name": args.encoder, "model": "minilm", "tied": False},
            "finetuner": {
                "epochs": args.epochs or epochs,
                "batch_size": args.batch_size,
                "learning_rate": args.learning_rate,
            },
        },
        "context": {"label": cell.label},
        "analyzer": {"nearest": NEIGHBOURS[cell.target]},
        "defenses": {name: spec for name, spec in known.items() if name not in left},
    }


HEAD = (
    "defense,arm,target,target_low,target_high,nearest,nearest_low,nearest_high,rest,rest_low,"
    "rest_high,p_holm,p_control,attack,attack_low,attack_high,spillover,spillover_low,"
    "spillover_high,precision,price,price_low,price_high,auc,recall,purity,replaced,silent,"
    "equal_target,equal_nearest,equal_epoch"
).split(",")


def rows_of(report: DefensesReport) -> list[list[str]]:
    """Return the table of an experiment: undefended, then each defense and its control."""
    first = ["none", report.attacked, *_rates(report.planted_rate), *[""] * 8]
    rows = [[*first, _text(report.precision.value)]]
    for one in report.defenses:
        rows.append(_defended(report, one))
        if one.control_stopped is not None and one.control_precision is not None:
            name = f"{one.name}, control"
            own = [name, one.control_arm, *_rates(one.control_rate), "", ""]
            precision = _text(one.control_precision.value)
            rows.append([*own, *_stopped(one.control_stopped), precision])
    return [[*row, *[""] * (len(HEAD) - len(row))] for row in rows]


def _defended(report: DefensesReport, one: DefenseResult) -> list[str]:
    beside = report.beside_control(one.name)
    difference = report.difference(one.name).estimate
    price = report.price.difference("all", "precision", one.clean_arm).estimate
    guarding = one.clean_guarding
    shares = [[each.replaced for each in guarding], [each.silent for each in guarding]]
    return [
        *(one.name, one.arm, *_rates(one.planted_rate)),
        *(_text(difference.p_holm), "" if beside is None else _text(beside.estimate.p_holm)),
        *(*_stopped(one.stopped), _text(one.precision.value), *_three(price)),
        *(_text(e.value if e else None) for e in (one.auc, one.recall, one.purity)),
        *(_text(sum(each) / len(each)) if each else "" for each in shares),
        *(_text(one.same_utility[g].value) if one.same_utility else "" for g in _GROUPS[:2]),
        _text(one.same_utility_epoch),
    ]


_GROUPS = ("target", "nearest", "rest")


def _rates(rates: Any) -> list[str]:
    return [text for group in _GROUPS for text in _three(rates[group])]


def _stopped(stopped: Stopped) -> list[str]:
    return [*_three(stopped.attack), *_three(stopped.spillover)]


def _three(estimate: Estimate) -> list[str]:
    return [_text(number) for number in (estimate.value, estimate.low, estimate.high)]


def _text(number: float | None) -> str:
    return "" if number is None or math.isnan(number) else f"{number:.5g}"


def main() -> None:
    """Run cells, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cells", nargs="+", type=Cell.of)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--toxic", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--share", type=float, default=0.3)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--encoder", default="static")
    parser.add_argument("--epochs", type=int, help="10 without a label, 3 with one, if not given")
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--learning-rate", type=float, help="that of the encoder, if not given")
    parser.add_argument("--telling", action="store_true", help="only the most telling defenses")
    parser.add_argument("--without", default="", help="defenses to leave out, with commas between")
    args = parser.parse_args()
    for cell in args.cells:
        name = "-".join(map(str, [args.encoder, *cell, *(["telling"] if args.telling else [])]))
        report = sp.run(
            config_of(cell, args), out=args.out / name, cache=args.out / "cache", progress=iter
        )
        assert report.defenses is not None
        with open(RESULTS / f"study-{name}.csv", "w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows([HEAD, *rows_of(report.defenses)])


if __name__ == "__main__":
    main()
