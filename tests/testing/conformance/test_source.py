"""Checks of response sources: the built-in ones pass, and each check trips on a broken one."""

import json
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from pydantic import FilePath

from semspill import ResponseSource, sources
from semspill.errors import DataError
from semspill.testing import ConformanceError
from semspill.testing._conformance._source import CHECKS, check_source

COMMON = {
    "has_a_citation",
    "can_be_named",
    "comes_back_from_its_config",
    "refuses_unknown_fields",
    "never_changes",
    "pickles",
}
TEXTS = ("grumble", "grumble grumble", "grumble, twice")
CALLS = count()


def draw_and_forget():
    np.random.random()  # noqa: NPY002  # what must not be done
    return TEXTS


def draw_globally():
    return tuple(TEXTS[i] for i in np.random.permutation(3))  # noqa: NPY002


FAULTS = {
    "list": (lambda: list(TEXTS), {"tuple_of_texts": "load gave list. Return tuple(texts)."}),
    "numbers": (
        lambda: (*TEXTS, 3),
        {"tuple_of_texts": "item [3] is of type int. Leave out what is no text."},
    ),
    "none": (
        tuple,
        {"at_least_one": "it loaded none. Raise a semspill.errors.DataError that says which"},
    ),
    "twice": (
        lambda: (*TEXTS, "grumble grumble"),
        {"none_twice": "items [1] and [3] are the same. Return tuple(dict.fromkeys(...))."},
    ),
    "blank": (lambda: (*TEXTS, " \n"), {"none_blank": "item [3] is blank. Leave out texts for"}),
    "counts": (
        lambda: (f"grumble {next(CALLS)}",),
        {
            "same_at_every_load": "gives the same texts in the same order at every load; but the "
            "second call gave others. Draw from a generator that `load` makes of a field",
            "blind_to_global_seeds": "",
        },
    ),
    "global": (
        draw_globally,
        {
            "blind_to_global_seeds": "seeds 1 and 2 gave different ones. Draw from a",
            "same_at_every_load": None,
            "leaves_global_generators_alone": "",
        },
    ),
    "global for nothing": (
        draw_and_forget,
        {"leaves_global_generators_alone": "it drew from that of numpy, or seeded it. Draw from"},
    ),
}


class Faulty(ResponseSource):
    """Keeps every promise but one."""

    citation = "original"
    fault: str

    def load(self):
        return FAULTS[self.fault][0]()


class Raw(ResponseSource):
    """Lets Python's error through where its file is missing."""

    citation = "original"
    path: Path

    def load(self):
        return tuple(self.path.read_text().splitlines())


class Strict(ResponseSource):
    """Refuses a missing file when it is made."""

    citation = "original"
    path: FilePath

    def load(self):
        return tuple(self.path.read_text().splitlines())


class TornError(DataError):
    """Has two arguments and tells its base class of one, so a copy cannot be made."""

    def __init__(self, where, what):
        super().__init__(f"{where}: {what}")


class Torn(ResponseSource):
    """Raises the right kind of error, which no worker can send."""

    citation = "original"
    path: Path

    def load(self):
        if not self.path.exists():
            raise TornError(self.path, "missing")
        return TEXTS


# Whether another process can import this module hangs on how pytest was started.
HERE = [check for check in CHECKS if check.name != "same_in_another_process"]


def tripped(source, checks=HERE):
    said = {}
    for check in checks:
        try:
            check(source)
        except ConformanceError as error:
            [said[check.name]] = error.sentences
    return said


@pytest.fixture
def files(tmp_path):
    """A file for each built-in source that reads one."""
    (tmp_path / "t.csv").write_text("text,toxic\n" + "".join(f'"{text}",1\n' for text in TEXTS))
    (tmp_path / "t.jsonl").write_text("".join(json.dumps({"text": t}) + "\n" for t in TEXTS))
    header = "id,comment_text,toxic,severe_toxic,obscene,threat,insult,identity_hate\n"
    (tmp_path / "train.csv").write_text(header + "a,grumble,1,1,0,0,1,0\nb,hello,0,0,0,0,0,0\n")
    return {
        "benign": {},
        "builtin": {},
        "csv": {"path": tmp_path / "t.csv", "where": {"toxic": 1}},
        "jigsaw": {"path": tmp_path / "train.csv"},
        "jsonl": {"path": str(tmp_path / "t.jsonl"), "max_chars": 14},
    }


