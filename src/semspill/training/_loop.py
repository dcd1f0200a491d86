"""The training loop: epochs of batches, one optimizer step each; importing it imports torch."""

import copy
import logging
import math
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TypeAlias

import numpy as np
import torch
from jaxtyping import Int
from torch import nn
from torch.optim import Optimizer

from semspill._device import usable_device
from semspill._fast.generators import seeded
from semspill._fast.tables import UsedRows
from semspill._progress import Progress
from semspill._random import torch_seed
from semspill.corpus import ContextFormat, Exchange, TextLabels
from semspill.encoders import BiEncoder, Encoder, RankingTask
from semspill.encoders.two_tower import Tokens, TwoTower
from semspill.errors import ConfigError, DataError
from semspill.training._adapters import Adapter, drive
from semspill.training._batches import Pairs, shuffled, without_repeats
from semspill.training._loss import InBatchLoss
from semspill.training._settings import Begin, Epoch, _TrainingSettings
from semspill.training._steps import Batch, begun, composed

logger = logging.getLogger(__name__)

_Sides: TypeAlias = tuple[Tokens, ...]


def own_copy(
    encoder: Encoder | BiEncoder,
    rng: np.random.Generator,
    context: ContextFormat | None,
    response_labels: TextLabels | None,
) -> TwoTower:
    """Return a bi-encoder that may be trained without changing anything of the caller's.

    Raises:
        ConfigError: It is not one that can be fine-tuned.
    """
    model = copy.deepcopy(encoder) if isinstance(encoder, BiEncoder) else encoder.load(rng)
    if not isinstance(model, TwoTower):
        raise ConfigError(
            f"{type(encoder).__name__} gives a {type(model).__name__}, which cannot be fine-tuned; "
            "choose an encoder that loads a TwoTower, or answer with this one as it is."
        )
    if response_labels is not None:
        model = model.with_response_labels(response_labels)
    return model if context is None else model.with_context(context)


class Training:
    """One fine-tuning on one set of exchanges.

    Args:
        settings: What the user chose.
        model: The bi-encoder to train, in place.
        exchanges: What to learn from, at least two.
        order: Draws all batches.
        dropout: Seeds torch for each epoch; its children seed what is drawn before the first.
        begins: What is done at every step, as each says once it is given the bi-encoder.
    """

    def __init__(
        self,
        settings: _TrainingSettings,
        model: TwoTower,
        exchanges: Sequence[Exchange],
        order: np.random.Generator,
        dropout: np.random.Generator,
        begins: Sequence[Begin] = (),
    ) -> None:
        self.settings = settings
        self.model = model
        self.dropout = dropout
        self.device = usable_device(settings.device)
        model.module.to(self.device)
        self.pairs = Pairs.of(model, exchanges)
        self.learned = np.array([exchange.learned for exchange in exchanges], dtype=np.bool_)
        self.epochs = [self._batches(order) for _ in range(settings.epochs)]
        self.steps = sum(map(len, self.epochs))
        if not self.steps:
            raise DataError(
                "Every batch would hold a single exchange, which has nothing to be contrasted "
                "with: all responses are one text; use duplicates='mask' or other data."
            )
        self.step = 0
        tower = model.context_tower
        self.loss = InBatchLoss(settings.logit_scale(model), settings.duplicates == "mask")
        self.rate = settings.learning_rate or tower.learning_rate
        towers = (tower, model.response_tower)
        # Where weights decay, so do the rows of a table that never occur.
        tables = [None if settings.weight_decay else tower.table for tower in towers]
        readers = list(zip(towers, tables, strict=True))
        self.rows = UsedRows(model.module, readers, self.pairs.tokens)
        self.pairs = self.pairs.with_tokens(*self.rows.tokens)
        beginning, adapting = dropout.spawn(2)
        with self.rows.held():
            with seeded(self.device, torch_seed(beginning)):
                steps = begun(begins, model)
            self.optimizer = build_optimizer(settings, model.module, self.rate, adapting)
        self.act = composed(steps)
        # What else is done at a step may need the ids of every batch to be the same.
        self.cut: Callable[[_Sides], AbstractContextManager[_Sides]]
        self.cut = nullcontext if steps else self.rows.batch

    def run(
        self,
        task: RankingTask | None,
        observer: Callable[[Epoch], object] | None,
        progress: Progress,
    ) -> TwoTower:
        """Train and return the bi-encoder."""
        best, weights = -1.0, None
        for number in range(1, self.settings.epochs + 1):
            epoch = self._epoch(number, task, progress)
            if self.settings.keep == "best" and epoch.precision is not None:
                if epoch.precision > best:
                    best, weights = epoch.precision, copy.deepcopy(self.model.module.state_dict())
            if observer is not None:
                observer(epoch)
        if weights is not None:
            self.model.module.load_state_dict(weights)
        return self.model

    def _epoch(self, number: int, task: RankingTask | None, progress: Progress) -> Epoch:
        began = time.perf_counter()
        batches = self.epochs[number - 1]
        total = 0.0
        self.model.module.train()
        try:
            # Seeded per epoch, so that what an observer draws does not reach the next one.
            with self.rows.held(), seeded(self.device, torch_seed(self.dropout)):
                for place, chosen in enumerate(progress(batches), start=1):
                    loss = self._learn(chosen)
                    if not math.isfinite(loss):
                        raise self._diverged(number, f"in batch {place}")
                    total += loss * len(chosen)
        finally:
            self.model.module.eval()
        if not all(weight.isfinite().all() for weight in self.model.module.parameters()):
            raise self._diverged(number, "after the last batch")
        count = sum(map(len, batches))
        seconds = time.perf_counter() - began
        precision = None if task is None else task.precision(self.model)
        mean = total / count
        logger.info(
            "epoch %d of %d: loss %.4f over %d of %d exchanges%s, %.1f s",
            *(number, self.settings.epochs, mean, count, len(self.pairs.gold)),
            *("" if precision is None else f", P@1 {precision:.3f}", seconds),
        )
        return Epoch(number, self.model, mean, precision, count, seconds)

    def _learn(self, chosen: Int[np.ndarray, " batch"]) -> float:
        self.model.module.zero_grad()
        pairs = self.pairs.take(chosen)
        with self.cut(pairs.tokens) as tokens:
            held = pairs.with_tokens(*tokens)
            batch = Batch(self.model, held, self.loss, self.settings.micro_batch)
            loss = self.act(batch.backward, batch)
            if (most := self.settings.clip_norm) is not None:
                torch.nn.utils.clip_grad_norm_(trained(self.settings, self.model.module), most)
        factor = self.settings.schedule_factor(self.step, self.steps)
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate * factor
        self.optimizer.step()
        self.step += 1
        return loss

    def _batches(self, rng: np.random.Generator) -> list[Int[np.ndarray, " batch"]]:
        size = self.settings.batch_size
        if self.settings.duplicates == "forbid":
            batches = without_repeats(self.pairs.gold, size, rng)
        else:
            batches = shuffled(len(self.pairs.gold), size, rng)
        # Drawn for all and then left out, so that the others come as they would have.
        batches = [batch[self.learned[batch]] for batch in batches]
        # One exchange alone has no negatives: its loss is zero and teaches nothing.
        return [batch for batch in batches if len(batch) > 1]

    def _diverged(self, number: int, where: str) -> ConfigError:
        return ConfigError(
            f"Training diverged in epoch {number}, {where}: the loss or a weight is no longer a "
            f"finite number; lower learning_rate (now {self.rate:g}) or scale (now "
            f"{self.loss.scale:g}), or set clip_norm (now {self.settings.clip_norm})."
        )


