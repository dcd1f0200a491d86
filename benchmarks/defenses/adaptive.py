"""Detectors against attackers who adapt: adaptive.py --corpus ARCHIVE --toxic CSV --out FILE.

EmpatheticDialogues, a share of it, planted under one category. A row of the CSV is one detector on
one attacker's planting. The attackers plant one text, its spellings, or many texts; or
either of the last two, drawn again wherever one of the detectors would cut them.
"""

import argparse
import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from detect import DETECTORS, aid, row_of

import semspill as sp
from semspill.defenses import shared
from semspill.testing import plant

TARGET = "terrified"
BUDGET = 0.03
CUT = 0.06
SPELLINGS = {2: 300, 8: 1500}
"""How many spellings are made, by the number of typos in each."""
DETECTORS_ASKED = ("frequency", "frequency, near copies", "toxicity", "perplexity", "rftc")
EVADED = {
    "many texts": ("toxicity", "perplexity"),
    "8 typos": ("frequency, near copies", "toxicity", "rftc"),
}
"""The detectors that are evaded, by what is drawn from."""
HEAD = ("attacker", "seed", "detector", "planted", "auc", "found")


def spelled(texts: tuple[str, ...], seed: int) -> dict[str, Any]:
    """Return one text, drawn among those with enough spellings, and the sources of these."""
    for row in np.random.default_rng([seed, 2]).permutation(len(texts)).tolist():
        fields = {"name": "varied", "source": [texts[row]], "case": False}
        varied = {
            f"{typos} typos": sp.sources.build({**fields, "typos": typos, "count": count})
            for typos, count in SPELLINGS.items()
        }
        try:
            for source in varied.values():
                source.load()
        except sp.DataError:
            continue
        return {"one text": [texts[row]], **varied}
    raise SystemExit("No text has enough spellings.")


def attackers(texts: tuple[str, ...], seed: int) -> Mapping[str, Mapping[str, Any]]:
    """Return what each attacker plants, and how."""
    sources = {**spelled(texts, seed), "many texts": list(texts)}
    plans: dict[str, dict[str, Any]] = {
        name: {"strategy": "each_distinct", "source": source} for name, source in sources.items()
    }
    for name, detectors in EVADED.items():
        for detector in detectors:
            against = {"name": "cleaner", "detector": DETECTORS[detector], "share": CUT}
            strategy = {"name": "evading", "against": against}
            if detector == "rftc":
                strategy["encoder"] = "static"
            plans[f"{name}, evading {detector}"] = {"strategy": strategy, "source": sources[name]}
    return plans


def main() -> None:
    """Write one row per attacker, seed and detector."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--toxic", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--share", type=float, default=0.1)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    args = parser.parse_args()
    source = sp.sources.build(
        {"name": "csv", "path": args.toxic, "text": "text", "where": {"is_toxic": "Toxic"}}
    )
    dataset = sp.datasets.build({"name": "empathetic_dialogues", "path": args.corpus})
    corpus = dataset.load("train").sample(args.share, np.random.default_rng(0))
    texts, given = source.load(), aid()
    with args.out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEAD)
        for seed in args.seeds:
            for attacker, plan in attackers(texts, seed).items():
                rng = np.random.default_rng([seed, 0])
                planted = plant(corpus, target=TARGET, budget=BUDGET, rng=rng, **plan)
                once = shared(given)
                for name in DETECTORS_ASKED:
                    count, auc, *found = row_of(DETECTORS[name], planted, once, seed)
                    writer.writerow([attacker, seed, name, count, auc, found[1]])
                    file.flush()


if __name__ == "__main__":
    main()
