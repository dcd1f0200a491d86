"""From rows to dialogues: the three shapes, what is refused, and what is left out."""

import logging
import pickle

import pandas as pd
import pytest

from semspill import Corpus
from semspill.corpus import Columns, LeftOut
from semspill.errors import ConfigError, DataError

WORD = "GRUMBLEWORD"


def chat(*said, **more):
    """Messages of a list of (role, content)."""
    return {"messages": [{"role": role, "content": text} for role, text in said], **more}


def told(corpus):
    """What a corpus holds, in short."""
    return [
        (one.id, one.category, [(turn.role, turn.text) for turn in one.utterances])
        for one in corpus
    ]


TALK = [("speaker", "I won!"), ("listener", "Well done.")]
SAID = [("user", "I won!"), ("assistant", "Well done.")]


@pytest.mark.parametrize(
    "frame",
    [
        {"context": ["I won!"], "response": [" Well done. "]},
        {"prompt": ["I won!"], "completion": ["Well done."], "id": ["x"]},
        {"question": ["I won!"], "answer": ["Well done."]},
        {"messages": [chat(*SAID)["messages"]]},
        {"conversations": [[{"from": "human", "value": "I won!"},
                            {"from": "gpt", "value": "Well done."}]]},
        {"turns": [["I won!", "Well done."]]},
        {"turns": ['["I won!", "Well done."]']},
    ],
    ids=["context", "prompt", "question", "messages", "sharegpt", "texts", "json"],
)  # fmt: skip
def test_the_columns_say_what_shape_a_table_is_of(frame):
    corpus = Corpus.from_pandas(pd.DataFrame({**frame, "label": ["joy"]}), category="label")
    assert told(corpus) == [("train-1", "joy", TALK)]


def test_one_row_per_turn_is_put_together_by_id_in_the_order_of_the_rows():
    frame = pd.DataFrame(
        {
            "conversation_id": [7, 7, 8, 8],
            "speaker": ["Guest", "host", "guest", "host"],
            "text": ["I won!", "Well done.", "A noise.", "Oh no."],
            "label": ["joy", None, "fear", "fear"],
            "place": [1, 2, 4, 3],
        }
    )
    roles = {"guest": "speaker", "host": "listener"}
    corpus = Corpus.from_pandas(frame, category="label", roles=roles)
    fear = [("speaker", "A noise."), ("listener", "Oh no.")]
    assert told(corpus) == [("7", "joy", TALK), ("8", "fear", fear)]
    with pytest.raises(DataError, match=r"row 3: the dialogue has no response of a listener"):
        Corpus.from_pandas(frame, category="label", roles=roles, index="place")
    turned = frame[1::-1].assign(place=[2, 1])
    assert told(Corpus.from_pandas(turned, category="label", roles=roles, index="place")) == [
        ("7", "joy", TALK)
    ]


TURNS = {
    "dialogue_id": ["a", "b", "a", "b"],
    "role": ["user", "bot", "agent", "customer"],
    "text": ["I won!", "Oh no.", "Well done.", "A noise."],
    "category": ["joy", "fear", "joy", "fear"],
}
IN_ORDER = [("a", "joy", TALK), ("b", "fear", [("speaker", "A noise."), ("listener", "Oh no.")])]


@pytest.mark.parametrize(
    "index",
    [
        {"turn": ["0", "1", "1", "0"]},
        {"turn_id": [-1, 7.5, 0, 2]},
        {"utterance_idx": [9, 10, 10, 9]},
        {"turn": ["a", "b", "c", "d"], "position": ["9", "10", "10", "9"]},
        {"timestamp": pd.to_datetime([f"2026-01-0{day}" for day in (1, 9, 2, 8)])},
        {"created_at": [f"2026-01-31T{t}Z" for t in ("10:00", "10:09:01", "10:01", "10:09")]},
        {"time": ["2026-01-31 23:00+00:00", "2026-02-01 00:00+01:00",
                  "2026-02-01 00:30+00:00", "2026-01-31 23:59+01:00"]},
    ],
)  # fmt: skip
def test_rows_that_are_apart_are_ordered_by_a_column_of_a_usual_name(index):
    assert told(Corpus.from_pandas(pd.DataFrame({**TURNS, **index}))) == IN_ORDER


