"""Hugging Face data sets: tiny local ones, no network."""

import json
import shutil
import sys

import pytest

hub = pytest.importorskip("datasets")

from semspill import Corpus, datasets  # noqa: E402
from semspill.corpus import Columns  # noqa: E402
from semspill.datasets import HuggingFaceDataset  # noqa: E402
from semspill.errors import DataError, MissingExtraError  # noqa: E402

TALKS = [
    {"emotion": "joy", "talk": ["I won!", " Well_comma_ well. "], "name": "a"},
    {"emotion": "fear", "talk": ["A noise.", "Oh no."], "name": "b"},
]
COLUMNS = {"category": "emotion", "messages": "talk"}


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


def test_a_folder_of_chat_messages_with_a_system_turn(tmp_path):
    said = [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "I won!"},
        {"role": "assistant", "content": "Well done."},
    ]
    write(tmp_path / "talks" / "train.jsonl", [{"messages": said, "label": "joy"}] * 2)
    dataset = HuggingFaceDataset(path=str(tmp_path / "talks"), columns={"category": "label"})
    first, second = dataset.load("train")
    assert (first.system, first.category) == ("Be kind.", "joy")
    assert [(one.role, one.text) for one in first.utterances] == [
        ("speaker", "I won!"),
        ("listener", "Well done."),
    ]
    assert (first.id, second.id) == ("train-1", "train-2")


def test_what_save_to_disk_wrote_with_roles(tmp_path):
    talk = [{"who": "assistant", "text": "Hello?"}, {"who": "user", "text": "I won!"}]
    talk.append({"who": "assistant", "text": "Well done."})
    table = hub.Dataset.from_list([{"category": "joy", "utterances": talk}])
    hub.DatasetDict({"train": table}).save_to_disk(tmp_path / "saved")
    dataset = HuggingFaceDataset(path=str(tmp_path / "saved"), columns=Columns(role="who"))
    assert [said.role for said in dataset.load("train")[0].utterances] == [
        "listener",
        "speaker",
        "listener",
    ]
    with pytest.raises(DataError, match=r"has no split 'validation'\. It has: train"):
        dataset.load("valid")
    with pytest.raises(DataError, match=r"turn 1 has a role \(none\) that columns\.roles does not"):
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


def of_csv(tmp_path, body):
    """A folder of a CSV file, which the library looks through."""
    (tmp_path / "talks").mkdir(exist_ok=True)
    (tmp_path / "talks" / "train.csv").write_bytes(body.encode())
    columns = {"id": "conv", "index": "turn", "category": "emo"}
    return HuggingFaceDataset(path=str(tmp_path / "talks"), columns=columns)


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_cell_of_a_csv_is_the_text_that_stands_there(tmp_path, mark):
    body = "conv,turn,emo,text,other\n007,0,NA,None,1.50\n007,1,NA,7,x\n"
    body += "1e3,0,null,nan,\n1e3,1,null,?,\n"
    one, two = of_csv(tmp_path, mark + body).load("train")
    assert (one.id, one.category) == ("007", "NA")
    assert [said.text for said in one.utterances] == ["None", "7"]
    assert (two.id, two.category, two.utterances[0].text) == ("1e3", "null", "nan")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("conv,turn,emo,text,text\na,0,joy,grumble,grumble\n", "'text' stands twice"),
        ("a,0,joy,grumble\na,1,joy,grumble\n", r"no column 'conv', .* It has 4 others\."),
        ("conv,turn,emo,text\na,0,,grumble\na,1,,grumble\n", "row 1: 'emo' is empty"),
    ],
)
def test_a_csv_that_is_not_as_promised_is_refused_without_quoting_it(tmp_path, capfd, body, said):
    with pytest.raises(DataError, match=said) as caught:
        of_csv(tmp_path, body).load("train")
    assert "grumble" not in str(caught.value) + "".join(capfd.readouterr())


