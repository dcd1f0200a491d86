"""What a training of a bi-encoder learns from at each step; importing it imports torch."""

import copy
import logging
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
from semspill.training._loop import Done, Loop, clip
from semspill.training._loss import InBatchLoss
from semspill.training._optimizer import optimizer_of, trainable
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
        self.module = model.module
        self.device = usable_device(settings.device)
        model.module.to(self.device)
        self.pairs = Pairs.of(model, exchanges)
        self.learned = np.array([exchange.learned for exchange in exchanges], dtype=np.bool_)
        self.epochs = [self._batches(order) for _ in range(settings.epochs)]
        if not any(self.epochs):
            raise DataError(
                "Every batch would hold a single exchange, which has nothing to be contrasted "
                "with: all responses are one text; use duplicates='mask' or other data."
            )
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
        self.seeds = [torch_seed(dropout) for _ in range(settings.epochs)]
        self.act = composed(steps)
        # What else is done at a step may need the ids of every batch to be the same.
        self.cut: Callable[[_Sides], AbstractContextManager[_Sides]]
        self.cut = nullcontext if steps else self.rows.batch
        self.held = self.rows.held
        self.remedy = (
            f"lower learning_rate (now {self.rate:g}) or scale (now {self.loss.scale:g}), or set "
            f"clip_norm (now {settings.clip_norm})"
        )

    def run(
        self,
        task: RankingTask | None,
        observer: Callable[[Epoch], object] | None,
        progress: Progress,
    ) -> TwoTower:
        """Train and return the bi-encoder."""
        self.task, self.observer = task, observer
        Loop(self.settings, self, self.seeds).run(progress)
        return self.model

    def learn(self, chosen: Int[np.ndarray, " batch"]) -> tuple[float, int]:
        """Leave the gradient of a batch; return its mean loss and how many exchanges it has."""
        pairs = self.pairs.take(chosen)
        with self.cut(pairs.tokens) as tokens:
            held = pairs.with_tokens(*tokens)
            batch = Batch(self.model, held, self.loss, self.settings.micro_batch)
            loss = self.act(batch.backward, batch)
            clip(self.settings, trained(self.settings, self.module))
        return loss, len(chosen)

    def validate(self) -> float | None:
        """Return the validation P@1."""
        return None if self.task is None else self.task.precision(self.model)

    def ended(self, epoch: Done) -> None:
        """Log an epoch, and pass it on."""
        logger.info(
            "epoch %d of %d: loss %.4f over %d of %d exchanges%s, %.1f s",
            *(epoch.number, self.settings.epochs, epoch.loss, epoch.count, len(self.pairs.gold)),
            "" if epoch.validated is None else f", P@1 {epoch.validated:.3f}",
            epoch.seconds,
        )
        if self.observer is not None:
            precision, seconds = epoch.validated, epoch.seconds
            self.observer(
                Epoch(epoch.number, self.model, epoch.loss, precision, epoch.count, seconds)
            )

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


def trained(settings: _TrainingSettings, module: nn.Module) -> list[nn.Parameter]:
    """Return the weights that training moves: all that can be, or with adapters the matrices."""
    weights = trainable(module)
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
    kind = "weights" if settings.adapter_rank is None else "matrices for adapter_rank"
    lacking = f"The encoder has no trainable {kind}"
    if settings.adapter_rank is None or not weights:
        return optimizer_of(settings, weights, rate, what=lacking)
    generator = torch.Generator().manual_seed(torch_seed(rng))
    adapters = [Adapter(weight, settings.adapter_rank, generator) for weight in weights]
    factors = [factor for adapter in adapters for factor in (adapter.left, adapter.right)]
    optimizer = optimizer_of(settings, factors, rate, what=lacking)
    drive(optimizer, adapters)
    return optimizer
