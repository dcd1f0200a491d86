"""Ten defenses under three seeds, each with its control: one run against ten runs.

A run of one defense trains the clean and the attacked arm anew, and computes for itself what its
detector needs; one run of ten shares all that. The results are the same.

    python defenses.py --corpus empatheticdialogues.tar.gz --toxic toxic.csv --share 0.3
"""

import argparse
import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from harness import Arrays, Contender, Stage, Timed

RATER = "profanity"


def cleaner(detector: Any, **fields: Any) -> dict[str, Any]:
    """Return a cleaner that takes out 6 %."""
    return {"name": "cleaner", "detector": detector, "share": 0.06, **fields}


DEFENSES: dict[str, Any] = {
    "frequency": cleaner("frequency"),
    "toxicity": cleaner({"name": "toxicity", "rater": RATER}),
    "toxicity_pool": cleaner({"name": "toxicity", "rater": RATER}, where="pool"),
    "mismatch": cleaner("mismatch"),
    "irrelevance": cleaner("irrelevance"),
    "loss": cleaner("loss"),
    "loss_low": cleaner({"name": "loss", "tail": "low"}),
    "cue": {"name": "cue"},
    "rater_guard": {"name": "rater_guard", "rater": RATER},
    "csls": {"name": "csls"},
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add where the data lie and how much of them is used."""
    parser.add_argument("--corpus", type=Path, required=True, help="empatheticdialogues.tar.gz")
    parser.add_argument("--toxic", type=Path, required=True, help="CSV: text, is_toxic")
    parser.add_argument("--share", type=float, default=1.0, help="of the training dialogues")
    parser.add_argument("--seeds", type=int, default=3)


def config(given: argparse.Namespace, defenses: Mapping[str, Any]) -> dict[str, Any]:
    """Return the experiment with some of the defenses."""
    toxic = {"path": str(given.toxic), "text": "text", "where": {"is_toxic": "Toxic"}}
    return {
        "seeds": list(range(given.seeds)),
        "model": {
            "encoder": {"name": "static", "tied": False},
            "finetuner": {"epochs": 3, "batch_size": 256},
        },
        "curve": False,
        "train_share": given.share,
        "dataset": {"name": "empathetic_dialogues", "path": str(given.corpus)},
        "poisoner": {
            "selector": {"name": "category", "category": "terrified"},
            "strategy": "each_fixed",
            "source": {"name": "csv", **toxic},
            "budget": 0.03,
        },
        "defenses": dict(defenses),
    }


def together(given: argparse.Namespace) -> Timed:
    """Run the ten in one experiment."""
    return _timed([config(given, DEFENSES)])


def apart(given: argparse.Namespace) -> Timed:
    """Run ten experiments of one defense each."""
    return _timed([config(given, {name: spec}) for name, spec in DEFENSES.items()])


def _timed(configs: list[dict[str, Any]]) -> Timed:
    import profanity_check  # noqa: F401  # imports are not the work
    from scipy import optimize, stats  # noqa: F401

    import semspill as sp
    from semspill.encoders import two_tower  # noqa: F401

    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        began = time.perf_counter()
        reports = [sp.run(each, progress=iter) for each in configs]
        seconds = time.perf_counter() - began
    made = [one for report in reports for one in report.defenses.defenses]
    rates = [[rate.value for rate in one.planted_rate.values()] for one in made]
    return Timed(seconds, {"planted_rate": np.array(rates)})


def agree(results: Mapping[str, Arrays]) -> str:
    """Compare the planted rates of every defense."""
    ours, theirs = (results[name]["planted_rate"] for name in ("semspill", "apart"))
    assert np.array_equal(ours, theirs), f"planted rates {ours} against {theirs}"
    return f"the planted rates of {len(ours)} defenses in three groups are equal"


STAGE = Stage(
    name="defenses",
    unit="defenses",
    work=lambda given: given.seeds * len(DEFENSES),
    contenders={"semspill": Contender(together), "apart": Contender(apart)},
    agree=agree,
    arguments=arguments,
)

if __name__ == "__main__":
    STAGE.main()
