"""Tables of files: formats, encodings, splits, and what is refused."""

import bz2
import csv
import gzip
import io
import json
import lzma
import sys
import zipfile

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semspill import Corpus, datasets
from semspill._tables._splits import NoSplitError
from semspill.datasets import TableDataset
from semspill.errors import DataError, MissingExtraError
from semspill.testing import check_dataset

WORD = "GRUMBLEWORD"
COLUMNS = {"category": "label"}
ROWS = [
    {"context": "Ich f\u00fcrchte mich.", "response": "Oh, nein!", "label": "fear"},
    {"context": "I won; really, twice.", "response": 'He said: "Well\ndone."', "label": "joy"},
]


def csv_text(rows, delimiter=","):
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def jsonl(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def zipped(content, names=("talks.csv",)):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, content)
    return out.getvalue()


def loaded(path, content, **fields):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return TableDataset(path=path, columns=COLUMNS, **fields).load("train")


def told(corpus):
    return [
        (*(turn.text for turn in one.utterances), one.category, one.id, one.system)
        for one in corpus
    ]


EXPECTED = [
    ("Ich f\u00fcrchte mich.", "Oh, nein!", "fear", "train-1", ""),
    ("I won; really, twice.", 'He said: "Well\ndone."', "joy", "train-2", ""),
]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_seen_or_told(tmp_path, delimiter):
    assert told(loaded(tmp_path / "t.csv", csv_text(ROWS, delimiter))) == EXPECTED
    other = csv_text(ROWS, "~")
    assert told(loaded(tmp_path / "t.csv", other, delimiter="~")) == EXPECTED


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_an_encoding_with_a_mark_is_seen(tmp_path, encoding, kind):
    text = csv_text(ROWS) if kind == "csv" else jsonl(ROWS)
    assert told(loaded(tmp_path / f"t.{kind}", text.encode(encoding))) == EXPECTED


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16-le"])
def test_an_encoding_without_a_mark_is_told(tmp_path, encoding):
    text = csv_text(ROWS).encode(encoding)
    assert told(loaded(tmp_path / "t.csv", text, encoding=encoding)) == EXPECTED
    with pytest.raises(DataError, match=r"encoding|UTF-16"):
        loaded(tmp_path / "t.csv", text)
    lines = json.dumps(ROWS[0], ensure_ascii=False).encode(encoding)
    assert told(loaded(tmp_path / "t.jsonl", lines, encoding=encoding)) == EXPECTED[:1]


def test_a_wrong_encoding_is_refused(tmp_path):
    with pytest.raises(ValueError, match="is no encoding of text"):
        TableDataset(path="a.csv", encoding="rot13")
    with pytest.raises(DataError, match=r"not in the encoding 'ascii'; give the right"):
        loaded(tmp_path / "t.csv", csv_text(ROWS), encoding="ascii")
    said = r"the text is not UTF-8 .* name the encoding, such as encoding = \"cp1252\""
    with pytest.raises(DataError, match=said):
        loaded(tmp_path / "t.csv", csv_text(ROWS).encode("latin-1"))


@pytest.mark.parametrize(
    ("suffix", "pack"),
    [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress), ("zip", zipped)],
)
def test_a_compressed_file_is_read(tmp_path, suffix, pack):
    packed = pack(csv_text(ROWS).encode())
    assert told(loaded(tmp_path / f"t.csv.{suffix}", packed)) == EXPECTED
    with pytest.raises(DataError, match="compressed and damaged"):
        loaded(tmp_path / f"t.csv.{suffix}", packed[: len(packed) // 2])


def test_an_archive_of_several_files_and_a_spreadsheet_are_refused(tmp_path):
    with pytest.raises(DataError, match="a zip archive of 2 files"):
        loaded(tmp_path / "t.csv.zip", zipped("a", ("a.csv", "b.csv")))
    with pytest.raises(DataError, match="a spreadsheet of 2 files; save it as CSV"):
        loaded(tmp_path / "t.csv", zipped("a", ("[Content_Types].xml", "xl/workbook.xml")))
    with pytest.raises(DataError, match=r"ends in '\.xlsx'; allowed are \.csv"):
        loaded(tmp_path / "t.xlsx", b"")


def test_json_may_be_lines_or_one_list(tmp_path):
    assert told(loaded(tmp_path / "t.json", json.dumps(ROWS, indent=2))) == EXPECTED
    assert told(loaded(tmp_path / "t.json", json.dumps(ROWS))) == EXPECTED
    assert told(loaded(tmp_path / "t.ndjson", jsonl(ROWS))) == EXPECTED
    with pytest.raises(DataError, match=r"row 2: the row must be an object, got str"):
        loaded(tmp_path / "t.json", json.dumps([ROWS[0], WORD]))
    with pytest.raises(DataError, match=r"row 2: a key is given twice"):
        loaded(tmp_path / "t.jsonl", jsonl(ROWS[:1]) + f'{{"a": "{WORD}", "a": 1}}\n')


def test_parquet_is_read_with_its_lists(tmp_path):
    pytest.importorskip("pyarrow")
    said = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "I won!"}]
    said.append({"role": "assistant", "content": "Well done."})
    pd.DataFrame({"messages": [said, said], "label": ["joy", "fear"]}).to_parquet(
        tmp_path / "t.parquet"
    )
    corpus = TableDataset(path=tmp_path / "t.parquet", columns=COLUMNS).load("train")
    assert told(corpus)[1] == ("I won!", "Well done.", "fear", "train-2", "Be kind.")
    (tmp_path / "t.parquet").write_bytes(b"PAR1" + WORD.encode())
    with pytest.raises(DataError, match="is no whole Parquet file"):
        TableDataset(path=tmp_path / "t.parquet", columns=COLUMNS).load("train")


