"""Measures how fast the parts of a training are here, on a little of its own data."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Float

from semspill._garbage import settled
from semspill._progress import Progress, quiet
from semspill._random import stream
from semspill.corpus import Exchange
from semspill.encoders import BiEncoder
from semspill.experiment._study import Study, Task
from semspill.responding import RetrievalResponder
from semspill.scoring import ToxicityScorer
from semspill.training import Epoch

T = TypeVar("T")

# Shares of the patience: most of the time is training's, so it is measured longest.
_TRAINING, _OTHER = 0.5, 0.1
_MOST_QUERIES = 512


@dataclass(frozen=True)
class Paces:
    """What was measured, in seconds."""

    preparing: float
    """To load the encoder and to tokenize the training split, once per training."""
    steps: int
    """Batches of one epoch."""
    step: float
    """Per batch learned from."""
    context: float
    """Per context encoded."""
    response: float
    """Per response encoded."""
    search: float
    """Per test exchange whose best candidate is looked for in a whole pool."""
    rating: float
    """Per text rated."""
    rated: tuple[float, ...]
    """What the texts of that measurement were rated."""


class _EnoughError(Exception):
    """Ends a training that has been measured."""


def measure(study: Study, task: Task, patience: float, progress: Progress) -> Paces:
    """Return the paces of one experiment, from a short training that is thrown away.

    Args:
        study: The experiment.
        task: An arm whose training is begun.
        patience: About how many seconds the measurement may take, loading apart.
        progress: Wraps the batches that are learned from.
    """
    config = study.config
    clock = _Clock(_TRAINING * patience, progress)
    found: list[Paces] = []

    def examine(model: BiEncoder) -> None:
        preparing, steps = clock.first - begun if clock.steps else 0.0, clock.seconds
        answering = _answering(model, study, task, _OTHER * patience)
        # The first step also warms up; it counts only where there is no other.
        step = float(np.median(steps[1:] or steps or [0.0]))
        found.append(Paces(preparing, clock.steps, step, **answering))

    def watch(epoch: Epoch) -> None:
        # Asked here, because a run too asks while the optimizer's memory is held.
        examine(epoch.model)
        raise _EnoughError

    _warm_up()
    with settled():
        begun = time.perf_counter()
        try:
            model = config.finetuner.replace(keep="last").finetune(
                config.encoder,
                task.corpus,
                stream(task.seed, "finetune"),
                context=config.context,
                observer=watch,
                progress=clock,
            )
        except _EnoughError:
            return found[0]
        examine(model)  # no epochs, no observer
    return found[0]


def _warm_up() -> None:
    """Do once what the first training of a process does besides: half a second of imports."""
    import torch

    torch.optim.AdamW([torch.zeros(1, requires_grad=True)])


class _Clock:
    """A progress that ends an epoch early, and knows how long each of its batches took."""

    def __init__(self, patience: float, progress: Progress) -> None:
        self.patience = patience
        self.progress = progress
        self.steps = 0
        self.first = 0.0
        self.seconds: list[float] = []

    def __call__(self, items: Iterable[Any], /) -> Iterator[Any]:
        batches = list(items)
        self.steps, self.first = len(batches), time.perf_counter()
        for batch in self.progress(batches):
            begun = time.perf_counter()
            yield batch
            self.seconds.append(time.perf_counter() - begun)
            if time.perf_counter() - self.first > self.patience:
                return


def _answering(model: BiEncoder, study: Study, task: Task, patience: float) -> dict[str, Any]:
    """Return the paces of what follows a training, on texts drawn at random."""
    order = stream(0, "forecast").permutation
    exchanges, pool = study.data.test.exchanges, study.clean_pool.texts
    asked = [exchanges[i] for i in order(len(exchanges))]
    texts = [pool[i] for i in order(len(pool))]
    rated: dict[str, float] = {}
    scorer = ToxicityScorer(rater=study.config.rater, cache=None)

    def rate(part: Sequence[str]) -> None:
        rated.update(zip(part, scorer.score(part).tolist(), strict=True))

    dim = model.encode_responses(texts[:1]).shape[1]
    responder = RetrievalResponder(_Random(dim), task.candidates)
    responder.respond(asked[:1])  # makes the vectors of the pool, which is not searching
    few = asked[:_MOST_QUERIES]
    return {
        "context": pace(asked, lambda part: model.encode_contexts(part), patience),
        "response": pace(texts, lambda part: model.encode_responses(part), patience),
        "rating": pace(texts, rate, patience),
        "search": pace(few, lambda part: responder.respond(part), patience, start=_MOST_QUERIES),
        "rated": tuple(rated.values()),
    }


def pace(
    items: Sequence[T], work: Callable[[Sequence[T]], object], patience: float, *, start: int = 32
) -> float:
    """Return the seconds per item of some work, measured on more and more items.

    Args:
        items: What can be worked on, in random order.
        work: What is measured.
        patience: About how many seconds the measurement may take.
        start: How many items are tried first.
    """
    size = min(start, len(items))
    while True:
        begun = time.perf_counter()
        work(items[:size])
        spent = time.perf_counter() - begun
        if size == len(items) or 4 * spent > patience:
            return spent / size
        size = min(4 * size, len(items))


class _Random(BiEncoder):
    """Vectors of the right shape that nobody computed: the search for them takes as long."""

    def __init__(self, dim: int) -> None:
        self.dim = dim
        self.rng = np.random.default_rng(0)  # any numbers will do

    def encode_contexts(
        self, exchanges: Sequence[Exchange], *, progress: Progress = quiet
    ) -> Float[np.ndarray, "exchanges dim"]:
        return self._rows(len(exchanges))

    def encode_responses(
        self, texts: Sequence[str], *, progress: Progress = quiet
    ) -> Float[np.ndarray, "texts dim"]:
        return self._rows(len(texts))

    def _rows(self, count: int) -> Float[np.ndarray, "rows dim"]:
        return self.rng.standard_normal((count, self.dim), dtype=np.float32)
