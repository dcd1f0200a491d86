import hashlib

import pytest

from semspill import ConfigError, ContextFormat, Exchange
from semspill.language import LanguageSpec
from semspill.language._files import template_digest
from semspill.language.language_model import load_language_model

TALK = ("My vase broke.", "Oh no!", "The dog did it.", "And now?")
ROLES = ("speaker", "listener", "speaker", "speaker")


@pytest.fixture
def exchange():
    return Exchange("d", 4, "joy", TALK, "Grumble.", roles=ROLES, system="Be kind.")


@pytest.fixture
def load(tiny_language_models, rng):
    def load(name, context=None, **fields):
        kind = "seq2seq" if name == "t5" else "causal"
        spec = LanguageSpec(model=str(tiny_language_models[name]), kind=kind, **fields)
        return load_language_model(spec, rng, context=context)

    return load


def test_a_base_model_reads_lines_that_name_who_speaks(load, exchange):
    model = load("gpt2", ContextFormat(label="gold", prompt="A talk.", max_tokens=200))
    assert model.tokenizer.decode(model.prompts([exchange])[0]) == (
        "Be kind. A talk. joy\nSpeaker: My vase broke.\nListener: Oh no!\n"
        "Speaker: The dog did it.\nSpeaker: And now?\nListener:"
    )


def test_only_the_newest_turns_that_the_format_asks_for_are_read(load, exchange):
    model = load("gpt2", ContextFormat(turns=2, max_tokens=200))
    text = model.tokenizer.decode(model.prompts([exchange])[0])
    assert text == "Be kind.\nSpeaker: The dog did it.\nSpeaker: And now?\nListener:"


def test_special_tokens_stand_around_a_plain_context_where_the_model_expects_them(load, exchange):
    llama, t5 = load("llama"), load("t5")
    assert llama.prompts([exchange])[0][0] == llama.tokenizer.bos_token_id
    assert llama.prompts([exchange])[0][-1] != llama.tokenizer.eos_token_id
    assert t5.prompts([exchange])[0][-1] == t5.tokenizer.eos_token_id


def test_a_chat_model_is_given_what_its_template_makes_of_merged_turns(load, exchange):
    model = load("chat", ContextFormat(label="gold", max_tokens=200))
    messages = [
        {"role": "system", "content": "Be kind. joy"},
        {"role": "user", "content": "My vase broke."},
        {"role": "assistant", "content": "Oh no!"},
        {"role": "user", "content": "The dog did it.\nAnd now?"},
    ]
    made = model.tokenizer.apply_chat_template(messages, add_generation_prompt=True)
    assert model.prompts([exchange])[0].tolist() == made["input_ids"]
    assert model.responses(["Oh."])[0][-1] == model.tokenizer.convert_tokens_to_ids("<|end|>")


def test_a_template_that_refuses_a_system_turn_has_it_in_the_first_user_turn(load, exchange):
    model = load("strict", ContextFormat(label="gold", max_tokens=200))
    assert model.tokenizer.decode(model.prompts([exchange])[0]) == (
        "<s>[ASK] Be kind. joy\n\nMy vase broke. [/ASK] Oh no!</s>"
        "[ASK] The dog did it.\nAnd now? [/ASK]"
    )
    # What stands between the context and the response belongs to the response.
    assert model.tokenizer.decode(model.responses(["Oh no!"])[0]) == " Oh no!</s>"


def test_a_template_whose_first_turn_must_be_the_users_gets_one(load):
    model = load("strict")
    first = Exchange("d", 2, "joy", ("Oh no!", "Yes."), "", roles=("listener", "speaker"))
    text = model.tokenizer.decode(model.prompts([first])[0])
    assert text == "<s>[ASK]  [/ASK] Oh no!</s>[ASK] Yes. [/ASK]"


def test_a_context_without_turns_can_be_read(load):
    empty = Exchange("d", 1, "joy", (), "Oh.")
    texts = {}
    for name in ("gpt2", "chat"):
        model = load(name)
        texts[name] = model.tokenizer.decode(model.prompts([empty])[0])
    assert texts == {"gpt2": "Listener:", "chat": "<|user|>\n<|end|>\n<|assistant|>\n"}


def test_a_chat_model_can_be_given_plain_lines(load, exchange):
    plain = load("chat", template="plain")
    assert plain.tokenizer.decode(plain.prompts([exchange])[0]).endswith("\nListener:")
    with pytest.raises(ConfigError, match="no chat template; use 'auto' or 'plain'"):
        load("gpt2", template="chat")


def test_the_hash_of_the_template_is_known_before_the_model_is_loaded(load, tiny_language_models):
    digests = {}
    for name in ("gpt2", "chat", "strict"):
        model = load(name)
        assert template_digest(model.spec) == model.template
        digests[name] = model.template
    assert len(set(digests.values())) == 3
    assert template_digest(load("chat", template="plain").spec) == digests["gpt2"]
    assert len(bytes.fromhex(digests["chat"])) == hashlib.sha256().digest_size
