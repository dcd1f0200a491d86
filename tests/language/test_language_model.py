"""Likelihoods, generation and saving, against transformers itself and one text at a time."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch.utils._python_dispatch import TorchDispatchMode

from semspill import ConfigError, ContextFormat, DataError, Exchange
from semspill.language import Generation, LanguageSpec, Lora
from semspill.language import _scoring as scoring
from semspill.language.language_model import load_language_model, read_language_model

SAID = [
    ("I heard a noise.",),
    ("My sister won.", "Tell me more!", "She won the big prize yesterday, and I was so glad."),
    ("Oh no!", "What happened?", "The old dog."),
    ("What?",),
]
ANSWERS = [
    "Oh no! What happened?",
    "Grumble, grumble.",
    "",
    "That is great news, you must be glad!",
]
EXCHANGES = [
    Exchange(f"d{i}", len(said), "joy", said, answer)
    for i, (said, answer) in enumerate(zip(SAID, ANSWERS, strict=True))
]
NAMES = ["gpt2", "llama", "t5", "chat"]


def loaded(folders, name, **fields):
    kind = "seq2seq" if name == "t5" else "causal"
    spec = LanguageSpec(model=str(folders[name]), kind=kind, **fields)
    context = ContextFormat(label="gold", max_tokens=80)
    return load_language_model(spec, np.random.default_rng(0), context=context)


@pytest.fixture(scope="module", params=NAMES)
def model(request, tiny_language_models):
    return loaded(tiny_language_models, request.param)


@torch.no_grad()
def alone(model, prompt, response):
    """The log-likelihood of one response, by one unpadded text and all of its logits."""
    if model.spec.kind == "seq2seq":
        ids, labels = torch.tensor([prompt.tolist()]), torch.tensor([response.tolist()])
        logits = model.module(input_ids=ids, labels=labels).logits[0]
    else:
        ids = torch.tensor([[*prompt.tolist(), *response.tolist()]])
        logits = model.module(input_ids=ids).logits[0, len(prompt) - 1 : -1]
    values = torch.log_softmax(logits.double(), dim=-1)
    return float(values[torch.arange(len(response)), torch.from_numpy(response)].sum())


def test_likelihoods_are_those_of_single_texts_without_padding(model, monkeypatch):
    prompts, responses = model.prompts(EXCHANGES), model.responses(ANSWERS)
    expected = np.array([[alone(model, p, r) for r in responses] for p in prompts])
    found, tokens = model.log_likelihoods(EXCHANGES, [ANSWERS] * len(EXCHANGES))
    assert np.abs(found - expected).max() < 1e-4
    assert tokens.tolist() == [[len(r) for r in responses]] * len(EXCHANGES)
    # In the smallest groups too.
    monkeypatch.setattr(scoring, "_TOKENS", {"cpu": 1})
    monkeypatch.setattr(scoring, "_CONTEXTS", 1)
    small, _ = model.log_likelihoods(EXCHANGES, [ANSWERS] * len(EXCHANGES))
    assert np.abs(small - expected).max() < 1e-4


def test_a_text_that_is_listed_twice_has_one_value_and_no_text_gives_no_value(model):
    lists = [["Oh no!", "What?", "Oh no!"], ["What?", "What?", "Oh no!"]]
    found, _ = model.log_likelihoods(EXCHANGES[:2], lists)
    assert found[0, 0] == found[0, 2]
    assert found[1, 0] == found[1, 1]
    assert model.log_likelihoods(EXCHANGES[:2], [[], []])[0].shape == (2, 0)
    assert model.log_likelihoods([], [])[0].shape == (0, 0)
    with pytest.raises(DataError, match="lists of 1 to 2"):
        model.log_likelihoods(EXCHANGES[:2], [["Oh no!"], ["What?", "Oh no!"]])


def test_the_loss_and_its_gradient_are_those_of_transformers_on_the_same_labels(model):
    prompts, responses = model.prompts(EXCHANGES), model.responses(ANSWERS)
    weights = list(model.module.parameters())
    losses, held = model.nll(prompts, responses)
    assert held.sum(dim=1).tolist() == [len(row) for row in responses]
    ours = torch.autograd.grad(losses[held].sum(), weights, allow_unused=True)
    total = 0.0
    for prompt, response in zip(prompts, responses, strict=True):
        if model.spec.kind == "seq2seq":
            ids, labels = prompt.tolist(), response.tolist()
        else:
            ids = [*prompt.tolist(), *response.tolist()]
            labels = [-100] * len(prompt) + response.tolist()
        out = model.module(input_ids=torch.tensor([ids]), labels=torch.tensor([labels]))
        total = total + out.loss * len(response)
    theirs = torch.autograd.grad(total, weights, allow_unused=True)
    assert losses[held].sum().item() == pytest.approx(total.item(), rel=1e-5)
    for one, other in zip(ours, theirs, strict=True):
        assert (one is None) == (other is None)
        assert one is None or torch.allclose(one, other, rtol=1e-3, atol=1e-4)


@torch.no_grad()
def greedily(model, prompt, most):
    """What transformers itself generates after one context."""
    out = model.module.generate(
        torch.tensor([prompt.tolist()]),
        attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
        max_new_tokens=most,
        do_sample=False,
        num_beams=1,
        eos_token_id=sorted(model.reader.stops),
        pad_token_id=model.reader.pad,
    )[0]
    return out[1:].tolist() if model.spec.kind == "seq2seq" else out[len(prompt) :].tolist()


def test_batches_generate_what_transformers_does_one_by_one(model):
    # min_new_tokens of 0, so that nothing is forbidden to either.
    generation = Generation(max_new_tokens=12, min_new_tokens=0, batch_size=3)
    made = model.generate(EXCHANGES, generation, np.random.default_rng(0))
    rows = [greedily(model, prompt, 12) for prompt in model.prompts(EXCHANGES)]
    assert made.texts == tuple(model.reader.text(row) for row in rows)
    assert made.tokens.tolist() == [len(row) for row in rows]
    for prompt, row, value in zip(
        model.prompts(EXCHANGES), rows, made.log_likelihoods, strict=True
    ):
        assert value == pytest.approx(alone(model, prompt, np.array(row)), abs=1e-3)


def test_draws_depend_on_the_generator_and_not_on_the_batch(model):
    generation = Generation(max_new_tokens=8, temperature=1.0, top_p=0.9)
    first, again, other = (
        model.generate(EXCHANGES, generation, np.random.default_rng(seed)).texts
        for seed in (1, 1, 2)
    )
    small = generation.replace(batch_size=1)
    assert first == again == model.generate(EXCHANGES, small, np.random.default_rng(1)).texts
    assert first != other


def test_responses_end_at_the_end_token_and_no_earlier_than_asked(tiny_language_models):
    model = loaded(tiny_language_models, "gpt2")  # it pads with its end token
    end = model.reader.end
    with torch.no_grad():  # whatever it reads, the end is likeliest
        model.module.transformer.ln_f.weight.zero_()
        model.module.transformer.ln_f.bias.copy_(model.module.lm_head.weight[end] * 10)
    for least in (0, 1, 3):
        made = model.generate(
            EXCHANGES, Generation(max_new_tokens=6, min_new_tokens=least), np.random.default_rng(0)
        )
        assert made.tokens.tolist() == [least + 1] * len(EXCHANGES)
    assert model.generate(EXCHANGES[:1], Generation(min_new_tokens=0), np.random.default_rng(0))
    with pytest.raises(ConfigError, match="min_new_tokens is 5, more than"):
        Generation(min_new_tokens=5, max_new_tokens=4)


def test_drawing_follows_the_distribution_and_its_nucleus():
    from semspill.language._generating import _drawn

    logits = torch.log(torch.tensor([[0.2, 0.5, 0.3]])).repeat(5, 1)
    draws = np.array([0.0, 0.49, 0.51, 0.79, 0.81])
    assert _drawn(logits, 1.0, draws).tolist() == [1, 1, 2, 2, 0]
    # Of 0.5 and 0.3, which make up 0.6: 0.625 and 0.375.
    draws = np.array([0.0, 0.62, 0.63, 0.99, 0.999999])
    assert _drawn(logits, 0.6, draws).tolist() == [1, 1, 2, 2, 2]


def test_a_saved_model_answers_and_scores_the_same(model, tmp_path):
    model.save(tmp_path / "model")
    again = read_language_model(tmp_path / "model")
    assert again.context == model.context
    assert again.template == model.template
    lists = [ANSWERS] * len(EXCHANGES)
    expected = model.log_likelihoods(EXCHANGES, lists)[0]
    assert np.array_equal(again.log_likelihoods(EXCHANGES, lists)[0], expected)
    assert not list((tmp_path / "model").glob("*.bin"))
    (tmp_path / "model" / "language_model.json").unlink()
    with pytest.raises(DataError, match=r"holds no language_model\.json"):
        read_language_model(tmp_path / "model")


@pytest.mark.parametrize("name", NAMES[:3])
def test_adapters_begin_at_no_change_and_are_saved_alone(name, tiny_language_models, tmp_path):
    lora = Lora(r=2, target_modules="all-linear" if name == "gpt2" else None)
    model, plain = (loaded(tiny_language_models, name, lora=own) for own in (lora, None))
    lists = [ANSWERS] * len(EXCHANGES)
    expected = plain.log_likelihoods(EXCHANGES, lists)[0]
    assert np.allclose(model.log_likelihoods(EXCHANGES, lists)[0], expected, atol=1e-4)
    trained = {name: w for name, w in model.module.named_parameters() if w.requires_grad}
    assert trained
    assert all("lora_" in name for name in trained)
    again = loaded(tiny_language_models, name, lora=lora)
    for one, other in zip(model.module.parameters(), again.module.parameters(), strict=True):
        assert torch.equal(one, other)
    with torch.no_grad():
        for weight in trained.values():
            weight.fill_(0.05)
    moved = model.log_likelihoods(EXCHANGES, lists)[0]
    assert not np.allclose(moved, expected, atol=1e-2)
    model.save(tmp_path)
    with safe_open(tmp_path / "adapter_model.safetensors", "pt") as file:
        assert all("lora_" in name for name in file.keys())
    assert not (tmp_path / "model.safetensors").exists()
    read = read_language_model(tmp_path)
    assert np.array_equal(read.log_likelihoods(EXCHANGES, lists)[0], moved)
    assert read.learning_rate == 2e-4


class Products(TorchDispatchMode):
    """Notes the shapes of all matrices that are multiplied in batches."""

    def __init__(self):
        super().__init__()
        self.shapes = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func is torch.ops.aten.bmm.default:
            self.shapes += [tuple(args[1].shape)]
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("name", NAMES[:3])
def test_a_frozen_head_is_not_copied_for_each_row(name, tiny_language_models):
    # Of a tensor that is not contiguous PyTorch would multiply a batch of copies of its weights.
    model = loaded(tiny_language_models, name, lora=Lora(r=2))
    with Products() as products:
        model.nll(model.prompts(EXCHANGES), model.responses(ANSWERS))
        with torch.no_grad():
            model.log_likelihoods(EXCHANGES, [ANSWERS] * len(EXCHANGES))
    sizes = {shape[-1] for shape in products.shapes}
    assert model.module.config.vocab_size not in sizes, products.shapes


def test_adapters_that_fit_nothing_are_refused(tiny_language_models):
    with pytest.raises(ConfigError, match="no module for 1 of them"):
        loaded(tiny_language_models, "gpt2", lora=Lora(target_modules=("nowhere",)))
    with pytest.raises(ConfigError, match="lora adapts pretrained weights"):
        LanguageSpec(model="m", weights="random", lora=Lora())


def test_adapters_that_fit_only_some_names_are_refused(tiny_language_models):
    with pytest.raises(ConfigError, match=r"2 names .* no module for 1 of them \(c_atn\)"):
        loaded(tiny_language_models, "gpt2", lora=Lora(target_modules=("c_fc", "c_atn")))
    # The end of a name is enough, part of a name is not.
    loaded(tiny_language_models, "gpt2", lora=Lora(target_modules=("mlp.c_fc", "h.0.attn.c_attn")))
    with pytest.raises(ConfigError, match=r"no module for 1 of them \(fc\)"):
        loaded(tiny_language_models, "gpt2", lora=Lora(target_modules=("fc",)))


def test_adapters_are_not_read_onto_other_weights(tiny_language_models, tmp_path):
    base, saved = tmp_path / "base", tmp_path / "saved"
    shutil.copytree(tiny_language_models["gpt2"], base)
    model = loaded({"gpt2": base}, "gpt2", lora=Lora(r=2, target_modules="all-linear"))
    model.save(saved)
    read_language_model(saved)
    weights = load_file(base / "model.safetensors")
    weights["transformer.ln_f.bias"][0] += 1
    save_file(weights, base / "model.safetensors", {"format": "pt"})
    with pytest.raises(DataError, match="were trained on other weights"):
        read_language_model(saved)


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ("{", "cannot be read"),
        ("[]", "was not written by save"),
        ('{"format": 2}', "has format 2; this version reads 1"),
        ('{"format": 1, "spec": {}}', "lacks 'context'"),
    ],
)
def test_a_saved_model_whose_description_is_damaged_is_named(tmp_path, held, said):
    (tmp_path / "language_model.json").write_text(held)
    with pytest.raises(DataError, match=rf"language_model\.json {said}"):
        read_language_model(tmp_path)


def test_random_weights_are_drawn_from_the_generator(tiny_language_models):
    pretrained = loaded(tiny_language_models, "llama")
    first, second = (loaded(tiny_language_models, "llama", weights="random") for _ in range(2))
    states = [model.module.state_dict() for model in (first, second, pretrained)]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    assert not all(torch.equal(states[0][name], states[2][name]) for name in states[0])
    assert (first.learning_rate, pretrained.learning_rate) == (1e-3, 5e-5)


def test_weights_are_float32_whatever_they_were_saved_in(tiny_language_models, tmp_path):
    model = loaded(tiny_language_models, "gpt2")
    model.module.to(torch.bfloat16).save_pretrained(tmp_path)
    model.tokenizer.save_pretrained(tmp_path)
    read = load_language_model(LanguageSpec(model=str(tmp_path)), np.random.default_rng(0))
    assert {weight.dtype for weight in read.module.parameters()} == {torch.float32}


def test_bfloat16_is_near_float32_and_trains_weights_of_float32(tiny_language_models):
    full, half = (loaded(tiny_language_models, "llama", dtype=d) for d in ("float32", "bfloat16"))
    texts = [["Oh no!", "That is great news!"]] * len(EXCHANGES)
    one, other = (model.log_likelihoods(EXCHANGES, texts)[0] for model in (full, half))
    assert not np.array_equal(one, other)
    assert other == pytest.approx(one, rel=0.03)
    assert {weight.dtype for weight in half.module.parameters()} == {torch.float32}


def test_another_context_is_read_by_the_same_weights(model):
    plain = model.with_context(ContextFormat(max_tokens=80))
    assert plain.module is model.module
    other = [replace(exchange, category="grumble") for exchange in EXCHANGES]
    rows = [model.prompts(other), plain.prompts(other), plain.prompts(EXCHANGES)]
    assert [row.tolist() for row in rows[1]] == [row.tolist() for row in rows[2]]
    assert [row.tolist() for row in rows[0]] != [row.tolist() for row in rows[1]]


def test_a_broken_or_absent_model_is_named(tmp_path, rng, tiny_language_models):
    with pytest.raises(DataError, match="is not on this machine and the hub did not give it"):
        load_language_model(LanguageSpec(model="nobody/has-this-model"), rng)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(DataError, match=r"cannot be read .*; give a folder that save_pretrained"):
        load_language_model(LanguageSpec(model=str(tmp_path)), rng)
    (tmp_path / "broken.gguf").write_bytes(b"GGUF")
    with pytest.raises(DataError, match=r"cannot be read .*; give a whole GGUF file"):
        load_language_model(LanguageSpec(model=str(tmp_path), gguf_file="broken.gguf"), rng)
    folder = str(tiny_language_models["gpt2"])
    with pytest.raises(DataError, match=r"no GGUF file 'tiny\.gguf'"):
        load_language_model(LanguageSpec(model=folder, gguf_file="tiny.gguf"), rng)