def test_class_labels_keep_their_names(tmp_path):
    names = hub.ClassLabel(names=["sad", "joy"])
    who = hub.ClassLabel(names=["listener", "speaker"])
    talk = {"who": who, "text": hub.Value("string")}
    features = hub.Features({"emotion": names, "talk": hub.List(talk)})
    said = [{"who": 1, "text": "I won!"}, {"who": 0, "text": "Well done."}]
    rows = {"emotion": [1, 0], "talk": [said, said]}
    hub.DatasetDict({"train": hub.Dataset.from_dict(rows, features=features)}).save_to_disk(
        tmp_path / "saved"
    )
    columns = {**COLUMNS, "role": "who"}
    dataset = HuggingFaceDataset(path=str(tmp_path / "saved"), columns=columns)
    corpus = dataset.load("train")
    assert [talk.category for talk in corpus] == ["joy", "sad"]
    assert [said.role for said in corpus[0].utterances] == ["speaker", "listener"]


def test_a_row_without_a_class_is_refused(tmp_path):
    features = hub.Features(
        {"emotion": hub.ClassLabel(names=["joy"]), "talk": hub.List(hub.Value("string"))}
    )
    table = hub.Dataset.from_dict(
        {"emotion": [-1, 0], "talk": [["a", "b"], ["c", "d"]]}, features=features
    )
    hub.DatasetDict({"train": table}).save_to_disk(tmp_path / "saved")
    dataset = HuggingFaceDataset(path=str(tmp_path / "saved"), columns=COLUMNS)
    with pytest.raises(DataError, match="row 1: 'emotion' is empty"):
        dataset.load("train")
    [left] = dataset.replace(on_error="skip").load("train").left_out
    assert str(left) == "1 dialogue without a category (row 1)"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (
            "train.jsonl",
            r'is a file; .* dataset = { name = "table", path = ".*train\.jsonl", columns = '
            '{ category = "emotion" } }',
        ),
        ("{split}.txt", "is a file; a file is read by the dataset 'table'"),
        ("nowhere", "could not be loaded .* check path, subset, revision and splits"),
    ],
)
def test_a_wrong_path_is_refused(tmp_path, path, said):
    write(tmp_path / "train.jsonl", TALKS)
    with pytest.raises(DataError, match=said):
        HuggingFaceDataset(path=str(tmp_path / path), columns=COLUMNS).load("train")


def test_an_empty_split_is_refused(tmp_path):
    table = hub.Dataset.from_dict({"category": [], "utterances": []})
    hub.DatasetDict({"train": table}).save_to_disk(tmp_path / "saved")
    with pytest.raises(DataError, match=r"Split 'train' of .* could not be loaded"):
        HuggingFaceDataset(path=str(tmp_path / "saved")).load("train")


def test_without_the_extra_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(MissingExtraError, match=r'pip install "semspill\[datasets\]"'):
        HuggingFaceDataset(path="x").load("train")


def test_a_split_that_is_not_there_is_told_from_one_that_cannot_be_read(tmp_path):
    folder = tmp_path / "talks"
    write(folder / "train.jsonl", TALKS)
    write(folder / "test.jsonl", TALKS)
    said = f"{folder} (train, no valid, test), where the library `datasets` keeps it"
    assert HuggingFaceDataset(path=str(folder), columns=COLUMNS).fetch() == said
    (folder / "validation.jsonl").write_text("{")
    with pytest.raises(DataError, match=r"Split 'validation' of .* could not be loaded"):
        HuggingFaceDataset(path=str(folder), columns=COLUMNS).load("valid")


def test_the_library_shows_no_bars_of_its_own(tmp_path, capfd):
    write(tmp_path / "talks" / "train.jsonl", TALKS)
    HuggingFaceDataset(path=str(tmp_path / "talks"), columns=COLUMNS).load("train")
    assert "".join(capfd.readouterr()) == ""
    assert not hub.are_progress_bars_disabled()


