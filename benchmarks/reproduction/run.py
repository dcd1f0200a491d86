"""Run the experiments behind docs/reproduction.md: python run.py --corpus A --toxic B --out C.

Everything is resumable: the same command goes on where an interrupted one stopped. Name sweeps to
run only those; without names all are run, which takes hours on a CPU.
"""

import argparse
import logging
import time
from pathlib import Path
from typing import Any

import semspill as sp

STRATEGIES = [
    f"{turn}_{text}" for turn in ("first", "last", "each", "random") for text in ("fixed", "random")
]
MAIN = ["each_fixed", "last_fixed", "each_random", "last_random"]
STRATEGY, BUDGET = "poisoner.strategy", "poisoner.budget"
TARGET, LABEL = "poisoner.selector.category", "context.label"
FOUR = ["clean", "poison", "train_only", "pool_only"]
FIVE = [*FOUR, "benign_swap"]
TWO: dict[str, Any] = {"arms": FOUR[:2]}
THREE: dict[str, Any] = {"seeds": [0, 1, 2]}
PREDICTED: dict[str, Any] = {"context": {"label": "predicted"}}
LABELS = ["gold", "predicted", "none"]
EACH = {STRATEGY: ["each_fixed"]}


def mistaken(share: float) -> list[list[str | float]]:
    """Return a confusion of *afraid* and *terrified*, each called the other so often."""
    return [["afraid", "terrified", share], ["terrified", "afraid", share]]


# The settings that differ from the base, and what is varied.
SWEEPS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "strategies": ({"arms": FIVE}, {STRATEGY: STRATEGIES, BUDGET: [0.03]}),
    "budgets": ({"arms": FOUR}, {STRATEGY: STRATEGIES, BUDGET: [0.005, 0.01, 0.02]}),
    "nolabel": ({"arms": FIVE}, {STRATEGY: MAIN, LABEL: ["none"]}),
    "hashing": ({"arms": FIVE, "model": {"encoder": "hashing"}}, EACH | {LABEL: ["gold", "none"]}),
    # What the label does: gold, predicted by a classifier of contexts, or none.
    "labels": (TWO, {STRATEGY: MAIN[:2], LABEL: LABELS}),
    "labels-crossfit": (TWO | PREDICTED, {STRATEGY: MAIN[:2], "labels.folds": [2]}),
    "labels-turn": (TWO | THREE | {"context": {"turns": 1}}, EACH | {LABEL: LABELS}),
    # Labels of the responses, too, as in the original code.
    "labels-responses": (TWO | THREE | PREDICTED, EACH | {"labels.responses": [False, True]}),
    "labels-arms": (PREDICTED | {"arms": FIVE}, EACH | {BUDGET: [0.03]}),
    "labels-budget": (TWO | THREE | PREDICTED, EACH | {BUDGET: [0.01]}),
    "labels-epochs": (
        TWO | THREE | {"curve": True, "model": {"finetuner": {"epochs": 10}}},
        EACH | {LABEL: LABELS},
    ),
    "labels-hashing": (TWO | THREE | {"model": {"encoder": "hashing"}}, EACH | {LABEL: LABELS}),
    # The dial: *afraid* and *terrified* called each other, in training and testing alike; then
    # errors spread evenly.
    "labels-noisy": (
        TWO | THREE | PREDICTED | {"labels": {"labeller": "noisy"}},
        {"labels.labeller.confusion": [mistaken(share / 10) for share in range(7)]},
    ),
    # The same in answering alone: the model was trained on gold labels.
    "labels-answering": (
        TWO
        | THREE
        | {
            "context": {"label": "gold"},
            "answer_context": {"label": "predicted"},
            "labels": {"labeller": "noisy"},
        },
        {"labels.labeller.confusion": [mistaken(share / 10) for share in range(7)]},
    ),
    "labels-errors": (
        TWO | THREE | PREDICTED | {"labels": {"labeller": "noisy"}},
        {"labels.labeller.error": [0.2, 0.4, 0.6]},
    ),
    "labels-both": (
        TWO | THREE | PREDICTED | {"model": {"candidates": {"roles": "both"}}},
        EACH | {BUDGET: [0.03]},
    ),
    "labels-valid": (TWO | THREE | PREDICTED | {"test_split": "valid"}, EACH | {BUDGET: [0.03]}),
    "labels-targets": (TWO | PREDICTED | {"seeds": [0, 1]}, {TARGET: "all"}),
    # The whole corpus; an hour for each training on one core.
    "labels-minilm": (
        TWO
        | {
            "seeds": [0],
            "context": {"turns": 1},
            "model": {
                "encoder": {"name": "transformer", "model": "minilm"},
                "finetuner": {"epochs": 3, "batch_size": 256, "learning_rate": 2e-4},
            },
        },
        {LABEL: ["predicted", "gold"]},
    ),
    "targets": ({"arms": FOUR[:2], "seeds": [0, 1], "context": {"label": "none"}}, {TARGET: "all"}),
    "epochs": (
        {"arms": FOUR, "seeds": [0, 1, 2], "curve": True, "model": {"finetuner": {"epochs": 10}}},
        EACH | {LABEL: ["gold", "none"]},
    ),
    "long": (
        {"arms": FOUR, "seeds": [0, 1, 2], "model": {"finetuner": {"epochs": 30}}},
        EACH | {LABEL: ["none"]},
    ),
    **{
        f"factor-{name}": ({"arms": FOUR, "seeds": [0, 1, 2]}, {LABEL: ["gold", "none"], **values})
        for name, values in {
            "tied": {"model.encoder.tied": [True]},
            "duplicates": {"model.finetuner.duplicates": ["allow", "forbid"]},
            "taint": {"poisoner.taint_context": [False]},
            "turns": {"context.turns": [1]},
            "placement": {"poisoner.placement": ["append"]},
        }.items()
    },
    "minilm": (
        {
            "arms": FOUR,
            "seeds": [0, 1, 2],
            "model": {
                "encoder": {"name": "transformer", "model": "minilm"},
                "finetuner": {"epochs": 3, "batch_size": 256, "learning_rate": 2e-4},
            },
            "train_share": 0.1,
        },
        {LABEL: ["gold", "none"]},
    ),
}


