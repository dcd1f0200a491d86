"""Jobs: one training each, with the arms that it serves; values that pickle."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from semspill.experiment._config import ExperimentConfig
from semspill.experiment._data import data_key
from semspill.experiment._fingerprints import json_digest
from semspill.results import Arm

Notify: TypeAlias = Callable[..., None]
"""Takes the stage of an event and the event's fields."""


@dataclass(frozen=True)
class Part:
    """One arm of one experiment, which a job's model answers."""

    name: str
    """The variant's name; empty where there is one experiment only."""
    config: ExperimentConfig
    """The experiment."""
    arm: Arm
    """The arm."""
    key: str
    """A hash of everything that decides the arm's answers."""


@dataclass(frozen=True)
class Job:
    """One training under one seed, and the arms that its model answers.

    A job is pure: `perform` gives the same answers in every process on one kind of machine.
    """

    seed: int
    """The training seed."""
    corpus: str
    """A hash of what the model is trained on."""
    parts: tuple[Part, ...]
    """The arms that are served; they agree in everything that decides the training."""
    model_at: Path | None = None
    """Folder in which the trained model is kept; None for nowhere."""
    checkpoint_at: Path | None = None
    """Folder in which the training writes how far it is; None for nowhere."""
    place: int = 0
    """Which job of the whole plan it is, counted from 0, with those that were done before."""

    @property
    def config(self) -> ExperimentConfig:
        """An experiment that says how to train; those of all parts say the same."""
        return self.parts[0].config

    @property
    def data(self) -> str:
        """Which data the job needs, as `data_key` calls them."""
        return data_key(self.config)


class Training(NamedTuple):
    """What decides a training; arms for which it is equal share one trained model."""

    seed: int
    recipe: str
    data: str
    corpus: str

    @classmethod
    def of(cls, config: ExperimentConfig, seed: int, corpus: str, arm: Arm) -> "Training":
        """Return what decides the training of an arm on a corpus, given by its hash."""
        treatment = config.treatment(arm)
        model = treatment.model(config.model)
        fields = {"class": type(model).__qualname__, **model.training_fields()}
        context = treatment.contexts(config.contexts)[0].model_dump(mode="json")
        parts = {"model": fields, "context": context, "defense": treatment.training_recipe}
        return cls(seed, json_digest(parts), data_key(config), corpus)


def answers_key(config: ExperimentConfig, seed: int, facts: dict[str, Any]) -> str:
    """Return a hash of everything that decides an arm's answers.

    Args:
        config: The experiment.
        seed: The training seed.
        facts: Fingerprints of what the arm is trained on, answers from and is rated by.
    """
    named = {"model", "context", "answer_context", "list_size", "curve", "rater"}
    fields = config.model_dump(mode="json", include=named)
    return json_digest({"format": 1, "seed": seed, **fields, **facts})


def shard_of(jobs: Sequence[Job], which: int, count: int) -> tuple[Job, ...]:
    """Return the jobs of one shard: every `count`-th of the plan.

    Args:
        jobs: The jobs that are left of the plan.
        which: The shard, counted from 1.
        count: How many shards there are.
    """
    return tuple(job for job in jobs if job.place % count == which - 1)
