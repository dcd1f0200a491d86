"""What a training of a language model learns from at each step; importing it imports torch."""

import copy
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

from semspill._device import usable_device
from semspill._progress import Progress
from semspill._random import torch_seed
from semspill.corpus import Corpus, Exchange
from semspill.errors import DataError
from semspill.training._batches import shuffled
from semspill.training._checkpoint import Checkpoints, fingerprint_of
from semspill.training._language_settings import (
    LanguageEpoch,
    Learner,
    _LanguageSettings,
)
from semspill.training._loop import Done, Loop, clip
from semspill.training._micro import parts
from semspill.training._optimizer import optimizer_of, trainable

logger = logging.getLogger(__name__)

L = TypeVar("L", bound=Learner)

_OVERHEAD = {"cpu": 32}
"""How many tokens could be computed in the time that a part of a batch costs besides its own."""


def own(model: L | Callable[[np.random.Generator], L], rng: np.random.Generator, device: str) -> L:
    """Return a language model that may be trained without changing anything of the caller's."""
    learner = copy.deepcopy(model) if isinstance(model, Learner) else model(rng)
    learner.module.to(usable_device(device))
    return learner


class Lines:
    """The tokens of exchanges, made once.

    Args:
        model: Makes them.
        exchanges: Whose contexts and responses they are.
        most: Most tokens computed at once.
        overhead: What a part costs besides, in tokens.
    """

    def __init__(
        self, model: Learner, exchanges: Sequence[Exchange], most: int, overhead: int
    ) -> None:
        self.prompts = model.prompts(exchanges)
        self.responses = model.responses([exchange.response for exchange in exchanges])
        self.read = np.array([len(row) for row in self.prompts], dtype=np.int64)
        self.spoken = np.array([len(row) for row in self.responses], dtype=np.int64)
        self.rows = self.prompts, self.responses
        self.most, self.overhead = most, overhead

    def nll(self, model: Learner, chosen: Int[np.ndarray, " batch"]) -> Iterator[Tensor]:
        """Yield the sum over the response tokens of each part of a batch."""
        # The longest part first: what it needs of memory serves the others too.
        read, spoken = self.read[chosen], self.spoken[chosen]
        for part in reversed(parts(read, spoken, self.most, self.overhead)):
            rows = chosen[part]
            nll, held = model.nll(
                [self.prompts[row] for row in rows], [self.responses[row] for row in rows]
            )
            yield nll.masked_fill(~held, 0).sum()


class Training:
    """One fine-tuning on one set of exchanges.

    Args:
        settings: What the user chose.
        model: The language model to train, in place.
        exchanges: What to learn from, at least one.
        order: Draws all batches.
    """

    def __init__(
        self,
        settings: _LanguageSettings,
        model: Learner,
        exchanges: Sequence[Exchange],
        order: np.random.Generator,
    ) -> None:
        self.settings = settings
        self.model = model
        self.module = model.module
        self.weights = trainable(self.module)
        self.device = next(self.module.parameters()).device
        learned = np.array([exchange.learned for exchange in exchanges], dtype=np.bool_)
        self.epochs = [
            _batches(learned, settings.batch_size, order) for _ in range(settings.epochs)
        ]
        self.lines = self._lines([exchange for exchange in exchanges if exchange.learned])
        self.rate = settings.learning_rate or model.learning_rate
        self.optimizer = optimizer_of(
            settings, self.weights, self.rate, what="The language model has no trainable weights"
        )
        self.remedy = (
            f"lower learning_rate (now {self.rate:g}), or set clip_norm (now {settings.clip_norm})"
        )
        self.valid: Lines | None = None
        self.observer: Callable[[LanguageEpoch], object] | None = None

    def run(
        self,
        dropout: np.random.Generator,
        valid: Corpus | None,
        observer: Callable[[LanguageEpoch], object] | None,
        progress: Progress,
        folder: Path | None,
    ) -> None:
        """Train to the end, from the checkpoint that the folder holds of this very training."""
        self.observer = observer
        if valid is not None:
            if not valid.exchanges:
                raise DataError("The validation corpus has no exchange; give another, or none.")
            self.valid = self._lines(valid.exchanges)
        seeds = [torch_seed(dropout) for _ in range(self.settings.epochs)]
        kept = None if folder is None else self._checkpoints(folder, seeds)
        Loop(self.settings, self, seeds, kept).run(progress)

    def _checkpoints(self, folder: Path, seeds: Sequence[int]) -> Checkpoints:
        chosen = self.settings.model_dump(mode="json", exclude={"checkpoint_minutes", "device"})
        known = [*self.epochs, [np.array(seeds)], *self.lines.rows]
        known += [] if self.valid is None else self.valid.rows
        facts = {**chosen, "rate": self.rate, "device": self.device.type}
        decided = fingerprint_of(facts, self.module, known)
        return Checkpoints(folder, decided, self.settings.checkpoint_minutes)

    def held(self) -> AbstractContextManager[None]:
        """Return nothing in particular."""
        return nullcontext()

    def learn(self, chosen: Int[np.ndarray, " batch"]) -> tuple[float, int]:
        """Leave the gradient of a batch; return its mean loss and how many tokens that is over."""
        count = int(self.lines.spoken[chosen].sum())
        total: Any = 0.0
        for nll in self.lines.nll(self.model, chosen):
            loss = nll / count
            torch.autograd.backward(loss)
            total = total + loss.detach()
        clip(self.settings, self.weights)
        return float(total), count

    @torch.no_grad()
    def validate(self) -> float | None:
        """Return the validation loss with its sign turned."""
        if self.valid is None:
            return None
        by_length = np.argsort(self.valid.read + self.valid.spoken, kind="stable")
        total = sum(
            float(nll)
            for start in range(0, len(by_length), 256)
            for nll in self.valid.nll(self.model, by_length[start : start + 256])
        )
        return -total / int(self.valid.spoken.sum())

    def ended(self, epoch: Done) -> None:
        """Log an epoch, and pass it on."""
        valid = None if epoch.validated is None else -epoch.validated
        logger.info(
            "epoch %d of %d: loss %.4f over %d tokens%s, %.1f s",
            *(epoch.number, self.settings.epochs, epoch.loss, epoch.count),
            "" if valid is None else f", validation loss {valid:.4f}",
            epoch.seconds,
        )
        if self.observer is not None:
            seconds = epoch.seconds
            self.observer(
                LanguageEpoch(epoch.number, self.model, epoch.loss, valid, epoch.count, seconds)
            )

    def _lines(self, exchanges: Sequence[Exchange]) -> Lines:
        overhead = _OVERHEAD.get(self.device.type, self.settings.micro_tokens)
        return Lines(self.model, exchanges, self.settings.micro_tokens, overhead)


def _batches(
    learned: np.ndarray, size: int, rng: np.random.Generator
) -> list[Int[np.ndarray, " batch"]]:
    """Return shuffled batches of the learned exchanges, as indices among these alone."""
    places = np.cumsum(learned) - 1
    # Drawn for all and then left out, so that the others come as they would have.
    batches = [places[batch[learned[batch]]] for batch in shuffled(len(learned), size, rng)]
    return [batch for batch in batches if len(batch)]