def test_class_labels_that_the_library_wrote_into_parquet_keep_their_names(tmp_path):
    hub = pytest.importorskip("datasets")
    who = hub.ClassLabel(names=["assistant", "user"])
    talk = hub.List({"role": who, "content": hub.Value("string")})
    mood = hub.ClassLabel(names=["sad", "joy"])
    said = [{"role": 1, "content": "I won!"}, {"role": 0, "content": "Well done."}]
    rows = {"label": [1, 0, None], "messages": [said] * 3}
    table = hub.Dataset.from_dict(rows, hub.Features({"label": mood, "messages": talk}))
    table.to_parquet(tmp_path / "t.parquet")
    dataset = TableDataset(path=tmp_path / "t.parquet", columns=COLUMNS, on_error="skip")
    corpus = dataset.load("train")
    assert [one.category for one in corpus] == ["joy", "sad"]
    assert [turn.role for turn in corpus[0].utterances] == ["speaker", "listener"]
    assert corpus.left_out[0].rows == (3,)


def test_without_pyarrow_parquet_says_what_to_install(tmp_path, monkeypatch):
    (tmp_path / "t.parquet").write_bytes(b"PAR1")
    for name in ("pyarrow", "fastparquet"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError, match=r'pip install "semspill\[parquet\]"'):
        TableDataset(path=tmp_path / "t.parquet").load("train")


def test_a_cell_is_the_text_that_stands_there(tmp_path):
    rows = [{"context": "NA", "response": "007", "label": "None"}]
    assert told(loaded(tmp_path / "t.csv", csv_text(rows)))[0][:3] == ("NA", "007", "None")


def test_one_row_per_turn_with_any_role_names(tmp_path):
    text = "conversation_id,speaker,text,label\n1,guest,Hi.,a\n1,host,Yo.,a\n"
    (tmp_path / "t.csv").write_text(text)
    columns = {**COLUMNS, "roles": {"guest": "speaker", "host": "listener"}}
    dataset = datasets.build({"name": "table", "path": str(tmp_path / "t.csv"), "columns": columns})
    assert told(dataset.load("train")) == [("Hi.", "Yo.", "a", "1", "")]
    with pytest.raises(DataError, match=r"t\.csv, row 1 \(line 2\): .* columns\.roles = { guest"):
        dataset.replace(columns=COLUMNS).load("train")


@pytest.mark.parametrize("place", ["talks", "talks/{split}.csv"])
def test_there_may_be_a_file_per_split(tmp_path, place):
    (tmp_path / "talks").mkdir()
    (tmp_path / "talks" / "notes.md").write_text(WORD)
    for name, row in zip(("train", "dev"), ROWS, strict=True):
        (tmp_path / "talks" / f"{name}.csv").write_text(csv_text([row]))
    dataset = TableDataset(path=tmp_path / place, columns=COLUMNS, splits={"test": "dev"})
    assert [len(dataset.load(name)) for name in ("train", "test")] == [1, 1]
    assert dataset.load("test")[0].id == "test-1"
    with pytest.raises(NoSplitError, match="valid"):
        dataset.load("valid")
    if "{" not in place:
        (tmp_path / "talks" / "train.jsonl").write_text("")
        with pytest.raises(DataError, match=r"several files .* train\.csv, train\.jsonl"):
            dataset.load("train")


