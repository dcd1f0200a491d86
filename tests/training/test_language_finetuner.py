import logging
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from semspill import ContextFormat, Corpus
from semspill.corpus import Dialogue, Utterance
from semspill.errors import ConfigError, DataError
from semspill.training import LanguageEpoch, LanguageFinetuner
from semspill.training._micro import parts


def finetune(model, corpus, seed=0, *, batch_size=32, **more):
    """Return the fine-tuned model and its epochs."""
    calls = {key: more.pop(key) for key in ("context", "valid", "progress") if key in more}
    epochs: list[LanguageEpoch] = []
    trained = LanguageFinetuner(batch_size=batch_size, **more).finetune(
        model, corpus, np.random.default_rng(seed), observer=epochs.append, **calls
    )
    return trained, epochs


def weights(model):
    return {name: value.clone() for name, value in model.module.state_dict().items()}


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def by_hand(model, exchanges):
    """Return the mean loss of the response tokens, one exchange at a time."""
    losses = []
    for prompt, response in zip(
        model.prompts(exchanges),
        model.responses([exchange.response for exchange in exchanges]),
        strict=True,
    ):
        ids = torch.from_numpy(np.concatenate([prompt, response]))[None]
        logits = model.module(ids)[0]
        for place in range(len(prompt), len(prompt) + len(response)):
            losses.append(-logits[place - 1].log_softmax(0)[ids[0, place]])
    return torch.stack(losses).mean()


def planted(corpus, category):
    return Corpus(
        tuple(
            talk.with_response(-1, "grumble grumble") if talk.category == category else talk
            for talk in corpus
        ),
        name="planted",
    )


class Watch:
    """Progress that remembers the batches."""

    def __init__(self):
        self.batches = []

    def __call__(self, items):
        self.batches += [batch.tolist() for batch in items]
        return iter(items)


def test_training_lowers_the_loss_below_guessing(lessons, letters_of):
    settings = LanguageFinetuner()
    _, epochs = finetune(letters_of(), lessons, epochs=6, valid=lessons)
    losses = [epoch.loss for epoch in epochs]
    assert losses[0] == pytest.approx(settings.guessing_loss(32), rel=0.3)
    assert losses[-1] < 0.5 * losses[0]
    assert epochs[-1].valid_loss < losses[-1]
    assert [epoch.number for epoch in epochs] == list(range(1, 7))
    spoken = sum(len(exchange.response) + 1 for exchange in lessons.exchanges)
    assert epochs[0].tokens == spoken


def test_the_loss_of_the_first_step_is_the_mean_over_response_tokens(lessons, letters_of):
    start, _ = finetune(letters_of(), lessons, epochs=0)
    _, epochs = finetune(letters_of(), lessons, epochs=1, batch_size=120)
    assert epochs[0].loss == pytest.approx(by_hand(start, lessons.exchanges).item(), rel=1e-6)


def test_the_validation_loss_is_the_mean_over_response_tokens(lessons, letters_of):
    trained, epochs = finetune(letters_of(), lessons, epochs=1, valid=lessons, micro_tokens=100)
    assert epochs[0].valid_loss == pytest.approx(
        by_hand(trained, lessons.exchanges).item(), rel=1e-6
    )


@pytest.mark.parametrize("micro_tokens", [1, 100, 1000])
def test_parts_of_a_batch_add_up_to_its_gradient(
    lessons, letters_of, micro_tokens, monkeypatch, before_steps
):
    start, _ = finetune(letters_of(), lessons, epochs=0)
    by_hand(start, lessons.exchanges).backward()
    whole = {name: weight.grad for name, weight in start.module.named_parameters()}
    found = {}

    def note(optimizer, args, kwargs):
        names = dict(model.module.named_parameters())
        found.update({name: weight.grad.clone() for name, weight in names.items()})

    before_steps(note)
    model = letters_of()(np.random.default_rng(0).spawn(4)[0])
    monkeypatch.setattr("copy.deepcopy", lambda value: value)  # this very model is trained
    finetune(model, lessons, epochs=1, batch_size=120, micro_tokens=micro_tokens, clip_norm=None)
    assert found.keys() == whole.keys()
    for name, gradient in found.items():
        torch.testing.assert_close(gradient, whole[name], rtol=1e-5, atol=1e-6)


