"""Token ids: what is cut, and what is always there."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semspill import ConfigError, ContextFormat, Exchange
from semspill.language import LanguageSpec
from semspill.language.language_model import load_language_model

LONG = Exchange("d", 3, "joy", ("I heard a noise.", "Oh no! What?", "The dog was glad."), "Oh.")


@pytest.fixture(scope="module", params=["gpt2", "llama", "t5", "chat", "strict"])
def model(request, tiny_language_models):
    kind = "seq2seq" if request.param == "t5" else "causal"
    spec = LanguageSpec(model=str(tiny_language_models[request.param]), kind=kind)
    return load_language_model(spec, np.random.default_rng(0))


def prompt(model, exchange, most, **context):
    reader = model.with_context(ContextFormat(label="gold", max_tokens=most, **context))
    return reader.prompts([exchange])[0].tolist()


def test_what_is_too_long_loses_its_oldest_tokens_one_by_one(model):
    whole = prompt(model, LONG, 200)
    spoken = [prompt(model, replace(LONG, context=LONG.context[place:]), 200) for place in range(3)]
    assert spoken[0] == whole == prompt(model, LONG, len(whole))
    before = 0
    for most in range(len(spoken[2]) - 3, len(whole) + 1):
        ids = prompt(model, LONG, most)
        # Of a conversation of one turn or more one stretch is gone; all before and after it stays.
        gaps = [(full, len(full) - len(ids)) for full in spoken if len(full) >= len(ids)]
        assert any(ids == full[:i] + full[i + gap :] for full, gap in gaps for i in range(len(ids)))
        assert before <= len(ids) <= most
        assert len(ids) > most - 16  # marks of a turn of which nothing would be left are left out
        assert ids[-4:] == whole[-4:]
        before = len(ids)


@given(most=st.integers(50, 90), words=st.lists(st.integers(1, 30), min_size=1, max_size=4))
def test_no_context_is_longer_than_allowed_and_its_end_stays(model, most, words):
    talk = tuple("noise " * count for count in words)
    ids = prompt(model, replace(LONG, context=talk), most)
    assert len(ids) <= most
    assert ids[-3:] == prompt(model, replace(LONG, context=("noise",)), 200)[-3:]


def test_a_long_label_loses_its_end_only_when_nothing_else_is_left(model):
    ids = prompt(model, replace(LONG, category="joy " * 60), 60)
    assert len(ids) == 60
    with pytest.raises(ConfigError, match=r"the template alone takes [0-9]+; raise context"):
        prompt(model, LONG, 4)


def test_a_response_ends_with_the_end_token_also_when_it_is_cut(model):
    short, empty, long = model.responses(["Oh no!", "", "noise " * 100])
    assert short[-1] == long[-1] == model.reader.end
    assert empty[-1] == model.reader.end
    assert len(long) == model.spec.max_response_tokens == 64
    assert model.reader.text(short) == "Oh no!"
    assert model.reader.text(empty) == ""


def test_half_a_surrogate_pair_is_read_as_a_question_mark(model):
    odd = replace(LONG, context=("Oh \ud800",))
    assert prompt(model, odd, 200) == prompt(model, replace(LONG, context=("Oh ?",)), 200)
    assert model.responses(["\ud800"])[0].tolist() == model.responses(["?"])[0].tolist()


def test_a_model_with_too_few_positions_says_so(tiny_language_models, rng):
    spec = LanguageSpec(model=str(tiny_language_models["gpt2"]), max_response_tokens=256)
    with pytest.raises(ConfigError, match=r"positions for 256 tokens.*lower max_response_tokens"):
        load_language_model(spec, rng).prompts([LONG])
