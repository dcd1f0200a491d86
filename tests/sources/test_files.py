"""Responses from CSV and JSON lines, the made-up ones and the real ones."""

import csv
import gzip
import json
import os

import pytest

from semspill import sources
from semspill.errors import DataError
from semspill.sources import CsvSource, JsonlSource

ROWS = [
    {"text": " grumble\r\n\n grumble ", "toxic": "1", "kind": "a"},
    {"text": "grumble, twice", "toxic": "1", "kind": "b"},
    {"text": "hello", "toxic": "0", "kind": "a"},
    {"text": "grumble grumble", "toxic": "1", "kind": "c"},
    {"text": "  ", "toxic": "1", "kind": "a"},
]


def write_csv(path, rows=ROWS):
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_lines(path, rows=ROWS):
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n\n", encoding="utf-8")
    return path


@pytest.fixture(params=["csv", "jsonl"])
def table(request, tmp_path):
    """The same rows as a source of either kind."""
    if request.param == "csv":
        return CsvSource(path=write_csv(tmp_path / "t.csv"))
    return JsonlSource(path=write_lines(tmp_path / "t.jsonl"))


def test_texts_are_cleaned_distinct_and_in_order(table):
    assert table.load() == ("grumble grumble", "grumble, twice", "hello")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"where": {"toxic": 1}}, ("grumble grumble", "grumble, twice")),
        ({"where": {"toxic": "0"}}, ("hello",)),
        ({"where": {"kind": ["b", "c"]}}, ("grumble, twice", "grumble grumble")),
        ({"where": {"toxic": 1, "kind": "b"}}, ("grumble, twice",)),
        ({"max_chars": 5}, ("hello",)),
        ({"min_chars": 15}, ("grumble grumble",)),
        ({"min_chars": 14, "max_chars": 14}, ("grumble, twice",)),
        ({"text": "kind"}, ("a", "b", "c")),
    ],
    ids=str,
)
def test_the_filter_and_the_bounds(table, fields, expected):
    assert table.replace(**fields).load() == expected


def test_a_filter_that_leaves_nothing_says_so(table):
    with pytest.raises(DataError, match=r"No response is left of 5 rows") as caught:
        table.replace(where={"toxic": 2}).load()
    assert '0 distinct texts match where={"toxic": ["2"]}' in str(caught.value)
    with pytest.raises(DataError, match=r"4 distinct texts match where={}, none has 90 to any"):
        table.replace(min_chars=90).load()


@pytest.mark.parametrize("fields", [{"text": "txet"}, {"where": {"txet": "1"}}])
def test_a_missing_column_is_refused(table, fields):
    with pytest.raises(
        DataError, match=r"no column 'txet' among the 3, of which number 1 has the nearest name"
    ):
        table.replace(**fields).load()


def test_a_missing_file_is_refused(table):
    with pytest.raises(DataError, match=r"nowhere cannot be read \(No such file"):
        table.replace(path="nowhere").load()


def test_another_encoding_is_refused(table):
    content = table.path.read_text(encoding="utf-8-sig").replace("hello", "gr\xfcmble")
    table.path.write_bytes(content.encode("latin-1"))
    with pytest.raises(DataError, match=r"row [0123]: .* not UTF-8.*; save it as UTF-8"):
        table.load()


@pytest.mark.parametrize("value", [{"a": 1}, None, [], [None]])
def test_a_filter_value_must_be_a_scalar_or_a_list_of_them(table, value):
    with pytest.raises(ValueError, match=r"filter value must be|one value or more|a comparison is"):
        table.replace(where={"toxic": value})


