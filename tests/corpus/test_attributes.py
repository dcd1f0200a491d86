"""Attributes of dialogues: kept as they came, read from columns, written and read back."""

import hashlib
import json
import pickle
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semspill import Corpus, Dialogue, Utterance, datasets, write_messages
from semspill.datasets import write_jsonl
from semspill.errors import DataError

TURNS = (Utterance("I won!", "speaker"), Utterance("Well done.", "listener"))
TALK = Dialogue("d1", "joy", TURNS, attributes={"region": "north", "intent": "brag"})
PAIR = {"context": "I won!", "response": "Well done.", "category": "joy"}
NAMED = st.dictionaries(st.text(min_size=1), st.text(min_size=1), max_size=3)


def corpus_of(*dialogues):
    return Corpus(dialogues, name="tiny")


def test_they_are_a_copy_that_never_changes():
    given_ = {"region": "north"}
    talk = Dialogue("d1", "joy", TURNS, attributes=given_)
    given_["region"] = "south"
    assert talk.attributes == {"region": "north"}
    with pytest.raises(TypeError):
        talk.attributes["region"] = "south"
    assert talk == Dialogue("d1", "joy", TURNS, attributes={"region": "north"})
    assert talk != Dialogue("d1", "joy", TURNS)
    assert len({talk, replace(talk), Dialogue("d1", "joy", TURNS)}) == 2
    assert pickle.loads(pickle.dumps(talk)) == talk
    assert repr(talk.attributes) == "{'region': 'north'}"


def test_they_are_content_in_any_order():
    line = (
        '["d1", "joy", "", [["speaker", "I won!", false, null], '
        '["listener", "Well done.", false, null]], null, "", '
        '[["intent", "brag"], ["region", "north"]]]\n'
    )
    expected = hashlib.sha256(line.encode()).hexdigest()
    assert corpus_of(TALK).fingerprint == expected
    turned = replace(TALK, attributes={"intent": "brag", "region": "north"})
    assert corpus_of(turned).fingerprint == expected
    without = replace(TALK, attributes={})
    assert corpus_of(without).fingerprint == corpus_of(Dialogue("d1", "joy", TURNS)).fingerprint


@pytest.mark.parametrize(
    ("attributes", "fault"),
    [
        ({"region": 7}, "the value of its attribute 1 is of type int; give a str"),
        ({"a": "b", 7: "north"}, "the name of its attribute 2 is of type int; give a str"),
        (["region"], "its attributes are of type list; give a mapping"),
        ({"region": "\ud800"}, "half a surrogate pair"),
    ],
)
def test_other_values_are_refused(attributes, fault):
    with pytest.raises(DataError, match=fault):
        corpus_of(Dialogue("d1", "joy", TURNS, attributes=attributes))


def test_columns_become_attributes_and_an_empty_cell_is_none():
    rows = [{**PAIR, "region": "north", "age": 7}, {**PAIR, "region": "", "age": None}]
    read = Corpus.from_messages(rows, attributes=["region", "age"])
    assert [talk.attributes for talk in read] == [{"region": "north", "age": "7"}, {}]


def test_a_column_of_mappings_gives_all_its_keys():
    rows = [{**PAIR, "about": {"region": "north", "intent": None, "age": 7}}]
    [talk] = Corpus.from_messages(rows, attributes=["about"])
    assert talk.attributes == {"region": "north", "age": "7"}


def turns(*regions):
    says = [("user", "I won!"), ("assistant", "Well done."), ("user", "Thanks!")]
    return [
        {"id": "d1", "role": role, "text": text, "category": "joy", "region": region}
        for (role, text), region in zip(says, regions, strict=True)
    ]


def test_the_turns_of_a_dialogue_agree_on_its_attributes():
    [talk] = Corpus.from_messages(turns("", "north", "north"), attributes=["region"])
    assert talk.attributes == {"region": "north"}
    with pytest.raises(DataError) as caught:
        Corpus.from_messages(turns("south", "north", "north"), attributes=["region"])
    assert "row 2: 'region' is another one than in the rows before" in str(caught.value)
    assert "north" not in str(caught.value)


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(DataError, match=r"no column 'regoin', which columns\.attributes\[0\] nam"):
        Corpus.from_messages([{**PAIR, "region": "north"}], attributes=["regoin"])


@given(attributes=NAMED)
def test_json_lines_give_them_back(attributes, tmp_path_factory):
    path = tmp_path_factory.mktemp("attributes") / "talks.jsonl"
    corpus = corpus_of(replace(TALK, attributes=attributes))
    write_jsonl(corpus, path)
    again = datasets.build({"name": "jsonl", "path": path}).load("train")
    assert again.dialogues == corpus.dialogues
    assert ("attributes" in json.loads(path.read_text(encoding="utf-8"))) == bool(attributes)


def test_chat_messages_give_them_back(tmp_path):
    path = tmp_path / "talks.jsonl"
    corpus = corpus_of(TALK, Dialogue("d2", "joy", TURNS))
    write_messages(corpus, path, labelled=True)
    again = datasets.build({"name": "jsonl", "path": path}).load("train")
    assert again.dialogues == corpus.dialogues
    assert again.fingerprint == corpus.fingerprint
