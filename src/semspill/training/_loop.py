"""The training loop: epochs of batches, one optimizer step each; importing it imports torch."""

import logging
import math
import time
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import astuple, dataclass, replace
from typing import Protocol

import numpy as np
import torch
from jaxtyping import Int
from torch import nn
from torch.optim import Optimizer

from semspill._fast.generators import generators_of, put_back, seeded, states_of
from semspill._progress import Progress
from semspill.errors import ConfigError
from semspill.training._checkpoint import Checkpoints, State, Weights, moved, put_back_weights
from semspill.training._loop_settings import _LoopSettings
from semspill.training._optimizer import trainable

logger = logging.getLogger(__name__)


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
        seeds: Seed torch, one for each epoch.
        checkpoints: Where it is written how far the training is; None for nowhere.
    """

    def __init__(
        self,
        settings: _LoopSettings,
        lessons: Lessons,
        seeds: Sequence[int],
        checkpoints: Checkpoints | None = None,
    ) -> None:
        self.settings = settings
        self.lessons = lessons
        self.seeds = seeds
        self.checkpoints = checkpoints
        self.step = 0
        self.steps = sum(map(len, lessons.epochs))
        self.state = State()
        self.best: tuple[float, Weights] | None = None

    def run(self, progress: Progress) -> None:
        """Train to the end, and leave the weights that are to be kept."""
        self._resume()
        for number in range(len(self.state.past) + 1, self.settings.epochs + 1):
            epoch = self._epoch(number, progress)
            self._keep(epoch)
            self.lessons.ended(epoch)
        if self.best is not None:
            put_back_weights(self.lessons.module, self.best[1])

    def _keep(self, epoch: Done) -> None:
        """Hold the weights where they are the best so far, and forget them where they are not."""
        if self.settings.keep == "best" and epoch.validated is not None:
            if self.best is None or epoch.validated > self.best[0]:
                weights = moved(self.lessons.module)
                self.best = epoch.validated, {k: v.clone() for k, v in weights.items()}

    def _resume(self) -> None:
        """Go on where an earlier training stood; its observer hears of all epochs again."""
        state = None if self.checkpoints is None else self.checkpoints.read()
        if self.checkpoints is None or state is None:
            return
        ended = [Done(*one) for one in state.past]
        weights = [self.checkpoints.epoch(epoch.number) for epoch in ended]
        if any(one is None for one in weights):
            return
        logger.info(
            "going on after %d epochs and %d batches, from %s",
            *(len(ended), state.place, self.checkpoints.folder),
        )
        module = self.lessons.module
        for epoch, held in zip(ended, weights, strict=True):
            put_back_weights(module, held or {})
            self._keep(epoch)
            self.lessons.ended(epoch)
        if state.weights:
            put_back_weights(module, state.weights)
        if state.optimizer:
            self.lessons.optimizer.load_state_dict(state.optimizer)
        self.state = replace(state, weights={}, optimizer={})
        self.step = sum(map(len, self.lessons.epochs[: len(ended)])) + state.place

    def _epoch(self, number: int, progress: Progress) -> Done:
        module, batches = self.lessons.module, self.lessons.epochs[number - 1]
        module.train()
        try:
            # Seeded per epoch, so that what an observer draws does not reach the next one.
            with self.lessons.held(), seeded(self.lessons.device, self.seeds[number - 1]):
                self._batches(number, batches, progress)
        finally:
            module.eval()
        if not all(weight.isfinite().all() for weight in trainable(module)):
            raise self._diverged(number, "after the last batch")
        total, count, seconds = self.state.total, self.state.count, self.state.seconds
        epoch = Done(number, total / count, count, seconds, self.lessons.validate())
        self.state = State([*self.state.past, astuple(epoch)])
        if self.checkpoints is not None:
            self.checkpoints.write_epoch(number, moved(module))
            if number == self.settings.epochs:
                self.checkpoints.write(self.state)
            elif self.checkpoints.due:
                optimizer = self.lessons.optimizer.state_dict()
                self.checkpoints.write(replace(self.state, optimizer=optimizer))
        return epoch

    def _batches(
        self, number: int, batches: Sequence[Int[np.ndarray, " batch"]], progress: Progress
    ) -> None:
        state, began = self.state, time.perf_counter() - self.state.seconds
        generators = generators_of(self.lessons.device)
        if state.generators:
            put_back(generators, state.generators)
        for chosen in progress(batches[state.place :]):
            self.lessons.module.zero_grad()
            loss, over = self.lessons.learn(chosen)
            state.place += 1
            if not math.isfinite(loss):
                raise self._diverged(number, f"in batch {state.place}")
            self._move()
            state.total, state.count = state.total + loss * over, state.count + over
            state.seconds = time.perf_counter() - began
            if self.checkpoints is not None and self.checkpoints.due and state.place < len(batches):
                self._write(generators)

    def _write(self, generators: Sequence[torch.Generator]) -> None:
        """Write how far an epoch is."""
        assert self.checkpoints is not None
        self.checkpoints.write(
            replace(
                self.state,
                generators=states_of(generators),
                weights=moved(self.lessons.module),
                optimizer=self.lessons.optimizer.state_dict(),
            )
        )

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


def clip(settings: _LoopSettings, weights: Iterable[nn.Parameter]) -> None:
    """Shorten a gradient to the length that is allowed."""
    if settings.clip_norm is not None:
        torch.nn.utils.clip_grad_norm_(weights, settings.clip_norm)