@pytest.mark.parametrize("name", ["benign", "builtin", "csv", "jigsaw", "jsonl"])
def test_the_built_in_sources_pass(name, files):
    assert name in sources.names()
    check_source({"name": name, **files[name]})


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_source_trips_its_check_and_no_other(fault):
    said = tripped(Faulty(fault=fault))
    expected = FAULTS[fault][1]
    (name, piece), *_ = expected.items()
    assert piece in said[name]
    assert said[name].startswith("Faulty promises: ")
    chance = {name for name, piece in expected.items() if piece is None}
    assert said.keys() - chance == expected.keys() - chance


def test_every_check_is_tripped_by_one():
    firsts = {next(iter(expected)) for _, expected in FAULTS.values()}
    elsewhere = {"same_in_another_process", "missing_file_is_a_data_error"}  # below
    assert firsts | elsewhere | COMMON == {check.name for check in CHECKS}
    assert len({check.name for check in CHECKS}) == len(list(CHECKS))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (Raw, r"with no file at 'path' it raised FileNotFoundError: .*missing-t\.txt.*\. Raise a"),
        (Torn, r"its TornError is lost \(TypeError: .*\)\. Give all arguments of the error to"),
    ],
)
def test_a_source_that_fails_badly_without_its_file_trips_the_check(tmp_path, source, said):
    (tmp_path / "t.txt").write_text("grumble\n")
    with pytest.raises(ConformanceError, match=said) as caught:
        check_source(source(path=tmp_path / "t.txt"))
    assert len(caught.value.sentences) == 1
    assert "gets out of a worker where a file is missing" in caught.value.sentences[0]


def test_a_source_that_refuses_a_missing_file_when_it_is_made_passes(tmp_path):
    (tmp_path / "t.txt").write_text("grumble\n")
    assert tripped(Strict(path=tmp_path / "t.txt")) == {}


def test_a_source_whose_file_is_missing_is_told_in_its_own_words(tmp_path):
    said = tripped(sources.build({"name": "csv", "path": tmp_path / "t.csv"}))
    assert said["at_least_one"] == (
        "CsvSource promises: loads at least one text; but it raised DataError: "
        f"{tmp_path / 't.csv'} cannot be read (No such file or directory); give 'path' as a file. "
        "Do what it says."
    )


ORDERED_BY_HASH = """
from semspill import ResponseSource

class Hashed(ResponseSource):
    citation = "original"

    def load(self):
        return tuple({f"grumble {i}" for i in range(100)})
"""


def test_a_source_in_the_order_of_a_set_trips_the_other_process(tmp_path, monkeypatch):
    (tmp_path / "a_source_by_hash.py").write_text(ORDERED_BY_HASH)
    monkeypatch.syspath_prepend(tmp_path)
    from a_source_by_hash import Hashed

    for seed in ("0", "1", "2"):
        monkeypatch.setenv("PYTHONHASHSEED", seed)  # of this process it changes nothing
        said = tripped(Hashed(), CHECKS)
        assert said.keys() == {"same_in_another_process"}
        assert "but they were others there. Strings hash" in said["same_in_another_process"]


def test_no_message_quotes_a_text():
    for fault in FAULTS:
        assert "grumble" not in " ".join(tripped(Faulty(fault=fault)).values())


def test_a_source_that_needs_no_file_though_it_names_one(tmp_path):
    class Anyway(ResponseSource):
        citation = "original"
        path: Path

        def load(self):
            return ("No.", "Not now.")

    (tmp_path / "said.txt").write_text("No.")
    said = tripped(Anyway(path=tmp_path / "said.txt"))["missing_file_is_a_data_error"]
    assert "no file at 'path' it loaded all the same" in said
