"""Which rows are taken, the same for datasets and sources."""

import json

import pytest

from semspill.datasets import TableDataset
from semspill.errors import ConfigError, DataError
from semspill.sources import HuggingFaceSource

ROWS = [
    {"id": 1, "text": "one", "kind": "a", "marks": ["x", "y"], "toxicity": 0.2, "is": {"ok": True}},
    {"id": 2, "text": "two", "kind": "b", "marks": ["y"], "toxicity": 0.5, "is": {"ok": False}},
    {"id": 3, "text": "three", "kind": "c", "marks": [], "toxicity": 0.9, "is": {"ok": True}},
    {"id": 4, "text": "four", "kind": "a", "marks": ["x"], "toxicity": None, "is": {"ok": False}},
]
TAKEN = [
    ({"kind": "a"}, [1, 4]),
    ({"kind": ["b", "c"]}, [2, 3]),
    ({"id": 3}, [3]),
    ({"marks": "y"}, [1, 2]),
    ({"is.ok": True}, [1, 3]),
    ({"toxicity": {">=": 0.5}}, [2, 3]),
    ({"toxicity": {">": 0.5}}, [3]),
    ({"toxicity": {"<=": 0.5}}, [1, 2]),
    ({"toxicity": {"<": 0.5}}, [1]),
    ({"toxicity": {">": 0.2, "<": 0.9}}, [2]),
    ({"kind": {"not": ["a", "b"]}}, [3]),
    ({"marks": {"not": "x"}}, [2, 3]),
    ({"kind": "a", "toxicity": {">=": 0}}, [1]),
]


@pytest.fixture
def path(tmp_path):
    rows = [
        {**row, "category": "joy", "context": f"Say {row['text']}.", "response": row["text"]}
        for row in ROWS
    ]
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(file)


@pytest.mark.parametrize(("where", "ids"), TAKEN, ids=str)
def test_a_source_and_a_dataset_take_the_rows_that_meet_all_conditions(path, where, ids):
    expected = tuple(row["text"] for row in ROWS if row["id"] in ids)
    source = HuggingFaceSource(path=path, where=where)
    assert source.load() == expected
    dataset = TableDataset(path=path, where=where)
    assert dataset.load("train").responses().texts == expected
    for one in (source, dataset):
        again = type(one)(**json.loads(one.model_dump_json()))
        assert (again, hash(again)) == (one, hash(one))


@pytest.mark.parametrize(
    "where", [{"kind": {}}, {"kind": {"==": 1}}, {"kind": {">=": "a"}}, {"kind": []}, {"kind": 1j}]
)
def test_what_is_no_condition_is_refused(path, where):
    for kind in (HuggingFaceSource, TableDataset):
        with pytest.raises(ConfigError, match="where"):
            kind(path=path, where=where)


def test_a_cell_that_is_no_number_is_not_compared_with_one_and_not_quoted(path):
    for one in (HuggingFaceSource, TableDataset):
        loaded = one(path=path, where={"text": {">": 1}})
        with pytest.raises(DataError, match=r"row 1: 'text' must be a number .* got str") as caught:
            loaded.load("train") if one is TableDataset else loaded.load()
        assert "one." not in str(caught.value)


def test_a_column_that_is_not_there_is_refused(path):
    with pytest.raises(DataError, match="no column 'knid', which 'where' names"):
        TableDataset(path=path, where={"knid": "a"}).load("train")
    with pytest.raises(DataError, match="row 1: there is no column 'knid'"):
        HuggingFaceSource(path=path, where={"knid": "a"}).load()


def test_a_whole_number_matches_in_a_column_with_gaps(tmp_path):
    pytest.importorskip("pyarrow")
    pd = pytest.importorskip("pandas")
    file = tmp_path / "rows.parquet"
    pd.DataFrame({"text": ["one", "two", "three"], "label": [1, None, 0]}).to_parquet(file)
    assert HuggingFaceSource(path=str(file), where={"label": 1}).load() == ("one",)
    assert HuggingFaceSource(path=str(file), where={"label": 0.0}).load() == ("three",)


def test_a_source_says_which_of_its_fields_names_no_column(path):
    source = HuggingFaceSource(path=str(path))
    with pytest.raises(DataError, match=r"no column 'kid' .*; name another in 'where'\."):
        source.replace(where={"kid": "a"}).load()
    with pytest.raises(DataError, match=r"no column 'txt' .*; name another in 'text'\."):
        source.replace(text="txt").load()


def test_a_filter_without_a_value_is_refused(path):
    with pytest.raises(
        ConfigError, match=r"where\.kind: a filter needs one value or more"
    ) as caught:
        HuggingFaceSource(path=str(path), where={"kind": []})
    assert len(str(caught.value).splitlines()) == 1


def test_a_filter_that_no_row_meets_is_told_of(path):
    with pytest.raises(DataError, match="of 0 that were read and meet 'where'; widen it"):
        TableDataset(path=path, where={"kind": "z"}).load("train")
