"""A whole experiment in a fraction of a second, and components that misbehave."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from semspill import Finetuner, Rater, SpilloverReport, run


class Nothing(Rater):
    """Has no opinion on any text."""

    citation = "original"

    def rate(self, texts):
        return np.full(len(texts), np.nan)


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path_factory):
    """The ratings of a test stay with the test."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setattr("semspill.scoring._scorer.user_cache_dir", lambda name: folder / name)
    return folder


@pytest.fixture(scope="session")
def given_fields() -> dict[str, Any]:
    """Those of `fields`, for what is made once; read only."""
    return {
        "dataset": {
            "name": "synthetic", "train": 90, "valid": 24, "test": 48, "categories": 6,
        },
        "poisoner": {
            "selector": {"name": "category", "category": "brave"},
            "strategy": "each_random",
            "budget": 0.2,
        },
        "model": {"encoder": {
            "name": "hashing", "dim": 8, "buckets": 512, "word_ngrams": [1, 1],
            "char_ngrams": None,
        }, "finetuner": {"epochs": 2, "batch_size": 32}},
        "analyzer": {"draws": 100, "metrics": ["asr", "asr_lift", "toxicity", "lift", "precision"]},
        "list_size": 20,
    }  # fmt: skip


@pytest.fixture
def fields(given_fields) -> dict[str, Any]:
    return copy.deepcopy(given_fields)


FEW = {"draws": 100, "metrics": ["asr", "toxicity", "precision"]}
"""Few metrics: what is computed of answers is half the time of a run without figures."""


@pytest.fixture
def few_fields(given_fields) -> dict[str, Any]:
    """For tests that are not about numbers."""
    return {**copy.deepcopy(given_fields), "analyzer": dict(FEW)}


def lean(fields):
    """One epoch, no curve and few numbers: for tests of folders."""
    model = {**fields["model"], "finetuner": {"epochs": 1, "batch_size": 32}}
    return {**fields, "curve": False, "model": model, "analyzer": dict(FEW)}


@pytest.fixture
def lean_fields(fields) -> dict[str, Any]:
    return lean(fields)


@pytest.fixture(scope="session")
def halfway(given_fields, interrupt, tmp_path_factory) -> tuple[Path, SpilloverReport]:
    """A run of the lean fields that was stopped in its second training; read only.

    The folder that it left, and the report that it would have ended with.
    """
    folder = tmp_path_factory.mktemp("halfway")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("semspill.scoring._scorer.user_cache_dir", lambda name: folder / name)
        interrupt(2, lean(given_fields), out=folder / "out")
        return folder / "out.partial", run(lean(given_fields))


@pytest.fixture
def quick(fields):
    """Nothing is trained: a test of what is written."""
    return {**fields, "arms": ["clean"], "model": {**fields["model"], "finetuner": {"epochs": 0}}}


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.fixture
def partial(tmp_path):
    return tmp_path / "out.partial"


@pytest.fixture
def nothing() -> Rater:
    return Nothing()


@pytest.fixture
def trainings(monkeypatch) -> list[tuple[str, dict[str, Any]]]:
    """The corpus's fingerprint and the generator's state of every training, as they begin."""
    seen: list[tuple[str, dict[str, Any]]] = []
    finetune = Finetuner.finetune

    def watched(self, encoder, corpus, rng, **options):
        seen.append((corpus.corpus.fingerprint, rng.bit_generator.state))
        return finetune(self, encoder, corpus, rng, **options)

    monkeypatch.setattr(Finetuner, "finetune", watched)
    return seen


@pytest.fixture(scope="session")
def interrupt() -> Callable[..., None]:
    """Return a function that runs an experiment up to its n-th training, where Ctrl-C comes."""

    def interrupt(number, fields, **options):
        finetune, begun = Finetuner.finetune, []

        def stopped(self, *given, **named):
            begun.append(1)
            if len(begun) == number:
                raise KeyboardInterrupt
            return finetune(self, *given, **named)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Finetuner, "finetune", stopped)
            with pytest.raises(KeyboardInterrupt):
                run(fields, **options)

    return interrupt