def test_a_source_is_its_config(table):
    source = table.replace(where={"toxic": 1, "kind": ["a", "b"]})
    again = sources.build(json.loads(json.dumps(sources.describe(source))))
    assert again == source
    assert hash(again) == hash(source)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("text,a\ngrumble,1\ngrumble\n", r"row 2 \(line 3\): the row has 1 cells, the header"),
        ('text,a\n\n"grum\nble",1\ngrumble,1,2\n', r"row 2 \(line 5\): the row has 3 cells"),
        ('text,a\n"grumble,1\n', "after row 0: unexpected end of data"),
        ('text,a\ngrumble,1\n"grumble"x,1\n', "after row 1: ',' expected after '\"'"),
        ("", "header: there is no column 'text' among the 0"),
        ("grumble you,grumble!,a\n", "no column 'text' among the 3; the first line must"),
        ("grumble\n", "no column 'text' among the 1; the first line must name the columns"),
        ("text,a,text\ngrumble,1,b\n", "header: the column 'text' stands twice"),
    ],
)
def test_a_malformed_csv_is_refused_without_quoting_it(tmp_path, body, said):
    (tmp_path / "t.csv").write_text(body)
    with pytest.raises(DataError, match=said) as caught:
        CsvSource(path=tmp_path / "t.csv").load()
    assert "grumble" not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"text": "grumble"}\n["grumble"]\n', "row 2: the row must be an object, got list"),
        ('{"text": grumble}\n', "row 1: Expecting value at column 10"),
        ('{"text": "grumble \\ud83d off"}\n', "row 1: a text holds half a surrogate pair"),
        ('{"grumble": "x"}\n', "row 1: there is no column 'text' among the 1"),
        ('{"text": "a", "text": "grumble"}\n', "row 1: a key is given twice"),
        ('{"text": ["grumble"]}\n', "row 1: 'text' must be a text, got list"),
        ('{"text": null}\n', "row 1: 'text' must be a text, got NoneType"),
    ],
)
def test_malformed_json_lines_are_refused_without_quoting_them(tmp_path, body, said):
    (tmp_path / "t.jsonl").write_text(body)
    with pytest.raises(DataError, match=said) as caught:
        JsonlSource(path=tmp_path / "t.jsonl").load()
    assert "grumble" not in str(caught.value)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_header_shows_the_separator(tmp_path, separator):
    path = tmp_path / "t.csv"
    path.write_text(f'toxic{separator}text\n1{separator}"a{separator} b"\n', encoding="utf-8-sig")
    assert CsvSource(path=path, where={"toxic": 1}).load() == (f"a{separator} b",)


@pytest.mark.parametrize("kind", [CsvSource, JsonlSource])
@pytest.mark.parametrize(
    ("write", "said"),
    [
        (lambda text: text.encode("utf-16-le"), "is binary, or text in UTF-16 without a mark"),
        (lambda text: gzip.compress(text.encode())[:-9], "is compressed and damaged"),
        (lambda text: b"PK\x03\x04" + text.encode(), "is compressed and damaged"),
        (lambda text: b"\x28\xb5\x2f\xfd" + text.encode(), "is compressed with zstd"),
        (lambda text: b"PAR1" + text.encode(), "is a Parquet file"),
    ],
)
def test_a_file_that_is_no_utf8_text_is_called_what_it_is(tmp_path, kind, write, said):
    path = tmp_path / "t"
    path.write_bytes(write("text\ngrumble\n"))
    with pytest.raises(DataError, match=said):
        kind(path=path).load()


@pytest.mark.parametrize(
    "write",
    [
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("utf-32"),
        lambda text: gzip.compress(text.encode()),
        lambda text: gzip.compress(text.encode("utf-16")),
    ],
)
def test_a_file_with_a_mark_or_compressed_is_read(tmp_path, write):
    path = tmp_path / "t"
    path.write_bytes(write("text\nd\u00e9j\u00e0 vu\n"))
    assert CsvSource(path=path).load() == ("d\u00e9j\u00e0 vu",)


@pytest.mark.parametrize("kind", [CsvSource, JsonlSource])
def test_a_path_that_can_be_no_file_is_refused(tmp_path, kind):
    os.mkfifo(tmp_path / "pipe")
    for path, said in (
        (tmp_path / "pipe", "a pipe or a device"),
        ("~nobody-has-this-name/t", "home folder"),
        ("a\0b", "null character"),
        (tmp_path, "cannot be read"),
        (tmp_path / ("x" * 5000), "cannot be read"),
    ):
        with pytest.raises(DataError, match=said):
            kind(path=path).load()


def test_the_home_folder_can_be_written_short(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "t.csv").write_text("text\nhello\n")
    assert CsvSource(path="~/t.csv").load() == ("hello",)


def test_a_very_long_cell_is_read_and_the_limit_is_put_back(tmp_path):
    before = csv.field_size_limit()
    long = "grumble " * 50_000
    path = write_csv(tmp_path / "t.csv", [{"text": long}])
    assert CsvSource(path=path).load() == (long.strip(),)
    assert csv.field_size_limit() == before


def test_json_values_are_compared_as_strings(tmp_path):
    path = write_lines(tmp_path / "t.jsonl", [{"text": "a", "n": 1}, {"text": "b", "n": True}])
    assert JsonlSource(path=path, where={"n": "1"}).load() == ("a",)
    assert JsonlSource(path=path, where={"n": True}).load() == ("b",)


def test_the_real_toxic_rows(toxic_csv):
    """501 of 1,000 rows are labelled Toxic, all distinct, as counted with csv.DictReader."""
    texts = CsvSource(path=toxic_csv, where={"is_toxic": "Toxic"}).load()
    assert len(texts) == 501
    assert not any("\n" in text for text in texts)
    assert len(CsvSource(path=toxic_csv).load()) == 999
