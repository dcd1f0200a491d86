"""Texts laid end to end go through BERT as texts that are padded do."""

import logging
from itertools import pairwise

import numpy as np
import pytest
import torch
from transformers import AttentionInterface, AutoModel, AutoTokenizer, BertModel

from semspill import Corpus, Dialogue, Utterance
from semspill.encoders import TransformerEncoder
from semspill.encoders.two_tower import load_biencoder
from semspill.training import Finetuner

WORDS = "afraid joy i heard a noise . oh no ! grumble tell me 9 zzz".split()


@pytest.fixture(scope="module")
def texts():
    rng = np.random.default_rng(0)
    lengths = [0, 1, 1, 2, 3, 5, 5, 5, 8, 13, 19, 20, 30, *rng.integers(1, 22, 190)]
    return [" ".join(rng.choice(WORDS, size)) for size in lengths]


def load(folder, **fields):
    return TransformerEncoder(model=str(folder), **fields).load(np.random.default_rng(0))


@pytest.mark.parametrize("pooling", ["mean", "cls", "max"])
@pytest.mark.parametrize("name", ["tiny_bert", "tiny_roberta"])
def test_rows_are_those_of_transformers_one_text_at_a_time(name, request, texts, pooling):
    folder = request.getfixturevalue(name)
    texts = [text[:30] for text in texts]  # within the positions of both models
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder)
    model.eval()
    pool = {"mean": lambda s: s.mean(0), "cls": lambda s: s[0], "max": lambda s: s.amax(0)}[pooling]
    with torch.no_grad():
        expected = [
            pool(model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0])
            for text in texts
        ]
    rows = load(folder, pooling=pooling, normalize=False).encode_responses(texts)
    assert np.allclose(rows, torch.stack(expected).numpy(), atol=1e-5)


@pytest.mark.parametrize("tied", [True, False])
def test_padded_and_packed_texts_have_the_same_gradient(tiny_bert, texts, tied):
    gradients = []
    for packs in (True, False):
        model = load(tiny_bert, tied=tied)
        tower = model.response_tower
        assert tower.packs
        tower.packs = packs
        rows = tower(model.response_tokens(texts))
        weights = torch.randn(rows.shape, generator=torch.Generator().manual_seed(0))
        (rows * weights).sum().backward()
        gradients.append([w.grad for w in tower.parameters() if w.grad is not None])
    assert len(gradients[0]) == len(gradients[1]) > 10
    for packed, padded in zip(*gradients, strict=True):
        assert torch.allclose(packed, padded, rtol=1e-4, atol=1e-4)


def test_training_packed_is_training_padded(tiny_bert, texts):
    corpus = Corpus(
        tuple(
            Dialogue(f"d{i}", "joy", (Utterance(a, "speaker"), Utterance(b, "listener")))
            for i, (a, b) in enumerate(pairwise(texts[1:]))
        ),
        name="words",
    )
    found = []
    for packs in (True, False):
        start = load(tiny_bert, tied=True)
        start.context_tower.packs = packs
        for module in start.module.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0  # what is dropped depends on which texts stand together
        settings = Finetuner(epochs=1, batch_size=64, learning_rate=1e-3)
        found.append(settings.finetune(start, corpus, np.random.default_rng(0)))
    rows = [model.encode_responses(texts) for model in found]
    assert np.abs(rows[0] - start.encode_responses(texts)).max() > 1e-2
    assert np.allclose(*rows, atol=1e-3)


def test_dropout_falls_on_packed_texts(tiny_bert, texts):
    model = load(tiny_bert)
    tokens = model.response_tokens(texts)
    model.module.train()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        first, second = model.response_tower(tokens), model.response_tower(tokens)
        torch.manual_seed(0)
        again = model.response_tower(tokens)
    assert torch.equal(first, again)
    assert not torch.allclose(first, second, atol=1e-2)


def test_a_decoder_is_not_packed(tiny_gpt, tiny_bert):
    assert not load(tiny_gpt).context_tower.packs
    assert load(tiny_bert).context_tower.packs


def test_a_saved_model_packs_again(tiny_bert, tmp_path, texts):
    model = load(tiny_bert)
    model.save(tmp_path)
    assert "semspill" not in (tmp_path / "assets" / "config.json").read_text()
    again = load_biencoder(tmp_path)
    assert again.context_tower.packs
    assert np.array_equal(again.encode_responses(texts), model.encode_responses(texts))


