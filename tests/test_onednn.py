"""A model whose linear layers oneDNN multiplies does what torch itself does."""

import copy

import pytest
import torch
from torch import nn

from semspill import _onednn
from semspill._onednn import use_onednn

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
    use_onednn(faster)
    texts = torch.randn(*batch, 6)
    for ours, torchs in zip(learned(faster, texts), learned(model, texts), strict=True):
        torch.testing.assert_close(ours, torchs, rtol=1e-5, atol=1e-6)


def test_frozen_weights_get_no_gradient(model):
    use_onednn(model)
    model[0].weight.requires_grad_(False)
    model(torch.randn(4, 6)).sum().backward()
    assert model[0].weight.grad is None
    assert model[0].bias.grad is not None


def test_weights_keep_their_names_and_what_is_saved_is_the_same(model):
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    use_onednn(model)
    assert list(model.state_dict()) == list(before)
    assert all(torch.equal(model.state_dict()[name], before[name]) for name in before)


@pytest.mark.parametrize("kind", [torch.float64, torch.bfloat16])
def test_other_types_are_multiplied_as_before(model, kind):
    texts = torch.randn(4, 6, dtype=kind)
    plain = model.to(kind)(texts)
    use_onednn(model)
    assert torch.equal(model(texts), plain)


def test_autocast_and_an_empty_batch_are_multiplied_as_before(model):
    texts = torch.randn(4, 6)
    with torch.autocast("cpu", torch.bfloat16):
        plain = model(texts)
        use_onednn(model)
        assert torch.equal(model(texts), plain)
    assert model(torch.empty(0, 6)).shape == (0, 3)


def test_without_onednn_nothing_is_changed(model, monkeypatch):
    monkeypatch.setattr(_onednn, "_PRODUCT", None)
    use_onednn(model)
    assert type(model[0]) is nn.Linear


@pytest.mark.skipif(not _onednn.available(), reason="this torch has no oneDNN")
def test_one_thread_and_two_give_the_same_bits():
    torch.manual_seed(0)
    model, texts = nn.Linear(384, 512), torch.randn(700, 384)
    use_onednn(model)
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
