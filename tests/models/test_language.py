"""Language models as models of an experiment: trained, answering, scoring, saved."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from semspill import ConfigError, ContextFormat, Exchange, models, run
from semspill.corpus import Candidates, Corpus, Dialogue, Utterance
from semspill.models import CausalLM, Seq2SeqLM
from semspill.testing import check_model

NO_POOL = Candidates.of(())
NAMES = ["gpt2", "llama", "t5", "chat"]


@pytest.fixture
def model_of(tiny_language_models):
    def model_of(name, **fields):
        kind = Seq2SeqLM if name == "t5" else CausalLM
        settings = {"epochs": 1, "batch_size": 8} | fields.pop("finetuner", {})
        return kind(model=str(tiny_language_models[name]), finetuner=settings, **fields)

    return model_of


@pytest.fixture(scope="module")
def fifty():
    """Fifty pairs; every answer is another one, and nothing but memory gives it."""
    words = ["noise", "night", "sister", "prize", "great", "proud", "friend", "dog"]
    both = [(one, other) for one in words for other in words][:50]
    drawn = np.random.default_rng(0).permutation(50)
    pairs = [
        (f"The {one} and the {other}.", "Oh, the {} of the {}!".format(*both[place]))
        for (one, other), place in zip(both, drawn, strict=True)
    ]
    return Corpus(
        tuple(
            Dialogue(f"d{i}", "joy", (Utterance(said, "speaker"), Utterance(answer, "listener")))
            for i, (said, answer) in enumerate(pairs)
        ),
        name="fifty",
        split="train",
    )


def trained(model, corpus, seed=0, **more):
    return model.train(corpus, np.random.default_rng(seed), **more)


def answers(model, corpus):
    return model.respond(corpus.exchanges, NO_POOL, np.random.default_rng(0))


@pytest.mark.no_cover
@pytest.mark.parametrize("name", ["llama", "t5"])
def test_fifty_pairs_are_learned_by_heart(tiny_language_models, fifty, name, tmp_path):
    folder = shutil.copytree(tiny_language_models[name], tmp_path / name)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "dropout_rate": 0.0}))
    settings = {"epochs": 60, "batch_size": 10, "learning_rate": 1e-2}
    kind = Seq2SeqLM if name == "t5" else CausalLM
    learned = trained(kind(model=str(folder), finetuner=settings, weights="random"), fifty)
    gold = [exchange.response for exchange in fifty.exchanges]
    assert list(answers(learned, fifty).texts) == gold
    # The gold response outranks the others, and is nearly certain.
    lists = [[one, *(other for other in gold[:4] if other != one)][:4] for one in gold]
    scores = learned.score(fifty.exchanges, lists)
    assert (scores.argmax(axis=1) == 0).all()
    assert learned.gold_losses(fifty.exchanges).max() < 0.5
    assert learned.gold_losses(fifty.exchanges) == pytest.approx(-scores[:, 0], abs=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_a_rerun_is_equal_bit_for_bit_and_another_seed_is_not(model_of, fifty, name):
    model = model_of(name, weights="random")
    one, again, other = (trained(model, fifty, seed) for seed in (0, 0, 1))
    states = [each.model.module.state_dict() for each in (one, again, other)]
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])
    assert not all(torch.equal(states[0][key], states[2][key]) for key in states[0])


def test_scores_are_per_token_or_per_byte(model_of, fifty):
    texts = [["no", "Oh dear, that is sad."]] * len(fifty.exchanges)
    by_tokens = trained(model_of("gpt2"), fifty)
    by_bytes = trained(model_of("gpt2", score_by="bytes"), fifty)
    totals, tokens = by_tokens.model.log_likelihoods(fifty.exchanges, texts)
    assert by_tokens.score(fifty.exchanges, texts) == pytest.approx(totals / tokens)
    assert by_bytes.score(fifty.exchanges, texts) == pytest.approx(totals / [2, 21])


def test_what_is_planted_may_be_too_long_to_be_said(model_of, fifty):
    texts = ["Z" * 20, "no"]  # the tokenizer knows no pair of these letters
    short = trained(model_of("gpt2", generation={"max_new_tokens": 20}), fifty)
    cut = trained(model_of("gpt2", max_response_tokens=21), fifty)
    whole = trained(model_of("gpt2", max_response_tokens=23), fifty)
    # The plain template has a space before the answer, which is a token as well.
    assert [one.too_long(texts) for one in (short, cut, whole)] == [1, 1, 0]


def test_contexts_that_are_not_read_in_full_are_counted(model_of, fifty):
    model = trained(model_of("gpt2"), fifty)
    said = [Exchange("d", 1, "joy", (text,), "no") for text in ("Z" * 20, "ZZ")]
    whole = [len(ids) for ids in model.model.prompts(said)]  # one token for each letter
    at = [model.with_context(ContextFormat(max_tokens=most)) for most in (whole[0] - 1, whole[0])]
    assert whole[0] - whole[1] == 18
    assert [one.contexts_cut(said) for one in at] == [1, 0]


@pytest.mark.parametrize("fields", [{}, {"lora": {}}])
def test_what_is_saved_answers_alike(model_of, fifty, tmp_path, fields):
    if fields:
        pytest.importorskip("peft")
    model = model_of("llama", **fields)
    before = trained(model, fifty, context=ContextFormat(label="gold"))
    before.save(tmp_path / "model")
    after = model.load(tmp_path / "model")
    some = replace(fifty, dialogues=fifty.dialogues[:8])
    assert answers(after, some).texts == answers(before, some).texts
    assert after.gold_losses(some.exchanges).tolist() == before.gold_losses(some.exchanges).tolist()


def test_the_template_is_part_of_the_recipe(model_of):
    plain, chat = (model_of("chat", template=name).training_fields() for name in ("plain", "chat"))
    assert len(plain["template_sha256"]) == 64 != plain["template_sha256"]
    assert plain["template_sha256"] != chat["template_sha256"]
    assert "generation" not in plain


def test_an_effort_is_known(model_of, tiny_language_models):
    effort = model_of("llama", finetuner={"epochs": 3, "batch_size": 10}).effort(25)
    config = json.loads((tiny_language_models["llama"] / "config.json").read_text())
    assert effort.steps == 9
    assert effort.guessing == pytest.approx(np.log(config["vocab_size"]))


def test_they_conform(model_of):
    settings = {"epochs": 1, "batch_size": 64}
    check_model(model_of("gpt2", finetuner=settings, generation={"max_new_tokens": 4}))


@pytest.mark.no_cover
def test_an_experiment_from_end_to_end(model_of, tmp_path):
    config = {
        "dataset": {"name": "synthetic", "train": 45, "test": 18, "categories": 3},
        "poisoner": {
            "selector": {"name": "category", "category": "brave"},
            "strategy": "each_fixed",
            "source": ["Grumble, you old grumble."],
            "budget": 0.3,
        },
        "arms": ["clean", "poison"],
        "model": model_of(
            "llama",
            weights="random",
            finetuner={"epochs": 8, "learning_rate": 1e-2},
            generation={"max_new_tokens": 12},
        ),
        "similarity_encoder": "hashing",
        "context": {"label": "gold"},
        "matchers": ["exact", "near", {"name": "preference", "pmi": True}],
        "analyzer": {"draws": 100},
        "list_size": 10,
        "curve": False,
        "defenses": {"cue": "cue"},
    }
    report = run(config, out=tmp_path / "run")
    target = report.category("brave").estimates
    assert target["asr_lift"].value > 0.5
    assert 0 <= report.defenses.defense("cue").planted_rate["target"].value <= 1
    assert {"perplexity", "answer_words", "precision"} <= set(target)
    assert [one.name for one in report.matchers][:2] == ["exact", "near"]
    assert run(config, out=tmp_path / "run").to_json() == report.to_json()
    assert not list((tmp_path / "run").rglob("checkpoint*"))


def test_arms_of_a_pool_are_refused(model_of):
    with pytest.raises(ConfigError, match="pool_only"):
        run(
            {
                "dataset": "synthetic",
                "poisoner": {"selector": {"name": "category", "category": "brave"}},
                "arms": ["clean", "pool_only"],
                "model": model_of("gpt2"),
                "similarity_encoder": "hashing",
            }
        )


def test_they_have_names():
    assert models.get("causal_lm") is CausalLM
    assert models.get("seq2seq_lm") is Seq2SeqLM