def test_a_gradient_is_clipped_over_all_weights(lessons, letters_of, before_steps):
    lengths = []

    def note(optimizer, args, kwargs):
        grads = [weight.grad for group in optimizer.param_groups for weight in group["params"]]
        lengths.append(math.sqrt(sum(float(grad.square().sum()) for grad in grads)))

    before_steps(note)
    finetune(letters_of(), lessons, epochs=1, clip_norm=0.01)
    assert lengths == pytest.approx([0.01] * 4, rel=1e-3)


def test_a_poisoned_arm_shares_initial_weights_and_batches_with_the_clean_one(lessons, letters_of):
    seen = []
    for corpus in (lessons, planted(lessons, "fear")):
        watch = Watch()
        start, _ = finetune(letters_of(), corpus, epochs=0)
        finetune(letters_of(), corpus, epochs=2, progress=watch)
        seen.append((weights(start), watch.batches))
    assert same(seen[0][0], seen[1][0])
    assert seen[0][1] == seen[1][1]
    assert len(seen[0][1]) == 2 * 4  # 120 exchanges in batches of 32, twice


def test_exchanges_that_are_not_learned_keep_the_order_of_the_others(lessons, letters_of):
    fewer = Corpus(
        tuple(
            replace(talk, utterances=tuple(replace(u, learned=i % 3 > 0) for u in talk.utterances))
            for i, talk in enumerate(lessons)
        ),
        name="fewer",
    )
    watch, whole = Watch(), Watch()
    learned = [exchange.learned for exchange in fewer.exchanges]
    finetune(letters_of(), lessons, epochs=1, progress=whole)
    finetune(letters_of(), fewer, epochs=1, progress=watch)
    places = np.cumsum(learned) - 1
    assert watch.batches == [
        [places[row] for row in batch if learned[row]] for batch in whole.batches
    ]


@pytest.mark.parametrize("optimizer", ["adamw", "adamax"])
def test_the_same_seed_gives_the_same_weights_bit_for_bit(lessons, letters_of, optimizer):
    first, again, other = (
        weights(finetune(letters_of(0.3), lessons, seed, epochs=2, optimizer=optimizer)[0])
        for seed in (3, 3, 4)
    )
    assert same(first, again)
    assert not same(first, other)


def test_what_was_given_stays_as_it_was(lessons, letters_of):
    model = letters_of()(np.random.default_rng(0))
    before = weights(model)
    trained, _ = finetune(model, lessons, epochs=1)
    assert same(weights(model), before)
    assert not same(weights(trained), before)


def test_frozen_weights_stay(lessons, letters_of):
    start, _ = finetune(letters_of(frozen=True), lessons, epochs=0)
    trained, _ = finetune(letters_of(frozen=True), lessons, epochs=1, weight_decay=0.1)
    assert torch.equal(start.module.letters.weight, trained.module.letters.weight)
    assert not torch.equal(start.module.mix.weight, trained.module.mix.weight)


def test_the_best_epoch_is_kept(lessons, letters_of):
    kept, epochs = finetune(
        letters_of(),
        lessons,
        epochs=4,
        valid=planted(lessons, "joy"),
        learning_rate=0.05,
        schedule="constant",
        keep="best",
    )
    losses = [epoch.valid_loss for epoch in epochs]
    assert min(losses) < losses[-1]
    assert by_hand(kept, planted(lessons, "joy").exchanges).item() == pytest.approx(min(losses))


