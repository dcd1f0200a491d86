"""Hugging Face data sets: tiny local ones, no network."""

import json
import sys

import pytest

hub = pytest.importorskip("datasets")

from semspill import datasets  # noqa: E402
from semspill.datasets import Columns, HuggingFaceDataset  # noqa: E402
from semspill.errors import DataError, MissingExtraError  # noqa: E402

TALKS = [
    {"emotion": "joy", "talk": ["I won!", " Well_comma_ well. "], "name": "a"},
    {"emotion": "fear", "talk": ["A noise.", "Oh no."], "name": "b"},
]
COLUMNS = {"category": "emotion", "utterances": "talk"}
TURNS = [
    {"conv": 7, "place": 2, "label": "joy", "said": "Well done.", "about": "A prize"},
    {"conv": 7, "place": 1, "label": "joy", "said": "I won!", "about": "A prize"},
    {"conv": 8, "place": 1, "label": "fear", "said": "A noise.", "about": None},
]
LONG = {
    "category": "label",
    "utterances": "said",
    "id": "conv",
    "index": "place",
    "situation": "about",
}


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(hub.config, "HF_DATASETS_CACHE", str(tmp_path / "hub-cache"))


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_a_folder_of_jsonl_with_lists_of_strings(tmp_path):
    write(tmp_path / "talks" / "train.jsonl", TALKS)
    write(tmp_path / "talks" / "validation.jsonl", TALKS[1:])
    dataset = datasets.build(
        {
            "name": "huggingface",
            "path": str(tmp_path / "talks"),
            "columns": {**COLUMNS, "substitute": {"_comma_": ","}},
            "licence": "CC0",
        }
    )
    corpus = dataset.load("train")
    assert [talk.id for talk in corpus] == ["train-1", "train-2"]
    assert corpus.categories == ("fear", "joy")
    assert [(said.role, said.text) for said in corpus[0].utterances] == [
        ("speaker", "I won!"),
        ("listener", "Well, well."),
    ]
    assert [talk.id for talk in dataset.load("valid")] == ["valid-1"]
    assert (corpus.licence, corpus.split) == ("CC0", "train")
    assert datasets.build(datasets.describe(dataset)) == dataset
    assert hash(dataset) == hash(dataset.replace())


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_files_by_pattern_with_one_row_per_utterance(tmp_path, suffix):
    table = hub.Dataset.from_list(TURNS)
    path = tmp_path / f"turns-train.{suffix}"
    table.to_json(path) if suffix == "jsonl" else table.to_parquet(path)
    corpus = HuggingFaceDataset(
        path=str(tmp_path / f"turns-{{split}}.{suffix}"), columns=Columns(**LONG)
    ).load("train")
    assert [(talk.id, talk.situation) for talk in corpus] == [("7", "A prize"), ("8", "")]
    assert corpus[0].utterances[0].text == "I won!"
    assert corpus[0].response(0) == "Well done."


def test_the_speaker_is_read_where_the_speaker_speaks():
    rows = [
        {**row, "who": who, "role": role}
        for row, who, role in zip(
            TURNS, (4, 11, None), ("listener", "speaker", "speaker"), strict=True
        )
    ]
    columns = Columns(**LONG, role="role", speaker="who")
    assert [talk.speaker for talk in columns.dialogues(rows, "train")] == ["11", None]
    assert [talk.speaker for talk in Columns(**LONG).dialogues(rows, "train")] == [None, None]
    whole = Columns(**COLUMNS, speaker="name").dialogues(TALKS, "train")
    assert [talk.speaker for talk in whole] == ["a", "b"]


def test_what_save_to_disk_wrote_with_roles(tmp_path):
    talk = [{"who": "assistant", "text": "Hello?"}, {"who": "user", "text": "I won!"}]
    table = hub.Dataset.from_list([{"category": "joy", "utterances": talk}])
    hub.DatasetDict({"train": table}).save_to_disk(tmp_path / "saved")
    dataset = HuggingFaceDataset(path=str(tmp_path / "saved"), columns=Columns(role="who"))
    assert [said.role for said in dataset.load("train")[0].utterances] == ["listener", "speaker"]
    with pytest.raises(DataError, match=r"has no split 'validation'\. It has: train"):
        dataset.load("valid")
    with pytest.raises(DataError, match=r"has a role \(str of 4 .* columns\.roles does not map"):
        dataset.replace(columns=Columns(role="who", roles={"assistant": "listener"})).load("train")
    with pytest.raises(DataError, match=r"has a role \(NoneType"):
        dataset.replace(columns=Columns(role="whom")).load("train")


def test_a_single_table_on_disk_is_the_split_it_was_made_as(tmp_path):
    table = hub.Dataset.from_list(TALKS, split=hub.Split.TEST)
    table.save_to_disk(tmp_path / "saved")
    dataset = HuggingFaceDataset(
        path=str(tmp_path / "saved"), columns=Columns(**COLUMNS, id="name")
    )
    assert [talk.id for talk in dataset.load("test")] == ["a", "b"]
    with pytest.raises(DataError, match="has no split 'train'"):
        dataset.load("train")


