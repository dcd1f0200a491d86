"""Anchors, sharpness-aware steps, perturbed vectors and low rank, by values worked out by hand."""

import copy
import math

import numpy as np
import pytest
import torch

from semspill import Finetuner, RetrievalModel
from semspill.defenses import Anchor, EmbeddingPerturbation, LowRank, SharpnessAware
from semspill.encoders import HashingEncoder
from semspill.errors import ConfigError
from semspill.models import Model

HASHING = HashingEncoder(buckets=512, dim=16)
KINDS = ("weights", "features", "scores")
EACH = [*(Anchor(to=kind) for kind in KINDS), SharpnessAware(), EmbeddingPerturbation()]


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def finetune(corpus, encoder, *begins, **fields):
    fields = {"epochs": 1, "batch_size": 1000, "clip_norm": None, **fields}
    return Finetuner(**fields).finetune(
        encoder, corpus, np.random.default_rng(0), begins=[begin for begin in begins if begin]
    )


def gradients(corpus, encoder, *begins, **fields):
    """Return the gradient that the optimizer follows at each step, by name."""
    found = []

    def begin(model):
        def step(backward, batch):
            loss = backward()
            weights = model.module.named_parameters()
            found.append({name: weight.grad.clone() for name, weight in weights})
            return loss

        return step

    finetune(corpus, encoder, *begins, begin, **fields)
    return found


def gain_of_two(model):
    """Let training begin at 2, after what came before has met the gain of 1."""
    model.module.state_dict()["contexts.gain"].fill_(2.0)


@pytest.mark.parametrize("micro_batch", [None, 1])
@pytest.mark.parametrize(
    ("to", "distance"),
    [
        ("weights", 2 * (2 - 1)),  # of (w - 1)^2
        # Vectors w x of the texts 1, 0, 2, 3 are (w - 1) x away: 14 / 4 (w - 1)^2.
        ("features", 2 * 14 / 4),
        # The second row scores 0, 0 at any w: half of KL(sigmoid(1) || sigmoid(w^2)).
        ("scores", 2 * (sigmoid(4) - sigmoid(1))),
    ],
)
def test_the_gradient_of_an_anchor_by_hand(line, numbers, to, distance, micro_batch):
    """Vectors are w x. Contexts 1, 0 and responses 2, 3 have the loss log(1 + e^(w^2)) / 2 + c."""
    corpus = numbers(("1", "2"), ("0", "3"))
    anchor = Anchor(to=to, weight=5.0)
    [found] = gradients(corpus, line(), anchor.begin, gain_of_two, micro_batch=micro_batch)
    loss = 2 * sigmoid(4)
    assert float(found["contexts.gain"]) == pytest.approx(loss + 5 * distance, rel=1e-5)


def test_scores_leave_out_what_is_no_negative(line, numbers):
    # Contexts 1, 1, 0 with responses 2, 2, 1: rows (w^2)(2, -, 1) twice, and (0, 0, 0).
    corpus = numbers(("1", "2"), ("1", "2"), ("0", "1"))
    anchor = Anchor(to="scores", weight=5.0)
    [found] = gradients(corpus, line(), anchor.begin, gain_of_two)
    loss, moved = sigmoid(-4), sigmoid(-4) - sigmoid(-1)
    by_hand = 2 / 3 * -4 * (loss + 5 * moved)
    assert float(found["contexts.gain"]) == pytest.approx(by_hand, rel=1e-4)


def test_weights_are_pulled_back_in_rows_that_a_batch_does_not_have(lessons):
    weights = []

    def note(model):
        def step(backward, batch):
            weights.append([weight.detach().clone() for weight in model.module.parameters()])
            return backward()

        return step

    anchor = Anchor(to="weights", weight=3.0)
    found = gradients(lessons, HASHING, anchor.begin, note, batch_size=32)
    plain = gradients(lessons, HASHING, batch_size=32)
    rows = found[1]["contexts.bag.weight"]
    absent = (plain[1]["contexts.bag.weight"] == 0).all(dim=1)
    pull = 2 * 3.0 * (weights[1][0] - weights[0][0])
    assert torch.allclose(rows[absent], pull[absent], atol=1e-6)
    assert (pull[absent].abs().sum(dim=1) > 0.01).any()


@pytest.mark.parametrize("to", ["features", "scores"])
def test_nothing_is_pulled_at_the_start(lessons, to):
    [plain] = gradients(lessons, HASHING)
    [found] = gradients(lessons, HASHING, Anchor(to=to, weight=100.0).begin)
    for name, gradient in plain.items():
        assert torch.allclose(found[name], gradient, atol=2e-5), name


@pytest.mark.parametrize("to", KINDS)
def test_a_heavy_anchor_holds_the_model(lessons, to):
    start = finetune(lessons, HASHING, epochs=0)
    far = []
    for begin in (None, Anchor(to=to, weight=1000.0).begin):
        model = finetune(lessons, HASHING, begin, epochs=4, batch_size=32, clip_norm=1.0)
        moved = model.encode_contexts(lessons.exchanges) - start.encode_contexts(lessons.exchanges)
        far.append(float(np.linalg.norm(moved, axis=1).mean()))
    assert far[1] < 0.5 * far[0]


