"""Checks of datasets: the built-in ones pass, and each check trips on a broken one."""

import json
import os
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from semspill import Corpus, Dataset, Dialogue, Utterance
from semspill.datasets import SyntheticDataset, write_jsonl
from semspill.errors import DataError
from semspill.testing import ConformanceError
from semspill.testing._conformance._dataset import CHECKS, check_dataset

COMMON = {
    "has_a_citation",
    "can_be_named",
    "comes_back_from_its_config",
    "refuses_unknown_fields",
    "never_changes",
    "pickles",
}
CALLS = count()
SPLITS = ("train", "test")


class TornError(DataError):
    """Has two arguments and tells its base class of one, so a copy cannot be made."""

    def __init__(self, split, what):
        super().__init__(f"{split}: {what}")


def known(split):
    if split not in SPLITS:
        raise DataError(f"There is no split {split!r}; there are {', '.join(SPLITS)}.")


def talks(split, *, said="It rains", categories=("rain", "snow"), roles=("speaker", "listener")):
    def talk(i):
        turns = (Utterance(f"{said}, day {i}.", roles[0]), Utterance(f"Oh, {i}.", roles[1]))
        return Dialogue(f"{split}-{i}", categories[i % len(categories)], turns)

    return Corpus(tuple(talk(i) for i in range(6)), name="weather", split=split)


def well(split, **how):
    known(split)
    return talks(split, **how)


def named(split, corpus):
    return Corpus(corpus.dialogues, name=corpus.name, split=split)


def same_ids(split):
    known(split)
    return named(split, talks("all", said=split))


def tear(split):
    if split not in SPLITS:
        raise TornError(split, "no such split")
    return talks(split)


def crash(split):
    return {name: talks(name) for name in SPLITS}[split]


def hush(split):
    if split not in SPLITS:
        raise DataError("There is no such split.")
    return talks(split)


def draw_and_forget(split):
    np.random.random()  # noqa: NPY002  # what must not be done
    return well(split)


def draw_globally(split):
    return well(split, said=str(np.random.random()))  # noqa: NPY002  # what must not be done


FAULTS = {
    "list": (
        lambda split: list(well(split)),
        {"listeners_answer_speakers": "load gave list. Return a semspill.Corpus.", "*": ""},
    ),
    "monologues": (
        lambda split: well(split, roles=("listener", "listener")),
        {"listeners_answer_speakers": "in none of the 6 dialogues of split 'train' does one. Give"},
    ),
    "one category": (
        lambda split: well(split, categories=("rain",)),
        {"two_categories": "split 'train' has 'rain'. Set the category of each dialogue"},
    ),
    "nobody": (
        lambda split: Corpus((), name="void", split=known(split) or split),
        {"two_categories": "split 'train' has none. Set", "listeners_answer_speakers": ""},
    ),
    "always train": (
        lambda split: named("train", well(split)),
        {"says_its_split": "split 'test' says that it is 'train'. Give Corpus(..., split=split)."},
    ),
    "same ids": (
        same_ids,
        {"splits_are_disjoint": "'train' and 'test' both have 'all-0', and 5 more. Put the split"},
    ),
    "any split": (
        talks,
        {"unknown_split_is_a_data_error": "it loaded split 'no_such_split'. Raise a semspill."},
    ),
    "key error": (
        crash,
        {"unknown_split_is_a_data_error": "it raised KeyError: 'no_such_split'. Raise a"},
    ),
    "says nothing": (
        hush,
        {"unknown_split_is_a_data_error": "it said: There is no such split. Raise a semspill."},
    ),
    "torn error": (
        tear,
        {"errors_get_out": "its TornError is lost (TypeError: TornError.__init__() missing 1"},
    ),
    "counts": (
        lambda split: well(split, said=f"Call {next(CALLS)}"),
        {
            "same_at_every_load": "gives the same fingerprints at every load; but the second call",
            "copy_loads_the_same": "",
            "blind_to_global_seeds": "",
        },
    ),
    "global": (
        draw_globally,
        {
            "blind_to_global_seeds": "seeds 1 and 2 gave different ones. Draw from a",
            "copy_loads_the_same": "",
            "same_at_every_load": "",
            "leaves_global_generators_alone": "",
        },
    ),
    "global for nothing": (
        draw_and_forget,
        {"leaves_global_generators_alone": "it drew from that of numpy, or seeded it. Draw from"},
    ),
}


class Faulty(Dataset):
    """Keeps every promise but one."""

    citation = "original"
    fault: str

    def load(self, split):
        return FAULTS[self.fault][0](split)


class ByIdentity(Dataset):
    """Loads by which object it is, so a copy loads something else."""

    citation = "original"

    def load(self, split):
        return well(split, said=str(id(self)))


class Raw(Dataset):
    """Lets Python's error through where its file is missing."""

    citation = "original"
    path: Path

    def load(self, split):
        return well(split, said=self.path.read_text())


# Whether another process can import this module hangs on how pytest was started.
HERE = [check for check in CHECKS if check.name != "same_in_another_process"]


def tripped(dataset, checks=HERE, **given):
    said = {}
    for check in checks:
        try:
            check(dataset, **given)
        except ConformanceError as error:
            [said[check.name]] = error.sentences
    return said


@pytest.fixture
def place(tmp_path):
    """A folder with the files of a small synthetic data set."""
    for split in SPLITS:
        write_jsonl(SyntheticDataset(train=8, test=8).load(split), tmp_path / f"{split}.jsonl")
    return tmp_path


