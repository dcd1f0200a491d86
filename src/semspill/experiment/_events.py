"""Events: what an observer gets while an experiment runs."""

from collections.abc import Callable, Iterable
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, TypeAdapter

from semspill._model import FrozenModel
from semspill.experiment._config import ExperimentConfig
from semspill.experiment.store import RunStore

Share: TypeAlias = Annotated[float, Field(ge=0, le=1)]
Seconds: TypeAlias = Annotated[float, Field(ge=0)]


class _Counts(FrozenModel):
    """How far the whole experiment or sweep is."""

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


class _Training(_Counts):
    seed: int
    """The training seed."""
    arms: tuple[str, ...]
    """The arms that the model being trained serves."""
    epochs: int = Field(ge=0)
    """How many epochs the training has."""


class LoadEvent(_Counts):
    """Data and rater begin to load."""

    stage: Literal["load"] = "load"


class SimilarityEvent(_Counts):
    """The measurement of similarity begins."""

    stage: Literal["similarity"] = "similarity"


class PoisonEvent(_Counts):
    """The corpus of one seed begins to be poisoned."""

    stage: Literal["poison"] = "poison"
    seed: int
    """The training seed."""


class ReusedEvent(_Counts):
    """This arm is not trained, because an earlier run or the cache has its answers."""

    stage: Literal["reused"] = "reused"
    seed: int
    """The training seed."""
    arms: tuple[str, ...]
    """The arm, alone."""


class TrainEvent(_Training):
    """One epoch begins."""

    stage: Literal["train"] = "train"
    epoch: int | None = Field(None, ge=1)
    """Which epoch, counted from 1; None where the training has none."""


class EpochEvent(_Training):
    """One epoch has ended."""

    stage: Literal["epoch"] = "epoch"
    epoch: int = Field(ge=1)
    """Which epoch, counted from 1."""
    loss: float
    """Mean training loss of the epoch, in nats."""
    valid_precision: Share | None = None
    """P@1 on the validation split; None where there is none."""
    seconds: Seconds
    """Wall time of the epoch's training."""


class AnswerEvent(_Training):
    """A model begins to answer the test split, and its answers to be rated."""

    stage: Literal["answer"] = "answer"
    epoch: int | None = Field(None, ge=1)
    """After which epoch, counted from 1; None for the finished model."""


class ArmEvent(_Training):
    """One arm under one seed is done, and its scores are on disk."""

    stage: Literal["arm"] = "arm"
    loss: float | None = None
    """Mean training loss of the last epoch, in nats; None without epochs."""
    precision: Share | None = None
    """P@1 on the test split; None for a model that cannot rank given responses."""
    planted: Share
    """Share of the test exchanges that were answered with a planted response."""
    seconds: Seconds
    """Wall time since the training of its model began."""


class AnalyzeEvent(_Counts):
    """The analysis begins."""

    stage: Literal["analyze"] = "analyze"


class WriteEvent(_Counts):
    """Report and plots begin to be written."""

    stage: Literal["write"] = "write"


Event: TypeAlias = Annotated[
    LoadEvent
    | SimilarityEvent
    | PoisonEvent
    | ReusedEvent
    | TrainEvent
    | EpochEvent
    | AnswerEvent
    | ArmEvent
    | AnalyzeEvent
    | WriteEvent,
    Field(discriminator="stage"),
]
"""One thing that an experiment begins or has done; `stage` is the discriminator."""

Observer: TypeAlias = Callable[[Event], object]
"""Takes every event, in order; what it raises stops the experiment like any error."""


_EVENT: TypeAdapter[Event] = TypeAdapter(Event)


def ignore(event: Event, /) -> None:
    """Do nothing; the default observer."""


class Notifier:
    """Sends events to an observer, with counts of arms and trainings over all experiments.

    Args:
        observer: Takes the events.
        opened: Config and files of every experiment.
    """

    def __init__(
        self,
        observer: Observer = ignore,
        opened: Iterable[tuple[ExperimentConfig, RunStore]] = (),
    ) -> None:
        self.observer = observer
        arms = [
            (seed, arm.name, store)
            for config, store in opened
            for seed in config.seeds
            for arm in config.all_arms
        ]
        self.total = len(arms)
        self.finished = sum(store.arm(seed, arm) is not None for seed, arm, store in arms)
        self.trained = 0
        self.trainings = 0

    def __call__(self, stage: str, *, variants: Iterable[str] = (), **fields: object) -> None:
        """Send the event of one stage; an experiment without a name is not named."""
        if stage == "answer" and fields.get("epoch") is None:
            self.trained += 1
        event = {
            "stage": stage,
            "finished": self.finished,
            "total": self.total,
            "trained": self.trained,
            "trainings": self.trainings,
            "variants": tuple(dict.fromkeys(name for name in variants if name)),
        }
        self.observer(_EVENT.validate_python({**event, **fields}))