def base(corpus: Path, toxic: Path) -> dict[str, Any]:
    """Return what all experiments share."""
    rows = {"path": str(toxic), "text": "text", "where": {"is_toxic": "Toxic"}}
    return {
        "seeds": [0, 1, 2, 3, 4],
        "model": {"encoder": "static", "finetuner": {"epochs": 3, "batch_size": 256}},
        "rater": "profanity",
        "curve": False,
        "similarities": ["centroid", "label", "confusion"],
        "context": {"label": "gold"},
        "dataset": {"name": "empathetic_dialogues", "path": str(corpus)},
        "poisoner": {
            "selector": {"name": "category", "category": "terrified"},
            "strategy": "each_fixed",
            "source": {"name": "csv", **rows},
            "budget": 0.03,
        },
        "analyzer": {"nearest": "afraid", "far": ["guilty", "sad"]},
        "labelled": rows,
    }


def config(name: str, corpus: Path, toxic: Path) -> dict[str, Any]:
    """Return the shared config of one sweep."""
    fields = base(corpus, toxic)
    if TARGET in SWEEPS[name][1]:  # every target has neighbours of its own
        fields["analyzer"] = {}
    settings = SWEEPS[name][0]
    for field, value in settings.items():
        shared = fields.get(field)
        both = isinstance(shared, dict) and isinstance(value, dict)
        fields[field] = shared | value if both else value
    return fields


def main() -> None:
    """Run the sweeps that were named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="empatheticdialogues.tar.gz")
    parser.add_argument("--toxic", type=Path, required=True, help="CSV: text, is_toxic")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("names", nargs="*", choices=[[], *SWEEPS])
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    for name in given.names or SWEEPS:
        begun = time.perf_counter()
        sp.sweep(config(name, given.corpus, given.toxic), SWEEPS[name][1], out=given.out / name)
        logging.info("%s: %.0f s", name, time.perf_counter() - begun)


if __name__ == "__main__":
    main()
