"""The training loop: epochs of batches, one optimizer step each; importing it imports torch."""

import copy
import math
import time
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from jaxtyping import Int
from torch import nn
from torch.optim import Optimizer

from semspill._fast.generators import seeded
from semspill._progress import Progress
from semspill._random import torch_seed
from semspill.errors import ConfigError
from semspill.training._loop_settings import LoopSettings


@dataclass(frozen=True)
class Done:
    """One epoch that has ended."""

    number: int
    """Which it is, counted from 1."""
    loss: float
    """Its mean loss, in nats."""
    count: int
    """How many things the mean is over."""
    seconds: float
    """Wall time of its training."""
    validated: float | None = None
    """What was measured after it; None for nothing."""


class Lessons(Protocol):
    """What a loop trains, on what, and how it is told."""

    @property
    def module(self) -> nn.Module:
        """What is trained, in place."""

    @property
    def device(self) -> torch.device:
        """Where it is."""

    @property
    def epochs(self) -> Sequence[Sequence[Int[np.ndarray, " batch"]]]:
        """The batches of each epoch."""

    @property
    def optimizer(self) -> Optimizer:
        """What moves the weights."""

    @property
    def rate(self) -> float:
        """Peak step size."""

    @property
    def remedy(self) -> str:
        """What to change where a training diverges, in the imperative."""

    def held(self) -> AbstractContextManager[None]:
        """Return what surrounds the steps of an epoch."""

    def learn(self, chosen: Int[np.ndarray, " batch"]) -> tuple[float, int]:
        """Leave the gradient of a batch; return its mean loss and how many things that is over."""

    def validate(self) -> float | None:
        """Return how good the model is now; higher is better, None where nothing is measured."""

    def ended(self, epoch: Done) -> None:
        """Hear that an epoch has ended, with the model as it then stands."""


class Loop:
    """One training.

    Args:
        settings: What the user chose.
        lessons: What is trained.
        dropout: Seeds torch for each epoch.
    """

    def __init__(
        self, settings: LoopSettings, lessons: Lessons, dropout: np.random.Generator
    ) -> None:
        self.settings = settings
        self.lessons = lessons
        self.dropout = dropout
        self.step = 0
        self.steps = sum(map(len, lessons.epochs))

    def run(self, progress: Progress) -> None:
        """Train to the end, and leave the weights that are to be kept."""
        best, weights = -math.inf, None
        for number in range(1, self.settings.epochs + 1):
            epoch = self._epoch(number, progress)
            if self.settings.keep == "best" and epoch.validated is not None:
                if epoch.validated > best:
                    best = epoch.validated
                    weights = copy.deepcopy(self.lessons.module.state_dict())
            self.lessons.ended(epoch)
        if weights is not None:
            self.lessons.module.load_state_dict(weights)

    def _epoch(self, number: int, progress: Progress) -> Done:
        began = time.perf_counter()
        module, batches = self.lessons.module, self.lessons.epochs[number - 1]
        total, count = 0.0, 0
        module.train()
        try:
            # Seeded per epoch, so that what an observer draws does not reach the next one.
            with self.lessons.held(), seeded(self.lessons.device, torch_seed(self.dropout)):
                for place, chosen in enumerate(progress(batches), start=1):
                    module.zero_grad()
                    loss, over = self.lessons.learn(chosen)
                    if not math.isfinite(loss):
                        raise self._diverged(number, f"in batch {place}")
                    self._move()
                    total, count = total + loss * over, count + over
        finally:
            module.eval()
        if not all(weight.isfinite().all() for weight in module.parameters()):
            raise self._diverged(number, "after the last batch")
        seconds = time.perf_counter() - began
        return Done(number, total / count, count, seconds, self.lessons.validate())

    def _move(self) -> None:
        factor = self.settings.schedule_factor(self.step, self.steps)
        for group in self.lessons.optimizer.param_groups:
            group["lr"] = self.lessons.rate * factor
        self.lessons.optimizer.step()
        self.step += 1

    def _diverged(self, number: int, where: str) -> ConfigError:
        return ConfigError(
            f"Training diverged in epoch {number}, {where}: the loss or a weight is no longer a "
            f"finite number; {self.lessons.remedy}."
        )


def clip(settings: LoopSettings, weights: Iterable[nn.Parameter]) -> None:
    """Shorten a gradient to the length that is allowed."""
    if settings.clip_norm is not None:
        torch.nn.utils.clip_grad_norm_(weights, settings.clip_norm)
