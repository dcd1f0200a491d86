"""JSON lines: written, read back, and refused with the row."""

import json
import tomllib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semspill import Corpus, Dialogue, Utterance, datasets
from semspill.datasets import JsonlDataset, write_jsonl
from semspill.errors import DataError

TALK = {
    "id": "d1",
    "category": "joy",
    "utterances": [
        {"role": "speaker", "text": "I won!"},
        {"role": "listener", "text": "Well done."},
    ],
}
utterances = st.tuples(
    st.text(), st.sampled_from(["speaker", "listener"]), st.booleans(), st.none() | st.text()
)
dialogues = st.tuples(
    st.text(min_size=1),
    st.text(min_size=1),
    st.lists(utterances, min_size=1, max_size=4),
    st.text(),
)


def lines(path, *rows, mark=b""):
    path.write_bytes(mark + b"\n".join(json.dumps(row).encode() for row in rows))
    return path


@given(talks=st.lists(dialogues, min_size=1, max_size=4, unique_by=lambda talk: talk[0]))
def test_what_is_written_reads_back_with_the_same_fingerprint(talks, tmp_path_factory):
    path = tmp_path_factory.mktemp("jsonl") / "talks.jsonl"
    # Built here: beartype draws from the global generator, which a strategy must not.
    dialogues = (
        Dialogue(name, category, tuple(Utterance(*said) for said in turns), situation)
        for name, category, turns, situation in talks
    )
    corpus = Corpus(tuple(dialogues), name="any", split="valid")
    write_jsonl(corpus, path)
    again = JsonlDataset(path=path).load("valid")
    assert again.fingerprint == corpus.fingerprint
    assert again.dialogues == corpus.dialogues


def test_speakers_are_written_where_there_are_some(corpus, tmp_path):
    path = tmp_path / "train.jsonl"
    known = Corpus((replace(corpus[0], speaker="11"), *corpus.dialogues[1:]), name="tiny")
    for written, speakers in ((corpus, [None] * 4), (known, ["11", None, None, None])):
        write_jsonl(written, path)
        assert [talk.speaker for talk in JsonlDataset(path=path).load("train")] == speakers
        assert path.read_text().count('speaker": "11"') == speakers.count("11")


def test_a_folder_has_one_file_per_split(corpus, tmp_path):
    write_jsonl(corpus, tmp_path / "train.jsonl")
    read = datasets.build({"name": "jsonl", "path": str(tmp_path), "licence": "CC0"}).load("train")
    assert read.fingerprint == corpus.fingerprint
    assert (read.name, read.split, read.licence) == (tmp_path.name, "train", "CC0")


def test_a_pattern_names_one_file_per_split(tmp_path):
    lines(tmp_path / "talks-{0}-test.jsonl", TALK, mark=b"\xef\xbb\xbf")
    read = JsonlDataset(path=tmp_path / "talks-{0}-{split}.jsonl").load("test")
    assert (read.name, read[0].situation, read[0].response(0)) == ("talks-{0}", "", "Well done.")
    assert (
        JsonlDataset(path=tmp_path / "talks-{0}-{split}.jsonl", title="x").load("test").name == "x"
    )


def test_one_file_can_hold_all_splits(tmp_path):
    path = lines(
        tmp_path / "all.jsonl", {**TALK, "split": "train"}, {**TALK, "id": "d2", "split": "test"}
    )
    assert [talk.id for talk in JsonlDataset(path=path).load("test")] == ["d2"]


def test_one_file_without_splits_is_refused(tmp_path):
    path = lines(tmp_path / "all.jsonl", TALK)
    with pytest.raises(DataError, match=r"all\.jsonl, row 1: 'split' is missing"):
        JsonlDataset(path=path).load("train")


def test_a_split_without_rows_names_the_others(tmp_path):
    path = lines(tmp_path / "all.jsonl", {**TALK, "split": "valid"})
    with pytest.raises(
        DataError, match=r"no dialogue of split 'validation'\. Did you mean 'valid'"
    ):
        JsonlDataset(path=path).load("validation")


