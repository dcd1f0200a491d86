"""What training defenses do at every step; importing this imports torch."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import get_total_norm

from semspill._fast.generators import generators_of, put_back, states_of
from semspill.encoders.two_tower import TwoTower
from semspill.training import Backward, Step


def anchored_weights(model: TwoTower, weight: float) -> Step:
    """Return a step that lowers `weight` times the squared distance of all weights to those now."""
    start = [one.detach().clone() for one in model.module.parameters()]

    def step(backward: Backward, batch: Any) -> float:
        loss = backward()
        with torch.no_grad():
            for one, then in zip(model.module.parameters(), start, strict=True):
                if one.requires_grad:
                    pull = (one - then).mul_(2 * weight)
                    one.grad = pull if one.grad is None else one.grad.add_(pull)
        return loss

    return step


def anchored_features(model: TwoTower, weight: float) -> Step:
    """Return a step that lowers `weight` times the mean squared distance of vectors to those now.

    The mean is over the contexts and the distinct responses of a batch.
    """
    frozen = _frozen(model)

    def step(backward: Backward, batch: Any) -> float:
        then = torch.cat(batch.vectors(frozen))

        def distance(
            contexts: Float[Tensor, "contexts dim"], responses: Float[Tensor, "responses dim"]
        ) -> Float[Tensor, ""]:
            moved = torch.cat([contexts, responses]) - then
            return weight * moved.square().sum(dim=1).mean()

        return backward(distance)

    return step


def anchored_scores(model: TwoTower, weight: float) -> Step:
    """Return a step that lowers `weight` times the divergence of the in-batch softmax from now's.

    That is KL(now || trained) in nats, the mean over the contexts of a batch.
    """
    frozen = _frozen(model)

    def step(backward: Backward, batch: Any) -> float:
        then = batch.logits(*batch.vectors(frozen)).softmax(dim=1)

        def divergence(
            contexts: Float[Tensor, "contexts dim"], responses: Float[Tensor, "responses dim"]
        ) -> Float[Tensor, ""]:
            # What is no negative has the logarithm -inf, and adds nothing.
            logs = batch.logits(contexts, responses).log_softmax(dim=1).masked_fill(then == 0, 0)
            return weight * functional.kl_div(logs, then, reduction="batchmean")

        return backward(divergence)

    return step


def ascended(model: TwoTower, rho: float) -> Step:
    """Return a step that takes the gradient where the weights are worse by `rho * g / |g|`."""

    def step(backward: Backward, batch: Any) -> float:
        module = model.module
        with _alone(module), _repeated(module) as repeat:
            loss = backward()
            moved = {one: one.grad for one in module.parameters() if one.grad is not None}
            length = _factor(rho, list(moved.values()))
            before = [one.detach().clone() for one in moved]
            with torch.no_grad():
                for one, gradient in moved.items():
                    one.add_(gradient, alpha=length)
            module.zero_grad()
            repeat()
            try:
                backward()
            finally:
                with torch.no_grad():
                    for one, then in zip(moved, before, strict=True):
                        one.copy_(then)
        return loss

    return step


def perturbed(model: TwoTower, rho: float) -> Step:
    """Return a step that takes the gradient where the vectors are worse by `rho * g / |g|`."""

    def step(backward: Backward, batch: Any) -> float:
        module = model.module
        with _alone(module), _repeated(module) as repeat:
            watches = [_Watch() for _ in module.values()]
            with _hooked(module, [watch.keep for watch in watches]):
                loss = backward()
            gradients = [gradient for watch in watches for gradient in watch.gradients]
            length = _factor(rho, gradients)
            for gradient in gradients:
                gradient.mul_(length)
            module.zero_grad()
            repeat()
            with _hooked(module, [watch.add for watch in watches]):
                backward()
        return loss

    return step


class _Watch:
    """Keeps the gradients of a tower's outputs, and adds them when it gives these again."""

    def __init__(self) -> None:
        self.outputs: list[Tensor] = []
        self.added = 0

    @property
    def gradients(self) -> list[Tensor]:
        return [output.grad for output in self.outputs if output.grad is not None]

    def keep(self, module: nn.Module, args: Any, output: Tensor) -> None:
        if output.requires_grad:  # else it is encoded once more, with a graph
            output.retain_grad()
            self.outputs.append(output)

    def add(self, module: nn.Module, args: Any, output: Tensor) -> Tensor:
        if not self.outputs:  # the tower is frozen
            return output
        place = self.added % len(self.outputs)
        self.added += 1
        gradient = self.outputs[place].grad
        return output if gradient is None else output + gradient


@contextmanager
def _hooked(module: nn.ModuleDict, hooks: list[Any]) -> Iterator[None]:
    handles = [
        tower.register_forward_hook(hook)
        for tower, hook in zip(module.values(), hooks, strict=True)
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def _repeated(module: nn.Module) -> Iterator[Any]:
    """Give a function after which dropout drops again what it has dropped since."""
    generators = generators_of(next(module.parameters()).device)
    states = states_of(generators)
    yield lambda: put_back(generators, states)


@contextmanager
def _alone(module: nn.Module) -> Iterator[None]:
    """Let gradients be taken as if there were none, then add those there were."""
    earlier = [(one, one.grad) for one in module.parameters() if one.grad is not None]
    module.zero_grad()
    yield
    for one, gradient in earlier:
        one.grad = gradient if one.grad is None else gradient + one.grad


def _factor(rho: float, gradients: list[Tensor]) -> float:
    """Return what makes gradients as long as `rho` together; 0 where they are zero."""
    length = float(get_total_norm(gradients))
    return rho / length if length else 0.0


def _frozen(model: TwoTower) -> TwoTower:
    """Return a copy that stays as the model is now."""
    copy = model.to(next(model.module.parameters()).device)
    copy.module.eval().requires_grad_(False)
    return copy
