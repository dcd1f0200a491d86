"""What is done at every step in place of one gradient: who is asked, when, and with what."""

import math

import numpy as np
import pytest
import torch

from semspill import Finetuner, RetrievalModel
from semspill.encoders import HashingEncoder


def trained(corpus, encoder, *begins, seed=0, **fields):
    fields = {"epochs": 2, "batch_size": 32, **fields}
    rng = np.random.default_rng(seed)
    return Finetuner(**fields).finetune(encoder, corpus, rng, begins=begins)


def hashing(**fields):
    return HashingEncoder(buckets=512, dim=16, **fields)


def plainly(model):
    return lambda backward, batch: backward()


@pytest.mark.parametrize("micro_batch", [None, 9])
@pytest.mark.parametrize("encoder", ["tables", "tied tables", "attention"])
def test_a_step_that_takes_the_gradient_alone_changes_no_bit(
    lessons, attention, encoder, micro_batch
):
    chosen = attention(drop=0.3) if encoder == "attention" else hashing(tied="tied" in encoder)
    # The length of a gradient that holds rows of zeros is rounded in another way.
    clip_norm = 1.0 if encoder == "attention" else None
    fields = {"micro_batch": micro_batch, "clip_norm": clip_norm}
    prints = {
        trained(lessons, chosen, *begins, **fields).fingerprint
        for begins in ((), (plainly,), (lambda model: None,))
    }
    assert len(prints) == 1


def test_what_begins_draws_from_a_seed_of_its_own(lessons, attention):
    drawn = []

    def draws(model):
        drawn.append(float(torch.rand(1)))

    before = torch.get_rng_state()
    prints = {
        trained(lessons, attention(drop=0.3), *begins, seed=seed).fingerprint
        for seed in (0, 1)
        for begins in ((), (draws,), (draws,))
    }
    assert len(prints) == 2
    assert drawn[0] == drawn[1] != drawn[2] == drawn[3]
    assert torch.equal(torch.get_rng_state(), before)


def test_each_begins_once_before_the_first_step_and_a_later_step_calls_an_earlier(lessons):
    told = []

    def begin(name):
        def step(backward, batch):
            told.append(f"{name} in")
            loss = backward()
            told.append(f"{name} out")
            return loss

        return lambda model: told.append(f"{name} begins") or step

    trained(lessons, hashing(), begin("one"), begin("two"), epochs=1, batch_size=60)
    step = ["two in", "one in", "one out", "two out"]
    assert told == ["one begins", "two begins", *step, *step]


def test_the_loss_that_a_step_returns_is_reported(lessons):
    epochs = []
    Finetuner(epochs=1).finetune(
        hashing(),
        lessons,
        np.random.default_rng(0),
        begins=[lambda model: lambda backward, batch: backward() * 0 + 2.5],
        observer=epochs.append,
    )
    assert epochs[0].loss == 2.5


def test_a_copy_made_at_the_beginning_reads_every_batch(lessons):
    """Though the towers hold only some rows of their tables meanwhile."""
    start = hashing(tied=False).load(np.random.default_rng(1))
    found = []

    def begin(model):
        copy = model.to("cpu")
        held = list(model.module.parameters())

        def step(backward, batch):
            assert all(
                one is other for one, other in zip(held, model.module.parameters(), strict=True)
            )
            found.append((*batch.vectors(copy), batch.gold))
            return backward()

        return step

    trained(lessons, start, begin)
    pairs = {
        tuple(np.round(np.concatenate([context, response]), 4))
        for contexts, responses, gold in found
        for context, response in zip(contexts.numpy(), responses.numpy()[gold], strict=True)
    }
    contexts = start.encode_contexts(lessons.exchanges)
    responses = start.encode_responses([exchange.response for exchange in lessons.exchanges])
    assert pairs == {tuple(np.round(row, 4)) for row in np.hstack([contexts, responses])}
    assert len(found) == 8  # two epochs of 120 exchanges in batches of 32


@pytest.mark.parametrize("micro_batch", [None, 1])
def test_terms_add_to_the_gradient_and_not_to_the_loss(line, numbers, micro_batch):
    """Vectors are w x. Contexts 1, 0 and responses 2, 3 have the loss log(1 + e^(w^2)) / 2 + ..."""
    seen = {}

    def inner(model):
        def term(contexts, responses):
            return 10 * contexts.sum() + 100 * responses.sum()

        return lambda backward, batch: backward(term)

    def outer(model):
        def step(backward, batch):
            seen["loss"] = backward(lambda contexts, responses: 1000 * contexts.sum())
            seen["gradient"] = float(model.context_tower.gain.grad)
            return seen["loss"]

        return step

    corpus = numbers(("1", "2"), ("0", "3"))
    trained(corpus, line(), inner, outer, micro_batch=micro_batch, epochs=1)
    sigmoid = 1 / (1 + math.exp(-1))  # w = 1
    assert seen["gradient"] == pytest.approx(sigmoid + 10 * 1 + 100 * 5 + 1000 * 1, rel=1e-6)
    assert seen["loss"] == pytest.approx((math.log(1 + math.e) + math.log(2)) / 2, abs=1e-6)


def test_a_retrieval_model_takes_steps(lessons):
    model = RetrievalModel(encoder=hashing(), finetuner={"epochs": 1, "clip_norm": None})
    assert model.takes_steps()
    begun = []
    first, again = (
        model.train(lessons, np.random.default_rng(0), begins=begins)
        for begins in ((), [lambda model: begun.append(model)])
    )
    assert len(begun) == 1
    assert first.model.fingerprint == again.model.fingerprint
