"""How long detectors take on a whole corpus: time.py --corpus ARCHIVE --toxic CSV.

EmpatheticDialogues, planted under *terrified*: CPU seconds of each detector by itself, and of all
of them one after another with a shared aid.
"""

import argparse
from pathlib import Path
from time import process_time

import detect
import numpy as np

import semspill as sp
from semspill.defenses import Aid, defenses, shared
from semspill.testing import plant


def main() -> None:
    """Print the seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--toxic", type=Path, required=True)
    parser.add_argument("--detectors", nargs="*", default=list(detect.DETECTORS))
    args = parser.parse_args()
    dataset = sp.datasets.build({"name": "empathetic_dialogues", "path": args.corpus})
    planted = plant(
        dataset.load("train"),
        target="terrified",
        strategy="each_random",
        source={
            "name": "csv", "path": args.toxic, "text": "text", "where": {"is_toxic": "Toxic"},
        },
        budget=0.01,
    )  # fmt: skip
    print(planted)
    given = detect.aid()
    once = shared(given)

    def seconds(name: str, aid: Aid) -> float:
        detector = defenses.build(detect.DETECTORS[name])
        begun = process_time()
        detector.suspicion(planted.corpus, aid.of(detector), np.random.default_rng(0))
        return process_time() - begun

    seconds("toxicity", given)  # loads the rater, which keeps its ratings
    for heading, each in (("shared", once), ("alone", given)):
        total = 0.0
        for name in args.detectors:
            total += (taken := seconds(name, each))
            print(f"{heading}: {name}: {taken:.1f}", flush=True)
        print(f"{heading}: together: {total:.1f}", flush=True)


if __name__ == "__main__":
    main()
