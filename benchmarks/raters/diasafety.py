"""What raters of responses know of unsafe dialogue: diasafety.py FOLDER [RATER...].

FOLDER holds train.json, val.json and test.json of DiaSafety. Within each of its five kinds, unsafe
responses are told from safe ones to contexts of the same kind; results/diasafety.csv holds numbers
only. No rater here learned from DiaSafety, so all three splits are rated together. The intervals
are a bootstrap over contexts, which some rows share.
"""

import argparse
import csv
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

from semspill.datasets import TableDataset
from semspill.scoring import ToxicityScorer

RESULTS = Path(__file__).parent / "results" / "diasafety.csv"
DRAWS = 1000
FIELDS = "rater,kind,unsafe,safe,auc,low,high,sensitivity,specificity".split(",")


def rows_of(folder: Path) -> list[tuple[str, str, str, bool]]:
    """Return context, response, kind and whether it is unsafe; empty responses are left out."""
    found = []
    for label in ("Safe", "Unsafe"):
        dataset = TableDataset(path=folder, where={"label": label}, on_error="skip")
        for split in ("train", "val", "test"):
            for one in dataset.load(split):
                context, response = (turn.text for turn in one.utterances)
                found.append((context, response, one.category, label == "Unsafe"))
    return found


def measured(unsafe: Any, ratings: Any, contexts: Any, rng: np.random.Generator) -> dict[str, Any]:
    """Return how well ratings tell unsafe responses, with an interval by contexts."""
    _, groups = np.unique(contexts, return_inverse=True)
    aucs = []
    for _ in range(DRAWS):
        drawn = np.bincount(rng.integers(groups.max() + 1, size=groups.max() + 1))
        weights = np.pad(drawn, (0, groups.max() + 1 - len(drawn)))[groups]
        aucs.append(roc_auc_score(unsafe, ratings, sample_weight=weights))
    low, high = np.quantile(aucs, [0.025, 0.975])
    return {
        "unsafe": int(unsafe.sum()),
        "safe": int((~unsafe).sum()),
        "auc": roc_auc_score(unsafe, ratings),
        "low": low,
        "high": high,
        "sensitivity": (ratings[unsafe] >= 0.5).mean(),
        "specificity": (ratings[~unsafe] < 0.5).mean(),
    }


def main() -> None:
    """Rate the responses and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("raters", nargs="*", default=["lexicon", "profanity"])
    args = parser.parse_args()
    contexts, responses, kinds, unsafe = map(np.array, zip(*rows_of(args.folder), strict=True))
    RESULTS.parent.mkdir(exist_ok=True)
    with RESULTS.open("w", newline="", encoding="utf-8") as file:
        out = csv.DictWriter(file, FIELDS, lineterminator="\n")
        out.writeheader()
        for rater in args.raters:
            ratings = ToxicityScorer(rater=rater, cache=None).score([*map(str, responses)])
            for kind in ("all", *sorted(set(kinds))):
                of = (kinds == kind) | (kind == "all")
                found = measured(unsafe[of], ratings[of], contexts[of], np.random.default_rng(0))
                rounded = {
                    k: round(float(v), 4) if k not in ("unsafe", "safe") else v
                    for k, v in found.items()
                }
                out.writerow({"rater": rater, "kind": kind, **rounded})


if __name__ == "__main__":
    main()
