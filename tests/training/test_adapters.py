"""Training with `adapter_rank` adds a matrix of low rank to each matrix, and nothing else."""

import numpy as np
import pytest
import torch

from semspill import Finetuner
from semspill.encoders import HashingEncoder
from semspill.encoders.two_tower import load_biencoder
from semspill.errors import ConfigError

FIELDS = {"epochs": 2, "batch_size": 32}


def trained(corpus, start, **fields):
    return Finetuner(**{**FIELDS, **fields}).finetune(start, corpus, np.random.default_rng(0))


def changes(start, model):
    after = model.module.state_dict()
    return {name: after[name] - before for name, before in start.module.state_dict().items()}


@pytest.mark.parametrize("kind", ["attention", "tables"])
def test_matrices_change_by_the_rank_and_the_others_stay(lessons, attention, kind):
    encoder = attention(drop=0.3) if kind == "attention" else HashingEncoder(buckets=512, dim=16)
    start = encoder.load(np.random.default_rng(1))
    model = trained(lessons, start, adapter_rank=2)
    for name, change in changes(start, model).items():
        if change.ndim == 2:
            sizes = torch.linalg.svdvals(change)
            assert sizes[0] > 1e-3, name
            assert sizes[2] < 1e-5 * sizes[0] + 1e-6, name  # but for rounding
        else:
            assert not change.any(), name
    assert all(weight.requires_grad for weight in model.module.parameters())


def test_one_step_of_rank_one_by_hand(lessons, attention):
    """Adam's first step moves each entry of the left factor by the rate, against its gradient.

    The right factor stays, because the left one is zero. So each row of a matrix moves by the rate
    times the right factor or its opposite, whichever goes down.
    """
    start = attention().load(np.random.default_rng(1))
    fields = {"epochs": 1, "batch_size": 1000, "warmup": 0.0, "learning_rate": 0.01}
    gradients = {}

    def begin(model):
        def step(backward, batch):
            loss = backward()
            gradients.update(
                {name: weight.grad.clone() for name, weight in model.module.named_parameters()}
            )
            return loss

        return step

    finetuner = Finetuner(**fields, clip_norm=None, adapter_rank=1)
    model = finetuner.finetune(start, lessons, np.random.default_rng(0), begins=[begin])
    for name, change in changes(start, model).items():
        if change.ndim == 2:
            moved = gradients[name].abs().sum(dim=1) > 1e-4
            rows, down = change[moved], -gradients[name][moved]
            assert len(rows) > 1, name
            assert torch.allclose(rows.abs(), rows[0].abs().expand_as(rows), atol=1e-6), name
            assert ((rows * down).sum(dim=1) > 0).all(), name


def test_it_learns_and_repeats_itself_bit_for_bit(lessons, tmp_path):
    encoder, losses = HashingEncoder(buckets=512, dim=16), []
    models = [
        Finetuner(epochs=8, batch_size=32, adapter_rank=8).finetune(
            encoder,
            lessons,
            np.random.default_rng(seed),
            observer=lambda epoch: losses.append(epoch.loss),
        )
        for seed in (0, 0, 1)
    ]
    assert losses[7] < 0.7 * losses[0]
    prints = [model.fingerprint for model in models]
    assert prints[0] == prints[1] != prints[2]
    models[0].save(tmp_path)
    assert load_biencoder(tmp_path).fingerprint == prints[0]


def test_a_model_without_matrices_is_refused(line, numbers):
    with pytest.raises(ConfigError, match="no trainable matrices for adapter_rank"):
        trained(numbers(("1", "2"), ("0", "3")), line(), adapter_rank=1)