@pytest.mark.parametrize("name", ["talks.csv", "talks.tsv.gz", "talks.parquet"])
def test_a_table_is_told_the_dataset_that_reads_it(tmp_path, name):
    (tmp_path / name).write_bytes(b"context,response,label\n")
    with pytest.raises(DataError, match=r"dataset 'table': .* name = \"table\", path = \".*talks"):
        JsonlDataset(path=tmp_path / name).load("train")


def test_an_empty_file_is_refused(tmp_path):
    (tmp_path / "train.jsonl").write_text("\n \n")
    with pytest.raises(DataError, match=r"no dialogue of split 'train'\. It has 0 rows"):
        JsonlDataset(path=tmp_path).load("train")


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"test\.jsonl cannot be read \(No such file"):
        JsonlDataset(path=tmp_path).load("test")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({**TALK, "id": ""}, "id: String should have at least 1 character"),
        ({**TALK, "utterances": []}, "utterances: Tuple should have at least 1 item"),
        ({**TALK, "situaton": "x"}, r"a key is not known. Did you mean 'situation'"),
        ({**TALK, "utterances": [{"role": "host", "text": "x"}]}, r"utterances\.0\.role: Input"),
        ({**TALK, "utterances": [{"role": "speaker"}]}, r"utterances\.0\.text: Field required"),
        ({**TALK, "grumble": "x"}, r"a key is not known"),
        ({**TALK, "utterances": [{"role": "grumble", "text": "x"}]}, r"utterances\.0\.role: Input"),
        ({**TALK, "utterances": [{"grumble": 1}]}, r"utterances\.0\.role: Field required"),
        ([1], r"the row must be an object, got list"),
        ({**TALK, "situation": "\ud83d"}, r"a text holds half a surrogate pair"),
        ({**TALK, "situation": float("nan")}, r"NaN is no JSON"),
    ],
)
def test_a_malformed_row_is_refused_with_its_number(tmp_path, row, reason):
    lines(tmp_path / "train.jsonl", TALK, row)
    with pytest.raises(DataError, match=r"train\.jsonl, row 2: " + reason) as caught:
        JsonlDataset(path=tmp_path).load("train")
    assert "grumble" not in str(caught.value)


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (b'{"id": ', "row 1: Expecting value at column 8"),
        (b'{"id": 1\n', "row 1: Expecting ',' delimiter at column 9"),
        (b'{"id": "caf\xe9"}', "row 1: it is not UTF-8, .*; save it as UTF-8"),
        (b'{"id": "a", "id": "b"}', "row 1: a key is given twice"),
        (b'{"id": ' + b"9" * 9000 + b"}", "row 1: a number has too many digits"),
        (b'{"id": ' + b"[" * 100_000, "row 1: it is nested too deep"),
        (b'{"id": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "row 1: .* nested too deep"),
    ],
)
def test_a_row_that_is_not_json_is_refused(tmp_path, broken, said):
    (tmp_path / "train.jsonl").write_bytes(broken)
    with pytest.raises(DataError, match=said):
        JsonlDataset(path=tmp_path).load("train")


def test_two_dialogues_with_one_id_are_refused(tmp_path):
    lines(tmp_path / "train.jsonl", TALK, TALK)
    with pytest.raises(DataError, match=r"2 dialogues with one id, the first at \[0\] and \[1\]"):
        JsonlDataset(path=tmp_path).load("train")


def test_labels_of_utterances_and_system_prompts_are_written_and_read_back(tmp_path):
    turns = (Utterance("a", "speaker", category="sad"), Utterance("b", "listener"))
    whole = Corpus((Dialogue("d", "calm", turns, system="Be kind."),), name="talks")
    write_jsonl(whole, tmp_path / "train.jsonl")
    again = JsonlDataset(path=tmp_path).load("train")
    assert again.dialogues == whole.dialogues
    assert again.fingerprint == whole.fingerprint
    plain = Dialogue("d", "calm", (Utterance("a", "speaker"), turns[1]))
    assert replace(whole, dialogues=(plain,)).fingerprint != whole.fingerprint


