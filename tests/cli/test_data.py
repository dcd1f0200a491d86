"""What `semspill data` downloads and checks; the server is the test's own."""

import hashlib
import io
import json
import tarfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from rich.console import Console

from semspill import Corpus, DataError, cli
from semspill.cli import _data
from semspill.datasets import (
    Dataset,
    EmpatheticDialogues,
    HuggingFaceDataset,
    TableDataset,
    datasets,
    write_jsonl,
)
from semspill.datasets import _huggingface as hub
from semspill.datasets import _table as tables

HEAD = b"conv_id,utterance_idx,context,prompt,speaker_idx,utterance,selfeval,tags\n"
TALK = b"%s,1,joy,P,0,I won!,,\n%s,2,joy,P,1,Well done.,,\n"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


class Plain(Dataset):
    """Needs nothing and knows of no official data."""

    citation = "original"

    def load(self, split):
        raise DataError(f"No {split}.")


@pytest.fixture
def archive(tmp_path):
    """An archive of three splits with one dialogue each, too large for one piece."""
    path = tmp_path / "served" / "good.tar.gz"
    path.parent.mkdir()
    with tarfile.open(path, "w:gz", compresslevel=0) as tar:
        for number, split in enumerate(("train", "valid", "test")):
            name = b"c%d" % number
            body = HEAD + TALK % (name, name)
            info = tarfile.TarInfo(f"empatheticdialogues/{split}.csv")
            info.size = len(body)
            tar.addfile(info, io.BytesIO(body))
        info = tarfile.TarInfo("empatheticdialogues/more.bin")
        info.size = 2**21
        tar.addfile(info, io.BytesIO(bytes(2**21)))
    assert path.stat().st_size > 2**20
    return path


@pytest.fixture
def fields(archive, tmp_path, monkeypatch):
    """Words that make the command download from the test's server into the test's cache."""
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=archive.parent)) as server:
        threading.Thread(target=server.serve_forever).start()
        address = f"http://127.0.0.1:{server.server_port}/good.tar.gz"
        yield [
            f"--set=cache={tmp_path / 'cache'}",
            f"--set=mirrors=['{address}']",
            f"--set=sha256={sha256}",
        ]
        server.shutdown()


@pytest.fixture
def data(semspill, monkeypatch):
    """Return a function that runs one of the `data` commands: exit code, output, errors."""
    monkeypatch.setattr(cli.out_console, "width", 100)
    return lambda *words: semspill("data", *words)


# fetch


def test_it_downloads_once_and_says_where(data, fields, archive, tmp_path):
    kept = tmp_path / "cache" / "empatheticdialogues.tar.gz"
    said = (0, f"empathetic_dialogues is at {kept}.\n", "")
    assert data("fetch", "empathetic_dialogues", *fields) == said
    assert kept.read_bytes() == archive.read_bytes()
    archive.unlink()
    assert data("fetch", "empathetic_dialogues", *fields) == said


def test_a_terminal_sees_a_bar(data, fields, monkeypatch):
    terminal = Console(file=io.StringIO(), force_terminal=True, width=80)
    monkeypatch.setattr(_data, "err_console", terminal)
    assert data("fetch", "empathetic_dialogues", *fields)[0] == 0
    assert "downloading" in terminal.file.getvalue()


def test_a_file_that_is_not_what_it_should_be_is_not_kept(data, fields, tmp_path):
    code, _, err = data("fetch", "empathetic_dialogues", *fields[:2], "--set=sha256=" + "0" * 64)
    assert code == 3
    assert "so it was deleted" in err
    assert list((tmp_path / "cache").iterdir()) == []


def test_offline_it_says_what_to_do_by_hand(data, fields):
    code, _, err = data("fetch", "empathetic_dialogues", *fields, "--set=offline=true")
    [sha256] = [word.rpartition("=")[2] for word in fields if "sha256" in word]
    assert code == 3
    assert "downloads are switched off" in err
    assert f"good.tar.gz (sha256 {sha256}) on a machine that can, and give its place as" in err


def test_a_path_is_used_as_it_is(data, archive):
    code, out, _ = data("fetch", "empathetic_dialogues", "--path", archive)
    assert (code, out) == (0, f"empathetic_dialogues is at {archive}.\n")


def test_a_path_at_which_nothing_is_cannot_be_fetched(data, tmp_path):
    for place, said in (("nope.tar.gz", "is not at"), ("empty", "holds neither train.csv nor")):
        (tmp_path / "empty").mkdir(exist_ok=True)
        code, out, err = data("fetch", "empathetic_dialogues", "--path", tmp_path / place)
        assert (code, out) == (3, "")
        assert said in err