@pytest.mark.parametrize("column", ["split", "fold"])
def test_a_column_may_say_the_split(tmp_path, column):
    rows = [{**row, column: name} for row, name in zip(ROWS, ("train", "dev"), strict=True)]
    (tmp_path / "t.jsonl").write_text(jsonl(rows))
    told_it = {} if column == "split" else {"split_column": column}
    dataset = TableDataset(
        path=tmp_path / "t.jsonl", columns=COLUMNS, splits={"valid": "dev"}, **told_it
    )
    assert [one.id for one in dataset.load("train")] == ["train-1"]
    assert [one.id for one in dataset.load("valid")] == ["valid-2"]
    with pytest.raises(
        NoSplitError, match=r"no row of split 'test' .* 2 others, such as train, dev"
    ):
        dataset.load("test")
    shared = dataset.replace(splits={"test": 0.999999})
    assert [one.category for one in shared.load("test")] == ["fear"]
    with pytest.raises(DataError, match="no column 'no', which split_column names"):
        dataset.replace(split_column="no").load("train")


def test_one_file_without_splits_says_what_to_do(tmp_path):
    corpus = loaded(tmp_path / "t.csv", csv_text(ROWS))
    assert (len(corpus), corpus.name) == (2, "t")
    with pytest.raises(
        NoSplitError, match=r"split 'test'; set a share .* splits = { test = 0\.2 }"
    ):
        TableDataset(path=tmp_path / "t.csv", columns=COLUMNS).load("test")


@pytest.mark.parametrize(
    ("splits", "said"),
    [
        ({"test": 0.6, "valid": 0.5}, "leave something"),
        ({"train": 0.8}, "leave it out"),
        ({"test": 1.5}, "less than 1"),
        ({"test": 0.0}, "greater than 0"),
    ],
)
def test_shares_must_leave_something(splits, said):
    with pytest.raises(ValueError, match=said):
        TableDataset(path="t.csv", splits=splits)


pairs = st.lists(
    st.tuples(st.text("abc", min_size=1), st.text("abc", min_size=1), st.sampled_from("xy")),
    min_size=1,
    max_size=12,
)


def shares_of(folder, rows, **columns):
    """The texts of each split, and that they are all of the rows."""
    (folder / "t.jsonl").write_text(jsonl(rows))
    splits = {"test": 0.3, "valid": 0.2}
    dataset = TableDataset(path=folder / "t.jsonl", splits=splits, columns=columns)
    parts = {}
    for split in ("train", "test", "valid"):
        try:
            corpus = dataset.load(split)
        except NoSplitError:
            parts[split] = []
            continue
        parts[split] = [
            (one.id, one.speaker, tuple(turn.text for turn in one.utterances)) for one in corpus
        ]
    assert sum(map(len, parts.values())) == len(rows)
    return parts


@settings(max_examples=25)
@given(rows=pairs, more=pairs)
def test_a_dialogue_stays_in_its_split_whatever_else_is_in_the_file(rows, more, tmp_path_factory):
    folder = tmp_path_factory.mktemp("shares")
    made = [{"context": a, "response": b, "category": c} for a, b, c in rows]
    before = shares_of(folder, made)
    longer = [{"context": a, "response": b, "category": c} for a, b, c in more]
    after = shares_of(folder, longer + made[::-1])
    for split, part in before.items():
        others = [texts for name in after if name != split for _, _, texts in after[name]]
        assert not {texts for _, _, texts in part} & set(others)


@settings(max_examples=25)
@given(people=st.lists(st.sampled_from("pqrstuv"), min_size=1, max_size=20))
def test_all_dialogues_of_a_speaker_are_in_one_split(people, tmp_path_factory):
    rows = [
        {"context": "a", "response": "b", "category": "c", "key": n, "who": who}
        for n, who in enumerate(people)
    ]
    parts = shares_of(tmp_path_factory.mktemp("people"), rows, id="key", speaker="who")
    sets = [{who for _, who, _ in part} for part in parts.values()]
    assert sum(map(len, sets)) == len(set.union(*sets))


