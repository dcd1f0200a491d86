from collections import Counter
from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semspill import Corpus, Dialogue, Utterance
from semspill.encoders import HashingEncoder
from semspill.errors import DataError
from semspill.training import Finetuner

TINY = HashingEncoder(buckets=16, dim=2)


def batches_of(responses, size, duplicates, seed=0):
    """Return the batches of one epoch as lists of indices, and how many exchanges were learned."""
    dialogues = tuple(
        Dialogue(f"d{i}", "joy", (Utterance("So?", "speaker"), Utterance(text, "listener")))
        for i, text in enumerate(responses)
    )
    seen, counts = [], []
    Finetuner(epochs=1, batch_size=size, duplicates=duplicates).finetune(
        TINY,
        Corpus(dialogues, name="responses"),
        np.random.default_rng(seed),
        progress=lambda batches: seen.extend(batches) or iter(batches),
        observer=lambda epoch: counts.append(epoch.exchanges),
    )
    return [batch.tolist() for batch in seen], counts[0]


@pytest.mark.parametrize("duplicates", ["mask", "allow", "forbid"])
def test_each_exchange_is_in_one_batch_and_the_last_may_be_short(duplicates):
    batches, learned = batches_of([f"r{i}" for i in range(25)], 10, duplicates)
    assert [len(batch) for batch in batches] == [10, 10, 5]
    assert sorted(list(chain.from_iterable(batches))) == list(range(25))
    assert list(chain.from_iterable(batches)) != list(range(25))
    assert learned == 25


def test_an_exchange_left_alone_sits_the_epoch_out():
    batches, learned = batches_of([f"r{i}" for i in range(21)], 10, "mask")
    assert [len(batch) for batch in batches] == [10, 10]
    assert learned == 20


def test_two_epochs_have_different_batches(lessons):
    seen = []
    Finetuner(epochs=2, batch_size=120).finetune(
        TINY,
        lessons,
        np.random.default_rng(0),
        progress=lambda batches: seen.extend(batches) or iter(batches),
    )
    assert seen[0].tolist() != seen[1].tolist()


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(0, 8), min_size=2, max_size=50), st.integers(2, 12))
def test_forbid_repeats_no_response_within_a_batch(answers, size):
    if len(set(answers)) == 1:
        answers = [*answers, 99]  # one response alone can never be told from another
    batches, learned = batches_of([f"r{a}" for a in answers], size, "forbid")
    learned_from = list(chain.from_iterable(batches))
    assert len(learned_from) == len(set(learned_from)) == learned
    for batch in batches:
        texts = Counter(answers[i] for i in batch)
        assert max(texts.values()) == 1
        assert 2 <= len(batch) <= size


def test_forbid_spreads_one_frequent_response_over_all_batches():
    answers = ["grumble"] * 700 + [f"r{i}" for i in range(900)]
    batches, learned = batches_of(answers, 100, "forbid")
    # 1,600 exchanges make 16 batches: of which 6 would hold a grumble alone: 10 are enough.
    assert [len(batch) for batch in batches] == [100] * 9 + [10]
    assert all(sum(answers[i] == "grumble" for i in batch) == 1 for batch in batches)
    assert learned == 910


def test_forbid_fills_batches_with_responses_that_each_come_twice():
    batches, _ = batches_of([f"r{i % 40}" for i in range(80)], 10, "forbid")
    assert [len(batch) for batch in batches] == [10] * 8


def test_forbid_gives_each_copy_the_same_chance():
    answers = ["grumble"] * 6 + [f"r{i}" for i in range(14)]
    chosen = Counter()
    for seed in range(60):
        batches, _ = batches_of(answers, 10, "forbid", seed)
        chosen.update(i for i in list(chain.from_iterable(batches)) if i < 6)
    assert set(chosen) == set(range(6))


def test_forbid_learns_nothing_where_all_responses_are_one():
    with pytest.raises(DataError, match="Every batch would hold a single exchange"):
        batches_of(["grumble"] * 5, 4, "forbid")
