"""How a bi-encoder is fine-tuned: settings that are light to import, and the verb."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from semspill._garbage import settled
from semspill._mask import named
from semspill._model import FrozenModel
from semspill._progress import Progress, quiet
from semspill.corpus import ContextFormat, Corpus, HasCorpus
from semspill.encoders import BiEncoder, Encoder, RankingTask, encoders
from semspill.errors import ConfigError, DataError


@dataclass(frozen=True, eq=False)
class Epoch:
    """What an observer of `Finetuner.finetune` is told after each epoch."""

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


class Finetuner(FrozenModel):
    """Fine-tunes a bi-encoder by in-batch softmax negative log-likelihood.

    In a batch of n exchanges, each context is to tell its own response from the other n - 1: the
    loss is the mean over rows i of -log softmax over j of `scale * c_i . r_j`, at j = i.

    Departure from the paper: eq. 3.1 is the likelihood of a generated response; this is the same
    objective with the responses of the batch in place of all texts.

    Example:
        >>> Finetuner(epochs=1, batch_size=64).schedule_factor(0, 10)
        1.0
    """

    citation: ClassVar[str] = (
        "In-batch softmax: Henderson et al. 2017, arXiv:1705.00652; exact gradient accumulation: "
        "Gao et al. 2021, arXiv:2101.06983"
    )

    epochs: int = Field(3, ge=0)
    """How often each exchange is learned from; 0 leaves the encoder as it came."""
    batch_size: int = Field(256, ge=2)
    """Exchanges per step. All responses of a batch are the negatives of its contexts."""
    learning_rate: float | None = Field(None, gt=0, allow_inf_nan=False)
    """Peak step size; None takes what the encoder's tower recommends."""
    optimizer: Literal["adamw", "adamax"] = "adamw"
    """The update rule: AdamW (Loshchilov & Hutter 2019) or Adamax (Kingma & Ba 2015)."""
    weight_decay: float = Field(0.0, ge=0, allow_inf_nan=False)
    """Pull of each matrix towards zero, as a share of the learning rate; biases and the weights
    of normalization layers are exempt. AdamW decouples it, Adamax adds it to the gradient."""
    warmup: float = Field(0.1, ge=0, le=1)
    """Share of all steps in which the learning rate rises linearly to its peak, 0 to 1."""
    schedule: Literal["linear", "constant"] = "linear"
    """What follows the warm-up: a linear fall that ends one step above zero, or the peak."""
    clip_norm: float | None = Field(1.0, gt=0)
    """Longest gradient, as the 2-norm over all weights; None for no limit."""
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
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to train; `auto` is CUDA where there is one. Only the CPU is promised to give the
    same weights bit for bit when it trains again."""

    def schedule_factor(self, step: int, steps: int) -> float:
        """Return the learning rate of one step as a share of its peak, above 0 and at most 1.

        Args:
            step: Which step, counted from 0.
            steps: How many steps the whole training has.

        Example:
            >>> finetuner = Finetuner(warmup=0.5)
            >>> [finetuner.schedule_factor(step, 4) for step in range(4)]
            [0.5, 1.0, 1.0, 0.5]
        """
        rising = round(self.warmup * steps)
        if step < rising:
            return (step + 1) / rising
        return 1.0 if self.schedule == "constant" else (steps - step) / (steps - rising)

    def finetune(
        self,
        encoder: Encoder | BiEncoder | str | Mapping[str, Any],
        corpus: HasCorpus,
        rng: np.random.Generator,
        *,
        context: ContextFormat | None = None,
        valid: Corpus | RankingTask | None = None,
        observer: Callable[[Epoch], object] | None = None,
        progress: Progress = quiet,
    ) -> BiEncoder:
        """Return a trained bi-encoder, a `TwoTower`; what came in stays as it was.

        `rng` is split into streams for the initial weights, the batches, dropout and the
        validation lists. Two corpora with equally many exchanges, such as a clean one and its
        poisoned counterpart, therefore share initial weights and batch order when their `rng`
        began alike (with `duplicates="forbid"` the order also depends on the responses).

        Args:
            encoder: An encoder, its registered name, a mapping with its name and fields, or an
                already loaded `TwoTower` to train further (a copy is trained).
            corpus: A corpus, or what carries one, such as a poisoned corpus.
            rng: Draws everything that is random; the global generators stay untouched.
            context: What a context shows; by default what the encoder was loaded with.
            valid: What to measure P@1 on after each epoch: a corpus, from whose exchanges lists
                of 100 are drawn (of all, where there are fewer), or lists already drawn.
            observer: Called after each epoch.
            progress: Wraps the list of batches of each epoch, for example `tqdm.tqdm`.

        Raises:
            DataError: The corpus has fewer than two exchanges, or `duplicates="forbid"` leaves
                no two of them together.
            ConfigError: The encoder cannot be fine-tuned, `keep="best"` lacks `valid`, the device
                is absent, or the loss stopped being a number.
        """
        from semspill.training import _loop

        exchanges = corpus.corpus.exchanges
        if len(exchanges) < 2:
            raise DataError(
                f"Corpus {named(corpus.corpus.name)} has {len(exchanges)} exchanges; "
                "fine-tuning needs "
                "at least 2, because each is told apart from the others."
            )
        if self.keep == "best" and valid is None:
            raise ConfigError("keep='best' needs valid: give a validation corpus, or keep='last'.")
        weights, order, dropout, lists = rng.spawn(4)
        if not isinstance(encoder, BiEncoder):
            encoder = encoders.build(encoder)
        model = _loop.own_copy(encoder, weights, context)
        if self.epochs == 0:
            return model
        task = _ranking(valid, lists) if isinstance(valid, Corpus) else valid
        with settled():
            training = _loop.Training(self, model, exchanges, order, dropout)
            return training.run(task, observer, progress)


def _ranking(valid: Corpus, rng: np.random.Generator) -> RankingTask:
    return RankingTask.draw(valid.exchanges, rng, min(100, len(valid.exchanges)))
