"""Settings and epoch results of fine-tuning; light to import."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from pydantic import Field

from semspill.encoders import BiEncoder
from semspill.training._loop_settings import _LoopSettings

Backward: TypeAlias = Callable[..., float]
"""Adds the gradient of a batch's loss to that of the weights, and returns the loss in nats.

Each argument is a term of one's own: a function of the vectors of the contexts and of those of the
responses (tensors of one row per text) that returns a number. The terms are added to what is
lowered, not to the loss that is returned; they share its vectors, dropout and micro-batches."""

Step: TypeAlias = Callable[[Backward, Any], float]
"""What is done at one step instead of `backward()` alone.

It is given `backward` and the batch (`contexts` and `responses`, the tokens of each, and `gold`,
the response of each context), in training mode; it leaves the gradient that the optimizer is to
follow, and returns the loss to be reported. The weights and ids are those that `Begin` has met."""

Begin: TypeAlias = Callable[[Any], Step | None]
"""Is called with the bi-encoder (`TwoTower`) before its first step, and returns what is done at
every step, or None for `backward()`. Torch's generators are seeded for it.

Of a table of token vectors the towers then hold the rows that occur in the training data alone,
with ids renumbered to match. A copy of the bi-encoder that is made here reads the ids of every
batch as the trained one does, and its parameters are the trained one's in the same order."""


@dataclass(frozen=True, eq=False)
class Epoch:
    """One epoch, as an observer of `Finetuner.finetune` gets it."""

    number: int
    """Which epoch has ended, counted from 1."""
    model: BiEncoder
    """The bi-encoder as it stands. It is live, and the next epoch changes it: encode with it or
    save it now, and keep a copy (`copy.deepcopy`), never this object."""
    loss: float
    """Mean negative log-likelihood of the exchanges of this epoch, in nats, each measured just
    before the step that learned from it; `log(batch_size)` is guessing."""
    precision: float | None
    """Validation P@1 after the epoch, 0 to 1; None when nothing was given to validate on."""
    exchanges: int
    """How many exchanges were learned from: all, but for those left alone in a batch."""
    seconds: float
    """Wall time of the training of this epoch, without validation and observer."""


class _TrainingSettings(_LoopSettings):
    """How a bi-encoder is fine-tuned: the fields of a `Finetuner`."""

    batch_size: int = Field(256, ge=2)
    """Exchanges per step. All responses of a batch are the negatives of its contexts."""
    scale: float | None = Field(None, gt=0, allow_inf_nan=False)
    """Factor on the dot products (1 / temperature); None is 20 for unit rows, 1 for raw rows."""
    duplicates: Literal["mask", "allow", "forbid"] = "mask"
    """What becomes of a response text that repeats in a batch. `mask`: it is no negative of the
    exchanges it answers. `allow`: it is. `forbid`: no text is twice in one batch; copies that
    fit nowhere come last, in shorter batches, and those that would be alone sit the epoch out
    (`Epoch.exchanges` counts the others)."""
    micro_batch: int | None = Field(None, ge=1)
    """Most texts encoded at once while training, to bound memory; None for the whole batch. All
    in-batch negatives stay, at the price of encoding everything twice."""
    keep: Literal["last", "best"] = "last"
    """Whether the last epoch is returned, or the first one of the highest validation P@1."""
    adapter_rank: int | None = Field(None, ge=1)
    """Rank of what training adds to each matrix: a product of two narrow ones, which alone are
    trained, and decay (low-rank adapters); all other weights stay. None trains every weight."""

    def logit_scale(self, model: BiEncoder) -> float:
        """Return the factor on the dot products of a bi-encoder: `scale`, or what suits its rows.

        Args:
            model: The bi-encoder.
        """
        unit = getattr(getattr(model, "context_tower", None), "unit", False)
        return self.scale or (20.0 if unit else 1.0)

    def step_count(self, exchanges: int) -> int:
        """Return how many optimizer steps a training has; `duplicates="forbid"` may add some.

        Args:
            exchanges: How many exchanges there are.

        Example:
            >>> _TrainingSettings(epochs=3, batch_size=256).step_count(800)
            12
        """
        return self.epochs * len(self._batch_sizes(exchanges))

    def guessing_loss(self, exchanges: int) -> float:
        """Return the `Epoch.loss` of a model that holds all responses of a batch for equally good.

        That is the mean over the exchanges of the logarithm of the size of their batch.

        Args:
            exchanges: How many exchanges there are, 2 or more.

        Example:
            >>> round(_TrainingSettings(batch_size=100).guessing_loss(150), 4)  # of 100 and of 50
            4.3741
        """
        sizes = self._batch_sizes(exchanges)
        return sum(size * math.log(size) for size in sizes) / sum(sizes)

    def _batch_sizes(self, exchanges: int) -> list[int]:
        whole, rest = divmod(exchanges, self.batch_size)
        # One exchange alone is no batch: it has no negatives.
        return [self.batch_size] * whole + [rest] * (rest > 1)