@pytest.mark.parametrize(
    "index",
    [{}, {"turn": ["a", "b", "c", "d"]}, {"turn": [1, 1, 1, 2]}, {"turn": [1, None, 2, 0]}],
)
@pytest.mark.parametrize("on_error", ["refuse", "skip"])
def test_rows_that_are_apart_and_that_nothing_orders_are_refused(index, on_error):
    frame = pd.DataFrame({**TURNS, **index})
    with pytest.raises(DataError, match=r"row 3: .* row 1, .* columns\.index, or sort") as caught:
        Corpus.from_pandas(frame, on_error=on_error)
    assert "Well done" not in str(caught.value)


def test_rows_that_stand_together_are_taken_as_they_stand_unless_a_column_denies_it():
    frame = pd.DataFrame(TURNS).iloc[[0, 2, 3, 1]]
    assert told(Corpus.from_pandas(frame)) == IN_ORDER
    # One number for question and answer, and the day of a whole dialogue, fit the rows.
    assert told(Corpus.from_pandas(frame.assign(turn=[1, 1, 2, 2]))) == IN_ORDER
    turned = pd.DataFrame(TURNS).iloc[[2, 0, 3, 1]]
    assert told(Corpus.from_pandas(turned.assign(turn=[2, 1, 1, 2]))) == IN_ORDER
    longer = pd.concat([turned, turned.iloc[[2]]])
    with pytest.raises(DataError, match=r"not in the order of 'turn', .* columns\.index"):
        Corpus.from_pandas(longer.assign(turn=[2, 1, 1, 2, 1]))


def test_columns_that_are_named_go_before_those_that_are_found():
    frame = pd.DataFrame(
        {"context": ["joy"], "prompt": ["a prize"], "in": ["I won!"], "out": ["Well done."]}
    )
    corpus = Corpus.from_pandas(
        frame, category="context", context="in", response="out", situation="prompt"
    )
    assert told(corpus) == [("train-1", "joy", TALK)]
    assert corpus[0].situation == "a prize"


def test_a_system_turn_is_kept_or_dropped():
    rows = [chat(("system", "Be kind."), *SAID, mood="joy", who="p1")]
    [kept] = Corpus.from_messages(rows, category="mood", speaker="who")
    assert (kept.system, kept.speaker, told([kept])[0][2]) == ("Be kind.", "p1", TALK)
    drop = {"system": "drop"}
    [dropped] = Corpus.from_messages(rows, category="mood", roles=drop)
    assert (dropped.system, told([dropped])[0][2]) == ("", TALK)
    late = [chat(*SAID, ("system", WORD), mood="joy")]
    with pytest.raises(DataError, match=r'turn 3 is a system turn, .* system = "drop"') as caught:
        Corpus.from_messages(late, category="mood")
    assert WORD not in str(caught.value)
    assert told(Corpus.from_messages(late, category="mood", roles=drop))[0][2] == TALK
    tool = [chat(SAID[0], ("tool", WORD), SAID[1], mood="joy")]
    with pytest.raises(DataError, match=r"turn 2 has a role .* 4 characters"):
        Corpus.from_messages(tool, category="mood")
    corpus = Corpus.from_messages(tool, category="mood", roles={"tool": "drop"})
    assert told(corpus)[0][2] == TALK


def test_a_system_prompt_can_be_a_column():
    frame = pd.DataFrame({"input": ["a"], "output": ["b"], "sys": ["Be kind."], "category": ["c"]})
    assert Corpus.from_pandas(frame, system="sys")[0].system == "Be kind."


