import sys

import numpy as np
import pytest
import torch

from semspill.training import Finetuner
from semspill.training._optimizer import optimizer_of


@pytest.fixture
def steps(before_steps):
    """What each optimizer step is about to do: its kind, rate, gradient norm and decays."""
    seen = []

    def note(optimizer, args, kwargs):
        groups = optimizer.param_groups
        gradients = [weight.grad.flatten() for group in groups for weight in group["params"]]
        seen.append(
            {
                "kind": type(optimizer),
                "rates": {group["lr"] for group in groups},
                "norm": float(torch.cat(gradients).norm()),
                "decay": {w.ndim: g["weight_decay"] for g in groups for w in g["params"]},
            }
        )

    before_steps(note)
    return seen


def train(corpus, encoder, **fields):
    fields = {"epochs": 2, "batch_size": 24, **fields}  # 120 exchanges: 5 steps an epoch
    Finetuner(**fields).finetune(encoder, corpus, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("warmup", "schedule", "shares"),
    [
        (0.0, "constant", [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]),
        (0.0, "linear", [1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1]),
        (0.4, "constant", [0.25, 0.5, 0.75, 1, 1, 1, 1, 1, 1, 1]),
        (0.5, "linear", [0.2, 0.4, 0.6, 0.8, 1, 1, 0.8, 0.6, 0.4, 0.2]),
        (1.0, "linear", [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]),
    ],
)
def test_the_learning_rate_follows_its_schedule(
    lessons, attention, steps, warmup, schedule, shares
):
    train(lessons, attention(), learning_rate=0.02, warmup=warmup, schedule=schedule)
    rates = [rate for step in steps for rate in step["rates"]]
    assert rates == pytest.approx([0.02 * share for share in shares])


def test_the_tower_recommends_the_rate(lessons, attention, steps):
    train(lessons, attention(), epochs=1, warmup=0.0, schedule="constant")
    assert [step["rates"] for step in steps] == [{1e-2}] * 5  # AttentionTower.learning_rate


def test_a_long_gradient_is_clipped(lessons, attention, steps):
    train(lessons, attention(), clip_norm=None)
    free = [step["norm"] for step in steps]
    assert min(free) > 0.02
    steps.clear()
    train(lessons, attention(), clip_norm=0.01)
    assert [step["norm"] for step in steps] == pytest.approx([0.01] * 10, rel=1e-3)


def test_only_matrices_decay(lessons, attention, steps):
    train(lessons, attention(), weight_decay=0.3)
    assert steps[0]["decay"] == {1: 0.0, 2: 0.3}


NAMED = [("adamw", torch.optim.AdamW), ("adamax", torch.optim.Adamax)]


@pytest.mark.parametrize(("name", "kind"), NAMED)
def test_the_named_optimizer_is_used(lessons, attention, steps, name, kind):
    train(lessons, attention(), optimizer=name)
    assert all(issubclass(step["kind"], kind) for step in steps)
    assert steps


@pytest.mark.parametrize(("name", "kind"), NAMED)
def test_it_steps_as_pytorch_s_own_without_importing_the_compiler(name, kind, monkeypatch):
    """The compiler takes longer to import than a small run takes."""
    start, gradients = torch.randn(3, 2), torch.randn(4, 3, 2)
    own, mine = (torch.nn.Parameter(start.clone()) for _ in range(2))
    its = kind([own], lr=0.1, weight_decay=0.5)
    for gradient in gradients:
        own.grad = gradient
        its.step()
    monkeypatch.setitem(sys.modules, "torch._dynamo", None)  # an import would fail
    settings = Finetuner(optimizer=name, weight_decay=0.5)
    first, second = (optimizer_of(settings, [mine], 0.1, what="none") for _ in range(2))
    for optimizer, part in ((first, gradients[:2]), (second, gradients[2:])):
        for gradient in part:
            optimizer.zero_grad()
            assert mine.grad is None
            mine.grad = gradient
            optimizer.step()
        second.load_state_dict(first.state_dict())
    assert mine.requires_grad
    torch.testing.assert_close(mine, own)


def test_frozen_weights_stay_as_they_are(lessons, attention):
    loaded = attention().load(np.random.default_rng(0))
    loaded.context_tower.requires_grad_(False)
    trained = Finetuner(epochs=1).finetune(loaded, lessons, np.random.default_rng(0))
    said = [exchange.response for exchange in lessons.exchanges]
    before, after = (
        loaded.encode_contexts(lessons.exchanges),
        trained.encode_contexts(lessons.exchanges),
    )
    assert np.array_equal(before, after)
    assert not np.allclose(loaded.encode_responses(said), trained.encode_responses(said))


def test_step_factors_by_hand():
    finetuner = Finetuner(warmup=0.25, schedule="linear")
    assert [finetuner.schedule_factor(step, 4) for step in range(4)] == pytest.approx(
        [1, 1, 2 / 3, 1 / 3]
    )