def test_an_unpacked_folder_is_used_as_it_is(data, tmp_path):
    for split in ("train", "valid", "test"):
        (tmp_path / f"{split}.csv").touch()
    code, out, _ = data("fetch", "empathetic_dialogues", "--path", tmp_path)
    assert (code, out) == (0, f"empathetic_dialogues is at {tmp_path}.\n")


def test_what_needs_no_download_says_so(data):
    assert data("fetch", "synthetic") == (0, "synthetic needs no download.\n", "")
    assert Plain().fetch() is None
    assert Plain().departures({}) == ()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["synthetik"], "No dataset is named 'synthetik'. Did you mean 'synthetic'?"),
        (
            ["huggingface"],
            "huggingface: path: this field is needed; give it with --set path=VALUE.",
        ),
        (["synthetic", "--set=trian=3"], "synthetic: SyntheticDataset has no field 'trian'. Did"),
        (["synthetic", "--set=train=x"], "synthetic: train: Input should be a valid integer"),
        (["synthetic", "--set=train"], "--set: 'train': write it as field.subfield=value."),
    ],
)
def test_a_data_set_that_cannot_be_made_is_a_usage_error(data, words, said):
    code, _, err = data("fetch", *words)
    assert code == 2
    assert said in err


def test_names_are_completed():
    assert _data._complete_dataset("syn") == ["synthetic"]


# verify


def test_every_split_is_loaded_and_told(data):
    code, out, _ = data("verify", "synthetic", "--set=train=90")
    corpus = datasets.build({"name": "synthetic", "train": 90}).load("train")
    rows = [line.split() for line in out.splitlines()]
    assert code == 0
    assert rows[0] == "split dialogues exchanges categories licence fingerprint".split()
    assert rows[1] == ["train", "90", "180", "8", "Apache-2.0", corpus.fingerprint[:12]]
    assert [row[0] for row in rows[1:4]] == ["train", "valid", "test"]
    assert out.endswith("synthetic loads.\n")


def test_json_holds_the_whole_fingerprint(data):
    code, out, _ = data("verify", "synthetic", "--json")
    said = json.loads(out)
    assert (code, said["ok"], said["problems"]) == (0, True, [])
    assert list(said["splits"]) == ["train", "valid", "test"]
    fingerprint = datasets.build("synthetic").load("test").fingerprint
    assert said["splits"]["test"]["fingerprint"] == fingerprint


def test_data_that_are_not_the_official_ones_end_with_3(data, archive):
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    code, out, _ = data("verify", "empathetic_dialogues", "--path", archive)
    assert code == 3
    assert out.splitlines()[-5:] == [
        f"- {archive} is not the official archive: its sha256 is {found}.",
        "- Split 'train' has 1 dialogues; the official one has 19533.",
        "- Split 'valid' has 1 dialogues; the official one has 2770.",
        "- Split 'test' has 1 dialogues; the official one has 2547.",
        "empathetic_dialogues does not load as it should.",
    ]


def test_the_official_numbers_are_no_departure(archive):
    sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
    dataset = EmpatheticDialogues(path=archive, sha256=sha256)

    def of(count):
        talk = dataset.load("test")[0]
        many = tuple(talk.__class__(f"d{i}", "joy", talk.utterances) for i in range(count))
        return Corpus(many, name="empathetic_dialogues")

    assert dataset.departures({"test": of(2547)}) == ()
    assert dataset.departures({"test": of(2546)}) == (
        "Split 'test' has 2546 dialogues; the official one has 2547.",
    )
    folder = dataset.replace(path=archive.parent)
    assert folder.departures({}) == ()


@pytest.mark.parametrize("together", [False, True])
def test_a_data_set_may_lack_validation(data, corpus, tmp_path, together):
    for split, part in {"train": corpus.dialogues[:2], "test": corpus.dialogues[2:]}.items():
        write_jsonl(Corpus(part, name="tiny", split=split), tmp_path / f"{split}.jsonl")
    if together:
        rows = "".join((tmp_path / f"{split}.jsonl").read_text() for split in ("train", "test"))
        (tmp_path / "all").write_text(rows)
    place = tmp_path / "all" if together else tmp_path
    code, out, _ = data("verify", "jsonl", "--path", place)
    assert code == 0
    assert out.endswith("jsonl loads.\n")
    code, out, _ = data("verify", "jsonl", "--path", place, "--json")
    assert (code, json.loads(out)["ok"], list(json.loads(out)["splits"])) == (
        0, True, ["train", "test"]
    )  # fmt: skip
    (tmp_path / "test.jsonl").unlink()
    assert data("verify", "jsonl", "--path", tmp_path)[0] == 3