def test_the_synthetic_dataset_passes():
    check_dataset({"name": "synthetic", "valid": 12, "test": 8}, splits=["valid", "test"])


def test_json_lines_in_a_folder_and_in_one_file_pass(place):
    check_dataset({"name": "jsonl", "path": place})
    parts = [(place / f"{split}.jsonl").read_text() for split in SPLITS]
    (place / "all.jsonl").write_text("".join(parts))
    check_dataset({"name": "jsonl", "path": place / "all.jsonl"})


def test_empathetic_dialogues_passes(tmp_path):
    header = "conv_id,utterance_idx,context,prompt,speaker_idx,utterance,selfeval,tags\n"
    for split in SPLITS:
        rows = [
            f"{split}{i},{turn},{label},A prize,{turn % 2},Turn {turn} of {i}.,5|5,\n"
            for i, label in enumerate(("joy", "fear"))
            for turn in (1, 2)
        ]
        (tmp_path / f"{split}.csv").write_text(header + "".join(rows))
    check_dataset({"name": "empathetic_dialogues", "path": tmp_path})


def test_a_hub_dataset_on_disk_passes(place, monkeypatch, tmp_path_factory):
    hub = pytest.importorskip("datasets")
    cache = str(tmp_path_factory.mktemp("hub-cache"))
    monkeypatch.setattr(hub.config, "HF_DATASETS_CACHE", cache)
    monkeypatch.setenv("HF_DATASETS_CACHE", cache)  # of the other process
    rows = [{"emotion": label, "talk": ["I won!", "Well done."]} for label in ("joy", "fear")]
    for split in SPLITS:
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (place / f"talks-{split}.jsonl").write_text(text)
    columns = {"category": "emotion", "utterances": "talk"}
    path = str(place / "talks-{split}.jsonl")
    check_dataset({"name": "huggingface", "path": path, "columns": columns})


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_dataset_trips_its_check_and_no_other(fault):
    said = tripped(Faulty(fault=fault))
    expected = FAULTS[fault][1]
    (name, piece), *_ = expected.items()
    assert piece in said[name]
    assert said[name].startswith("Faulty promises: ")
    if "*" in expected:
        unasked = {"unknown_split_is_a_data_error", "missing_file_is_a_data_error"}
        assert said.keys() == {c.name for c in HERE} - COMMON - unasked - {"errors_get_out"}
    else:
        assert said.keys() == expected.keys()


def test_every_check_is_tripped_by_one():
    firsts = {next(iter(expected)) for _, expected in FAULTS.values()}
    below = {
        "same_in_another_process",
        "missing_file_is_a_data_error",
        "copy_loads_the_same",
    }
    assert firsts | below | COMMON == {check.name for check in CHECKS}
    assert len({check.name for check in CHECKS}) == len(list(CHECKS))


def test_a_dataset_whose_copy_loads_something_else_trips_the_check():
    said = tripped(ByIdentity())
    assert said.keys() == {"copy_loads_the_same"}
    assert "but the fingerprints differ. Let all that `load` looks at be a field" in str(said)


def test_a_dataset_that_fails_badly_without_its_file_trips_the_check(tmp_path):
    (tmp_path / "said.txt").write_text("It rains")
    said = tripped(Raw(path=tmp_path / "said.txt"))
    assert said.keys() == {"missing_file_is_a_data_error"}
    assert "with no file at 'path' it raised FileNotFoundError" in said.popitem()[1]


BY_HASH = """
from dataclasses import replace
from semspill import Dataset
from semspill.datasets import SyntheticDataset

class Hashed(Dataset):
    citation = "original"

    def load(self, split):
        corpus = SyntheticDataset(train=30, test=30).load(split)
        return replace(corpus, dialogues=tuple(set(corpus.dialogues)))
"""


def test_a_dataset_in_the_order_of_a_set_trips_the_other_process(tmp_path, monkeypatch):
    (tmp_path / "a_dataset_by_hash.py").write_text(BY_HASH)
    monkeypatch.syspath_prepend(tmp_path)
    from a_dataset_by_hash import Hashed

    assert tripped(Hashed(), CHECKS).keys() == {"same_in_another_process"}


def test_a_dataset_that_fails_in_another_process_trips_the_check(tmp_path, monkeypatch):
    at_home = BY_HASH.replace("Hashed", "AtHome").replace(
        "        corpus =",
        f"        import os\n        assert os.getpid() == {os.getpid()}\n        corpus =",
    )
    (tmp_path / "a_dataset_at_home.py").write_text(at_home)
    monkeypatch.syspath_prepend(tmp_path)
    from a_dataset_at_home import AtHome

    said = tripped(AtHome(), CHECKS)
    assert said.keys() == {"same_in_another_process"}
    assert "but it failed there: AssertionError. Let its fields hold all it needs." in str(said)


def test_a_split_that_is_not_there_is_told_with_a_way_out():
    said = tripped(SyntheticDataset(train=8), splits=["dev"])
    assert said["two_categories"] == (
        "SyntheticDataset promises: loads dialogues of two categories or more; but split 'dev' "
        "raised DataError: Dataset 'synthetic' has no split 'dev'. Its splits are: train, valid, "
        "test. Do what it says, or check the splits that there are with splits=(...)."
    )


@pytest.mark.parametrize("splits", ["train", ()])
def test_splits_that_are_no_list_of_names_are_refused(splits):
    with pytest.raises(DataError, match=r"give the names of one or more, such as \('train', 'tes"):
        check_dataset("synthetic", splits=splits)
