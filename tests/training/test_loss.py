import math

import numpy as np
import pytest
import torch
from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss
from sentence_transformers.util import cos_sim, dot_score

from semspill.encoders import HashingEncoder
from semspill.training import Finetuner
from semspill.training._loss import InBatchLoss


def watched(encoder, corpus, seed=0, **fields):
    """Return loss and gradients of one batch that holds the whole corpus, and the start model."""
    fields = {"epochs": 1, "batch_size": 1000, "clip_norm": None, **fields}
    seen = {}

    def observer(epoch):
        weights = epoch.model.module.named_parameters()
        # A table of which only some rows were trained keeps no gradient.
        seen.update({name: w.grad.clone() for name, w in weights if w.grad is not None})
        seen["loss"] = epoch.loss

    finetuner = Finetuner(**fields)
    finetuner.finetune(encoder, corpus, np.random.default_rng(seed), observer=observer)
    start = finetuner.replace(epochs=0).finetune(encoder, corpus, np.random.default_rng(seed))
    return seen.pop("loss"), seen, start


@pytest.mark.parametrize("similarity", [cos_sim, dot_score])
def test_allowing_duplicates_is_multiple_negatives_ranking_loss(lessons, similarity):
    loss, _, start = watched(HashingEncoder(buckets=512, dim=16), lessons, duplicates="allow")
    contexts = torch.from_numpy(start.encode_contexts(lessons.exchanges))
    responses = start.encode_responses([exchange.response for exchange in lessons.exchanges])
    theirs = MultipleNegativesRankingLoss(
        torch.nn.Identity(), scale=20.0, similarity_fct=similarity
    )
    expected = theirs.compute_loss_from_embeddings([contexts, torch.from_numpy(responses)], None)
    assert loss == pytest.approx(expected.item(), abs=1e-6)


def test_raw_rows_have_scale_one_unless_it_is_chosen(lessons, attention):
    for scale, used in ((None, 1.0), (3.0, 3.0)):
        loss, _, start = watched(attention(), lessons, duplicates="allow", scale=scale)
        contexts = torch.from_numpy(start.encode_contexts(lessons.exchanges))
        responses = start.encode_responses([exchange.response for exchange in lessons.exchanges])
        theirs = MultipleNegativesRankingLoss(
            torch.nn.Identity(), scale=used, similarity_fct=dot_score
        )
        expected = theirs.compute_loss_from_embeddings(
            [contexts, torch.from_numpy(responses)], None
        )
        assert loss == pytest.approx(expected.item(), abs=1e-5)


def test_the_loss_by_hand(line, numbers):
    # logits: row 0 scores (2, 3), row 1 scores (0, 0); gold is the diagonal.
    by_hand = (math.log(1 + math.exp(1)) + math.log(2)) / 2
    loss, _, _ = watched(line(), numbers(("1", "2"), ("0", "3")))
    assert loss == pytest.approx(by_hand, abs=1e-6)


@pytest.mark.parametrize(
    ("duplicates", "second"),
    [
        ("mask", math.log(1 + math.exp(-1))),  # the copy of "2" is no negative: only "1" is
        ("allow", math.log(2 + math.exp(-1))),  # the copy scores as high as the gold one
    ],
)
def test_a_repeated_response_by_hand(line, numbers, duplicates, second):
    # Contexts 1, 1, 0 and responses 2, 2, 1: rows score (2, 2, 1), (2, 2, 1), (0, 0, 0).
    by_hand = (2 * second + math.log(3)) / 3
    corpus = numbers(("1", "2"), ("1", "2"), ("0", "1"))
    loss, _, _ = watched(line(), corpus, duplicates=duplicates)
    assert loss == pytest.approx(by_hand, abs=1e-6)


def test_the_loss_of_an_epoch_is_the_mean_over_its_exchanges(line, numbers):
    # Batches of 2 and of 2, in any pairing of four equal contexts of zero: log 2 each.
    corpus = numbers(*[("0", str(i)) for i in range(4)])
    loss, _, _ = watched(line(), corpus, batch_size=2)
    assert loss == pytest.approx(math.log(2), abs=1e-6)


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("duplicates", ["mask", "allow"])
@pytest.mark.parametrize("drop", [0.0, 0.3])
@pytest.mark.parametrize("micro_batch", [1, 7, 500])
def test_micro_batches_have_the_gradient_of_the_whole_batch(
    lessons, attention, tied, duplicates, drop, micro_batch
):
    encoder = attention(drop=drop, tied=tied)
    loss, whole, _ = watched(encoder, lessons, duplicates=duplicates)
    again, pieces, _ = watched(encoder, lessons, duplicates=duplicates, micro_batch=micro_batch)
    assert again == pytest.approx(loss, abs=1e-6)
    assert whole.keys() == pieces.keys()
    for name, gradient in whole.items():
        assert torch.allclose(gradient, pieces[name], rtol=1e-5, atol=1e-6), name
    assert max(gradient.abs().max() for gradient in whole.values()) > 1e-3


@pytest.mark.parametrize("drop", [0.0, 0.3])
def test_towers_that_encode_a_few_texts_at_once_have_the_same_gradient(lessons, attention, drop):
    loss, whole, _ = watched(attention(drop=drop), lessons)
    again, pieces, _ = watched(attention(drop=drop, at_once=9), lessons)
    assert again == pytest.approx(loss, abs=1e-6)
    for name, gradient in whole.items():
        assert torch.allclose(gradient, pieces[name], rtol=1e-5, atol=1e-6), name


def test_dropout_is_on_while_training(lessons, attention):
    plain, _, _ = watched(attention(drop=0.0), lessons)
    dropped, _, _ = watched(attention(drop=0.3), lessons)
    assert plain != pytest.approx(dropped, abs=1e-4)


def test_micro_batches_train_to_the_same_weights(lessons, attention):
    models = [
        Finetuner(epochs=3, batch_size=32, micro_batch=most, learning_rate=1e-3).finetune(
            attention(drop=0.3), lessons, np.random.default_rng(0)
        )
        for most in (None, 5)
    ]
    vectors = [model.encode_contexts(lessons.exchanges) for model in models]
    assert np.allclose(*vectors, atol=1e-4)


def test_the_gradient_is_the_same_on_two_threads_as_on_one():
    """Repeated responses are added up in one order, whichever thread comes first."""
    generator = torch.Generator().manual_seed(0)
    contexts = torch.randn(256, 300, generator=generator)
    responses = torch.randn(200, 300, generator=generator)
    gold = torch.randint(0, 5, (256,), generator=generator)
    before = torch.get_num_threads()
    gradients = set()
    try:
        for threads in (1, *[2] * 20):
            torch.set_num_threads(threads)
            given = responses.clone().requires_grad_()
            InBatchLoss(1.0, True)(contexts, given, gold).backward()
            gradients.add(given.grad.numpy().tobytes())
    finally:
        torch.set_num_threads(before)
    assert len(gradients) == 1
