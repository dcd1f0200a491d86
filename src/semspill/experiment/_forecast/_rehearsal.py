"""Goes through what surrounds the trainings: similarities on the data, the analysis on noise."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from semspill._random import stream
from semspill.analysis import Similarities, measure_similarity
from semspill.encoders import BiEncoder
from semspill.experiment._evaluation import ArmRun
from semspill.experiment._study import Study, Task


def rehearse_similarities(study: Study, model: BiEncoder, patience: float) -> float:
    """Return how many seconds it takes to measure the similarities.

    Where that is soon done, the study has them afterwards, so that what the analyzer cannot use
    is found out; else some are drawn at random, and the time is extrapolated.
    """
    config, categories = study.config, study.data.train.categories
    seconds, found = 0.0, []
    for part in config.similarities:
        limit = _Limit(patience)
        begun = time.perf_counter()
        try:
            found.append(
                measure_similarity(
                    part, study.data.train, model, stream(0, "similarity"), progress=limit
                )
            )
            seconds += time.perf_counter() - begun
        except _OverTimeError:
            seconds += (time.perf_counter() - begun) / limit.share
            found.append(_any_similarities(categories))
    study.similarities = tuple(found)
    return seconds


def rehearse_analysis(study: Study, task: Task, ratings: Sequence[float]) -> float:
    """Return how many seconds it takes to analyze a finished run of this size."""
    config, rng = study.config, np.random.default_rng(0)
    count, epochs = len(study.data.test.exchanges), config.finetuner.epochs * config.curve
    for seed in config.seeds:
        for arm in config.arms:
            rated = rng.choice(np.array(ratings), (epochs + 1, count))
            few = rng.random((epochs + 1, count)) < 0.05
            made = ArmRun(
                chosen=np.zeros(count, np.int64),
                score=np.zeros(count),
                toxicity=rated[-1],
                planted=few[-1],
                correct=rng.random(count) < 0.3,
                served=rng.random(count) < 0.3,
                drawn_from=np.zeros(0),
                epoch_toxicity=rated[:-1],
                epoch_planted=few[:-1],
                loss=np.zeros(config.finetuner.epochs),
            )
            study.done(replace(task, seed=seed, arm=arm), made, 0.0)
    begun = time.perf_counter()
    study.report().to_json()
    return time.perf_counter() - begun


class _OverTimeError(Exception):
    """Ends what takes too long."""


class _Limit:
    """A progress that stops when time is up, and knows which share of the work was done."""

    def __init__(self, patience: float) -> None:
        self.until = time.perf_counter() + patience
        self.share = 1.0

    def __call__(self, items: Iterable[Any], /) -> Iterator[Any]:
        batches = list(items)
        for number, batch in enumerate(batches, start=1):
            yield batch
            if number < len(batches) and time.perf_counter() > self.until:
                self.share = number / len(batches)
                raise _OverTimeError


def _any_similarities(categories: tuple[str, ...]) -> Similarities:
    size = len(categories)
    matrix = np.random.default_rng(0).random((size, size))
    return Similarities(name="any", method="any", categories=categories, matrix=matrix)
