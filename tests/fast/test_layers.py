"""Layers that run fast do what torch's own do; where they do not, the model stays plain."""

import copy
import logging

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn

from semspill._fast import layers
from semspill._fast.layers import accelerate, available, drop, slow_down, verified

BATCHES = [(5,), (1, 7), (2, 3, 4), ()]


@pytest.fixture
def model():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 3, bias=False))


def learned(model, texts):
    """Return what a model gives, and the gradient of every weight and of what it was given."""
    given = texts.clone().requires_grad_()
    made = model(given)
    made.square().sum().backward()
    return [made.detach(), given.grad, *(weight.grad for weight in model.parameters())]


@pytest.mark.parametrize("batch", BATCHES, ids=str)
def test_results_and_gradients_are_torch_s_own(model, batch):
    faster = copy.deepcopy(model)
    accelerate(faster)
    texts = torch.randn(*batch, 6)
    for ours, torchs in zip(learned(faster, texts), learned(model, texts), strict=True):
        torch.testing.assert_close(ours, torchs, rtol=1e-5, atol=1e-6)


def test_frozen_weights_get_no_gradient(model):
    accelerate(model)
    model[0].weight.requires_grad_(False)
    model(torch.randn(4, 6)).sum().backward()
    assert model[0].weight.grad is None
    assert model[0].bias.grad is not None


def test_weights_keep_their_names_and_what_is_saved_is_the_same(model):
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    accelerate(model)
    assert list(model.state_dict()) == list(before)
    assert all(torch.equal(model.state_dict()[name], before[name]) for name in before)


@pytest.mark.parametrize("kind", [torch.float64, torch.bfloat16])
def test_other_types_are_multiplied_as_before(model, kind):
    texts = torch.randn(4, 6, dtype=kind)
    plain = model.to(kind)(texts)
    accelerate(model)
    assert torch.equal(model(texts), plain)


def test_autocast_and_an_empty_batch_are_multiplied_as_before(model):
    texts = torch.randn(4, 6)
    with torch.autocast("cpu", torch.bfloat16):
        plain = model(texts)
        accelerate(model)
        assert torch.equal(model(texts), plain)
    assert model(torch.empty(0, 6)).shape == (0, 3)


def none(*_):
    raise TypeError("another signature")


def wrong(x, w, b, *_):
    return torch.nn.functional.linear(x, w, b) + 1


@pytest.mark.parametrize("product", [None, none, wrong])
def test_where_onednn_is_missing_or_other_linear_layers_stay_torch_s(model, monkeypatch, product):
    monkeypatch.setattr(layers, "_PRODUCT", product)
    available.cache_clear()
    try:
        accelerate(model)
        assert type(model[0]) is nn.Linear
    finally:
        available.cache_clear()


def test_slowing_down_undoes_it(model):
    model.append(nn.Dropout(0.5))
    accelerate(model)
    slow_down(model)
    assert [type(part) for part in model] == [nn.Linear, nn.Tanh, nn.Linear, nn.Dropout]


@pytest.mark.parametrize("share", [1e-4, 1e-2])
def test_a_model_that_is_off_by_more_than_a_thousandth_stays_plain(model, caplog, share):
    texts = torch.randn(4, 6)
    accelerate(model)
    off = float(model(texts).detach().abs().max()) * share

    with caplog.at_level(logging.WARNING, "semspill"):
        right = verified(model, lambda: [model(texts) + off], lambda: [model(texts)])
    assert right == (share < 1e-3)
    assert (type(model[0]) is nn.Linear) == (not right or not available())
    assert ("runs plainly" in caplog.text) == (not right)


@pytest.mark.skipif(not available(), reason="this torch has no oneDNN")
def test_one_thread_and_two_give_the_same_bits():
    torch.manual_seed(0)
    model, texts = nn.Linear(384, 512), torch.randn(700, 384)
    accelerate(model)
    threads = torch.get_num_threads()
    made = []
    try:
        for count in (1, 2):
            torch.set_num_threads(count)
            model.zero_grad()
            made.append(learned(model, texts))
    finally:
        torch.set_num_threads(threads)
    assert all(torch.equal(one, two) for one, two in zip(*made, strict=True))


# Dropout


def dropped(p, *, seed=0, size=(1001, 333)):
    torch.manual_seed(seed)
    return drop(torch.ones(size), p).numpy()


@pytest.mark.parametrize("p", [0.1, 0.25, 0.5, 0.9])
def test_as_many_are_dropped_as_were_asked_for_and_the_rest_makes_up_for_them(p):
    made = dropped(p)
    exact = round(p * 65536) / 65536
    count = int((made == 0).sum())
    assert stats.binomtest(count, made.size, exact).pvalue > 1e-3
    assert np.allclose(made[made > 0], 1 / (1 - exact), rtol=1e-6)


def test_neighbours_are_dropped_independently_of_one_another():
    # Four neighbours come out of one random word.
    lost = (dropped(0.5, size=(40_000, 4)) == 0).astype(int)
    patterns = np.bincount(lost @ [8, 4, 2, 1], minlength=16)
    assert stats.chisquare(patterns).pvalue > 1e-3


def test_the_seed_of_torch_decides():
    assert np.array_equal(dropped(0.3), dropped(0.3))
    assert not np.array_equal(dropped(0.3), dropped(0.3, seed=1))


def test_the_gradient_passes_where_values_were_kept():
    values = torch.randn(50, 7, requires_grad=True)
    made = drop(values, 0.5)
    made.sum().backward()
    assert torch.equal(values.grad, torch.where(made == 0, 0.0, 2.0))


@pytest.mark.parametrize(("p", "left"), [(0.0, 1.0), (1e-9, 1.0), (1.0, 0.0)])
def test_all_or_nothing(p, left):
    assert (dropped(p) == left).all()


def test_only_plain_layers_in_training_drop():
    model = nn.Sequential(nn.Dropout(0.5), nn.Dropout1d(0.5))
    accelerate(model)
    assert type(model[1]) is nn.Dropout1d
    values = torch.ones(3, 1000)
    assert (model[0](values) == 0).any()
    assert torch.equal(model.eval()(values), values)