def test_roles_can_be_a_column(tmp_path):
    rows = [{**row, "who": "user" if row["place"] == 1 else "assistant"} for row in TURNS]
    write(tmp_path / "train.jsonl", rows)
    columns = Columns(**LONG, role="who")
    corpus = HuggingFaceDataset(path=str(tmp_path / "{split}.jsonl"), columns=columns).load("train")
    assert [said.role for said in corpus[0].utterances] == ["speaker", "listener"]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({}, r"no column 'category', which columns\.category names\. It has: emotion, talk, name"),
        (
            {**COLUMNS, "utterances": "talks"},
            r"columns\.utterances names\. Did you mean 'talk'",
        ),
        ({**COLUMNS, "id": "nam"}, r"columns\.id names\. Did you mean 'name'"),
        ({**COLUMNS, "id": "name", "index": "turn"}, r"columns\.index names"),
        ({**COLUMNS, "utterances": "name"}, r"train, row 1: 'name' must be a list of utterances"),
    ],
)
def test_a_wrong_column_is_refused(tmp_path, columns, said):
    write(tmp_path / "train.jsonl", TALKS)
    dataset = HuggingFaceDataset(path=str(tmp_path / "{split}.jsonl"), columns=columns)
    with pytest.raises(DataError, match=said):
        dataset.load("train")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([*TURNS, {**TURNS[0]}], "row 4: 'place' is 2 in train, row 1 already"),
        ([{**TURNS[0], "place": "two"}], "row 1: 'place' must be a whole number"),
        (
            [TURNS[1], {**TURNS[0], "label": "fear"}],
            "row 2: 'label' is another one than in train, row 1",
        ),
        ([{**TURNS[0], "label": None}], "row 1: 'label' is empty"),
        ([{**TURNS[0], "label": 0.5}], "row 1: 'label' must be a text .* got float"),
        ([{**TURNS[0], "label": ["joy"]}], "row 1: 'label' must be a text .* got list"),
        ([{**TURNS[0], "conv": None}], "row 1: 'conv' is empty"),
        ([{**TURNS[0], "place": "9" * 5000}], "row 1: 'place' must be a whole number"),
        ([{**TURNS[0], "said": None}], "row 1: utterance 0 has no text under 'text'"),
    ],
)
def test_a_malformed_row_is_refused_with_its_number(rows, said):
    with pytest.raises(DataError, match=said):
        Columns(**LONG).dialogues(rows, "train")


def of_csv(tmp_path, body, pattern):
    """Load a CSV file as one file of a pattern, or as a folder that the library looks through."""
    (tmp_path / "talks").mkdir(exist_ok=True)
    (tmp_path / "talks" / "train.csv").write_bytes(body.encode())
    columns = {"id": "conv", "index": "turn", "utterances": "text", "category": "emo"}
    return HuggingFaceDataset(path=str(tmp_path / "talks" / pattern), columns=columns)


BOTH_WAYS = pytest.mark.parametrize("pattern", ["{split}.csv", ""], ids=["file", "folder"])


@BOTH_WAYS
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_cell_of_a_csv_is_the_text_that_stands_there(tmp_path, pattern, mark):
    body = "conv,turn,emo,text,other\n007,0,NA,None,1.50\n007,1,NA,7,x\n1e3,0,null,nan,\n"
    one, two = of_csv(tmp_path, mark + body, pattern).load("train")
    assert (one.id, one.category) == ("007", "NA")
    assert [said.text for said in one.utterances] == ["None", "7"]
    assert (two.id, two.category, two.utterances[0].text) == ("1e3", "null", "nan")


@BOTH_WAYS
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("conv,turn,emo,text,text\na,0,joy,grumble,grumble\n", "'text' stands twice"),
        ("a,0,joy,grumble\na,1,joy,grumble\n", "there is no column '.*' among the 4"),
        ("conv,turn,emo,text\na,0,,grumble\n", "row 1: 'emo' is empty"),
    ],
)
def test_a_csv_that_is_not_as_promised_is_refused_without_quoting_it(
    tmp_path, capfd, pattern, body, said
):
    with pytest.raises(DataError, match=said) as caught:
        of_csv(tmp_path, body, pattern).load("train")
    assert "grumble" not in str(caught.value) + "".join(capfd.readouterr())


def test_a_csv_file_may_have_another_separator(tmp_path):
    body = "conv;turn;emo;text\na;0;joy;well, well\n"
    [talk] = of_csv(tmp_path, body, "{split}.csv").load("train")
    assert talk.utterances[0].text == "well, well"
    (tmp_path / "talks" / "train.tsv").write_text(body.replace(";", "\t"))
    [talk] = of_csv(tmp_path, body, "{split}.tsv").load("train")
    assert talk.utterances[0].text == "well, well"


