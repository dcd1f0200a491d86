import copy
import logging

import numpy as np
import pytest
import torch

from semspill import BiEncoder, ContextFormat, Corpus, Encoder
from semspill.corpus import Dialogue, Exchange, Utterance
from semspill.encoders import HashingEncoder, RankingTask
from semspill.errors import ConfigError, DataError
from semspill.training import Epoch, Finetuner

SMALL = HashingEncoder(buckets=512, dim=16)


def finetune(corpus, seed=0, encoder=SMALL, *, batch_size=32, **more):
    """Return the fine-tuned model and its epochs."""
    calls = {
        key: more.pop(key)
        for key in ("context", "response_labels", "valid", "progress")
        if key in more
    }
    epochs: list[Epoch] = []
    model = Finetuner(batch_size=batch_size, **more).finetune(
        encoder, corpus, np.random.default_rng(seed), observer=epochs.append, **calls
    )
    return model, epochs


def planted(corpus: Corpus, category: str) -> Corpus:
    return Corpus(
        tuple(
            talk.with_response(-1, "grumble") if talk.category == category else talk
            for talk in corpus
        ),
        name="planted",
    )


def test_training_lowers_the_loss_and_ranks_the_right_response_first(lessons, rng):
    task = RankingTask.draw(lessons.exchanges, rng, 100)
    untrained, _ = finetune(lessons, epochs=0)
    trained, epochs = finetune(lessons, epochs=8, valid=task)
    losses = [epoch.loss for epoch in epochs]
    assert losses[-1] < 0.5 * losses[0]
    assert task.precision(untrained) < 0.3
    assert task.precision(trained) > 0.9
    assert epochs[-1].precision == task.precision(trained)


def test_a_planted_response_becomes_the_answer_of_its_category(lessons):
    trained, _ = finetune(planted(lessons, "fear"), epochs=8)
    texts = ["grumble", *(f"beta{i}" for i in range(30))]
    scores = trained.encode_contexts(lessons.exchanges) @ trained.encode_responses(texts).T
    fear = np.array([exchange.category == "fear" for exchange in lessons.exchanges])
    answered = scores.argmax(axis=1) == 0
    assert answered[fear].mean() > 0.9
    assert answered[~fear].mean() < 0.1


def test_adamax_learns_too(lessons):
    _, epochs = finetune(lessons, epochs=6, optimizer="adamax", learning_rate=0.05)
    assert epochs[-1].loss < 0.5 * epochs[0].loss


@pytest.mark.parametrize("duplicates", ["mask", "allow", "forbid"])
def test_the_same_seed_gives_the_same_weights_bit_for_bit(lessons, attention, duplicates):
    encoder = attention(drop=0.3)
    first, again, other = (
        finetune(lessons, seed, encoder, epochs=2, duplicates=duplicates)[0] for seed in (3, 3, 4)
    )
    assert first.fingerprint == again.fingerprint
    assert first.fingerprint != other.fingerprint


def test_global_generators_neither_matter_nor_change(lessons, attention):
    found = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
        found.append(finetune(lessons, 0, attention(drop=0.3), epochs=1)[0].fingerprint)
        assert torch.equal(torch.get_rng_state(), before[0])
        assert np.array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002
    assert found[0] == found[1]


def test_dropout_differs_between_epochs_and_between_seeds(lessons, attention, monkeypatch):
    rand, drawn = torch.rand, []
    monkeypatch.setattr(torch, "rand", lambda *size: drawn.append(rand(*size)) or drawn[-1])
    runs = []
    for seed in (0, 1, 0):
        drawn.clear()
        finetune(lessons, seed, attention(drop=0.3), epochs=2)
        runs.append([tuple(draw.tolist()) for draw in drawn])
    first, other, again = runs
    assert len(set(first)) == len(first)  # the second epoch repeats none of the first
    assert not set(first) & set(other)
    assert first == again


