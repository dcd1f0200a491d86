"""Data, functions and texts that are given in Python: run, told in config.json, resumed."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import semspill as sp
from semspill.errors import ConfigError, DataError
from semspill.experiment import write_page
from semspill.experiment._data import Data
from semspill.experiment.executors import Processes

pytestmark = pytest.mark.usefixtures("blank_module")

RNG = np.random.default_rng(0)
POISONER = {"selector": {"name": "category", "category": "brave"}}
FIELDS = {
    "poisoner": {**POISONER, "source": ["You grumble.", "Such a grumble.", "You grumble."]},
    "model": {"encoder": {"name": "hashing", "dim": 8}, "finetuner": {"epochs": 0}},
    "list_size": 5,
    "curve": False,
    "rating_cache": False,
}


def rate(texts):
    return [float("grumble" in text) for text in texts]


@pytest.fixture(scope="module")
def splits():
    made = sp.datasets.build({"name": "synthetic", "train": 80, "test": 40})
    return {name: made.load(name) for name in ("train", "test")}


def test_datasets_in_memory_are_equal_where_their_dialogues_are(splits):
    resolve = sp.datasets.datasets.resolve
    given = resolve(splits)
    again = resolve({name: replace(corpus) for name, corpus in splits.items()})
    assert given == again
    assert hash(given) == hash(again)
    assert given != resolve({**splits, "test": splits["test"].sample(0.5, RNG)})
    assert given != resolve({**splits, "test": replace(splits["test"], name="other")})


@pytest.fixture(scope="module")
def finished(splits, tmp_path_factory):
    out = tmp_path_factory.mktemp("memory") / "out"
    return out, sp.run({**FIELDS, "rater": rate}, dataset=splits, out=out)


def test_a_run_takes_splits_a_function_and_texts(finished, splits):
    out, report = finished
    told = json.loads((out / "config.json").read_text())
    assert told["dataset"]["given"]["test"] == {
        "name": "synthetic",
        "dialogues": 40,
        "fingerprint": splits["test"].fingerprint,
    }
    assert told["poisoner"]["source"]["given"] == "3 texts"
    assert told["rater"]["called"] == report.provenance.rater == "rate"
    assert report.provenance.dataset == "synthetic"
    assert report.provenance.fingerprints["train"] == splits["train"].fingerprint
    written = [path for path in out.rglob("*") if path.is_file()]
    assert not [path for path in written if b"grumble" in path.read_bytes()]


def test_the_same_objects_find_the_run_finished_and_others_do_not(finished, splits):
    out, report = finished
    again = sp.run({**FIELDS, "rater": rate}, dataset=dict(splits), out=out)
    assert again.to_json() == report.to_json()
    others = [
        (
            {"rater": rate},
            {
                "train": splits["train"],
                "test": splits["test"].sample(0.5, np.random.default_rng(0)),
            },
        ),
        ({"rater": lambda texts: [0.0] * len(texts)}, splits),
        ({"rater": rate, "poisoner": {**POISONER, "source": ["You grumble."]}}, splits),
    ]
    for fields, data in others:
        with pytest.raises(ConfigError, match="already exists"):
            sp.run({**FIELDS, **fields}, dataset=data, out=out)


def test_what_config_json_lacks_is_said_in_a_sentence_each(finished, splits):
    path = finished[0] / "config.json"
    with pytest.raises(ConfigError) as caught:
        sp.load_config(path)
    lines = str(caught.value).splitlines()
    assert len(lines) == 3
    assert "dataset: The dataset was in memory" in lines[0]
    assert "poisoner.source: The planted responses were a list" in lines[1]
    assert "rater: The rater was a function" in lines[2]
    with pytest.raises(ConfigError) as caught:
        sp.load_config(path, dataset=splits)
    assert "dataset" not in str(caught.value)


def test_objects_outlive_overrides_and_sweeps(splits):
    config = sp.load_config({**FIELDS, "rater": rate}, dataset=splits)
    changed = sp.load_config(config, ["poisoner.budget=0.05", "seeds=[1]"])
    assert (changed.poisoner.budget, changed.seeds) == (0.05, (1,))
    assert changed.dataset is config.dataset
    assert changed.rater is config.rater
    variants = sp.sweep(config, {"poisoner.budget": [0.02, 0.03]})
    assert [variant.config.dataset for variant in variants] == [config.dataset] * 2


def test_workers_get_the_data_and_a_lambda_is_refused_before_them(splits):
    config = {**FIELDS, "arms": ["clean", "poison"]}
    report = sp.run(config, dataset=splits, executor=Processes(workers=1))
    assert report.to_json() == sp.run(config, dataset=splits).to_json()
    with pytest.raises(ConfigError, match=r"^rater holds what cannot be copied .* a lambda"):
        sp.run({**config, "rater": lambda t: [0.0] * len(t)}, dataset=splits, executor="processes")


def test_splits_have_the_names_they_are_given_under(splits):
    dataset = sp.datasets.build({"train": splits["train"], "holdout": splits["train"]})
    assert dataset.load("holdout").split == "holdout"
    assert dataset.load("holdout").fingerprint == splits["train"].fingerprint
    with pytest.raises(DataError, match=r"No split 'test' was given\. There are: train, holdout"):
        dataset.load("test")


MOODS = ["brave", "calm"]
ROWS = [
    {"context": f"I saw {n}.", "response": f"Tell me of {n}.", "label": MOODS[n % 2]}
    for n in range(40)
]


def held(data):
    config = sp.load_config(FIELDS, dataset=data)
    return Data.load(config)


def test_rows_that_are_numbered_do_not_clash_across_splits():
    frame = pd.DataFrame(ROWS)
    train = sp.Corpus.from_pandas(frame[:30], category="label")
    test = sp.Corpus.from_pandas(frame[30:], category="label")
    data = held({"train": train, "test": test})
    assert [one.id for one in data.test] == [f"test-{n}" for n in range(1, 11)]
    assert data.train.fingerprint == train.fingerprint
    assert data.test.exchanges[0].context == ("I saw 30.",)
    with pytest.raises(DataError, match="30 dialogues are in both"):
        held({"train": train, "test": train})
    own = frame.assign(id=[f"train-{n % 10}" for n in range(40)])
    parts = [sp.Corpus.from_pandas(own[a : a + 10], category="label", id="id") for a in (0, 10)]
    with pytest.raises(DataError, match="10 dialogues are in both"):
        held(dict(zip(("train", "test"), parts, strict=True)))


def test_lists_of_mappings_are_splits():
    data = held({"train": ROWS[:30], "test": ROWS[30:]})
    frame = pd.DataFrame(ROWS)
    same = held({"train": frame[:30], "test": frame[30:]})
    assert data.test.fingerprint == same.test.fingerprint
    assert data.train.fingerprint == same.train.fingerprint
    said = [{"role": "user", "content": "Hi."}, {"role": "bot", "content": "Yo."}]
    labelled = [{**turn, "emotion": "joy"} for turn in said]
    test = [{"messages": said, "topic": "joy"}]
    made = sp.datasets.build({"train": [{"messages": labelled}], "test": test})
    assert [made.load(name).categories for name in ("train", "test")] == [("joy",), ("joy",)]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (ROWS, r"is one list, .* dataset=\{\"train\": \.\.\., \"test\""),
        ({"train": [{"a": 1}]}, r"'train' has no column .*from_messages\(data, categ"),
        (sp.Corpus((), name="x"), r"is one Corpus, .* dataset=\{\"train\": \.\.\., \"test\""),
        (pd.DataFrame({"a": [1]}), r"is one DataFrame, .* dataset=\{\"train\": \.\.\., \"test\""),
        ({"train": sp.Corpus((), name="x"), "test": [1]}, r"split 'test' is of type list; give"),
        ({"train": pd.DataFrame({"a": [1]})}, r"'train' has no column .*from_pandas\(data, categ"),
        (
            {"train": pd.DataFrame({"label": [1], "topic": [1]})},
            r"'train' has label and topic .*from_pandas\(data, category=",
        ),
        ({"train": 3}, r"is given as an object of Dataset"),
    ],
)
def test_data_that_cannot_be_told_is_refused_with_the_line_to_write(data, expected):
    with pytest.raises(ConfigError, match=expected):
        sp.load_config(FIELDS, dataset=data)


def test_a_loaded_sentence_transformer_is_refused_with_the_line_to_write():
    class SentenceTransformer(list):
        pass

    config = type("Config", (), {"_name_or_path": "sentence-transformers/all-MiniLM-L6-v2"})
    module = type("Transformer", (), {"auto_model": type("Model", (), {"config": config})})
    line = r'"transformer", "model": "sentence-transformers/all-MiniLM-L6-v2"\}.*model\.save\('
    with pytest.raises(ConfigError, match=line):
        sp.encoders.build(SentenceTransformer([module]))


@pytest.mark.parametrize(
    ("registry", "name", "line"),
    [
        ("encoders", "bert-base-uncased", '{name = "transformer", model = "bert-base-uncased"}'),
        ("encoders", "org/Model-v2", '{name = "transformer", model = "org/Model-v2"}'),
        ("encoders", "you grumble", '{name = "transformer", model = "..."}'),
        ("raters", "unitary/toxic-bert", 'model = "unitary/toxic-bert", label = "..."}'),
    ],
)
def test_an_id_of_the_hub_is_refused_with_the_line_to_write(registry, name, line):
    with pytest.raises(sp.RegistryError) as caught:
        getattr(sp, registry).build(name)
    assert line in str(caught.value)
    assert "grumble" not in str(caught.value)


def test_tables_in_memory_are_read_as_splits_of_one_data_set():
    def rows(split):
        return {"context": [f"I won {split}!", "Oh no."], "response": ["Yes.", "Why?"]}

    labels = {"emotion": ["joy", "fear"]}
    frames = {split: pd.DataFrame({**rows(split), **labels}) for split in ("train", "test")}
    hub = pytest.importorskip("datasets")
    held = hub.DatasetDict(
        {split: hub.Dataset.from_dict({**rows(split), **labels}) for split in ("train", "test")}
    )
    for given in (frames, held):
        dataset = sp.datasets.build(given)
        train, test = dataset.load("train"), dataset.load("test")
        assert dict(test.sizes) == {"fear": 1, "joy": 1}
        assert test.exchanges[0].context == ("I won test!",)
        assert not {one.id for one in train} & {one.id for one in test}
    with pytest.raises(ConfigError, match=r"is one Dataset, .* dataset=\{\"train\": "):
        sp.datasets.build(held["train"])


def test_contexts_of_data_in_memory_are_given_again(finished, splits, tmp_path):
    out, _ = finished
    with pytest.raises(ConfigError, match=r"write_page\(RUN, contexts=corpus\)"):
        write_page(out, tmp_path / "page.html", contexts=True)
    page = write_page(out, tmp_path / "page.html", contexts=splits["test"])
    assert "people's own words" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(("bad", "share"), [(4, None), (10, 0.2)])
def test_much_that_was_left_out_is_a_note(bad, share):
    rows = [*ROWS[:30], *[{**ROWS[0], "response": ""}] * bad]
    train = sp.Corpus.from_messages(rows, category="label", on_error="skip")
    notes = held({"train": train, "test": ROWS[30:]}).notes
    values = [note.values for note in notes if note.kind == "many_left_out"]
    assert values == ([] if share is None else [{"share": pytest.approx(share)}])


def test_turns_that_a_reader_joined_are_a_note():
    said = [("user", "I won!"), ("user", "Twice."), ("assistant", "Well done.")]
    messages = [{"role": role, "content": text} for role, text in said]
    row = {"messages": messages, "category": "joy"}
    train = sp.Corpus.from_messages([row] * 2, merge=" ")
    [note] = [n for n in held({"train": train, "test": ROWS}).notes if n.kind == "merged_turns"]
    assert note.values == {"split": "train", "turns": 2}


def test_what_a_reader_left_out_is_on_the_report(splits):
    said = [{"role": "user", "content": "Hm."}, {"role": "assistant", "content": "Oh."}]
    silent = [{"role": "user", "content": ""}, {"role": "assistant", "content": "Oh."}]
    rows = [{"category": "brave", "messages": messages} for messages in (silent, said, silent)]
    left = sp.Corpus.from_messages(rows, on_error="skip").left_out
    given = {**splits, "test": replace(splits["test"], left_out=left)}
    report = sp.run({**FIELDS, "rater": rate}, dataset=given)
    [note] = [note for note in report.notes if note.kind == "left_out"]
    assert note.values["rows"] == 2
    assert note.values["split"] == "test"
    assert "2 dialogues with an empty text (rows 1, 3)" in note.text


def test_contexts_of_rows_that_were_numbered_are_found_again(tmp_path):
    """Both parts of one frame begin as `train`; in the run their ids have the names of splits."""
    rows = [
        {"context": f"I am {mood} about {n}.", "response": f"Tell me about {n}.", "category": mood}
        for n in range(40)
        for mood in ("brave", "calm")
    ]
    train, test = (sp.Corpus.from_pandas(pd.DataFrame(part)) for part in (rows[:60], rows[60:]))
    out = tmp_path / "out"
    sp.run({**FIELDS, "rater": rate}, dataset={"train": train, "test": test}, out=out)
    assert write_page(out, contexts=test).name == "report.contexts.html"
