"""What holds for every encoder."""

import random
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from semspill import ContextFormat, encoders
from semspill.encoders import HashingEncoder, StaticEncoder, TransformerEncoder
from semspill.encoders.two_tower import load_biencoder

NASTY = [
    "",
    "   \n\t ",
    "\U0001f600\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f3f4",
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "grumble " * 1250,
    "x" * 10_000,
    "a lone \ud800 surrogate",
    "[CLS] [PAD] </s>\x00",
]


@pytest.fixture(params=["hashing", "static", "bert", "roberta", "gpt", "projected", "raw"])
def encoder(request, tiny_bert, tiny_roberta, tiny_gpt):
    bert = str(tiny_bert)
    return {
        "hashing": HashingEncoder(buckets=512, dim=8, tied=True),
        "static": StaticEncoder(model=bert, tied=True),
        "bert": TransformerEncoder(model=bert),
        "roberta": TransformerEncoder(model=str(tiny_roberta), pooling="cls"),
        "gpt": TransformerEncoder(model=str(tiny_gpt), pooling="max"),
        "projected": TransformerEncoder(model=bert, projection=5),
        "raw": TransformerEncoder(model=bert, normalize=False),
    }[request.param]


@pytest.fixture
def model(encoder, rng):
    return encoder.load(rng)


def test_it_rebuilds_from_its_fields_and_has_a_citation(encoder):
    assert encoders.build(encoders.describe(encoder)) == encoder
    assert encoder.citation
    assert type(encoder).summary().endswith(".")


def test_the_same_rng_gives_the_same_weights_whatever_the_global_seeds(encoder):
    prints = set()
    for seed in (1, 2):
        random.seed(seed)
        torch.manual_seed(seed)
        np.random.seed(seed)  # noqa: NPY002 - the global state is what is tested
        before = torch.random.get_rng_state()
        prints.add(encoder.load(np.random.default_rng(0)).fingerprint)
        assert torch.equal(torch.random.get_rng_state(), before)
    assert len(prints) == 1


def test_rows_are_float32_and_as_long_as_promised(model, exchanges):
    rows = model.encode_contexts(exchanges)
    assert rows.dtype == np.float32
    assert rows.shape == (5, model.context_tower.dim)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6) == model.context_tower.unit


def test_nothing_gives_no_rows(model):
    assert model.encode_responses([]).shape == (0, model.response_tower.dim)
    assert model.encode_contexts([]).shape == (0, model.context_tower.dim)


def test_any_text_has_a_finite_row(model, exchanges):
    rows = model.encode_responses(NASTY)
    asked = [replace(exchanges[0], category=text, context=(text,)) for text in NASTY]
    for made in (rows, model.encode_contexts(asked)):
        assert np.isfinite(made).all()
        if model.response_tower.unit:
            assert np.allclose(np.linalg.norm(made, axis=1), 1, atol=1e-6)


def test_neighbours_order_and_batches_do_not_matter(model, exchanges):
    texts = [*NASTY[:4], *(e.response for e in exchanges)]
    together = model.encode_responses(texts)
    alone = np.concatenate([model.encode_responses([text]) for text in texts])
    model.response_tower.encode_batch = 2
    backwards = model.encode_responses(texts[::-1])[::-1]
    assert np.allclose(together, alone, atol=2e-6)
    assert np.allclose(together, backwards, atol=2e-6)


def test_progress_sees_every_batch(model, exchanges):
    seen = []

    def watch(items):
        for item in items:
            seen.append(item)
            yield item

    model.response_tower.encode_batch = 2
    model.encode_responses([e.response for e in exchanges], progress=watch)
    assert seen == [0, 2, 4]


def test_a_context_is_encoded_without_its_response(model, exchanges):
    other = [replace(exchange, response="Something else.") for exchange in exchanges]
    assert np.array_equal(model.encode_contexts(exchanges), model.encode_contexts(other))


def test_the_label_and_the_newest_words_survive_the_cut(model, exchanges):
    reader = model.with_context(ContextFormat(label="gold", max_tokens=12, turns=1))
    long = replace(exchanges[1], context=("a noise " * 50 + "oh no no no no no no no no no no no",))
    other_old = replace(long, context=("tell me " * 50 + "oh no no no no no no no no no no no",))
    other_label = replace(long, category="joy")
    other_new = replace(long, context=(long.context[0] + " tell",))
    rows = reader.encode_contexts([long, other_old, other_label, other_new])
    assert np.allclose(rows[0], rows[1], atol=1e-6)
    assert not np.allclose(rows[0], rows[2], atol=1e-3)
    assert not np.allclose(rows[0], rows[3], atol=1e-3)


def test_a_response_keeps_its_start(model):
    reader = model.with_context(ContextFormat(label="gold", max_tokens=12))
    start = "oh no a noise oh no a noise oh no a noise oh no a noise"
    rows = reader.encode_responses([start, start + " tell me" * 40, "tell me " + start])
    assert np.allclose(rows[0], rows[1], atol=1e-6)
    assert not np.allclose(rows[0], rows[2], atol=1e-3)


@pytest.mark.parametrize("tied", [True, False])
def test_a_saved_model_gives_identical_rows_without_its_first_files(
    encoder, tied, exchanges, tmp_path
):
    fields = {"tied": tied}
    if not isinstance(encoder, HashingEncoder):
        shutil.copytree(encoder.model, tmp_path / "first")
        fields["model"] = str(tmp_path / "first")
    made = encoder.replace(**fields).load(np.random.default_rng(3))
    made = made.with_context(ContextFormat(label="none", max_tokens=9))
    with torch.no_grad():
        for i, weight in enumerate(made.module.parameters()):
            weight += 0.01 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(i))
    made.save(tmp_path / "saved")
    shutil.rmtree(tmp_path / "first", ignore_errors=True)
    before = torch.random.get_rng_state()
    again = load_biencoder(tmp_path / "saved")
    assert torch.equal(torch.random.get_rng_state(), before)
    assert (again.encoder, again.context, again.tied) == (made.encoder, made.context, tied)
    assert np.array_equal(again.encode_contexts(exchanges), made.encode_contexts(exchanges))
    assert np.array_equal(again.encode_responses(NASTY), made.encode_responses(NASTY))


def test_tied_towers_move_together_and_separate_ones_do_not(encoder, exchanges):
    texts = [exchange.response for exchange in exchanges]
    for tied in (True, False):
        made = encoder.replace(tied=tied).load(np.random.default_rng(0))
        first = made.encode_responses(texts)
        assert np.array_equal(first, encoder.load(np.random.default_rng(0)).encode_responses(texts))
        with torch.no_grad():
            for weight in made.context_tower.parameters():
                weight += torch.randn(weight.shape, generator=torch.Generator().manual_seed(0))
        assert made.tied == tied
        assert np.array_equal(made.encode_responses(texts), first) != tied


def test_every_weight_can_be_trained(encoder, exchanges):
    made = encoder.replace(tied=False).load(np.random.default_rng(0))
    contexts = made.context_tower(made.context_tokens(exchanges))
    responses = made.response_tower(made.response_tokens([e.response for e in exchanges]))
    (contexts * responses).sum().backward()
    assert all(weight.grad is not None for weight in made.module.parameters())
    assert made.context_tower.learning_rate > 0