def trained(settings: _TrainingSettings, module: nn.Module) -> list[nn.Parameter]:
    """Return the weights that training moves: all that can be, or with adapters the matrices."""
    weights = [weight for weight in module.parameters() if weight.requires_grad]
    return weights if settings.adapter_rank is None else [w for w in weights if w.ndim == 2]


def build_optimizer(
    settings: _TrainingSettings, module: nn.Module, rate: float, rng: np.random.Generator
) -> Optimizer:
    """Return the optimizer for all weights of `module` that can be trained.

    Args:
        settings: What the user chose.
        module: Whose weights are moved.
        rate: Peak step size.
        rng: Draws the adapters, where there are any.

    Raises:
        ConfigError: There are none.
    """
    weights = trained(settings, module)
    if not weights:
        kind = "weights" if settings.adapter_rank is None else "matrices for adapter_rank"
        raise ConfigError(
            f"The encoder has no trainable {kind}; unfreeze some, or use it with epochs=0."
        )
    if settings.adapter_rank is None:
        return _optimizer(settings, weights, rate)
    generator = torch.Generator().manual_seed(torch_seed(rng))
    adapters = [Adapter(weight, settings.adapter_rank, generator) for weight in weights]
    factors = [factor for adapter in adapters for factor in (adapter.left, adapter.right)]
    optimizer = _optimizer(settings, factors, rate)
    drive(optimizer, adapters)
    return optimizer


def _optimizer(
    settings: _TrainingSettings, weights: Sequence[nn.Parameter], rate: float
) -> Optimizer:
    groups = [
        {"params": [w for w in weights if w.ndim > 1], "weight_decay": settings.weight_decay},
        {"params": [w for w in weights if w.ndim <= 1], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    if settings.optimizer == "adamax":
        return torch.optim.Adamax(groups, lr=rate)
    # Fused is one pass over memory: ten times as fast for a large embedding on a CPU.
    return torch.optim.AdamW(groups, lr=rate, fused=True)
