"""A sentence-transformers folder gives the vectors it gives in sentence-transformers, or none."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import (
    Dense,
    Dropout,
    LayerNorm,
    Normalize,
    Pooling,
    Transformer,
    WordWeights,
)

from semspill import ContextFormat, Corpus, Dialogue, Utterance
from semspill.encoders import StaticEncoder, TransformerEncoder
from semspill.encoders.two_tower import load_biencoder
from semspill.errors import DataError
from semspill.training import Finetuner

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


@pytest.mark.parametrize("label", ["gold", "none"])
@pytest.mark.parametrize("prompt", ["tell me: ", "query:"])
def test_a_context_is_prompted_too(tiny_roberta, tmp_path, exchanges, label, prompt):
    asked = {"prompts": {"query": prompt}, "default_prompt_name": "query"}
    folder = saved(tiny_roberta, tmp_path / "model", **asked)
    some = [replace(e, context=("Oh no!",)) for e in exchanges]
    texts = [f"{e.category} Oh no!" if label == "gold" else "Oh no!" for e in some]
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


def of_modules(transformer, folder, *modules, **options):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        parts = [Transformer(str(transformer)), *(make() for make in modules)]
    SentenceTransformer(modules=parts, device="cpu", **options).save(str(folder))
    return folder


def dense():
    return Dense(16, 6)


@pytest.mark.parametrize(
    "modules",
    [
        [lambda: Pooling(16, "weightedmean")],
        [lambda: Pooling(16, "lasttoken"), Normalize],
        [lambda: Pooling(16, "mean_sqrt_len_tokens")],
        [lambda: Pooling(16, ("cls", "mean", "max")), Normalize],
        [lambda: Pooling(16), dense],
        [lambda: Pooling(16), dense, lambda: LayerNorm(6), lambda: Dropout(0.3), Normalize],
        [lambda: Pooling(16), Normalize, dense, Normalize],
    ],
    ids=["weighted", "last", "sqrt", "three", "dense", "many", "normalized twice"],
)
@pytest.mark.parametrize("name", ["tiny_bert", "tiny_roberta"])
def test_all_modules_are_followed_and_saved(name, modules, request, tmp_path):
    folder = of_modules(request.getfixturevalue(name), tmp_path / "model", *modules)
    expected = SentenceTransformer(str(folder), device="cpu").encode(TEXTS)
    model = load(folder)
    assert np.allclose(model.encode_responses(TEXTS), expected, atol=1e-5)
    assert model.context_tower.dim == expected.shape[1]
    assert model.context_tower.unit == (modules[-1] is Normalize)
    model.save(tmp_path / "saved")
    again = load_biencoder(tmp_path / "saved")
    assert np.array_equal(again.encode_responses(TEXTS), model.encode_responses(TEXTS))
    assert again.fingerprint == model.fingerprint


def test_a_prompt_can_be_left_out_of_the_pooling(tiny_bert, tmp_path):
    options = {"prompts": {"query": "tell me: "}, "default_prompt_name": "query"}
    pooling = lambda: Pooling(16, include_prompt=False)  # noqa: E731
    folder = of_modules(tiny_bert, tmp_path / "model", pooling, **options)
    texts = [text for text in TEXTS if text]
    expected = SentenceTransformer(str(folder), device="cpu").encode(texts)
    assert np.allclose(load(folder).encode_responses(texts), expected, atol=1e-5)


def test_training_reaches_a_dense_layer_and_the_transformer_below(tiny_bert, tmp_path):
    folder = of_modules(tiny_bert, tmp_path / "model", lambda: Pooling(16), dense)
    dialogues = [
        Dialogue(f"d{i}", "joy", (Utterance(text, "speaker"), Utterance(f"{text} 9", "listener")))
        for i, text in enumerate(["Oh no!", "I heard a noise.", "tell me", "a noise"])
    ]
    start = load(folder)
    settings = Finetuner(epochs=1, batch_size=4, learning_rate=1e-2)
    model = settings.finetune(start, Corpus(tuple(dialogues), name="c"), np.random.default_rng(0))
    before, after = start.module.state_dict(), model.module.state_dict()
    moved = [name for name in before if not torch.equal(before[name], after[name])]
    assert {"contexts.poolers.1.linear.weight", "contexts.poolers.1.linear.bias"} < set(moved)
    assert any("word_embeddings" in name for name in moved)


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_a_chosen_pooling_stands_in_place_of_the_modules(tiny_bert, tmp_path, pooling):
    folder = of_modules(tiny_bert, tmp_path / "model", lambda: Pooling(16, "max"), dense)
    model = TransformerEncoder(model=str(folder), pooling=pooling, normalize=False)
    plain = TransformerEncoder(model=str(tiny_bert), pooling=pooling, normalize=False)
    rows = [each.load(np.random.default_rng(0)).encode_responses(TEXTS) for each in (model, plain)]
    assert np.array_equal(*rows)


@pytest.mark.parametrize(
    ("file", "values"),
    [
        ("sentence_bert_config.json", {"processing_kwargs": {"text": {"max_length": 3}}}),
        ("modules.json", None),
    ],
    ids=["another length", "word weights"],
)
def test_what_semspill_does_not_follow_is_refused(tiny_bert, tmp_path, file, values):
    folder = saved(tiny_bert, tmp_path / "model")
    if values:
        changed(folder / file, **values)
    else:
        words = list(json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"])
        weights = WordWeights(words, {words[-1]: 3.0})
        (folder / "3_Weights").mkdir()
        weights.save(str(folder / "3_Weights"))
        listed = json.loads((folder / file).read_text())
        kind = "sentence_transformers.sentence_transformer.modules.WordWeights"
        listed.insert(1, {"idx": 9, "name": "9", "path": "3_Weights", "type": kind})
        (folder / file).write_text(json.dumps(listed))
    with pytest.raises(DataError, match=r"does not follow \(.*\); choose a pooling, such"):
        load(folder)


def test_a_module_that_is_code_of_the_folder_is_not_run(tiny_bert, tmp_path):
    folder = saved(tiny_bert, tmp_path / "model")
    listed = json.loads((folder / "modules.json").read_text())
    listed[1]["type"] = "mine.Pooling"
    (folder / "modules.json").write_text(json.dumps(listed))
    (folder / "mine.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    with pytest.raises(DataError, match="code of its own, which is not run; set trust_remote_code"):
        load(folder)
    assert not (tmp_path / "ran").exists()


def test_weights_that_a_module_lacks_are_not_made_up(tiny_bert, tmp_path):
    folder = of_modules(tiny_bert, tmp_path / "model", lambda: Pooling(16), dense)
    file = next(folder.glob("2_Dense/*.safetensors"))
    weights = load_file(file)
    del weights["linear.bias"]
    save_file(weights, file)
    with pytest.raises(DataError, match=r"cannot be read \(RuntimeError: .*Dense"):
        load(folder)
    weights = load_file(folder / "model.safetensors")
    del weights["encoder.layer.0.output.dense.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(DataError, match=r"lacks 1 weights, such as 'encoder\.layer\.0\.output"):
        load(folder)


def test_the_transformer_may_lie_in_a_folder_of_its_own(tiny_bert, tmp_path):
    folder = saved(tiny_bert, tmp_path / "model")
    inner = folder / "0_Transformer"
    inner.mkdir()
    for file in [file for file in folder.iterdir() if file.is_file()]:
        if file.name not in ("modules.json", "config_sentence_transformers.json"):
            file.rename(inner / file.name)
    listed = json.loads((folder / "modules.json").read_text())
    listed[0]["path"] = inner.name
    (folder / "modules.json").write_text(json.dumps(listed))
    expected = SentenceTransformer(str(folder), device="cpu").encode(TEXTS)
    assert np.allclose(load(folder).encode_responses(TEXTS), expected, atol=1e-5)
    static = [StaticEncoder(model=str(each)) for each in (folder, tiny_bert)]
    prints = {each.load(np.random.default_rng(0)).fingerprint for each in static}
    assert len(prints) == 1


def test_a_default_prompt_that_is_not_there_is_refused(tiny_bert, tmp_path):
    folder = saved(tiny_bert, tmp_path / "model")
    changed(folder / "config_sentence_transformers.json", default_prompt_name="passage")
    with pytest.raises(DataError, match=r"cannot be read .*passage"):
        load(folder)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"null", b"[null]", b'[{"type": "a.Transformer"}]', b"\xff\xfe", b"[" * 99_999],
    ids=["empty", "cut", "null", "no module", "no path", "not UTF-8", "deep"],
)
def test_a_broken_list_of_modules_is_one_sentence(content, tiny_bert, tmp_path):
    folder = saved(tiny_bert, tmp_path / "model")
    (folder / "modules.json").write_bytes(content)
    with pytest.raises(DataError, match=r"cannot be read .*SentenceTransformer\.save wrote"):
        load(folder)


@pytest.mark.parametrize("file", ["1_Pooling/config.json", "sentence_bert_config.json"])
def test_a_broken_file_of_a_module_is_one_sentence(tiny_bert, tmp_path, file):
    folder = saved(tiny_bert, tmp_path / "model")
    (folder / file).write_bytes(b'"\xff"')
    with pytest.raises(DataError, match=r"cannot be read .*SentenceTransformer\.save wrote"):
        load(folder)