def test_labels_of_turns_are_those_of_their_exchanges():
    said = [*SAID, *SAID, *SAID]
    row = chat(*said)
    for turn, label in zip(row["messages"], ["joy", None, "fear", "", None, None], strict=True):
        turn["category"] = label
    corpus = Corpus.from_messages([row])
    assert [one.category for one in corpus.exchanges] == ["joy", "fear", "fear"]
    assert corpus[0].category == "joy"
    own = Corpus.from_messages([{**row, "category": "calm"}])
    assert (own[0].category, own.exchanges[0].category) == ("calm", "joy")
    rows = {"id": ["d"] * 4, "role": ["user", "bot"] * 2, "text": list("abcd")}
    rows["mood"] = ["joy", "", "fear", ""]
    turns = Corpus.from_pandas(pd.DataFrame(rows), turn_category="mood")
    assert [one.category for one in turns.exchanges] == ["joy", "fear"]
    both = Corpus.from_pandas(pd.DataFrame(rows), category="mood", turn_category="mood")
    assert both.fingerprint == turns.fingerprint
    with pytest.raises(DataError, match=r"columns\.turn_category = .mood. if every turn"):
        Corpus.from_pandas(pd.DataFrame(rows), category="mood")


def test_numbers_are_names_and_gaps_are_none():
    frame = pd.DataFrame({"context": ["a", "b"], "response": ["x", "y"], "label": [1, None]})
    with pytest.raises(DataError, match="train, row 2: 'label' is empty; every dialogue needs one"):
        Corpus.from_pandas(frame, category="label")
    corpus = Corpus.from_pandas(frame, category="label", on_error="skip")
    assert (corpus.categories, len(corpus)) == (("1",), 1)


BAD = [
    ({"category": ""}, "without a category", "'category' is empty"),
    ({"category": 0.5}, "with a label or an id that is no text", "'category' must be a text"),
    ({"category": [WORD] * 2}, "with several categories", "'category' is a list of 2 categories"),
    ({"category": [{WORD: 1}]}, "with a label or an id that is no text", "got dict"),
    ({"messages": []}, "without a list of turns", "'messages' must be a list of turns"),
    ({"messages": WORD}, "without a list of turns", "'messages' must be a list of turns"),
    ({"messages": f"[{WORD}"}, "whose list of turns is not JSON", "is none"),
    (chat(("user", WORD)), "without a response", "has no response"),
    (chat(("assistant", WORD), ("user", WORD)), "without a response", "has no response"),
    (chat(("user", " "), ("assistant", WORD)), "with an empty text", "turn 1 is empty"),
    (chat(("user", None), ("assistant", WORD)), "with an empty text", "turn 1 is empty"),
    (chat(("user", 3), ("assistant", WORD)), "with a turn without a text", "must be a text"),
    (chat(("user", [WORD]), ("assistant", WORD)), "with a turn without a text", "got list"),
    ({"messages": [{"role": "user", WORD: "a"}]}, "with a turn without a text", "columns.text"),
    (chat((WORD, "a"), ("user", "b")), "with a role that is not mapped", "columns.roles"),
    (chat((None, "a"), ("user", "b")), "with a role that is not mapped", r"role \(none\)"),
    ({"id": "a"}, "whose id another has", "'id' is that of a row before too"),
    ({"id": [WORD]}, "with a label or an id that is no text", "'id' must be a text or a whole"),
]