@pytest.mark.parametrize(("label", "columns"), [("label", True), ("category", False)])
def test_pairs_are_sent_to_the_dataset_that_reads_them(tmp_path, label, columns):
    row = {"prompt": "grumble", "completion": "grumble", label: "joy"}
    lines(tmp_path / "pairs-train.jsonl", row)
    with pytest.raises(DataError, match="read by the dataset 'table'") as caught:
        JsonlDataset(path=tmp_path / "pairs-{split}.jsonl").load("train")
    assert "grumble" not in str(caught.value)
    # The line that it shows works as it is.
    line = str(caught.value).split("'table': ")[1].removesuffix(".")
    assert ("columns" in line) is columns
    spec = tomllib.loads(line)["dataset"]
    assert datasets.build(spec).load("train").categories == ("joy",)


SAID = [
    {"role": "system", "content": "Be kind."},
    {"role": "user", "content": "I won!"},
    {"role": "assistant", "content": "Well done."},
]


def test_chat_messages_are_read_with_their_system_turn(tmp_path):
    file = lines(tmp_path / "train.jsonl", {"messages": SAID, "mood": "joy", "extra": 1})
    columns = {"category": "mood"}
    read = JsonlDataset(path=tmp_path, columns=columns).load("train")
    turns = (Utterance("I won!", "speaker"), Utterance("Well done.", "listener"))
    assert read.dialogues == (Dialogue("train-1", "joy", turns, system="Be kind."),)
    assert read.numbered
    # The one mapping that all readers share.
    again = datasets.build({"name": "table", "path": str(file), "columns": columns}).load("train")
    assert again.fingerprint == read.fingerprint
    with pytest.raises(DataError, match=r"no column 'category', .* It has: messages, mood, extra"):
        JsonlDataset(path=tmp_path).load("train")


def test_what_stands_beside_messages_means_what_it_does_beside_utterances(tmp_path):
    beside = {"category": "joy", "situation": "A race.", "speaker": "p", "split": "test"}
    rows = [{"id": f"d{place}", "messages": SAID, **beside} for place in (1, 2)]
    lines(tmp_path / "all.jsonl", *rows, {**rows[0], "split": "train"})
    read = JsonlDataset(path=tmp_path / "all.jsonl").load("test")
    assert [talk.id for talk in read] == ["d1", "d2"]
    assert (read[0].situation, read[0].speaker, read.numbered) == ("A race.", "p", False)
    with pytest.raises(DataError, match=r"no dialogue of split 'valid'.* 3 rows of 2 other"):
        JsonlDataset(path=tmp_path / "all.jsonl").load("valid")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"messages": SAID[:2], "category": "joy"}, "row 2: the dialogue has no response"),
        ({"messages": [{"role": "grumble", "content": "x"}], "category": "a"}, "row 2: turn 1 has"),
        (TALK, "row 2: 'messages' must be a list of turns"),
    ],
)
def test_messages_that_contradict_themselves_are_refused_or_left_out(tmp_path, row, reason):
    lines(
        tmp_path / "train.jsonl",
        {"messages": SAID, "category": "joy", "id": "a"},
        {"id": "b", **row},
    )
    dataset = JsonlDataset(path=tmp_path, columns={"category": "category"})
    with pytest.raises(DataError, match=reason) as caught:
        dataset.load("train")
    assert "grumble" not in str(caught.value)
    kept = dataset.replace(on_error="skip").load("train")
    assert (len(kept), [left.rows for left in kept.left_out]) == (1, [(2,)])
    assert hash(dataset) == hash(dataset.replace())
