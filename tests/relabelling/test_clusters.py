"""Clusters as subpopulations: found again where they were made, from known dialogues alone."""

import hashlib
import json
import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semspill import Corpus, Dialogue, ExperimentConfig, Utterance, datasets
from semspill.datasets import write_jsonl
from semspill.errors import DataError
from semspill.testing import check_dataset

TOPICS = {
    "boats": "anchor sail harbour paddle rudder deck".split(),
    "bread": "oven barley butter crust bakery dough".split(),
    "music": "banjo fiddle drum flute organ violin".split(),
}


def talk(name, topic, rng):
    words = " ".join(rng.choice(TOPICS[topic], size=4, replace=False))
    turns = (Utterance(words, "speaker", category="x"), Utterance(f"Oh, {name}.", "listener"))
    return Dialogue(name, "all", turns)


def split(name, count, seed):
    rng, topics = np.random.default_rng(seed), list(TOPICS)
    talks = (talk(f"{name}-{i}", topics[i % 3], rng) for i in range(count))
    return Corpus(tuple(talks), name="made up", split=name)


TRAIN, TEST = split("train", 60, 0), split("test", 15, 1)


def clustered(train=TRAIN, test=TEST, **fields):
    fields = {"components": 3, "clusters": 3, **fields}
    return datasets.build({"name": "clusters", "dataset": {"train": train, "test": test}, **fields})


def labels(corpus):
    return [dialogue.category for dialogue in corpus]


def known(name, share):
    digest = hashlib.sha256(json.dumps(["known", 0, name]).encode()).hexdigest()
    return int(digest[:16], 16) < share * 16**16


@pytest.fixture(scope="module")
def on_disk(tmp_path_factory):
    folder = tmp_path_factory.mktemp("topics")
    for corpus in (TRAIN, TEST):
        write_jsonl(corpus, folder / f"{corpus.split}.jsonl")
    fields = {"components": 3, "clusters": 3, "knowledge": 0.5}
    dataset = {"name": "jsonl", "path": folder}
    return datasets.build({"name": "clusters", "dataset": dataset, **fields})


HASHING = {"name": "hashing", "char_ngrams": None, "word_ngrams": [1, 1]}


@pytest.mark.parametrize("encoder", [None, HASHING], ids=["words", "encoder"])
def test_what_was_made_apart_is_found_apart(encoder):
    dataset = clustered(encoder=encoder, knowledge=0.6)
    train, test = dataset.load("train"), dataset.load("test")
    assert train.categories == ("cluster 0", "cluster 1", "cluster 2")
    of = labels(train)[:3]
    assert len(set(of)) == 3
    assert labels(train) == of * 20
    assert labels(test) == of * 5
    assert {said.category for dialogue in train for said in dialogue.utterances} == {None}
    texts = [[said.text for said in dialogue.utterances] for dialogue in train]
    assert texts == [[said.text for said in dialogue.utterances] for dialogue in TRAIN]


def test_words_say_what_a_cluster_is_about():
    dataset = clustered()
    found = dataset.words(6)
    for topic, name in zip(TOPICS, labels(dataset.load("train"))[:3], strict=True):
        assert set(found[name]) == set(TOPICS[topic])


BEFORE = clustered(knowledge=0.5)


@settings(max_examples=8, deadline=None)
@given(texts=st.lists(st.sampled_from(["oven sail", "flute deck", ""]), min_size=1), data=st.data())
def test_nothing_unknown_moves_a_label(texts, data):
    changed = data.draw(st.sets(st.integers(0, 59)))
    replaced = [
        replace(
            one,
            utterances=(Utterance(texts[i % len(texts)], "speaker"), one.utterances[1]),
        )
        if i in changed and not known(one.id, 0.5)
        else replace(one, utterances=(one.utterances[0], Utterance("oven", "listener")))
        for i, one in enumerate(TRAIN)
    ]
    before = BEFORE.load("train")
    other = Corpus(tuple(replaced), name="made up")
    after = clustered(other, split("test", 3, 5), knowledge=0.5).load("train")
    same = [i for i in range(60) if i not in changed or known(TRAIN[i].id, 0.5)]
    assert [before[i].category for i in same] == [after[i].category for i in same]


def test_it_keeps_the_promises_of_a_dataset(on_disk):
    check_dataset(on_disk)


def test_both_splits_are_from_one_fit_and_a_copy_fits_anew(monkeypatch, on_disk):
    from sklearn.cluster import KMeans

    fits = []
    monkeypatch.setattr(KMeans, "fit", lambda *a, _fit=KMeans.fit: fits.append(1) or _fit(*a))
    dataset = on_disk.replace(seed=1)
    before = dataset.load("train"), dataset.load("test")
    assert len(fits) == 1
    copy = pickle.loads(pickle.dumps(dataset))
    assert copy == dataset
    assert copy.load("test").fingerprint == before[1].fingerprint
    assert len(fits) == 2


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"clusters": 60}, "60 clusters cannot be made of"),
        ({"components": 40}, "40 components cannot be made of 60 known dialogues"),
        ({"knowledge": 0.001}, "raise knowledge"),
    ],
)
def test_too_little_to_fit_on_is_said(fields, said):
    with pytest.raises(DataError, match=said):
        clustered(**fields).load("test")


def test_a_config_holds_it_and_leaves_similarity_of_names_out():
    fields = {"name": "clusters", "dataset": {"name": "synthetic", "train": 60}, "clusters": 4}
    selector = {"name": "category", "category": "cluster 1"}
    config = ExperimentConfig(
        dataset=fields, poisoner={"selector": selector, "knowledge": 0.5}, seeds=[0]
    )
    assert ExperimentConfig(**json.loads(config.model_dump_json())) == config
    assert [type(one).__name__ for one in config.similarities] == [
        "DiscriminativeSimilarity",
        "CentroidSimilarity",
    ]


def test_one_common_word_is_too_little_for_clusters():
    said = (Utterance(f"hello there{i}", "speaker") for i in range(12))
    turns = ((one, Utterance("Hi.", "listener")) for one in said)
    talks = tuple(Dialogue(f"d{i}", "all", pair) for i, pair in enumerate(turns))
    with pytest.raises(DataError, match="more than one of the 12 dialogues"):
        clustered(train=Corpus(talks, name="made up"), clusters=2, components=1).load("train")
