"""Settings and epoch results of fine-tuning a language model; light to import."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar, runtime_checkable

import numpy as np
from jaxtyping import Int
from pydantic import Field

from semspill.corpus import ContextFormat, Exchange
from semspill.training._loop_settings import _LoopSettings

L = TypeVar("L", bound="Learner")


@runtime_checkable
class Learner(Protocol):
    """What is asked of a language model that is fine-tuned; `semspill.language` has one."""

    @property
    def module(self) -> Any:
        """Its weights, as a module of torch; those that want a gradient are trained."""

    @property
    def learning_rate(self) -> float:
        """Peak step size that suits it, where none is chosen."""

    def prompts(self, exchanges: Sequence[Exchange]) -> list[Int[np.ndarray, " tokens"]]:
        """Return the ids of the context of each exchange."""

    def responses(self, texts: Sequence[str]) -> list[Int[np.ndarray, " tokens"]]:
        """Return the ids of each response, with what ends it."""

    def nll(
        self,
        prompts: Sequence[Int[np.ndarray, " tokens"]],
        responses: Sequence[Int[np.ndarray, " tokens"]],
    ) -> tuple[Any, Any]:
        """Return the negative log-likelihood of each token of each response, and which are there.

        Two tensors of one row per response and one column per token, padded on the right; the
        first has a gradient.
        """

    def with_context(self: L, context: ContextFormat) -> L:
        """Return the same weights, reading contexts of another format."""


@dataclass(frozen=True, eq=False)
class LanguageEpoch:
    """One epoch, as an observer of `LanguageFinetuner.finetune` gets it."""

    number: int
    """Which epoch has ended, counted from 1."""
    model: Any
    """The language model as it stands. It is live: the next epoch changes it, so use it now."""
    loss: float
    """Mean negative log-likelihood of the response tokens of this epoch, in nats per token, each
    measured just before the step that learned from it; `log(vocabulary)` is guessing."""
    valid_loss: float | None
    """The same of the validation corpus, measured after the epoch; None when there is none."""
    tokens: int
    """How many response tokens were learned from, ends of responses included."""
    seconds: float
    """Wall time of the training of this epoch, without validation and observer."""


class _LanguageSettings(_LoopSettings):
    """How a language model is fine-tuned: the fields of a `LanguageFinetuner`."""

    batch_size: int = Field(16, ge=1)
    """Exchanges per step. The loss of a step is the mean over all of their response tokens."""
    micro_tokens: int = Field(4096, ge=1)
    """Most tokens computed at once, padding included, to bound memory. A batch is cut into parts
    of similar length, whose gradients add up to exactly that of the batch; a single exchange that
    is longer is a part of its own."""
    keep: Literal["last", "best"] = "last"
    """Whether the last epoch is returned, or the first one of the lowest validation loss."""
    checkpoint_minutes: float = Field(5.0, gt=0)
    """Least time between two checkpoints, in minutes, where a folder for them is given: about what
    a training that is killed loses."""

    def step_count(self, exchanges: int) -> int:
        """Return how many optimizer steps a training has.

        Args:
            exchanges: How many exchanges there are.

        Example:
            >>> _LanguageSettings(epochs=3, batch_size=16).step_count(40)
            9
        """
        return self.epochs * -(-exchanges // self.batch_size)

    def guessing_loss(self, vocabulary: int) -> float:
        """Return the loss of a model that holds all tokens for equally likely, in nats per token.

        Args:
            vocabulary: How many tokens there are.

        Example:
            >>> round(_LanguageSettings().guessing_loss(50257), 2)
            10.82
        """
        return math.log(vocabulary)
