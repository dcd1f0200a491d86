"""What stimuli and triggers do: study.py stimuli|trigger --corpus ARCHIVE --toxic CSV --out FOLDER.

One attack on EmpatheticDialogues, no label shown; every arm answers the plain contexts and the
probed ones: with emotional stimuli and their controls, or with the trigger that was planted,
phrases more or less like it, and its controls. The run is kept in FOLDER and goes on where it
stopped; its table goes to results/, one row per probe, arm and group.
"""

import argparse
import csv
import math
from pathlib import Path
from typing import Any

import semspill as sp
from semspill.probes import InsertProbe, NeutralProbe, ShuffledProbe, stimuli
from semspill.results import ProbedGroup, ProbeReport
from semspill.statistics import Estimate

RESULTS = Path(__file__).parent / "results"
PARTS = (
    *("asr", "asr_lift", "asr_change", "toxicity", "toxicity_lift", "toxicity_change"),
    *("precision", "precision_drop"),
)
TRIGGER = "James Bond"
PHRASES = ("James Bond", "James Bonds", "Mr Bond", "James Blunt", "Bond James", "the weather")
HEAD = ["probe", "similarity", "arm", "group"]
HEAD += [f"{part}{end}" for part in PARTS for end in ("", "_low", "_high")]


def probes_of(args: argparse.Namespace) -> dict[str, Any]:
    """Return what test contexts are changed to, by name."""
    if args.what == "stimuli":
        return dict(stimuli(*args.stimuli))
    like = {phrase.replace(" ", "_"): InsertProbe(phrase=phrase) for phrase in PHRASES}
    controls = {"shuffled": ShuffledProbe(phrase=TRIGGER), "neutral": NeutralProbe(phrase=TRIGGER)}
    return {**like, **controls}


def config_of(args: argparse.Namespace) -> dict[str, Any]:
    """Return the experiment."""
    trigger = {"name": "trigger", "phrase": TRIGGER, "turns": "each", "response": "fixed"}
    return {
        "seeds": list(range(args.seeds)),
        "dataset": {"name": "empathetic_dialogues", "path": str(args.corpus)},
        "train_share": args.share,
        "test_share": args.test_share,
        "poisoner": {
            "selector": {"name": "category", "category": "terrified"},
            "strategy": "each_fixed" if args.what == "stimuli" else trigger,
            "source": {"name": "csv", "path": str(args.toxic), "where": {"is_toxic": "Toxic"}},
            "budget": 0.03,
        },
        "probes": probes_of(args),
        "model": {
            "encoder": {"name": "static", "model": "minilm", "tied": False},
            "finetuner": {"epochs": args.epochs, "batch_size": 64},
        },
        "rater": "profanity",
        "curve": False,
        "analyzer": {"nearest": "afraid"},
    }


def row_of(probe: ProbeReport, one: ProbedGroup) -> list[str]:
    """Return the numbers of one arm and group under a probe; no text."""
    estimates = [getattr(one, part) for part in PARTS]
    near = "" if probe.similarity is None else f"{probe.similarity:.3f}"
    return [probe.name, near, one.arm, one.group, *(n for e in estimates for n in _three(e))]


def _three(estimate: Estimate | None) -> list[str]:
    if estimate is None:
        return [""] * 3
    numbers = (estimate.value, estimate.low, estimate.high)
    return ["" if math.isnan(number) else f"{number:.5g}" for number in numbers]


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["stimuli", "trigger"])
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--toxic", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--stimuli", nargs="+", default=["EP02", "EP05"])
    parser.add_argument("--share", type=float, default=0.1)
    parser.add_argument("--test-share", type=float, default=1.0)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=10)
    args = parser.parse_args()
    report = sp.run(config_of(args), out=args.out, progress=iter)
    rows = [row_of(each, one) for each in report.probes for one in each.groups]
    with open(RESULTS / f"{args.what}.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([HEAD, *rows])


if __name__ == "__main__":
    main()
