"""The plug point for defenses: four bases, by the stage at which they work."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

import numpy as np
from jaxtyping import Bool, Float

from semspill._model import Component
from semspill._registry import Registry
from semspill.corpus import ContextFormat, Corpus, Exchange
from semspill.encoders import BiEncoder
from semspill.errors import ConfigError
from semspill.models import Model, TrainedModel
from semspill.responding import Responses
from semspill.training import Begin, Step

Need: TypeAlias = Literal["clean", "encoder", "trainer"]
"""Something that a defense may be given: see the fields of `Aid`."""

Stage: TypeAlias = Literal["data", "training", "model", "output"]
"""When a defense works; several defenses are applied in this order."""

STAGES: tuple[Stage, ...] = ("data", "training", "model", "output")
"""The stages in their order."""

Trainer: TypeAlias = Callable[[Corpus, np.random.Generator], TrainedModel]
"""Trains the model of the experiment on a corpus; the same state gives the same model."""


@dataclass(frozen=True, eq=False)
class Aid:
    """What a defender has besides the corpus: only what the defense declares in `needs`.

    Nothing here knows what was planted, nor the rater that scores the outcome.
    """

    clean: Corpus | None = None
    """Dialogues that the defender trusts."""
    encoder: BiEncoder | None = None
    """The bi-encoder of the experiment as it comes, before any training."""
    trainer: Trainer | None = None
    """What trains a model as the experiment does."""

    def of(self, defense: "Defense") -> "Aid":
        """Return what a defense declares, and nothing else.

        Raises:
            ConfigError: It is not there.
        """
        wanted = defense.wanted
        lacking = [need for need in sorted(wanted) if getattr(self, need) is None]
        if lacking:
            raise ConfigError(
                f"{type(defense).__name__} needs {' and '.join(lacking)}; give an Aid that has it."
            )
        others = {"clean", "encoder", "trainer"} - wanted
        return replace(self, **dict.fromkeys(others))


class Defense(Component):
    """Something that is done against planted behaviour.

    Extend one of the four bases: `Detector`, `TrainingDefense`, `Repair`, `OutputGuard`.
    """

    stage: ClassVar[Stage]
    """When it works."""
    needs: ClassVar[frozenset[Need]] = frozenset()
    """What it must be given besides the corpus; checked before any training."""
    cost: ClassVar[str] = "seconds"
    """What it takes, in words, beside one training."""
    needs_candidates: ClassVar[bool] = False
    """Whether it works only on a model that chooses among candidates, as retrieval does; a config
    with another model refuses it."""

    @property
    def wanted(self) -> frozenset[Need]:
        """What this very object must be given: `needs`, unless its fields say more or less."""
        return self.needs

    def control(self) -> "Defense | None":
        """Return the same defense without its idea; None where there is no such control.

        A random direction in place of one that was found, say. A cleaner and an output guard have
        theirs without this method: as many exchanges, or answers, at random.
        """
        return None


class Detector(Defense):
    """Scores how suspicious each exchange of a training corpus is; `Cleaner` decides.

    It sees no marks of planted text.

    Example:
        >>> class Loud(Detector):
        ...     citation = "original"
        ...     def suspicion(self, corpus, aid, rng):
        ...         return np.array([float(e.response.isupper()) for e in corpus.exchanges])
    """

    stage = "data"

    @abstractmethod
    def suspicion(
        self, corpus: Corpus, aid: Aid, rng: np.random.Generator
    ) -> Float[np.ndarray, " exchanges"]:
        """Return one number per exchange, higher is worse; NaN is no opinion.

        Args:
            corpus: The training corpus, whose planted texts are not marked.
            aid: What `needs` declares.
            rng: The only source of randomness.
        """


class TrainingDefense(Defense):
    """Changes what is trained on, what a context shows, how it is trained, or every step.

    Override at least one method; by default each leaves everything as it is.

    Example:
        >>> class Brief(TrainingDefense):
        ...     citation = "original"
        ...     def contexts(self, training, answering):
        ...         return training.replace(turns=1), answering.replace(turns=1)
    """

    stage = "training"
    cost: ClassVar[str] = "none"

    def prepare(self, corpus: Corpus, aid: Aid, rng: np.random.Generator) -> Corpus:
        """Return what is trained on instead; the candidates stay those of `corpus`.

        Args:
            corpus: The training corpus, whose planted texts are not marked.
            aid: What `needs` declares.
            rng: The only source of randomness.
        """
        return corpus

    def contexts(
        self, training: ContextFormat, answering: ContextFormat
    ) -> tuple[ContextFormat, ContextFormat]:
        """Return what a context shows in training, and in answering, instead.

        Raises:
            ConfigError: It cannot work with what these contexts show.
        """
        return training, answering

    @property
    def relabels(self) -> bool:
        """Whether `prepare` gives exchanges their predicted labels, so that nobody else need."""
        return False

    def settings(self, model: Model) -> Model:
        """Return the model with other settings of its training.

        Raises:
            ConfigError: The model has no such settings.
        """
        return model

    def begin(self, module: Any) -> Step | None:
        """Return what is done at every step, or None for nothing but the step itself.

        Called once per training, with the bi-encoder (`TwoTower`) before its first step. What is
        returned is called in each step, in training mode and with gradients at zero, as
        `step(backward, batch)`: it calls `backward()`, which adds the gradient of the batch's loss
        to the weights' and returns that loss, as often as it likes, leaves the gradient that the
        optimizer is to follow, and returns the loss to be reported. See `semspill.training.Begin`.
        """
        return None

    @property
    def begins(self) -> Begin | None:
        """`begin`, if it does anything."""
        return None if type(self).begin is TrainingDefense.begin else self.begin


class Repair(Defense):
    """Changes a trained model."""

    stage = "model"

    @abstractmethod
    def repair(
        self, model: TrainedModel, corpus: Corpus, aid: Aid, rng: np.random.Generator
    ) -> TrainedModel:
        """Return a repaired model; what came in stays as it was.

        Args:
            model: The trained model.
            corpus: What it was trained on, whose planted texts are not marked.
            aid: What `needs` declares.
            rng: The only source of randomness.

        Raises:
            ConfigError: It cannot repair such a model.
        """


class OutputGuard(Defense):
    """Decides which responses may be given; one that may not gives way to the next best.

    Example:
        >>> class Short(OutputGuard):
        ...     citation = "original"
        ...     def allow(self, exchanges, responses):
        ...         return np.array([[len(text) < 200 for text in row] for row in responses.ranked])
    """

    stage = "output"

    def fitted(
        self, model: TrainedModel, corpus: Corpus, aid: Aid, rng: np.random.Generator
    ) -> "OutputGuard":
        """Return the guard, made ready for a model; by default itself.

        Args:
            model: The trained model that it guards.
            corpus: What it was trained on, whose planted texts are not marked.
            aid: What `needs` declares.
            rng: The only source of randomness.
        """
        return self

    @abstractmethod
    def allow(
        self, exchanges: Sequence[Exchange], responses: Responses
    ) -> Bool[np.ndarray, "exchanges k"]:
        """Return which of the best `k` responses to each exchange may be given.

        What is decided of an exchange must not depend on which others are asked about with it.

        Args:
            exchanges: What is answered, one or more, without the response that a person gave.
            responses: The best `k` responses to each, in `ranked` and `scores`, best first; none
                is marked as planted. `k` is 1 where the model gives no more.
        """


defenses: Registry[Defense] = Registry("defense", group="semspill.defenses", base=Defense)
"""All defenses by name."""

DefenseField: TypeAlias = Annotated[Defense, defenses]
"""A pydantic field that takes a defense, its name, or a mapping."""

DetectorField: TypeAlias = Annotated[Detector, defenses]
"""A pydantic field that takes a detector, its name, or a mapping."""