def test_a_validation_split_that_is_broken_is_a_problem(data, corpus, tmp_path):
    for split, part in {"train": corpus.dialogues[:2], "test": corpus.dialogues[2:]}.items():
        write_jsonl(Corpus(part, name="tiny", split=split), tmp_path / f"{split}.jsonl")
    (tmp_path / "valid.jsonl").write_text("{}\n")
    code, out, _ = data("verify", "jsonl", "--path", tmp_path)
    assert code == 3
    assert "valid.jsonl, row 1" in out


def test_what_is_left_out_as_asked_is_told_once_and_is_no_problem(data, tmp_path):
    rows = [f"a {n},b {n},joy" for n in range(40)]
    (tmp_path / "t.csv").write_text(
        "\n".join(["context,response,category", *rows, "a,,joy", "b,c,"])
    )
    words = ["table", "--path", tmp_path / "t.csv", "--set", "splits={test=0.5}"]
    assert data("verify", *words)[0] == 3
    words += ["--set", "on_error=skip"]
    code, out, err = data("verify", *words)
    assert code == 0
    assert out.count("without a response (row 41)") == 1
    assert out.endswith("table loads.\n")
    assert err == ""
    told = json.loads(data("verify", *words, "--json")[1])
    assert (told["ok"], told["problems"]) == (True, [])
    assert told["left_out"] == [
        {"what": "1 dialogue without a response (row 41)", "splits": ["train", "test"]},
        {"what": "1 dialogue without a category (row 42)", "splits": ["train", "test"]},
    ]


def test_a_split_that_is_missing_is_a_problem_once(data, tmp_path):
    code, out, _ = data("verify", "jsonl", "--path", tmp_path / "no.jsonl")
    assert code == 3
    assert out.count("cannot be read") == 1
    assert out.endswith("jsonl does not load as it should.\n")


# What data sets of others need


def test_the_hub_s_splits_are_fetched(monkeypatch):
    asked = []

    def table(path, split, *more):
        asked.append(split)
        if split == "test":
            raise hub.NoSplitError("No test.")
        return hub.HubTable((), iter(()), True, "a" * 40)

    monkeypatch.setattr(hub, "table_of", table)
    dataset = HuggingFaceDataset(path="some/talks")
    said = "(train, valid, no test), where the library `datasets` keeps it"
    assert dataset.fetch() == f"some/talks at revision {'a' * 40} {said}"
    assert asked == ["train", "validation", "test"]


def test_a_split_that_cannot_be_downloaded_is_an_error(data, monkeypatch):
    def table(path, split, *more):
        if split != "train":
            raise DataError(f"Split {split!r} could not be loaded (Timeout).")
        return hub.HubTable((), iter(()), True)

    monkeypatch.setattr(hub, "table_of", table)
    code, out, err = data("fetch", "huggingface", "--path", "some/talks")
    assert (code, out) == (3, "")
    assert err == (
        "semspill: Split 'validation' could not be loaded (Timeout).\n"
        "Split 'test' could not be loaded (Timeout).\n"
    )


def test_no_split_at_all_is_an_error(monkeypatch):
    def table(path, split, *more):
        raise hub.NoSplitError(f"No {split}.")

    monkeypatch.setattr(hub, "table_of", table)
    with pytest.raises(DataError, match=r"No train\."):
        HuggingFaceDataset(path="some/talks").fetch()


def test_data_sets_say_what_they_lack(tmp_path, archive, monkeypatch):
    dataset = EmpatheticDialogues(cache=tmp_path)
    said = "needs a download of 28 MB: semspill data fetch empathetic_dialogues"
    assert dataset.unavailable() == said
    assert dataset.replace(path=archive).unavailable() is None
    archive.rename(tmp_path / "empatheticdialogues.tar.gz")
    assert dataset.unavailable() is None
    assert Plain().unavailable() is None
    there = HuggingFaceDataset(path=str(tmp_path / "talks"))
    assert there.unavailable() is not None
    (tmp_path / "talks").mkdir()
    assert there.unavailable() is None
    assert TableDataset(path=tmp_path / "talks.csv").unavailable() is None
    monkeypatch.setattr(tables, "find_spec", lambda name: None)
    assert TableDataset(path=tmp_path / "talks.parquet").unavailable() == (
        'needs an extra: pip install "semspill[parquet]"'
    )
    assert HuggingFaceDataset(path="some/talks").unavailable() == (
        "needs a download of some/talks, unless it was loaded"
    )
    monkeypatch.setattr(hub, "find_spec", lambda name: None)
    assert there.unavailable() == 'needs an extra: pip install "semspill[datasets]"'
