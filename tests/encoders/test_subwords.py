import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from transformers import AutoTokenizer

from semspill import ContextFormat
from semspill.encoders import TransformerEncoder

PIECES = [
    "I heard",
    " ",
    "  ",
    "oh",
    "NO!",
    "gr\u00fcmble",
    "grumble",
    "[SEP]",
    "[MASK] ",
    "\n",
    "\t",
]
PIECES += [
    "\x00",
    "\x1c",
    "\x85",
    "\u2028",
    "\u3000",
    "\u0301",
    "\u03a3",
    "\u4e2d",
    "\ud800",
    "'",
    "9",
]


@pytest.fixture(scope="module")
def reader(tiny_bert):
    model = TransformerEncoder(model=str(tiny_bert)).load(np.random.default_rng(0))
    return model.with_context(ContextFormat(max_tokens=10_000)), AutoTokenizer.from_pretrained(
        tiny_bert
    )


@settings(deadline=None, max_examples=200)
@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join))
def test_words_have_the_ids_of_their_text(reader, text):
    model, tokenizer = reader
    expected = tokenizer(text.replace("\ud800", "?"))["input_ids"]
    kept = model.response_tokens([text]).ids.tolist()
    assert kept[1:-1] == expected[1:-1][:22]  # the model has 24 positions


@settings(deadline=None, max_examples=50)
@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=9).map("".join), max_size=5))
def test_texts_do_not_mix(reader, texts):
    model, _ = reader
    together, alone = model.response_tokens(texts), [model.response_tokens([t]) for t in texts]
    rows = np.split(together.ids, together.offsets[1:-1])[: len(texts)]
    assert [row.tolist() for row in rows] == [tokens.ids.tolist() for tokens in alone]


def test_many_words_have_the_ids_of_their_text(reader):
    model, tokenizer = reader
    letters = "ohnai9!"
    words = [f"{a}{b}{c}{d}" for a in letters for b in letters for c in letters for d in letters]
    tokens = model.response_tokens(words)
    expected = [i for word in words for i in tokenizer(word)["input_ids"]]
    assert tokens.ids.tolist() == expected


def test_an_added_token_of_two_words_is_found(tiny_bert, tmp_path):
    tokenizer = AutoTokenizer.from_pretrained(tiny_bert)
    tokenizer.add_tokens(["heard a"])
    tokenizer.save_pretrained(tmp_path)
    for name in ("model.safetensors", "config.json"):
        (tmp_path / name).symlink_to(tiny_bert / name)
    model = TransformerEncoder(model=str(tmp_path)).load(np.random.default_rng(0))
    backend = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    expected = backend.encode("i heard a noise").ids
    assert backend.token_to_id("heard a") in expected
    assert model.response_tokens(["i heard a noise"]).ids.tolist() == expected