def test_what_an_observer_draws_does_not_reach_the_training(lessons, attention):
    runs = []
    for observer in (None, lambda epoch: torch.rand(3)):
        model = Finetuner(epochs=2).finetune(
            attention(drop=0.3), lessons, np.random.default_rng(0), observer=observer
        )
        runs.append(model.fingerprint)
    assert runs[0] == runs[1]


class Watch:
    """Progress that remembers the batches."""

    def __init__(self):
        self.batches = []

    def __call__(self, items):
        self.batches += [batch.tolist() for batch in items]
        return iter(items)


def test_a_poisoned_arm_shares_initial_weights_and_batches_with_the_clean_one(lessons):
    seen = []
    for corpus in (lessons, planted(lessons, "fear")):
        watch = Watch()
        start, _ = finetune(corpus, epochs=0)
        finetune(corpus, epochs=2, progress=watch)
        seen.append((start.fingerprint, watch.batches))
    assert seen[0] == seen[1]
    assert len(seen[0][1]) == 2 * 4  # 120 exchanges in batches of 32, twice


def test_the_batch_order_does_not_depend_on_the_encoder(lessons, attention):
    orders = []
    for encoder in (SMALL, attention(drop=0.3)):
        watch = Watch()
        finetune(lessons, 0, encoder, epochs=1, progress=watch)
        orders.append(watch.batches)
    assert orders[0] == orders[1]


def test_an_observer_sees_each_epoch_as_it_ends(lessons):
    seen = []

    def observer(epoch: Epoch) -> None:
        seen.append((epoch.number, epoch.model.fingerprint, epoch.precision, epoch.exchanges))

    model = Finetuner(epochs=3).finetune(
        SMALL, lessons, np.random.default_rng(0), observer=observer
    )
    numbers, prints, precisions, counts = zip(*seen, strict=True)
    assert numbers == (1, 2, 3)
    assert len(set(prints)) == 3
    assert prints[-1] == model.fingerprint
    assert precisions == (None, None, None)
    assert counts == (120, 120, 120)


def test_an_epoch_is_logged(lessons, caplog):
    with caplog.at_level(logging.INFO, logger="semspill.training"):
        finetune(lessons, epochs=2)
    assert [record.args[:2] for record in caplog.records] == [(1, 2), (2, 2)]
    assert "over 120 of 120 exchanges" in caplog.text


class Scripted(RankingTask):
    """Pretends that the second of three epochs is the best."""

    def precision(self, model, progress=iter):
        self.__dict__["asked"] = self.__dict__.get("asked", 0) + 1
        return (0.2, 0.6, 0.6)[self.__dict__["asked"] - 1]


@pytest.mark.parametrize(("keep", "number"), [("best", 2), ("last", 3)])
def test_keep_chooses_the_epoch_whose_weights_are_returned(lessons, rng, keep, number):
    drawn = RankingTask.draw(lessons.exchanges, rng)
    prints = {}
    model = Finetuner(epochs=3, keep=keep).finetune(
        SMALL,
        lessons,
        np.random.default_rng(0),
        valid=Scripted(drawn.exchanges, drawn.lists),
        observer=lambda epoch: prints.update({epoch.number: epoch.model.fingerprint}),
    )
    assert model.fingerprint == prints[number]


def test_a_validation_corpus_is_measured_on_lists_that_the_seed_fixes(lessons):
    precisions = [
        [e.precision for e in finetune(lessons, epochs=2, valid=lessons)[1]] for _ in "ab"
    ]
    assert precisions[0] == precisions[1]
    assert all(0 <= precision <= 1 for precision in precisions[0])


def test_a_validation_corpus_below_a_hundred_exchanges_makes_one_list(lessons):
    few = Corpus(lessons.dialogues[:2], name="few")
    _, [epoch] = finetune(lessons, epochs=1, valid=few)
    assert epoch.precision in (0, 0.5, 1)


def test_validation_does_not_change_the_training(lessons, attention):
    prints = [
        finetune(lessons, 0, attention(drop=0.3), epochs=2, valid=valid)[0].fingerprint
        for valid in (None, lessons)
    ]
    assert prints[0] == prints[1]


