"""What detectors find of planted exchanges: detect.py --corpus ARCHIVE --toxic CSV --out FILE.

EmpatheticDialogues, a share of it, planted under one category. A row of the CSV is one detector on
one planting. Rows that are there already are not computed again.
"""

import argparse
import csv
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

import semspill as sp
from semspill.defenses import Aid, defenses, shared
from semspill.statistics._auc import weighted_auc
from semspill.testing import Planted, plant

TARGETS = ("terrified", "guilty")
STRATEGIES = ("each_random", "each_fixed")
BUDGETS = (0.03, 0.01, 0.003)
REMOVED = (0.03, 0.06, 0.10)
NO_LABEL = sp.ContextFormat(label="none")
DETECTORS: dict[str, dict[str, Any]] = {
    "random": {"name": "random"},
    "frequency": {"name": "frequency"},
    "frequency, near copies": {"name": "frequency", "alike": 0.7},
    "category_spread": {"name": "category_spread"},
    "toxicity": {"name": "toxicity", "rater": "profanity"},
    "neighbour_rating": {"name": "neighbour_rating", "rater": "profanity"},
    "label_noise, rating": {"name": "label_noise", "rater": "profanity"},
    "label_noise, category": {"name": "label_noise", "label": "category"},
    "perplexity": {"name": "perplexity"},
    "irrelevance": {"name": "irrelevance"},
    "mismatch": {"name": "mismatch"},
    "rftc": {"name": "rftc"},
    "loss, cross-fitted, high": {"name": "loss"},
    "loss, in sample, high": {"name": "loss", "folds": 1},
    "loss, in sample, low": {"name": "loss", "folds": 1, "tail": "low"},
    "spectral": {"name": "spectral"},
    "activation_clustering": {"name": "activation_clustering"},
}
HEAD = [
    "target",
    "strategy",
    "budget",
    "seed",
    "detector",
    "planted",
    "auc",
    *(f"recall_{q}" for q in REMOVED),
]


def aid() -> Aid:
    """Return a pretrained encoder, and a trainer of three epochs."""
    encoder = sp.encoders.build("static").load(np.random.default_rng(0))
    encoder.context = NO_LABEL
    model = sp.RetrievalModel(encoder="static", finetuner=sp.Finetuner(epochs=3))

    def trainer(corpus: sp.Corpus, rng: np.random.Generator) -> sp.TrainedModel:
        return model.train(corpus, rng, context=NO_LABEL)

    return Aid(encoder=encoder, trainer=trainer)


def row_of(fields: dict[str, Any], planted: Planted, given: Aid, seed: int) -> list[str]:
    """Return how well one detector tells planted exchanges from the rest."""
    detector = defenses.build(fields)
    rng = np.random.default_rng([seed, 1])
    suspicion = detector.suspicion(planted.corpus, given.of(detector), rng)
    truth = planted.truth
    suspicion = np.nan_to_num(suspicion, nan=-np.inf)
    auc = weighted_auc(suspicion, truth.astype(float), np.ones((1, len(truth))))[0]
    worst = np.lexsort((rng.permutation(len(truth)), -suspicion))
    recalls = [truth[worst[: int(q * len(truth))]].sum() / truth.sum() for q in REMOVED]
    return [str(int(truth.sum())), f"{auc:.4f}", *(f"{recall:.4f}" for recall in recalls)]


def main() -> None:
    """Write one row per planting and detector."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--toxic", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--share", type=float, default=0.3)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--detectors", nargs="*", default=list(DETECTORS))
    args = parser.parse_args()
    source = {
        "name": "csv", "path": args.toxic, "text": "text", "where": {"is_toxic": "Toxic"},
    }  # fmt: skip
    dataset = sp.datasets.build({"name": "empathetic_dialogues", "path": args.corpus})
    corpus = dataset.load("train").sample(args.share, np.random.default_rng(0))
    given = aid()
    known = set()
    if args.out.is_file():
        with args.out.open(encoding="utf-8", newline="") as file:
            known = {tuple(row[:5]) for row in csv.reader(file)}
    with args.out.open("a", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if not known:
            writer.writerow(HEAD)
        for seed, target, strategy, budget in product(
            range(args.seeds), TARGETS, STRATEGIES, BUDGETS
        ):
            places = {
                name: (target, strategy, str(budget), str(seed), name) for name in args.detectors
            }
            if known.issuperset(places.values()):
                continue
            options: dict[str, Any] = {"source": source, "budget": budget}
            rng = np.random.default_rng([seed, 0])
            planted = plant(corpus, target=target, strategy=strategy, rng=rng, **options)
            once = shared(given)
            for name, place in places.items():
                if place not in known:
                    writer.writerow([*place, *row_of(DETECTORS[name], planted, once, seed)])
                    file.flush()


if __name__ == "__main__":
    main()