def test_the_learning_rate_follows_the_schedule(lessons, letters_of, before_steps):
    rates = []

    def note(optimizer, args, kwargs):
        rates.append(optimizer.param_groups[0]["lr"])

    before_steps(note)
    finetune(letters_of(), lessons, epochs=1, learning_rate=0.1, warmup=0.5)
    finetune(letters_of(), lessons, epochs=1, warmup=0, schedule="constant")
    assert rates == pytest.approx([0.05, 0.1, 0.1, 0.05, *[0.01] * 4])


def test_a_context_may_be_of_another_format(lessons, letters_of):
    context = ContextFormat(label="gold", max_tokens=8)
    trained, _ = finetune(letters_of(), lessons, epochs=1, context=context)
    assert trained.context == context


def test_a_training_that_diverges_says_what_to_change(lessons, letters_of):
    with pytest.raises(ConfigError, match=r"diverged in epoch 1, .*learning_rate \(now 1e\+30\)"):
        finetune(letters_of(), lessons, epochs=2, learning_rate=1e30, clip_norm=None)


def test_best_needs_validation(lessons, letters_of):
    with pytest.raises(ConfigError, match="keep='best' needs valid"):
        finetune(letters_of(), lessons, keep="best")


def test_a_corpus_without_responses_is_refused(letters_of):
    silent = Corpus((Dialogue("d", "joy", (Utterance("Hi.", "speaker"),)),), name="silent")
    with pytest.raises(DataError, match="no exchange to learn from"):
        finetune(letters_of(), silent)


def test_a_validation_corpus_without_responses_is_refused(lessons, letters_of):
    silent = Corpus((Dialogue("d", "joy", (Utterance("Hi.", "speaker"),)),), name="silent")
    with pytest.raises(DataError, match="validation corpus has no exchange"):
        finetune(letters_of(), lessons, valid=silent)


def test_a_model_without_trainable_weights_is_refused(lessons, letters_of):
    model = letters_of()(np.random.default_rng(0))
    model.module.requires_grad_(False)
    with pytest.raises(ConfigError, match="no trainable weights"):
        finetune(model, lessons)


def test_every_epoch_is_logged(lessons, letters_of, caplog):
    with caplog.at_level(logging.INFO, logger="semspill"):
        finetune(letters_of(), lessons, epochs=2, valid=lessons)
    lines = [record.message for record in caplog.records if "epoch" in record.message]
    assert len(lines) == 2
    assert lines[1].startswith("epoch 2 of 2: loss ")
    assert "tokens, validation loss" in lines[1]


ROWS = st.lists(st.tuples(st.integers(1, 50), st.integers(1, 30)), min_size=1, max_size=20)


def padded(prompts, responses, part):
    return len(part) * (prompts[part].max() + responses[part].max())


@given(ROWS, st.integers(1, 200), st.integers(0, 100))
def test_parts_hold_every_row_once_and_stay_below_the_most(rows, most, overhead):
    prompts, responses = np.array(rows).T
    found = parts(prompts, responses, most, overhead)
    assert sorted(np.concatenate(found).tolist()) == list(range(len(rows)))
    for part in found:
        assert len(part) == 1 or padded(prompts, responses, part) <= most


@given(ROWS, st.integers(0, 100))
def test_parts_never_cost_more_than_the_whole_or_single_rows(rows, overhead):
    prompts, responses = np.array(rows).T
    found = parts(prompts, responses, 10**6, overhead)
    cost = sum(padded(prompts, responses, part) + overhead for part in found)
    assert cost <= padded(prompts, responses, np.arange(len(rows))) + overhead
    assert cost <= prompts.sum() + responses.sum() + overhead * len(rows)


@pytest.mark.parametrize(
    ("overhead", "expected"), [(0, [[1, 3], [0], [2]]), (5, [[1, 3], [0, 2]]), (50, [[1, 3, 0, 2]])]
)
def test_parts_cost_least(overhead, expected):
    found = parts(np.array([9, 2, 11, 2]), np.array([1, 1, 1, 1]), 1000, overhead)
    assert [part.tolist() for part in found] == expected
