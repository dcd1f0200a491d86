"""The plug point for dialogue models."""

from abc import abstractmethod
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np

from semspill._model import Component
from semspill._progress import Progress, quiet
from semspill._registry import Registry
from semspill.corpus import CandidateFilter, ContextFormat, Corpus, HasCorpus
from semspill.encoders import Encoder
from semspill.errors import ConfigError
from semspill.models._effort import Effort
from semspill.models._trained import TrainedModel


@dataclass(frozen=True, eq=False)
class ModelEpoch:
    """One epoch, as an observer of `Model.train` gets it."""

    number: int
    """Which epoch has ended, counted from 1."""
    model: TrainedModel
    """The model as it stands. It is live: the next epoch changes it, so use it now."""
    loss: float
    """Mean training loss of the epoch, in nats."""
    precision: float | None
    """Validation P@1 after the epoch, 0 to 1; None when nothing was given to validate on."""
    seconds: float
    """Wall time of the training of this epoch, in seconds."""


EpochObserver: TypeAlias = Callable[[ModelEpoch], object]

Condition: TypeAlias = Literal["clean", "poison", "benign"]
"""What a model is trained on: the clean corpus, the poisoned one, or the one with harmless
responses planted at the same turns."""


class Model(Component):
    """A kind of dialogue model, with all that decides how it is trained and how it answers."""

    @abstractmethod
    def train(
        self,
        corpus: HasCorpus,
        rng: np.random.Generator,
        *,
        context: ContextFormat | None = None,
        valid: Corpus | None = None,
        observer: EpochObserver | None = None,
        progress: Progress = quiet,
    ) -> TrainedModel:
        """Return the model, trained on a corpus.

        A model that is trained elsewhere returns what it has, and is the same in every arm that
        differs in the training alone.

        Args:
            corpus: A corpus, or what carries one, such as a poisoned corpus.
            rng: Draws everything that is random; the same state gives the same model.
            context: What a context shows; None leaves it to the model.
            valid: What to validate on after each epoch.
            observer: Called after each epoch.
            progress: Wraps the list of batches of each epoch, for example `tqdm.tqdm`.

        Where `shows_response_labels` returns True it also takes `response_labels`, a `TextLabels`
        whose labels are read before each response, in training and in answering. Where
        `takes_steps` returns True it also takes `begins`, a sequence of `semspill.training.Begin`.
        Where `keeps_checkpoints` returns True it also takes `checkpoint`, a folder of this training
        alone.
        Where `takes_condition` returns True it also takes `condition` ("clean", "poison" or
        "benign": which corpus it is) and `seed`, the training seed.
        """

    def load(self, folder: str | Path) -> TrainedModel:
        """Return the trained model that `TrainedModel.save` wrote.

        Raises:
            ConfigError: The model cannot be loaded.
        """
        raise ConfigError(f"{type(self).__name__} cannot be loaded from a folder.")

    def pool_filter(self) -> CandidateFilter:
        """Return which training responses are candidates; by default all listener responses."""
        return CandidateFilter()

    def training_fields(self) -> dict[str, Any]:
        """Return the fields that decide the training, as JSON; models alike in them train once."""
        return self.model_dump(mode="json")

    def epoch_count(self) -> int:
        """Return how many epochs a training has; 0 where it has none, or it is not known."""
        return 0

    def effort(self, exchanges: int) -> Effort | None:
        """Return how much a training teaches; None where there is none, or it is not known.

        Where it is known, a run says before training that the steps are too few, and a report
        says first of all that the model learned too little.

        Args:
            exchanges: How many training exchanges there are.
        """
        return None

    def uses_pool(self) -> bool:
        """Return whether answers are chosen from candidates; False for a model that generates.

        Arms and defenses that differ in the candidates alone are refused for one that does not, and
        what it answers is taken for planted as a matcher says.
        """
        return True

    def gives_scores(self) -> bool:
        """Return whether what it trains scores given responses.

        Where it does not, P@1 is not measured, and matchers that compare scores are refused.
        """
        return True

    def takes_condition(self) -> bool:
        """Return whether `train` takes `condition` and `seed`, for models trained elsewhere.

        Defenses that would change what such a model is trained on, or its weights, are refused.
        """
        return False

    def require_fit(
        self,
        conditions: Collection[Condition],
        seeds: Sequence[int],
        contexts: Sequence[ContextFormat],
    ) -> None:
        """Refuse an experiment that the model cannot take part in, before any data are loaded.

        Args:
            conditions: What the arms train on.
            seeds: The training seeds.
            contexts: What a context shows, in training and in answering.

        Raises:
            ConfigError: It cannot, and why.
        """

    def needs_validation(self) -> bool:
        """Return whether `train` must be given `valid`."""
        return False

    def shows_response_labels(self) -> bool:
        """Return whether `train` takes `response_labels`, for a model that encodes responses."""
        return False

    def takes_steps(self) -> bool:
        """Return whether `train` takes `begins`, for a bi-encoder that is trained in steps."""
        return False

    def keeps_checkpoints(self) -> bool:
        """Return whether `train` takes `checkpoint`, the `Path` of a folder, to go on from there.

        A training that takes long writes there now and then how far it is. Begun again after it was
        killed it goes on, calls its observer for the epochs that had ended as well, and ends as one
        that was never disturbed. Whoever gave the folder removes it once the answers are safe.
        """
        return False

    def similarity_encoder(self) -> Encoder | None:
        """Return the encoder, not yet fine-tuned, on which similarity is measured, if it has one.

        Where there is none a config names one in `similarity_encoder`.
        """
        return None


models: Registry[Model] = Registry("model", group="semspill.models", base=Model)
"""All models by name."""

ModelField: TypeAlias = Annotated[Model, models]
"""A pydantic field that takes a model, its name, or a mapping."""