def test_a_corpus_is_made_of_a_dataset_in_memory_with_the_names_of_its_classes():
    names = hub.ClassLabel(names=["sad", "joy"])
    features = hub.Features(
        {"prompt": hub.Value("string"), "completion": hub.Value("string"), "mood": names}
    )
    rows = {"prompt": ["I won!"], "completion": ["Well done."], "mood": [1]}
    table = hub.Dataset.from_dict(rows, features=features, split="test").with_format("numpy")
    corpus = Corpus.from_hf(table, category="mood")
    assert (corpus.split, corpus.categories) == ("test", ("joy",))
    assert corpus.exchanges[0].context == ("I won!",)
    streamed = table.to_iterable_dataset()
    assert Corpus.from_hf(streamed, category="mood", split="test").fingerprint == corpus.fingerprint
    with pytest.raises(DataError, match=r"is one split; got a DatasetDict .* data\[\"train\"\]"):
        Corpus.from_hf(hub.DatasetDict({"train": table}), category="mood")


def test_data_that_have_only_a_test_are_parted(tmp_path):
    rows = [{**TALKS[n % 2], "name": f"d{n}"} for n in range(60)]
    write(tmp_path / "talks" / "test.jsonl", rows)
    splits = {"train": "test", "test": 0.3, "valid": 0.2}
    columns = Columns(**COLUMNS, id="name")
    dataset = HuggingFaceDataset(path=str(tmp_path / "talks"), columns=columns, splits=splits)
    parts = {split: [one.id for one in dataset.load(split)] for split in splits}
    assert sorted(name for names in parts.values() for name in names) == sorted(
        row["name"] for row in rows
    )
    # Binomial, 60 dialogues: five standard deviations around 18 and 12.
    assert 1 <= len(parts["test"]) <= 35
    assert 1 <= len(parts["valid"]) <= 27
    assert dataset.replace(seed=1).load("test").fingerprint != dataset.load("test").fingerprint
    with pytest.raises(DataError, match="holds no dialogue that meets 'where'; widen it, or give"):
        dataset.replace(where={"emotion": "none"}).load("test")
    few = dataset.replace(where={"emotion": "joy"})
    assert [one.id for one in few.load("test")] == [
        one.id for one in dataset.load("test") if one.category == "joy"
    ]


def test_folders_of_save_to_disk_may_be_one_per_split(tmp_path):
    for folder, rows in (("train_set", TALKS), ("dev_set", TALKS[1:])):
        hub.Dataset.from_list(rows).save_to_disk(tmp_path / folder)
    splits = {"train": "train_set", "valid": "dev_set"}
    dataset = HuggingFaceDataset(path=str(tmp_path), columns=COLUMNS, splits=splits)
    assert [len(dataset.load(split)) for split in ("train", "valid")] == [2, 1]


def test_a_single_table_of_save_to_disk_that_has_no_name_is_train(tmp_path):
    hub.Dataset.from_list(TALKS).save_to_disk(tmp_path / "saved")
    dataset = HuggingFaceDataset(path=str(tmp_path / "saved"), columns=COLUMNS)
    assert len(dataset.load("train")) == 2
    with pytest.raises(DataError, match=r"has no split 'test'\. It has: train"):
        dataset.load("test")


def test_a_corpus_names_the_commit_that_it_was_downloaded_at(tmp_path, monkeypatch):
    made = tmp_path / "made"
    hub.Dataset.from_list(TALKS).save_to_disk(made)
    [file] = made.glob("*.arrow")
    for name, commit in (("some___talks", "0123abcd" * 5), ("json", "0123abcd" * 5)):
        place = tmp_path / name / "default" / "0.0.0" / commit
        place.mkdir(parents=True)
        table = hub.Dataset.from_file(str(shutil.copy(file, place)))
        monkeypatch.setattr(hub, "load_dataset", lambda *_, table=table, **__: table)
        corpus = HuggingFaceDataset(path="some/talks", columns=COLUMNS).load("train")
        # The cache of files of one's own is no commit.
        assert corpus.revision == (commit if name == "some___talks" else None)
