"""What is done with rows before and while they become dialogues."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semspill import Corpus
from semspill.errors import DataError

SAID = [("user", "I lost it."), ("user", "All of it."), ("bot", "Oh no."), ("bot", "What now?")]


def talk(said=SAID, **more):
    return {"messages": [{"role": role, "content": text} for role, text in said], **more}


def texts(corpus):
    return [(turn.role, turn.text) for turn in corpus[0].utterances]


def test_turns_of_one_role_that_follow_one_another_are_joined_and_counted():
    row = talk(category="fear")
    apart = Corpus.from_messages([row])
    assert (len(apart[0].utterances), apart.merged) == (4, 0)
    corpus = Corpus.from_messages([row], merge=" ")
    assert texts(corpus) == [("speaker", "I lost it. All of it."), ("listener", "Oh no. What now?")]
    assert (corpus.merged, corpus.exchange_count) == (2, 1)
    lines = Corpus.from_messages([row, talk(SAID[1:3], category="fear")], merge="\n")
    assert texts(lines)[1] == ("listener", "Oh no.\nWhat now?")
    assert lines.merged == 2


def test_joined_turns_have_the_newest_label():
    row = talk()
    for message, label in zip(row["messages"], ["fear", "anger", "", ""], strict=True):
        message["category"] = label
    assert [one.category for one in Corpus.from_messages([row], merge=" ").exchanges] == ["anger"]


@given(st.lists(st.sampled_from("sl"), min_size=1, max_size=9))
def test_joining_keeps_all_texts_in_order_and_leaves_no_two_turns_of_one_role(roles):
    names = {"s": "user", "l": "bot"}
    said = [("user", "x"), *((names[role], f"t{n}") for n, role in enumerate(roles)), ("bot", "y")]
    corpus = Corpus.from_messages([talk(said, category="fear")], merge=" ")
    turns = corpus[0].utterances
    assert " ".join(turn.text for turn in turns).split() == [text for _, text in said]
    assert all(one.role != two.role for one, two in pairwise(turns))
    assert corpus.merged == len(said) - len(turns)


def test_categories_get_names_also_those_of_turns():
    names = {"0": "none", "4": "happiness"}
    rows = [talk(category=4), talk(category=0), talk(category=7)]
    corpus = Corpus.from_messages(rows, category_names=names)
    assert [one.category for one in corpus] == ["happiness", "none", "7"]
    row = {"dialog": ["I won!", "Well done.", "Bye.", "Bye."], "emotion": [4, 0, 0, 0]}
    told = {"messages": "dialog", "turn_category": "emotion", "category_names": names}
    assert [one.category for one in Corpus.from_messages([row], **told).exchanges] == [
        "happiness",
        "none",
    ]


@pytest.mark.parametrize(
    ("turn_labels", "category", "of_exchanges"),
    [
        ("keep", "happiness", ["happiness", "sadness"]),
        ("first", "happiness", ["happiness", "happiness"]),
        ("last", "sadness", ["sadness", "sadness"]),
    ],
)
def test_labels_of_turns_beside_a_list_of_texts(turn_labels, category, of_exchanges):
    # The listener's own labels, 0 and 1, are no labels of the dialogue.
    row = {"dialog": ["I won!", "Oh?", "And lost.", "Oh."], "emotion": [4, 0, 5, 1]}
    names = {"0": "none", "1": "anger", "4": "happiness", "5": "sadness"}
    told = {"messages": "dialog", "turn_category": "emotion", "category_names": names}
    corpus = Corpus.from_messages([row], **told, turn_labels=turn_labels)
    assert corpus[0].category == category
    assert [one.category for one in corpus.exchanges] == of_exchanges
    with pytest.raises(DataError, match="'emotion' has 3 labels for 4 turns"):
        Corpus.from_messages([{**row, "emotion": [1, 2, 3]}], **told)


def test_a_category_that_is_a_list():
    rows = [talk(category=["joy"]), talk(category=["fear", "joy"]), talk(category="calm")]
    with pytest.raises(DataError, match=r"row 2: 'category' is a list of 2 .*category_list"):
        Corpus.from_messages(rows)
    first = Corpus.from_messages(rows, category_list="first")
    assert [one.category for one in first] == ["joy", "fear", "calm"]
    dropped = Corpus.from_messages(rows, category_list="drop")
    assert [one.category for one in dropped] == ["joy", "calm"]
    assert list(map(str, dropped.left_out)) == ["1 dialogue with several categories (row 2)"]
    with pytest.raises(DataError, match="'category' is empty"):
        Corpus.from_messages([talk(category=[])])


def test_a_row_that_is_json_in_a_text():
    rows = [{"text": json.dumps(talk(mood="joy"))}, talk(mood="fear")]
    corpus = Corpus.from_messages(rows, category="mood", json_text="text")
    assert [one.category for one in corpus] == ["joy", "fear"]
    for text, said in (("{grumble", "is none"), ('["grumble"]', "got list")):
        with pytest.raises(DataError, match=rf"row 1: 'text' .*{said}") as caught:
            Corpus.from_messages([{"text": text}], json_text="text")
        assert "grumble" not in str(caught.value)


def test_columns_can_lie_inside_cells():
    row = {"prompt": {"text": "I won!"}, "turns": ["", "Well done."], "meta": {"mood": "joy"}}
    corpus = Corpus.from_messages(
        [row], category="meta.mood", context="prompt.text", response="turns.1"
    )
    assert texts(corpus) == [("speaker", "I won!"), ("listener", "Well done.")]
    assert corpus[0].category == "joy"
    with pytest.raises(DataError, match=r"no column 'other\.mood'"):
        Corpus.from_messages([row], category="other.mood", context="prompt.text", response="turns")


def test_pairs_with_an_index_are_the_exchanges_of_one_dialogue():
    rows = [
        {"id": 7, "turn": 1, "context": "And then?", "response": "Hm.", "category": "calm"},
        {"id": 8, "turn": 0, "context": "Hello.", "response": "Hi.", "category": "joy"},
        {"id": 7, "turn": 0, "context": "I fell.", "response": "Oh no.", "category": "fear"},
    ]
    columns = {"id": "id", "index": "turn", "turn_category": "category", "context": "context"}
    corpus = Corpus.from_messages(rows, **columns)
    assert [one.id for one in corpus] == ["7", "8"]
    assert [turn.text for turn in corpus[0].utterances] == ["I fell.", "Oh no.", "And then?", "Hm."]
    assert corpus[0].category == "fear"
    assert [one.category for one in corpus.exchanges] == ["fear", "calm", "joy"]
    whole = [{**row, "category": "joy"} for row in rows]
    assert Corpus.from_messages(whole, **{**columns, "turn_category": None}).sizes == {"joy": 2}
    with pytest.raises(DataError, match=r"row 2: 'response' is empty"):
        Corpus.from_messages([rows[0], {**rows[2], "response": ""}], **columns)
    with pytest.raises(DataError, match=r"no column 'trun', which columns\.index names"):
        Corpus.from_messages(rows, **{**columns, "index": "trun"})
    bare = [{key: row[key] for key in row if key != "id"} for row in rows]
    with pytest.raises(DataError, match=r"No column is known to be columns\.id"):
        Corpus.from_messages(bare, **{**columns, "id": None})
