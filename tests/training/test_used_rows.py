"""Training the rows that occur is training the whole table."""

import numpy as np
import pytest
import torch

from semspill.encoders import HashingEncoder
from semspill.encoders.two_tower import TwoTower
from semspill.training import Finetuner


def trained(corpus, start, *, whole=False, **fields):
    """Return a trained copy of a model; `whole` hides the table, so that all of it is trained."""
    fields = {"epochs": 2, "batch_size": 32, **fields}
    if whole:
        for tower in (start.context_tower, start.response_tower):
            tower.table = None
    return Finetuner(**fields).finetune(start, corpus, np.random.default_rng(0))


def loaded(*, tied=False, buckets=512, fast=True):
    encoder = HashingEncoder(buckets=buckets, dim=16, tied=tied, fast=fast)
    return encoder.load(np.random.default_rng(1))


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("optimizer", ["adamw", "adamax"])
@pytest.mark.parametrize("micro_batch", [None, 9])
@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_the_weights_are_the_same_bit_for_bit(lessons, tied, optimizer, micro_batch, weight_decay):
    fields = {"optimizer": optimizer, "micro_batch": micro_batch, "weight_decay": weight_decay}
    models = [
        trained(lessons, loaded(tied=tied), whole=whole, clip_norm=None, **fields)
        for whole in (False, True)
    ]
    assert models[0].fingerprint == models[1].fingerprint != loaded(tied=tied).fingerprint


@pytest.mark.parametrize("fast", [True, False])
def test_fast_false_trains_the_whole_table(lessons, fast):
    model = loaded(buckets=4096, fast=fast)
    shapes = []

    def seen(batches):
        shapes.extend(model.context_tower.bag.weight.shape for _ in batches[:1])
        return batches

    class Held(HashingEncoder):
        def load(self, rng):
            return model

    Finetuner(epochs=1).finetune(Held(), lessons, np.random.default_rng(0), progress=seen)
    assert (shapes == [(4097, 16)]) == (not fast)


def test_a_clipped_gradient_differs_by_rounding_alone(lessons):
    models = [
        trained(lessons, loaded(), whole=whole, clip_norm=0.01, duplicates="allow")
        for whole in (False, True)
    ]
    weights = [model.context_tower.bag.weight.detach().numpy() for model in models]
    assert np.allclose(*weights, rtol=0, atol=1e-6)


@pytest.mark.parametrize(("weight_decay", "moved"), [(0.0, 0.0), (0.5, 1.0)])
def test_rows_that_never_occur_stay_unless_weights_decay(lessons, weight_decay, moved):
    start = loaded(buckets=4096)
    model = trained(lessons, start, weight_decay=weight_decay)
    occurs = np.zeros(4097, dtype=bool)
    occurs[start.context_tokens(lessons.exchanges).ids] = True
    before, after = (m.context_tower.bag.weight.detach().numpy() for m in (start, model))
    assert (before[occurs] != after[occurs]).any(axis=1).all()
    assert (before[~occurs] != after[~occurs]).any(axis=1).mean() == moved


def test_an_observer_sees_the_whole_table(lessons):
    shapes = []
    Finetuner(epochs=2, batch_size=32).finetune(
        loaded(buckets=4096),
        lessons,
        np.random.default_rng(0),
        observer=lambda epoch: shapes.append(epoch.model.context_tower.bag.weight.shape),
    )
    assert shapes == [(4097, 16)] * 2


def test_an_interrupt_leaves_the_whole_table(lessons):
    held = []

    def stop(batches):
        yield batches[0]
        raise KeyboardInterrupt

    class Kept(HashingEncoder):
        def load(self, rng):
            held.append(super().load(rng))
            return held[0]

    with pytest.raises(KeyboardInterrupt):
        Finetuner(epochs=1).finetune(
            Kept(buckets=4096, dim=16), lessons, np.random.default_rng(0), progress=stop
        )
    assert held[0].context_tower.bag.weight.shape == (4097, 16)


def test_a_table_that_both_towers_share_is_trained_whole(lessons):
    def shared():
        model = loaded()
        model.response_tower.bag.weight = model.context_tower.bag.weight
        return TwoTower(model.encoder, model.context_tower, model.response_tower)

    models = [trained(lessons, shared(), whole=whole, clip_norm=None) for whole in (False, True)]
    tables = [m.module[side].bag.weight for m in models for side in ("contexts", "responses")]
    assert all(torch.equal(table, tables[0]) for table in tables)


def test_a_frozen_table_stays_and_the_other_tower_learns(lessons):
    start = loaded()
    start.context_tower.requires_grad_(False)
    model = trained(lessons, start)
    assert torch.equal(model.context_tower.bag.weight, start.context_tower.bag.weight)
    assert not torch.equal(model.response_tower.bag.weight, start.response_tower.bag.weight)
    assert not model.context_tower.bag.weight.requires_grad
