"""The steps of a training: what each learns from, and what is done in place of one gradient."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from semspill.encoders.two_tower import Tokens, TwoTower
from semspill.errors import PluginError
from semspill.training._batches import Pairs
from semspill.training._loss import InBatchLoss, Term, backward, encoded
from semspill.training._settings import Backward, Begin, Step


@dataclass(frozen=True, eq=False)
class Batch:
    """What one step learns from, as a `semspill.training.Step` is given it."""

    model: TwoTower
    """The bi-encoder that is trained."""
    pairs: Pairs
    """The exchanges."""
    loss: InBatchLoss
    """What is lowered."""
    most: int | None
    """Most texts encoded at once; None for the whole batch."""

    @property
    def contexts(self) -> Tokens:
        """The tokens of the contexts."""
        return self.pairs.contexts

    @property
    def responses(self) -> Tokens:
        """The tokens of the distinct responses."""
        return self.pairs.responses

    @property
    def gold(self) -> Int[np.ndarray, " contexts"]:
        """The response of each context, as an index into `responses`."""
        return self.pairs.gold

    def backward(self, *terms: Term) -> float:
        """Add the gradient of the loss to that of the weights, and return the loss; in nats.

        Args:
            *terms: What is lowered as well: functions of the vectors of contexts and responses.
        """
        return backward(self.model, self.pairs, self.loss, self.most, *terms)

    @torch.no_grad()
    def vectors(
        self, model: TwoTower
    ) -> tuple[Float[Tensor, "contexts dim"], Float[Tensor, "responses dim"]]:
        """Return the vectors of contexts and responses, as a copy that `Begin` made gives them."""
        return encoded(model, self.pairs)

    def logits(
        self, contexts: Float[Tensor, "contexts dim"], responses: Float[Tensor, "responses dim"]
    ) -> Float[Tensor, "contexts contexts"]:
        """Return what the loss takes the softmax of each row of, from the vectors of the batch."""
        return self.loss.logits(
            contexts, responses, torch.from_numpy(self.gold).to(contexts.device)
        )


def begun(begins: Iterable[Begin], model: TwoTower) -> list[Step]:
    """Return what is done at every step, as each of `begins` says for a bi-encoder."""
    return [step for begin in begins if (step := begin(model)) is not None]


def composed(steps: Sequence[Step]) -> Step:
    """Return one step of several; a later one calls an earlier one as its `backward`."""
    whole: Step = _plain
    for step in steps:
        whole = partial(_around, step, whole)
    return whole


def _plain(backward: Backward, batch: Any) -> float:
    return backward()


def _around(outer: Step, inner: Step, backward: Backward, batch: Any) -> float:
    loss: Any = outer(lambda *terms: inner(partial(backward, *terms), batch), batch)
    if loss is None:
        raise PluginError("A step of a training returned None; return what backward() returned.")
    return float(loss)