def test_a_share_is_drawn_by_id_and_seed(tmp_path):
    rows = [{"context": "a", "response": "b", "category": "c", "id": n} for n in range(400)]
    (tmp_path / "t.jsonl").write_text(jsonl(rows))
    dataset = TableDataset(path=tmp_path / "t.jsonl", splits={"test": 0.25}, columns={"id": "id"})
    test = {one.id for one in dataset.load("test")}
    # Four standard deviations of a binomial of 400 draws are 35.
    assert 65 <= len(test) <= 135
    other = {one.id for one in dataset.replace(seed=1).load("test")}
    assert test != other
    assert len(test & other) < 60


def test_what_contradicts_itself_is_refused_or_left_out(tmp_path):
    rows = [*ROWS, {**ROWS[0], "response": ""}, {**ROWS[0], "label": "", "context": WORD}]
    path = tmp_path / "t.csv"
    path.write_text(csv_text(rows))
    dataset = TableDataset(path=path, columns=COLUMNS)
    with pytest.raises(DataError, match=r"t\.csv, row 3 \(line 5\): 'response' is empty"):
        dataset.load("train")
    skipping = dataset.replace(on_error="skip")
    corpus = skipping.load("train")
    assert told(corpus) == EXPECTED
    assert [(left.kind, left.rows) for left in corpus.left_out] == [
        ("without a response", (3,)),
        ("without a category", (4,)),
    ]
    assert skipping.departures({"train": corpus}) == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{WORD},b,c\n1,2,3\n", "No column is known .* It has 3 others"),
        (f"context,response\n{WORD},{WORD}\n", "no column 'label'"),
        (f"context,response,label\n{WORD},b\n", r"row 1 \(line 2\): the row has 2 cells"),
        (f'context,response,label\n"{WORD},b\n', "after row 0"),
        (f"context,response,label,label\n{WORD},b,c,d\n", "'label' stands twice"),
        ("context,response,label\n", "holds no row"),
        ("", "holds no row"),
    ],
)
def test_a_broken_csv_is_refused_without_quoting_it(tmp_path, text, said):
    with pytest.raises(DataError, match=said) as caught:
        loaded(tmp_path / "t.csv", text)
    assert WORD not in str(caught.value)


SHAPES = [
    {"context": "a", "response": "b", "label": "x", "split": "train", "id": "1"},
    {"messages": '[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]',
     "label": "x", "split": "train", "id": "1"},
    {"id": "1", "role": "user", "text": "a", "label": "x", "split": "train"},
]  # fmt: skip
WORDS = [WORD, f" {WORD} {WORD}. {WORD}", "[" + WORD, f'[{{"{WORD}": 1}}]', f'["{WORD}"]', ""]


def refusal(dataset, split):
    try:
        dataset.load(split)
    except DataError as error:
        return str(error)
    return None


@pytest.mark.parametrize("shape", range(len(SHAPES)))
def test_no_error_shows_what_stands_in_a_cell(tmp_path, shape, caplog):
    row = SHAPES[shape]
    path = tmp_path / "t.csv"
    refused = 0
    for column in row:
        for word in WORDS:
            path.write_text(csv_text([{**row, column: word}, row]))
            for on_error in ("refuse", "skip"):
                dataset = TableDataset(path=path, columns=COLUMNS, on_error=on_error)
                for split in ("train", "test"):
                    said = refusal(dataset, split)
                    refused += said is not None
                    assert WORD not in (said or "")
    assert refused > 20
    assert WORD not in caplog.text


@settings(max_examples=25)
@given(
    rows=st.lists(
        st.tuples(*[st.text("ab \u00e9,;\"'|7", min_size=1).filter(str.strip)] * 3), min_size=1
    )
)
def test_a_file_and_the_frame_of_it_are_one_corpus(rows, tmp_path_factory):
    path = tmp_path_factory.mktemp("frames") / "t.csv"
    frame = pd.DataFrame(rows, columns=["context", "response", "label"])
    frame.to_csv(path, index=False)
    table = TableDataset(path=path, columns=COLUMNS).load("train")
    assert table.dialogues == Corpus.from_pandas(frame, category="label").dialogues


def test_a_table_keeps_the_promises_of_a_dataset(tmp_path):
    rows = [{"context": f"a{n}", "response": f"b{n}", "label": "xy"[n % 2]} for n in range(40)]
    (tmp_path / "t.csv").write_text(csv_text(rows))
    check_dataset(TableDataset(path=tmp_path / "t.csv", columns=COLUMNS, splits={"test": 0.3}))
