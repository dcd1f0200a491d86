"""The plug point for dialogue models: training, and the capabilities of a trained model."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
from jaxtyping import Bool, Float

from semspill._model import Component
from semspill._progress import Progress, quiet
from semspill._registry import Registry
from semspill.corpus import CandidateFilter, Candidates, ContextFormat, Corpus, Exchange, HasCorpus
from semspill.encoders import Encoder, RankingTask
from semspill.errors import ConfigError
from semspill.models._effort import Effort
from semspill.models._lists import list_scores
from semspill.responding import Responses


class TrainedModel(ABC):
    """A dialogue model that answers.

    Extend it for a model of your own: a served one, a callable, whatever is loaded already.
    `respond` is all that an attack needs. A model that overrides `score` has its utility, P@1,
    measured as well.
    """

    device: str = "cpu"
    """What it computes on, as a report shows it."""
    scale: float = 1.0
    """Factor that turns `score` into the logits of training."""

    @abstractmethod
    def respond(
        self,
        exchanges: Sequence[Exchange],
        pool: Candidates,
        rng: np.random.Generator,
        *,
        progress: Progress = quiet,
    ) -> Responses:
        """Return the response to each exchange; `Responses.of(texts)` makes them from texts.

        Args:
            exchanges: What to answer; their responses are not looked at.
            pool: What a model that retrieves chooses from; one that generates ignores it.
            rng: Draws what is random in the answers.
            progress: Wraps the iterables of batches, for example `tqdm.tqdm`.
        """

    def choices(
        self,
        exchanges: Sequence[Exchange],
        pool: Candidates,
        rng: np.random.Generator,
        k: int,
        *,
        progress: Progress = quiet,
    ) -> Responses:
        """Return the best `k` responses to each exchange, best first; the first is the response.

        Args:
            exchanges: What to answer; their responses are not looked at.
            pool: As `respond` takes it.
            rng: Draws what is random in the answers.
            k: How many for each exchange, 1 to the size of the pool.
            progress: Wraps the iterables of batches.

        Raises:
            ConfigError: More than one is asked of a model that gives one response each.
        """
        if k == 1:
            return self.respond(exchanges, pool, rng, progress=progress)
        raise ConfigError(
            f"{type(self).__name__} gives one response each, and {k} are asked for; give k=1, or "
            "a model with a method `choices`."
        )

    @property
    def chooses(self) -> bool:
        """Whether the model can give more than one response to each exchange."""
        return type(self).choices is not TrainedModel.choices

    def score(
        self,
        exchanges: Sequence[Exchange],
        texts: Sequence[Sequence[str]],
        *,
        progress: Progress = quiet,
    ) -> Float[np.ndarray, "exchanges texts"]:
        """Return how well each given response fits its context; higher is better.

        Args:
            exchanges: The contexts.
            texts: As many responses for each exchange.
            progress: Wraps the iterables of batches.

        Raises:
            ConfigError: The model cannot score given texts.
        """
        raise ConfigError(f"{type(self).__name__} cannot score given responses.")

    @property
    def scores(self) -> bool:
        """Whether the model can score given responses."""
        return type(self).score is not TrainedModel.score

    def rank(
        self, task: RankingTask, *, beside: Sequence[str] = (), progress: Progress = quiet
    ) -> Bool[np.ndarray, " exchanges"] | None:
        """Return for which exchanges the best scored response reads like the gold one.

        Equal scores are won by the earlier place in the list.

        Args:
            task: The exchanges with their lists.
            beside: What stands in every list besides, such as planted responses.
            progress: Wraps the iterables of batches.

        Returns:
            None where the model cannot score given responses.

        Raises:
            PluginError: `score` does not give one number for each response.
        """
        if not self.scores:
            return None
        _, rows, scores = list_scores(self, task, beside, progress)
        best = np.take_along_axis(rows, scores.argmax(axis=1)[:, None], axis=1)[:, 0]
        return np.asarray(best == rows[np.arange(len(rows)), task.gold])

    def with_context(self, context: ContextFormat) -> "TrainedModel":
        """Return the model, reading contexts of another format.

        Raises:
            ConfigError: The model reads contexts in a way of its own.
        """
        raise ConfigError(
            f"{type(self).__name__} cannot read contexts of another format than in training; "
            "leave answer_context out."
        )

    def expect(self, texts: Sequence[str]) -> None:  # noqa: B027
        """Hear, before the first answer, which responses most pools will share.

        A model that encodes candidates may encode these once; the answers must not depend on it.
        """

    def save(self, folder: str | Path) -> None:
        """Write the model where `Model.load` finds it.

        Raises:
            ConfigError: The model cannot be saved.
        """
        raise ConfigError(f"{type(self).__name__} cannot be saved.")


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

    def similarity_encoder(self) -> Encoder | None:
        """Return the encoder, not yet fine-tuned, on which similarity is measured, if it has one.

        Where there is none a config names one in `similarity_encoder`.
        """
        return None


models: Registry[Model] = Registry("model", group="semspill.models", base=Model)
"""All models by name."""

ModelField: TypeAlias = Annotated[Model, models]
"""A pydantic field that takes a model, its name, or a mapping."""