@pytest.mark.parametrize(("row", "kind", "said"), BAD, ids=range(len(BAD)))
def test_a_row_that_contradicts_itself_is_refused_or_left_out_and_named(row, kind, said, caplog):
    good = [chat(*SAID, category="joy", id=name) for name in ("a", "b")]
    rows = [good[0], {**chat(*SAID, category="joy", id="c"), **row}, good[1]]
    with pytest.raises(DataError, match=rf"^train, row 2: .*{said}") as caught:
        Corpus.from_messages(rows, id="id")
    assert WORD not in str(caught.value)
    with caplog.at_level(logging.WARNING, "semspill"):
        corpus = Corpus.from_messages(rows, id="id", on_error="skip")
    assert [one.id for one in corpus] == ["a", "b"]
    assert corpus.left_out == (LeftOut(kind, (2,)),)
    assert f"left out 1 dialogue {kind} (row 2)" in caplog.text
    assert WORD not in caplog.text


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("a", 1, "joy"), ("a", 1, "joy")], "row 2: 'place' is the same in row 1 of the same"),
        ([("a", "x", "joy"), ("a", 2, "joy")], "row 1: 'place' must be a number or a time"),
        ([("a", "9" * 5000, "joy"), ("a", 2, "joy")], "row 1: 'place' must be a number or a time"),
        (
            [("a", 1, "joy"), ("a", 2, "fear")],
            "row 2: 'label' is another one than in the rows before",
        ),
        ([("", 1, "joy"), ("", 2, "joy")], "row 1: 'conv' is empty"),
        ([(None, 1, "joy"), ("a", 2, "joy")], "row 1: 'conv' is empty"),
    ],
)
def test_turns_that_contradict_one_another_are_refused(rows, said):
    frame = pd.DataFrame(rows, columns=["conv", "place", "label"]).assign(text=WORD)
    columns = {"category": "label", "id": "conv", "index": "place", "text": "text"}
    with pytest.raises(DataError, match=f"^train, {said}") as caught:
        Corpus.from_pandas(frame, **columns)
    assert WORD not in str(caught.value)
    with pytest.raises(DataError, match="no dialogue in the rows"):
        Corpus.from_pandas(frame[:1], **columns, on_error="skip")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Corpus.from_messages([chat(*SAID, label="a")]), "no column 'category'.*'label'"),
        (lambda: Corpus.from_messages([{"x": WORD}]), "columns.context and columns.response"),
        (lambda: Corpus.from_messages([{"x": WORD}], messages="y"), "no column 'y'"),
        (lambda: Corpus.from_pandas([{"x": WORD}]), r"Corpus\.from_messages\(rows\), or pd\.Data"),
        (lambda: Corpus.from_messages([]), "no dialogue in the rows"),
        (lambda: Corpus.from_messages(WORD), "a string of 11 characters"),
        (lambda: Corpus.from_messages([WORD]), "row 1: a row must be a mapping"),
        (lambda: Corpus.from_messages(3), "list of mappings, .* got 3"),
        (lambda: Corpus.from_pandas([WORD]), "pandas DataFrame; got a list of 1 string"),
        (lambda: Corpus.from_hf([WORD]), "Dataset of Hugging Face; got a list"),
        (lambda: Corpus.from_pandas(pd.DataFrame({"a": [WORD]})), "columns.context and columns"),
        (lambda: Corpus.from_pandas(pd.DataFrame([[1, 2]], columns=["a", "a"])), "one name"),
        (lambda: Corpus.from_pandas(pd.DataFrame({"prompt": ["a"], "label": ["b"]}),
                                    context="prompt"), "columns.response"),
        (lambda: Corpus.from_pandas(pd.DataFrame({"text": ["a"], "role": ["b"]}),
                                    text="text"), "columns.id"),
    ],
)  # fmt: skip
def test_what_cannot_be_placed_is_said_with_what_to_name(make, said):
    with pytest.raises(DataError, match=said) as caught:
        make()
    assert WORD not in str(caught.value)


def test_a_field_that_columns_do_not_have_is_a_config_error():
    with pytest.raises(ConfigError, match=r"has no field 'contexts'\. Did you mean 'context'"):
        Corpus.from_messages([], contexts="a")
    with pytest.raises(ConfigError, match="roles"):
        Corpus.from_messages([], roles={"a": WORD})
    with pytest.raises(ConfigError, match="on_error"):
        Corpus.from_messages([], on_error="drop")


def test_what_was_left_out_stays_with_the_corpus():
    left = (LeftOut("with an empty text", tuple(range(1, 13))),)
    assert str(left[0]).endswith("(rows 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, ...)")
    corpus = Corpus.from_messages([chat(*SAID, category="joy")])
    assert corpus.left_out == ()
    whole = Corpus(corpus.dialogues, name="a", left_out=left)
    assert pickle.loads(pickle.dumps(whole)).left_out == left
    assert whole.fingerprint == corpus.fingerprint


def test_columns_are_equal_and_hashable():
    assert hash(Columns(roles={"a": "drop"})) == hash(Columns(roles={"a": "drop"}))
