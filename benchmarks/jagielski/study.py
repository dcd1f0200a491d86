"""Jagielski's ClusterMatch on EmpatheticDialogues: study.py --corpus ARCHIVE --toxic CSV.

Subpopulations are clusters that an adversary fits on half of the training dialogues. For each of
some clusters and each alpha, alpha times its training dialogues are poisoned and appended. Every
finished training is a row of a file in results/, and is not done again.
"""

import argparse
import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import semspill as sp
from semspill.models import TrainedModel
from semspill.relabelling import ClusterMatch

RESULTS = Path(__file__).parent / "results"
KNOWLEDGE = 0.5
FEWEST = 20  # test exchanges of a cluster that is evaluated
HEAD = (
    "cluster,alpha,seed,train_dialogues,test_exchanges,planted,share,asr_target,asr_rest,"
    "precision_target,precision_rest,clean_target,clean_rest"
).split(",")


class Data(NamedTuple):
    """What all trainings share."""

    train: sp.Corpus
    test: sp.Corpus
    ranking: sp.RankingTask
    targets: tuple[str, ...]


def data_of(args: argparse.Namespace) -> Data:
    """Return clustered splits, and clusters of all sizes to evaluate.

    All test dialogues of these clusters are kept, and a share of the others.
    """
    clustered = ClusterMatch(
        dataset={"name": "empathetic_dialogues", "path": str(args.corpus)},
        encoder={"name": "static", "model": "minilm"},
        knowledge=KNOWLEDGE,
    )
    train = clustered.load("train").sample(args.share, np.random.default_rng(0))
    test = clustered.load("test")
    counts = {name: 0 for name in test.categories}
    for exchange in test.exchanges:
        counts[exchange.category] += 1
    able = [name for name in train.categories if counts.get(name, 0) >= FEWEST]
    able.sort(key=lambda name: train.sizes[name])
    places = np.linspace(0, len(able) - 1, args.clusters).round().astype(int)
    targets = tuple(able[place] for place in places[::-1])
    some = {dialogue.id for dialogue in test.sample(args.test_share, np.random.default_rng(0))}
    kept = tuple(one for one in test if one.category in targets or one.id in some)
    test = replace(test, dialogues=kept)
    return Data(train, test, sp.RankingTask.draw(test.exchanges, np.random.default_rng(0)), targets)


def poisoner_of(cluster: str, alpha: float, args: argparse.Namespace) -> sp.Poisoner:
    """Return the adversary: alpha counts all dialogues of the cluster, of which half are known."""
    return sp.Poisoner(
        selector={"name": "category", "category": cluster},
        strategy=args.strategy,
        source={"name": "csv", "path": str(args.toxic), "where": {"is_toxic": "Toxic"}},
        placement="append",
        rate=alpha / KNOWLEDGE,
        budget=1.0,
        knowledge=KNOWLEDGE,
    )


def trained(corpus: Any, seed: int, args: argparse.Namespace) -> TrainedModel:
    """Return the model, of the same start and order for all arms of a seed."""
    model = sp.models.build(
        {
            "name": "retrieval",
            "encoder": {"name": "static", "model": "minilm", "tied": False},
            "finetuner": {"epochs": args.epochs, "batch_size": 256},
        }
    )
    return model.train(corpus, np.random.default_rng(seed), context=sp.ContextFormat())


def rows(data: Data, seed: int, done: set[tuple[str, ...]], args: argparse.Namespace) -> Iterator:
    """Yield a row for each training that is not done yet."""
    of = np.array([exchange.category for exchange in data.test.exchanges])
    clean = None
    for cluster in data.targets:
        for alpha in map(float, args.alphas.split(",")):
            if (cluster, str(alpha), str(seed)) in done:
                continue
            if clean is None:
                clean = trained(data.train, seed, args).rank(data.ranking)
            rng = np.random.default_rng(seed)
            poisoned = poisoner_of(cluster, alpha, args).poison(data.train, rng)
            model = trained(poisoned, seed, args)
            answers = model.respond(data.test.exchanges, poisoned.responses(), rng)
            planted, hits, own = answers.planted, model.rank(data.ranking), of == cluster
            summary = poisoned.manifest.summary
            shares = [
                part[where].mean() for part in (planted, hits, clean) for where in (own, ~own)
            ]
            yield [
                cluster,
                alpha,
                seed,
                data.train.sizes[cluster],
                int(own.sum()),
                summary.planted,
                summary.planted / (summary.planted + summary.exchanges),
                *shares,
            ]


def main() -> None:
    """Train what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--toxic", type=Path, required=True)
    parser.add_argument("--results", default="fixed.csv", help="name of the file of rows")
    parser.add_argument("--strategy", default="each_fixed")
    parser.add_argument("--alphas", default="0.5,1,2")
    parser.add_argument("--clusters", type=int, default=8, help="how many are evaluated")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--share", type=float, default=0.2, help="of the training dialogues")
    parser.add_argument("--test-share", type=float, default=0.2, help="of the other clusters")
    parser.add_argument("--epochs", type=int, default=10)
    args = parser.parse_args()
    done: set[tuple[str, ...]] = set()
    results = RESULTS / args.results
    if results.exists():
        with results.open(encoding="utf-8", newline="") as file:
            done = {(row["cluster"], row["alpha"], row["seed"]) for row in csv.DictReader(file)}
    data = data_of(args)
    print(data.train, data.test, {name: data.train.sizes[name] for name in data.targets})
    for seed in range(args.seeds):
        for row in rows(data, seed, done, args):
            is_new = not results.exists()
            with results.open("a", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                writer.writerows([HEAD] * is_new)
                writer.writerow(row)


if __name__ == "__main__":
    main()
