"""Attributes as subpopulations: dialogues of the same values are one category."""

import numpy as np
import pytest

from semspill import Corpus, Dialogue, Poisoner, Utterance, datasets
from semspill.datasets import write_jsonl
from semspill.errors import ConfigError, DataError
from semspill.testing import check_dataset

TURNS = (Utterance("I won!", "speaker", category="x"), Utterance("Well done.", "listener"))
VALUES = [("north", "brag"), ("north", "ask"), ("south", None), (None, "ask"), ("north", "brag")]


def split(name, values=VALUES):
    def talk(place, region, intent):
        given = {"region": region, "intent": intent, "age": "7"}
        attributes = {key: value for key, value in given.items() if value}
        return Dialogue(f"{name}-{place}", "all", TURNS, attributes=attributes)

    return Corpus(tuple(talk(i, *v) for i, v in enumerate(values)), name="calls", split=name)


def features(*attributes, train=None):
    given = {"train": train or split("train"), "test": split("test")}
    return datasets.build({"name": "features", "dataset": given, "attributes": attributes})


def test_a_category_is_the_values_of_some_attributes():
    train = features("region", "intent").load("train")
    assert [talk.category for talk in train] == [
        "region=north, intent=brag",
        "region=north, intent=ask",
        "region=south, no intent",
        "no region, intent=ask",
        "region=north, intent=brag",
    ]
    assert train.sizes["region=north, intent=brag"] == 2
    assert {exchange.category for exchange in train.exchanges} == set(train.categories)
    assert features("region").load("test").categories == (
        "no region",
        "region=north",
        "region=south",
    )


def test_dialogues_of_given_values_are_poisoned_in_one_line():
    train = features("region", "intent").load("train")
    selector = {"name": "category", "category": "region=north, intent=brag"}
    poisoned = Poisoner(selector=selector, budget=1).poison(train, np.random.default_rng(0))
    assert {record.victim for record in poisoned.manifest.records} == {"train-0", "train-4"}


def test_it_keeps_the_promises_of_a_dataset(tmp_path):
    for name in ("train", "test"):
        write_jsonl(split(name), tmp_path / f"{name}.jsonl")
    inner = {"name": "jsonl", "path": tmp_path}
    check_dataset({"name": "features", "dataset": inner, "attributes": ["region", "intent"]})


def test_an_attribute_that_no_dialogue_has_names_the_nearest():
    with pytest.raises(DataError) as caught:
        features("regoin").load("train")
    assert str(caught.value) == (
        "No dialogue of corpus 'calls' (train) has the attribute 'regoin'. Did you mean 'region'? "
        "It has: region, intent, age; name columns of the data in columns.attributes."
    )
    with pytest.raises(DataError, match="Its dialogues have none"):
        datasets.build({"name": "features", "dataset": "synthetic", "attributes": ["region"]}).load(
            "train"
        )
    with pytest.raises(ConfigError, match="attributes"):
        features()


def test_two_subpopulations_of_one_name_are_refused():
    twins = split("train", [("a, intent=b", "c"), ("a", "b, intent=c")])
    with pytest.raises(DataError, match="Two subpopulations of corpus 'calls' would both be call"):
        features("region", "intent", train=twins).load("train")
