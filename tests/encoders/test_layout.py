"""What a sentence-transformers folder says beside its weights is followed, or refused by name."""

import json
from dataclasses import replace

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

from semspill import ContextFormat
from semspill.encoders import StaticEncoder, TransformerEncoder
from semspill.encoders.two_tower import load_biencoder
from semspill.errors import DataError

TEXTS = ["Oh no!", "", "I heard a noise.", "Grumble " * 3]


def load(folder):
    model = TransformerEncoder(model=str(folder)).load(np.random.default_rng(0))
    return model.with_context(ContextFormat(max_tokens=64))


def saved(transformer, folder, length=None, **prompt):
    parts = [Transformer(str(transformer), max_seq_length=length), Pooling(16)]
    SentenceTransformer(modules=parts, device="cpu", **prompt).save(str(folder))
    return folder


def changed(path, **values):
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


@pytest.mark.parametrize("name", ["tiny_bert", "tiny_roberta"])
@pytest.mark.parametrize("length", [None, 7])
@pytest.mark.parametrize("prompt", [None, "tell me: ", "query:"])
def test_rows_follow_the_length_and_the_default_prompt(name, length, prompt, request, tmp_path):
    asked = {"prompts": {"query": prompt}, "default_prompt_name": "query"} if prompt else {}
    folder = saved(request.getfixturevalue(name), tmp_path / "model", length, **asked)
    expected = SentenceTransformer(str(folder), device="cpu").encode(TEXTS)
    model = load(folder)
    assert np.allclose(model.encode_responses(TEXTS), expected, atol=1e-5)
    model.save(tmp_path / "saved")
    assert np.array_equal(
        load_biencoder(tmp_path / "saved").encode_responses(TEXTS), model.encode_responses(TEXTS)
    )


@pytest.mark.parametrize("label", [True, False])
@pytest.mark.parametrize("prompt", ["tell me: ", "query:"])
def test_a_context_is_prompted_too(tiny_roberta, tmp_path, exchanges, label, prompt):
    asked = {"prompts": {"query": prompt}, "default_prompt_name": "query"}
    folder = saved(tiny_roberta, tmp_path / "model", **asked)
    some = [replace(e, context=("Oh no!",)) for e in exchanges]
    texts = [f"{e.category} Oh no!" if label else "Oh no!" for e in some]
    expected = SentenceTransformer(str(folder), device="cpu").encode(texts)
    model = load(folder).with_context(ContextFormat(label=label))
    assert np.allclose(model.encode_contexts(some), expected, atol=1e-5)


def test_the_length_of_the_tokenizer_counts_where_no_other_is_said(tiny_bert, tmp_path):
    folder = saved(tiny_bert, tmp_path / "model")
    changed(folder / "tokenizer_config.json", model_max_length=9)
    expected = SentenceTransformer(str(folder), device="cpu").encode(TEXTS)
    assert np.allclose(load(folder).encode_responses(TEXTS), expected, atol=1e-5)


def test_texts_are_lowercased_where_the_folder_says_so(tiny_roberta, tmp_path):
    folder = saved(tiny_roberta, tmp_path / "model")
    changed(folder / "sentence_bert_config.json", do_lower_case=True)
    expected = SentenceTransformer(str(folder), device="cpu").encode(TEXTS)
    assert np.allclose(load(folder).encode_responses(TEXTS), expected, atol=1e-5)
    assert not np.allclose(expected, load(tiny_roberta).encode_responses(TEXTS), atol=1e-3)


@pytest.mark.parametrize(
    ("file", "values", "named"),
    [
        ("sentence_bert_config.json", {"processing_kwargs": {"text": {"max_length": 3}}}, "proces"),
        ("sentence_bert_config.json", {"module_output_name": "pooler_output"}, "module_output"),
        ("1_Pooling/config.json", {"include_prompt": False}, "include_prompt=false"),
    ],
)
def test_what_is_not_followed_is_refused_by_name(tiny_bert, tmp_path, file, values, named):
    asked = {"prompts": {"query": "oh "}, "default_prompt_name": "query"}
    folder = saved(tiny_bert, tmp_path / "model", **asked)
    changed(folder / file, **values)
    with pytest.raises(DataError, match=rf"cannot follow \({named}.*\); choose pooling='mean' or"):
        load(folder)


def test_a_default_prompt_that_is_not_there_is_refused(tiny_bert, tmp_path):
    folder = saved(tiny_bert, tmp_path / "model")
    changed(folder / "config_sentence_transformers.json", default_prompt_name="passage")
    with pytest.raises(DataError, match="names a default prompt that it does not hold"):
        load(folder)


@pytest.mark.parametrize("kind", [StaticEncoder, TransformerEncoder])
@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"null", b"[null]", b'[{"type": "a.Transformer"}]', b"\xff\xfe", b"[" * 99_999],
    ids=["empty", "cut", "null", "no module", "no path", "not UTF-8", "deep"],
)
def test_a_broken_list_of_modules_is_one_sentence(kind, content, tmp_path, rng):
    (tmp_path / "modules.json").write_bytes(content)
    with pytest.raises(
        DataError, match=r"modules\.json cannot be read as .*SentenceTransformer\.s"
    ):
        kind(model=str(tmp_path)).load(rng)


@pytest.mark.parametrize("file", ["1_Pooling/config.json", "sentence_bert_config.json"])
def test_a_broken_file_of_a_module_is_one_sentence(tiny_bert, tmp_path, file):
    folder = saved(tiny_bert, tmp_path / "model")
    (folder / file).write_bytes(b'"\xff"')
    with pytest.raises(DataError, match="cannot be read as a file of a sentence-transformers mod"):
        load(folder)