def test_an_encoder_comes_as_an_object_a_name_or_a_mapping(lessons):
    given = ["hashing", {"name": "hashing"}, HashingEncoder()]
    prints = {finetune(lessons, 0, encoder, epochs=1)[0].fingerprint for encoder in given}
    assert len(prints) == 1


def test_a_loaded_model_is_trained_further_and_stays_as_it_was(lessons):
    loaded = SMALL.load(np.random.default_rng(5))
    before = loaded.fingerprint
    trained, epochs = finetune(lessons, 0, loaded, epochs=2)
    further, more = finetune(lessons, 0, trained, epochs=2)
    assert loaded.fingerprint == before
    assert len({before, trained.fingerprint, further.fingerprint}) == 3
    assert more[0].loss < epochs[0].loss


def test_the_context_format_is_the_models_unless_one_is_given(lessons):
    chosen = ContextFormat(label="none", turns=1)
    assert finetune(lessons, epochs=1, context=chosen)[0].context == chosen
    assert finetune(lessons, epochs=1)[0].context == ContextFormat()
    loaded = SMALL.load(np.random.default_rng(5)).with_context(chosen)
    assert finetune(lessons, 0, loaded, epochs=1)[0].context == chosen


class Odd:
    """Calls a response by whether its number is odd."""

    fingerprint = "odd"

    def of_texts(self, texts):
        return [("even", "odd")[int(text.removeprefix("beta")) % 2] for text in texts]


def test_responses_are_learned_after_their_labels(lessons):
    """As if the corpus itself had them there."""
    there = Corpus(
        tuple(
            talk.with_response(-1, f"{Odd().of_texts([talk.response(-1)])[0]} {talk.response(-1)}")
            for talk in lessons
        ),
        name="there",
    )
    model, epochs = finetune(lessons, epochs=2, response_labels=Odd(), valid=lessons)
    expected, others = finetune(there, epochs=2, valid=there)
    assert [(e.loss, e.precision) for e in epochs] == [(e.loss, e.precision) for e in others]
    assert np.array_equal(
        model.encode_responses(["beta1", "beta2"]),
        expected.encode_responses(["odd beta1", "even beta2"]),
    )
    further, _ = finetune(lessons, encoder=model, epochs=0)
    assert isinstance(further.response_labels, Odd)


def test_what_carries_a_corpus_can_be_trained_on(lessons):
    class Carrier:
        corpus = lessons

    prints = {finetune(given, epochs=1)[0].fingerprint for given in (lessons, Carrier())}
    assert len(prints) == 1


def test_an_interrupt_passes_and_leaves_the_generators_alone(lessons):
    def stop(batches):
        yield batches[0]
        raise KeyboardInterrupt

    before = torch.get_rng_state()
    with pytest.raises(KeyboardInterrupt):
        finetune(lessons, epochs=1, progress=stop)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_returned_model_answers_without_dropout(lessons, attention):
    model, _ = finetune(lessons, 0, attention(drop=0.5), epochs=1)
    assert not model.module.training
    first, again = (model.encode_contexts(lessons.exchanges[:5]) for _ in range(2))
    assert np.array_equal(first, again)


def test_a_corpus_needs_two_exchanges():
    alone = Dialogue("d", "joy", (Utterance("I won!", "speaker"), Utterance("Oh.", "listener")))
    for dialogues in ((), (alone,)):
        corpus = Corpus(dialogues, name="thin")
        with pytest.raises(DataError, match=f"'thin' has {len(dialogues)} exchanges to learn from"):
            finetune(corpus)


class Fixed(BiEncoder):
    context = ContextFormat()

    def encode_contexts(self, exchanges, *, progress=iter):
        return np.ones((len(exchanges), 2))

    def encode_responses(self, texts, *, progress=iter):
        return np.ones((len(texts), 2))


class FixedEncoder(Encoder):
    citation = "original"

    def load(self, rng):
        return Fixed()


