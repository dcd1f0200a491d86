"""The capabilities of a trained dialogue model."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float

from semspill._progress import Progress, quiet
from semspill.corpus import Candidates, ContextFormat, Exchange
from semspill.encoders import RankingTask
from semspill.errors import ConfigError
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

    def too_long(self, texts: Sequence[str]) -> int:
        """Return how many texts are longer than what the model can answer; 0 without such a limit.

        Args:
            texts: What was planted.
        """
        return 0

    def contexts_cut(self, exchanges: Sequence[Exchange]) -> int:
        """Return how many contexts have more tokens than are read; 0 where that is not known.

        Args:
            exchanges: Whose contexts.
        """
        return 0

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

    def gold_losses(
        self, exchanges: Sequence[Exchange], *, progress: Progress = quiet
    ) -> Float[np.ndarray, " exchanges"] | None:
        """Return the mean negative log-likelihood of a token of each gold response, in nats.

        Args:
            exchanges: The contexts with their responses.
            progress: Wraps the iterables of batches.

        Returns:
            None where the model has no likelihoods.
        """
        return None

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