def test_class_labels_keep_their_names(tmp_path):
    names = hub.ClassLabel(names=["sad", "joy"])
    who = hub.ClassLabel(names=["listener", "speaker"])
    talk = {"who": who, "text": hub.Value("string")}
    features = hub.Features({"emotion": names, "talk": hub.List(talk)})
    said = [{"who": 1, "text": "I won!"}, {"who": 0, "text": "Well done."}]
    rows = {"emotion": [1, 0], "talk": [said, said]}
    hub.Dataset.from_dict(rows, features=features).to_parquet(tmp_path / "train.parquet")
    columns = {**COLUMNS, "role": "who"}
    dataset = HuggingFaceDataset(path=str(tmp_path / "{split}.parquet"), columns=columns)
    corpus = dataset.load("train")
    assert [talk.category for talk in corpus] == ["joy", "sad"]
    assert [said.role for said in corpus[0].utterances] == ["speaker", "listener"]


def test_a_row_without_a_class_is_refused(tmp_path):
    features = hub.Features(
        {"emotion": hub.ClassLabel(names=["joy"]), "talk": hub.List(hub.Value("string"))}
    )
    table = hub.Dataset.from_dict({"emotion": [-1], "talk": [["a"]]}, features=features)
    table.to_parquet(tmp_path / "train.parquet")
    dataset = HuggingFaceDataset(path=str(tmp_path / "{split}.parquet"), columns=COLUMNS)
    with pytest.raises(DataError, match="row 1: 'emotion' is empty"):
        dataset.load("train")


def test_an_index_needs_an_id():
    with pytest.raises(ValueError, match=r"columns\.index needs columns\.id"):
        Columns(index="place")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("train.jsonl", "is one file; write '{split}' where its name says the split"),
        ("{split}.txt", r"has the suffix '\.txt'; allowed are \.json, \.jsonl, \.parquet, \.csv"),
        ("nowhere", "could not be loaded .* check path, subset, revision and splits"),
    ],
)
def test_a_wrong_path_is_refused(tmp_path, path, said):
    write(tmp_path / "train.jsonl", TALKS)
    write(tmp_path / "train.txt", TALKS)
    with pytest.raises(DataError, match=said):
        HuggingFaceDataset(path=str(tmp_path / path), columns=COLUMNS).load("train")


def test_an_empty_split_is_refused(tmp_path):
    hub.Dataset.from_dict({"category": [], "utterances": []}).to_parquet(tmp_path / "train.parquet")
    with pytest.raises(DataError, match=r"Split 'train' of .* could not be loaded"):
        HuggingFaceDataset(path=str(tmp_path / "{split}.parquet")).load("train")


def test_without_the_extra_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(MissingExtraError, match=r'pip install "semspill\[datasets\]"'):
        HuggingFaceDataset(path="x").load("train")


def test_a_split_that_is_not_there_is_told_from_one_that_cannot_be_read(tmp_path):
    folder, pattern = tmp_path / "talks", str(tmp_path / "talks" / "{split}.jsonl")
    write(folder / "train.jsonl", TALKS)
    write(folder / "test.jsonl", TALKS)
    for path in (str(folder), pattern):
        said = f"{path} (train, no valid, test), where the library `datasets` keeps it"
        assert HuggingFaceDataset(path=path, columns=COLUMNS).fetch() == said
    (folder / "validation.jsonl").write_text("{")
    with pytest.raises(DataError, match=r"validation\.jsonl, row 1: Expecting"):
        HuggingFaceDataset(path=pattern, columns=COLUMNS).fetch()
    with pytest.raises(DataError, match=r"Split 'validation' of .* could not be loaded"):
        HuggingFaceDataset(path=str(folder), columns=COLUMNS).load("valid")


def test_texts_of_json_lines_stay_texts(tmp_path):
    rows = [{"emotion": "2020-01-01", "talk": ["2020-01-01 10:00:00", "None"]}]
    rows.append({"talk": ["a", "b"], "emotion": "007", "other": 1})
    write(tmp_path / "train.jsonl", rows)
    dataset = HuggingFaceDataset(path=str(tmp_path / "{split}.jsonl"), columns=COLUMNS)
    one, two = dataset.load("train")
    assert (one.category, one.utterances[0].text) == ("2020-01-01", "2020-01-01 10:00:00")
    assert (one.response(-1), two.category) == ("None", "007")
    write(tmp_path / "train.jsonl", [*rows, {"talk": ["grumble \ud83d"], "emotion": "joy"}])
    with pytest.raises(DataError, match="row 3: a text holds half a surrogate pair"):
        dataset.load("train")
    write(tmp_path / "train.jsonl", [*rows, {"talk": ["a"]}])
    with pytest.raises(DataError, match="row 3: 'emotion' is empty"):
        dataset.load("train")