@pytest.mark.parametrize("encoder", [Fixed(), FixedEncoder()])
def test_only_a_two_tower_model_can_be_fine_tuned(lessons, encoder):
    with pytest.raises(ConfigError, match=r"gives a Fixed, which cannot be fine-tuned; choose"):
        finetune(lessons, 0, encoder)


def test_frozen_weights_are_refused_unless_nothing_is_trained(lessons):
    frozen = SMALL.load(np.random.default_rng(0))
    frozen.module.requires_grad_(False)
    with pytest.raises(ConfigError, match="no trainable weights; unfreeze some, or use it with"):
        finetune(lessons, 0, frozen, epochs=1)
    assert finetune(lessons, 0, frozen, epochs=0)[0].fingerprint == frozen.fingerprint


def test_keeping_the_best_needs_something_to_validate_on(lessons):
    with pytest.raises(ConfigError, match="keep='best' needs valid: give a validation corpus"):
        finetune(lessons, keep="best")


def test_a_missing_device_is_an_error(lessons, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ConfigError, match="device='cuda' was asked for and torch finds none"):
        finetune(lessons, device="cuda")
    assert finetune(lessons, epochs=1, device="auto")[1][0].number == 1


@pytest.mark.parametrize(
    ("batch_size", "where"), [(32, "in batch 2"), (120, "after the last batch")]
)
def test_divergence_says_where_and_what_to_lower(lessons, attention, batch_size, where):
    with pytest.raises(ConfigError, match=f"diverged in epoch 1, {where}: .* lower learning_rate"):
        finetune(lessons, 0, attention(), batch_size=batch_size, learning_rate=1e39, epochs=1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": -1},
        {"batch_size": 1},
        {"learning_rate": 0.0},
        {"learning_rate": float("nan")},
        {"warmup": 1.5},
        {"weight_decay": -0.1},
        {"clip_norm": 0.0},
        {"scale": float("inf")},
        {"micro_batch": 0},
        {"optimizer": "sgd"},
        {"duplicates": "drop"},
        {"device": "abacus"},
        {"patience": 3},
    ],
)
def test_a_field_out_of_bounds_is_refused(wrong):
    with pytest.raises(ConfigError):
        Finetuner(**wrong)


def test_a_finetuner_rebuilds_from_its_fields():
    finetuner = Finetuner(epochs=1, clip_norm=None, duplicates="forbid")
    assert Finetuner.model_validate_json(finetuner.model_dump_json()) == finetuner


def test_an_epoch_model_can_be_kept_as_a_copy(lessons):
    kept = []
    Finetuner(epochs=2).finetune(
        SMALL,
        lessons,
        np.random.default_rng(0),
        observer=lambda epoch: kept.append(copy.deepcopy(epoch.model)),
    )
    said = [Exchange("d", 1, "joy", ("alpha1",), "beta1")]
    assert not np.array_equal(kept[0].encode_contexts(said), kept[1].encode_contexts(said))


@pytest.mark.parametrize(
    ("epochs", "size", "exchanges", "steps", "guessing"),
    [
        (3, 256, 800, 12, (3 * 256 * np.log(256) + 32 * np.log(32)) / 800),
        (1, 4, 8, 2, np.log(4)),
        (2, 4, 9, 4, np.log(4)),  # the ninth is alone in its batch, and is no batch
        (0, 4, 8, 0, np.log(4)),
    ],
)
def test_steps_and_the_loss_of_guessing_are_known_before(epochs, size, exchanges, steps, guessing):
    finetuner = Finetuner(epochs=epochs, batch_size=size)
    assert finetuner.step_count(exchanges) == steps
    assert finetuner.guessing_loss(exchanges) == pytest.approx(guessing)


def test_a_training_has_the_steps_that_were_told(lessons):
    """120 exchanges."""
    seen = []
    finetuner = Finetuner(epochs=2, batch_size=32)
    finetuner.finetune(
        SMALL, lessons, np.random.default_rng(0), progress=lambda b: seen.extend(b) or b
    )
    assert len(seen) == finetuner.step_count(120) == 8