@pytest.mark.parametrize("micro_batch", [None, 1])
def test_a_sharpness_aware_step_by_hand(line, numbers, micro_batch):
    """The loss log(1 + e^(w^2)) / 2 + c has the slope w sigmoid(w^2), and g / |g| is 1."""
    corpus = numbers(("1", "2"), ("0", "3"))
    kept = []

    def note(model):
        def step(backward, batch):
            loss = backward()
            kept.append((loss, model.context_tower.gain.item()))
            return loss

        return step

    sam = SharpnessAware(rho=0.5)
    [found] = gradients(corpus, line(), sam.begin, note, micro_batch=micro_batch)
    assert float(found["contexts.gain"]) == pytest.approx(1.5 * sigmoid(2.25), rel=1e-6)
    loss, weight = kept[0]
    assert weight == 1.0
    assert loss == pytest.approx((math.log(1 + math.e) + math.log(2)) / 2, abs=1e-6)


def test_a_sharpness_aware_step_is_a_gradient_elsewhere_with_the_same_dropout(lessons, attention):
    start = attention(drop=0.3).load(np.random.default_rng(1))
    [plain] = gradients(lessons, start)
    length = math.sqrt(sum(float(gradient.square().sum()) for gradient in plain.values()))
    moved = copy.deepcopy(start)
    with torch.no_grad():
        for name, weight in moved.module.named_parameters():
            weight += 0.2 * plain[name] / length
    [expected] = gradients(lessons, moved)
    [found] = gradients(lessons, start, SharpnessAware(rho=0.2).begin)
    for name, gradient in expected.items():
        assert torch.allclose(found[name], gradient, rtol=1e-4, atol=1e-6), name
    assert any(not torch.allclose(found[name], plain[name], rtol=1e-2) for name in plain)


@pytest.mark.parametrize("micro_batch", [None, 1])
def test_a_step_with_perturbed_vectors_by_hand(line, numbers, micro_batch):
    """Contexts 1, 0 and responses 2, 3 are their own vectors at the start."""
    c, r = np.array([1.0, 0.0]), np.array([2.0, 3.0])

    def by_vectors(c, r):
        """The gradient of the mean of log(1 + e^(other - own)), by contexts and by responses."""
        wrong = np.array([sigmoid(c[0] * (r[1] - r[0])), sigmoid(c[1] * (r[0] - r[1]))]) / 2
        apart = wrong * np.array([r[1] - r[0], r[0] - r[1]])
        return apart, np.array([-1, 1]) * (wrong[0] * c[0] - wrong[1] * c[1])

    by_c, by_r = by_vectors(c, r)
    length = np.sqrt((by_c**2).sum() + (by_r**2).sum())
    worse_c, worse_r = by_vectors(c + 0.7 * by_c / length, r + 0.7 * by_r / length)
    expected = worse_c @ c + worse_r @ r  # vectors are w x, so a vector's share of w's is x
    vaccine = EmbeddingPerturbation(rho=0.7)
    corpus = numbers(("1", "2"), ("0", "3"))
    [found] = gradients(corpus, line(), vaccine.begin, micro_batch=micro_batch)
    assert float(found["contexts.gain"]) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("defense", [SharpnessAware(), EmbeddingPerturbation()])
def test_a_gradient_that_is_asked_for_twice_is_there_twice(line, numbers, defense):
    def twice(model):
        return lambda backward, batch: (backward() + backward()) / 2

    corpus = numbers(("1", "2"), ("0", "3"))
    [once] = gradients(corpus, line(), defense.begin)
    [both] = gradients(corpus, line(), defense.begin, twice)
    assert float(both["contexts.gain"]) == pytest.approx(2 * float(once["contexts.gain"]))


@pytest.mark.parametrize("defense", EACH, ids=lambda defense: repr(defense))
def test_training_repeats_itself_and_micro_batches_are_the_whole_batch(lessons, attention, defense):
    fields = {"epochs": 2, "batch_size": 32, "learning_rate": 1e-3, "clip_norm": 1.0}
    whole, again, pieces = (
        finetune(lessons, attention(drop=0.3), defense.begin, micro_batch=most, **fields)
        for most in (None, None, 7)
    )
    assert whole.fingerprint == again.fingerprint
    vectors = [model.encode_contexts(lessons.exchanges) for model in (whole, pieces)]
    assert np.allclose(*vectors, atol=1e-4)


def test_all_of_them_train_together(lessons):
    losses = []
    Finetuner(epochs=8, batch_size=32, adapter_rank=8).finetune(
        HASHING,
        lessons,
        np.random.default_rng(0),
        begins=[defense.begin for defense in EACH],
        observer=lambda epoch: losses.append(epoch.loss),
    )
    assert losses[-1] < losses[0]


def test_low_rank_sets_the_adapters_of_a_finetuner():
    model = RetrievalModel(encoder=HASHING, finetuner={"epochs": 2})
    changed = LowRank(rank=3).settings(model)
    assert changed.finetuner == model.finetuner.replace(adapter_rank=3)
    assert LowRank().begins is None

    class Silent(Model):
        citation = "original"

        def train(self, corpus, rng, **options):
            raise NotImplementedError

    with pytest.raises(ConfigError, match="Silent has none"):
        LowRank().settings(Silent())


@pytest.mark.parametrize(
    ("defense", "wrong"),
    [
        (Anchor, {"to": "sky"}),
        (Anchor, {"weight": -1.0}),
        (SharpnessAware, {"rho": 0.0}),
        (EmbeddingPerturbation, {"rho": float("inf")}),
        (LowRank, {"rank": 0}),
    ],
)
def test_a_field_out_of_bounds_is_refused(defense, wrong):
    with pytest.raises(ConfigError):
        defense(**wrong)
