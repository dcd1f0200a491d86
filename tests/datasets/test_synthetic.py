"""The synthetic corpus: repeatable, and alike in the order it says."""

import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semspill import datasets
from semspill.datasets import SyntheticDataset
from semspill.errors import DataError

SMALL = SyntheticDataset(train=80, valid=16, test=16)


def nouns_of(corpus, category, known):
    said = (
        word
        for talk in corpus
        if talk.category == category
        for u in talk.utterances
        for word in re.findall(r"[a-z]+\d*", u.text.lower())
    )
    return {word for word in said if word in known}


def test_the_default_size_and_balance():
    dataset = datasets.build("synthetic")
    train = dataset.load("train")
    assert set(train.sizes.values()) == {250}
    assert (len(train.exchanges), len(dataset.load("valid")), len(dataset.load("test"))) == (
        4000,
        400,
        600,
    )
    responses = [exchange.response for exchange in train.exchanges]
    assert len(set(responses)) > 0.9 * len(responses)


def test_splits_share_no_dialogue():
    seen = Counter(
        (name, tuple(said.text for said in talk.utterances))
        for split in ("train", "valid", "test")
        for talk in SMALL.load(split)
        for name in (talk.id, "text")
    )
    assert max(seen.values()) == 1


def test_a_seed_repeats_and_another_one_differs():
    assert SMALL.load("test").fingerprint == SMALL.load("test").fingerprint
    other = SMALL.replace(seed=1)
    assert SMALL.load("test").fingerprint != other.load("test").fingerprint
    assert SMALL.vocabulary("brave") != other.vocabulary("brave")


def test_the_turns_alternate():
    [talk] = SMALL.replace(test=1, turns=5).load("test")
    assert [said.role for said in talk.utterances] == ["speaker", "listener"] * 2 + ["speaker"]


@settings(max_examples=30)
@given(
    categories=st.integers(2, 40),
    words=st.integers(4, 60),
    overlap=st.floats(0, 1),
    place=st.integers(0, 39),
)
def test_the_true_similarity_is_the_share_of_common_nouns(categories, words, overlap, place):
    dataset = SyntheticDataset(categories=categories, words=words, overlap=overlap)
    target = dataset.names[place % categories]
    mine = set(dataset.vocabulary(target))
    assert len(mine) == words
    similarities = [dataset.true_similarity(target, other) for other in dataset.neighbours(target)]
    shared = [len(mine & set(dataset.vocabulary(o))) for o in dataset.neighbours(target)]
    assert similarities == pytest.approx([count / words for count in shared])
    assert similarities == sorted(similarities, reverse=True)
    assert sorted((*dataset.neighbours(target), target)) == sorted(dataset.names)
    assert len(set(dataset.names)) == categories


def test_dialogues_use_the_nouns_of_their_category():
    dataset = SyntheticDataset(train=1600, overlap=0.5, words=20, categories=3)
    corpus = dataset.load("train")
    known = {noun for name in dataset.names for noun in dataset.vocabulary(name)}
    assert len(known) == 40
    for name in dataset.names:
        assert nouns_of(corpus, name, known) == set(dataset.vocabulary(name))


def test_an_echo_of_one_repeats_what_was_just_said():
    dataset = SMALL.replace(echo=1)
    for exchange in dataset.load("train").exchanges:
        nouns = set(dataset.vocabulary(exchange.category))
        said = set(re.findall(r"[a-z]+", exchange.response.lower())) & nouns
        assert said <= set(re.findall(r"[a-z]+", exchange.context[-1].lower()))
        assert len(said) == 2


def test_labels_do_not_occur_in_the_talk():
    dataset = SyntheticDataset(categories=32, train=320)
    text = " ".join(said.text for talk in dataset.load("train") for said in talk.utterances)
    assert not set(dataset.names) & set(re.findall(r"[a-z]+", text.lower()))


@pytest.mark.parametrize("verb", ["neighbours", "vocabulary"])
def test_an_unknown_category_is_refused(verb):
    with pytest.raises(DataError, match=r"no category 'braev'\. Did you mean 'brave'"):
        getattr(SMALL, verb)("braev")


def test_an_unknown_split_is_refused():
    with pytest.raises(DataError, match="'synthetic' has no split 'dev'"):
        SMALL.load("dev")


def test_a_small_encoder_learns_which_response_belongs_where(rng):
    training = pytest.importorskip("semspill.training")
    dataset = SyntheticDataset(train=1000, valid=200)
    seen = []
    training.Finetuner(epochs=3).finetune(
        {"name": "hashing", "buckets": 2**14, "dim": 64},
        dataset.load("train"),
        rng,
        valid=dataset.load("valid"),
        observer=lambda epoch: seen.append(epoch.precision),
    )
    assert seen[-1] > 0.2  # guessing is 0.01
