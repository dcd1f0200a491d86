"""Relative paths count from the config file, from everywhere, in all components."""

import json
import os
from pathlib import Path

import pytest
from pydantic import Field

from semspill import ConfigError, ExperimentConfig, Rater, load_config, raters
from semspill.datasets import JsonlDataset
from semspill.experiment._vary import variants

FIELDS = {
    "dataset": {"name": "jsonl", "path": "talks/{split}.jsonl"},
    "poisoner": {
        "selector": {"name": "category", "category": "brave"},
        "source": {"name": "csv", "path": "../toxic.csv"},
    },
    "model": {"encoder": {"name": "static", "model": "model"}},
    "rater": {"name": "lexicon", "path": "words.txt"},
    "labelled": {"path": "rated.csv", "where": {"toxic": "1"}},
    "similarities": ["centroid", {"name": "vad", "path": "vad.txt"}],
}


@pytest.fixture
def project(tmp_path) -> Path:
    folder = tmp_path.resolve() / "work" / "project"
    (folder / "model").mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps(FIELDS))
    return folder


def paths(config: ExperimentConfig) -> list[str]:
    parts = [config.dataset, config.poisoner.source, config.rater, config.labelled]
    return [*(str(part.path) for part in parts), config.model.encoder.model,
            str(config.similarities[1].path)]  # fmt: skip


def test_paths_of_a_file_count_from_its_folder(project, tmp_path, monkeypatch):
    names = ["talks/{split}.jsonl", "../toxic.csv", "words.txt", "rated.csv", "model", "vad.txt"]
    names[1] = str(project.parent / "toxic.csv")
    expected = [str(project / name) for name in names]
    assert paths(load_config(project / "run.json")) == expected
    for folder, name in [(project, "run.json"), (tmp_path, "work/project/../project/run.json")]:
        monkeypatch.chdir(folder)
        assert paths(load_config(name)) == expected


def test_a_link_to_a_folder_is_that_folder_and_a_link_to_a_file_keeps_its_name(project, tmp_path):
    (tmp_path / "link").symlink_to(project)
    assert load_config(tmp_path / "link" / "run.json") == load_config(project / "run.json")
    (project / "words.txt").symlink_to("words-of-may.txt")
    assert load_config(project / "run.json").rater.path == project / "words.txt"


def test_paths_that_are_typed_or_given_in_python_count_from_here(project, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    here = tmp_path.resolve()
    typed = load_config(
        project / "run.json", ["dataset.path=a", "model.encoder={name='static', model='./m'}"]
    )
    assert (typed.dataset.path, typed.model.encoder.model) == (here / "a", str(here / "m"))
    assert typed.rater.path == project / "words.txt"
    assert load_config(FIELDS).dataset.path == here / "talks" / "{split}.jsonl"
    given = ExperimentConfig(**{**FIELDS, "dataset": JsonlDataset(path=Path("b"))})
    assert given.dataset.path == Path("b")
    assert load_config(given).dataset.path == here / "b"
    made = variants(typed, {"dataset.path": ["c"]})
    assert next(iter(made.values())).dataset.path == here / "c"


def test_a_config_with_whole_paths_is_the_same_object(project):
    config = load_config(project / "run.json")
    assert load_config(config) is config
    again = load_config(json.loads(json.dumps(config.model_dump(mode="json"))))
    assert again == config


def test_home_folders_are_written_out(project, monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    config = load_config(project / "run.json", ["rater.path='~/words.txt'"])
    assert config.rater.path == Path(os.path.realpath("/home/me"), "words.txt")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("~nobody-at-all/words.txt", "rater.path: begins with a home folder that is not known"),
        ("a\0b", "rater.path: holds a character that no path can have"),
    ],
)
def test_what_cannot_be_a_path_is_refused(project, path, message):
    (project / "bad.json").write_text(
        json.dumps({**FIELDS, "rater": {"name": "lexicon", "path": path}})
    )
    with pytest.raises(ConfigError, match=f"bad.json: {message}"):
        load_config(project / "bad.json")


def test_a_name_on_the_hub_stays_a_name(project):
    fields = {**FIELDS, "rater": {"name": "transformers", "model": "facebook/some-model"}}
    (project / "run.json").write_text(json.dumps(fields))
    assert load_config(project / "run.json").rater.model == "facebook/some-model"


class Folders(Rater):
    """Has paths in places of its own."""

    citation = "original"
    first: Path = Path("a")
    more: tuple[Path, ...] = ()
    named: dict[str, Path] = Field(default={})

    def rate(self, texts):
        return [0.0 for _ in texts]


def test_a_plugin_s_paths_count_alike(project):
    raters.register("folders")(Folders)
    try:
        told = {"name": "folders", "more": ["b", "/c"], "named": {"d": "e"}}
        (project / "run.json").write_text(json.dumps({**FIELDS, "rater": told}))
        rater = load_config(project / "run.json").rater
        assert (rater.first, rater.more) == (project / "a", (project / "b", Path("/c")))
        assert rater.named == {"d": project / "e"}
    finally:
        raters.unregister("folders")