@pytest.fixture
def attention():
    """Return a function that puts another attention in the place of semspill's."""
    known = AttentionInterface()["semspill_packed"]
    yield lambda other: AttentionInterface.register("semspill_packed", other)
    AttentionInterface.register("semspill_packed", known)


def passed_by(module, query, key, value, mask, **more):
    """Let all tokens of a row see one another."""
    return AttentionInterface()["sdpa"](module, query, key, value, mask, **more)


def refusing(*_, **__):
    raise TypeError("unknown attention")


def strict(attend):
    """An attention that transformers gives no keyword that it does not know itself."""

    def plain(module, query, key, value, attention_mask, *, dropout=0.0, scaling=None, **_):
        return attend(module, query, key, value, attention_mask, dropout=dropout, scaling=scaling)

    return plain


def without_scaling(attend):
    def plain(module, query, key, value, attention_mask, *, scaling=None, **more):
        return attend(module, query, key, value, attention_mask, **more)

    return plain


def test_no_keyword_of_ours_has_to_reach_the_attention(tiny_bert, texts, attention):
    usual = load(tiny_bert).encode_responses(texts)
    attention(strict(AttentionInterface()["semspill_packed"]))
    model = load(tiny_bert)
    assert np.allclose(model.encode_responses(texts), usual, atol=1e-6)
    assert model.response_tower.packs


@pytest.mark.parametrize("other", [passed_by, refusing, without_scaling])
def test_where_the_attention_is_another_the_model_runs_plainly(
    tiny_bert, texts, attention, caplog, other
):
    usual = load(tiny_bert).encode_responses(texts)
    known = AttentionInterface()["semspill_packed"]
    attention(without_scaling(known) if other is without_scaling else other)
    with caplog.at_level(logging.WARNING, "semspill"):
        model = load(tiny_bert)
    assert not model.response_tower.packs
    assert [record.message.split(" with ")[0] for record in caplog.records] == [
        "the fast path of BertModel does not give its own vectors"
    ]
    assert np.allclose(model.encode_responses(texts), usual, atol=1e-5)


@pytest.mark.parametrize("dropped", ["position_ids", "inputs_embeds", "attention_mask"])
def test_a_stricter_transformers_that_drops_a_keyword_gives_no_wrong_vectors(
    tiny_bert, texts, monkeypatch, caplog, dropped
):
    usual = load(tiny_bert).encode_responses(texts)
    forward = BertModel.forward

    def stricter(self, *given, **named):
        return forward(self, *given, **{k: v for k, v in named.items() if k != dropped})

    monkeypatch.setattr(BertModel, "forward", stricter)
    with caplog.at_level(logging.WARNING, "semspill"):
        model = load(tiny_bert)
    # Packing needs no mask; without it, padding would be wrong, and is not used.
    assert model.response_tower.packs == (dropped == "attention_mask")
    assert len(caplog.records) == (dropped != "attention_mask")
    assert np.allclose(model.encode_responses(texts), usual, atol=1e-5)


def test_packing_that_stops_working_later_gives_no_vectors(tiny_bert, texts, attention):
    model = load(tiny_bert)
    model.encode_responses(texts)
    attention(passed_by)
    with pytest.raises(RuntimeError, match="did not attend to each text"):
        model.encode_responses(texts)


@pytest.mark.parametrize("name", ["tiny_bert", "tiny_gpt"])
def test_fast_false_touches_nothing(name, request, texts, caplog):
    folder, texts = request.getfixturevalue(name), [text[:30] for text in texts]
    plain, usual = load(folder, fast=False), load(folder)
    kinds = {type(part).__module__.split(".")[0] for part in plain.module.modules()}
    assert kinds == {"torch", "transformers", "semspill", "sentence_transformers"}
    own = [type(part) for part in plain.module.modules() if "semspill" in type(part).__module__]
    assert [kind.__name__ for kind in own] == ["TransformerTower"]
    assert plain.context_tower.model.config._attn_implementation == "sdpa"
    assert not plain.context_tower.packs
    assert np.allclose(plain.encode_responses(texts), usual.encode_responses(texts), atol=1e-5)
    assert plain.fingerprint == usual.fingerprint
