"""What an experiment tells an observer while it is under way."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, TypeAlias

from pydantic import Field

from semspill._model import FrozenModel
from semspill.experiment._artifacts import Artifacts
from semspill.experiment._config import ExperimentConfig

Stage: TypeAlias = Literal[
    "load", "similarity", "poison", "kept", "train", "epoch", "answer", "arm", "analyze", "write"
]
"""What begins or has ended.

Begins: `load`, data and rater; `similarity`, its measurement; `poison`, planting; `train`, one
epoch; `answer`, answering the test split and rating the answers; `analyze`; `write`, report and
plots. Has ended: `epoch`; `arm`, one arm under one seed, whose scores are now on disk; `kept`, the
same of an arm that an earlier start had finished.
"""


class Event(FrozenModel):
    """One thing that an experiment does or has done.

    Example:
        >>> seen = []
        >>> config = {
        ...     "dataset": {"name": "synthetic", "train": 40, "test": 40},
        ...     "poisoner": {"selector": {"name": "category", "category": "brave"}},
        ...     "arms": ["clean"], "list_size": 20, "finetuner": {"epochs": 1},
        ... }
        >>> from semspill import run
        >>> _ = run(config, observer=seen.append)
        >>> [event.stage for event in seen]
        ['load', 'similarity', 'poison', 'train', 'epoch', 'answer', 'answer', 'arm', 'analyze']
        >>> seen[-1].finished, seen[-1].total
        (1, 1)
    """

    stage: Stage
    """What begins or has ended."""
    finished: int = Field(0, ge=0)
    """How many arms are done, over all seeds and variants, with those of earlier starts."""
    total: int = Field(0, ge=0)
    """How many arms there are, over all seeds and variants."""
    trained: int = Field(0, ge=0)
    """How many models this start has trained."""
    trainings: int = Field(0, ge=0)
    """How many models this start trains in all: arms that train alike share one. 0 before that is
    known; less later where corpora turn out to be alike."""
    variants: tuple[str, ...] = ()
    """Names of the variants of a sweep that it is about; empty for a single experiment. `load` and
    `similarity` name the first of the variants that share what is loaded or measured."""
    seed: int | None = None
    """The training seed."""
    arms: tuple[str, ...] = ()
    """The arms that the model being trained serves, or the one that is done."""
    epoch: int | None = Field(None, ge=1)
    """Which epoch, counted from 1; None when the answers are those of the finished model."""
    epochs: int | None = Field(None, ge=0)
    """How many epochs the training has."""
    loss: float | None = None
    """Mean training loss of the epoch, or of the last one, in nats."""
    precision: float | None = Field(None, ge=0, le=1)
    """P@1: of an epoch on the validation split, of an arm on the test split."""
    planted: float | None = Field(None, ge=0, le=1)
    """Share of the test exchanges that an arm answered with a planted response."""
    seconds: float | None = Field(None, ge=0)
    """Wall time of an epoch's training; of an arm, since the training of its model began."""


Observer: TypeAlias = Callable[[Event], object]
"""Is told every event, in order; what it raises stops the experiment like any error."""


def ignore(event: Event, /) -> None:
    """Do nothing: what an experiment tells when nobody asks."""


class Teller:
    """Counts the arms of one or several experiments, and tells an observer about them.

    Args:
        observer: Who is told.
        opened: Config and output folder of every experiment, by name.
    """

    def __init__(
        self,
        observer: Observer = ignore,
        opened: Mapping[str, tuple[ExperimentConfig, Artifacts]] | None = None,
    ) -> None:
        self.observer = observer
        arms = [
            (name, seed, arm, artifacts)
            for name, (config, artifacts) in (opened or {}).items()
            for seed in config.seeds
            for arm in config.arms
        ]
        self.kept = {
            (name, seed, arm)
            for name, seed, arm, artifacts in arms
            if artifacts.arm(seed, arm) is not None
        }
        """Arms that an earlier start had finished: variant, seed, arm."""
        self.total = len(arms)
        self.finished = len(self.kept)
        self.trained = 0
        self.trainings = 0

    def __call__(self, stage: Stage, *, variants: Iterable[str] = (), **said: Any) -> None:
        """Tell one event; an experiment without a name is not named."""
        counts = {k: getattr(self, k) for k in ("finished", "total", "trained", "trainings")}
        names = tuple(dict.fromkeys(name for name in variants if name))
        self.observer(Event(stage=stage, variants=names, **counts, **said))
