"""Dropout that draws fast drops as many elements as torch's, and keeps their mean."""

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn

from semspill.encoders._dropout import drop, use_fast_dropout


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
    use_fast_dropout(model)
    assert type(model[1]) is nn.Dropout1d
    values = torch.ones(3, 1000)
    assert (model[0](values) == 0).any()
    assert torch.equal(model.eval()(values), values)
