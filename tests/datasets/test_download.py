"""Downloads: from a server of the test, into a cache of the test, checked and whole."""

import hashlib
import io
import tarfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from semspill.datasets import EmpatheticDialogues
from semspill.errors import DataError

BODY = (
    b"conv_id,utterance_idx,context,prompt,speaker_idx,utterance,selfeval,tags\n"
    b"c1,1,joy,P,0,I won!,,\nc1,2,joy,P,1,Well done.,,\n"
)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def served(tmp_path):
    """A folder that a local server gives out, with a good archive, and the server's address."""
    place = tmp_path / "served"
    place.mkdir()
    with tarfile.open(place / "good.tar.gz", "w:gz") as tar:
        info = tarfile.TarInfo("empatheticdialogues/train.csv")
        info.size = len(BODY)
        tar.addfile(info, io.BytesIO(BODY))
    (place / "bad.tar.gz").write_text("something else")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(place))) as server:
        threading.Thread(target=server.serve_forever).start()
        yield place, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def online(monkeypatch):
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)


@pytest.fixture
def dataset(served, tmp_path, online):
    place, address = served
    sha256 = hashlib.sha256((place / "good.tar.gz").read_bytes()).hexdigest()
    mirrors = (f"{address}/good.tar.gz",)
    return EmpatheticDialogues(cache=tmp_path / "cache", mirrors=mirrors, sha256=sha256)


def test_a_download_is_kept_and_not_repeated(dataset, served):
    assert dataset.load("train")[0].response(-1) == "Well done."
    (served[0] / "good.tar.gz").unlink()
    again = dataset.replace(offline=True).load("train")
    assert again.fingerprint == dataset.load("train").fingerprint


def test_the_cache_is_the_users_by_default(dataset, tmp_path, monkeypatch):
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path / name))
    dataset.replace(cache=None).load("train")
    assert (tmp_path / "semspill" / "datasets" / "empatheticdialogues.tar.gz").is_file()


def test_the_second_mirror_helps_out(dataset, served):
    mirrors = (f"{served[1]}/missing.tar.gz", f"{served[1]}/bad.tar.gz", *dataset.mirrors)
    assert len(dataset.replace(mirrors=mirrors).load("train")) == 1


def test_a_damaged_file_in_the_cache_is_fetched_again(dataset):
    dataset.cache.mkdir()
    (dataset.cache / "empatheticdialogues.tar.gz").write_text("damaged")
    assert len(dataset.load("train")) == 1


def test_offline_a_damaged_file_is_named_and_left_alone(dataset):
    dataset.cache.mkdir()
    kept = dataset.cache / "empatheticdialogues.tar.gz"
    kept.write_text("damaged")
    found = hashlib.sha256(b"damaged").hexdigest()
    with pytest.raises(DataError, match="downloads are switched off") as caught:
        dataset.replace(offline=True).load("train")
    assert f"its sha256 is {found}, not {dataset.sha256}" in str(caught.value)
    with pytest.raises(DataError, match="could not be downloaded"):
        dataset.replace(mirrors=("http://127.0.0.1:1/a",)).load("train")
    assert kept.read_text() == "damaged"


def test_a_bad_download_is_deleted_and_the_error_says_what_to_do(dataset, served):
    bad = dataset.replace(mirrors=(f"{served[1]}/missing.tar.gz", f"{served[1]}/bad.tar.gz"))
    found = hashlib.sha256(b"something else").hexdigest()
    with pytest.raises(DataError, match="could not be downloaded") as caught:
        bad.load("train")
    assert "missing.tar.gz: HTTP Error 404" in str(caught.value)
    assert f"its sha256 is {found}, not {dataset.sha256}" in str(caught.value)
    assert list(dataset.cache.iterdir()) == []


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/a", "nonsense", "file:///no/such/file"])
def test_without_a_network_it_fails_and_names_path(dataset, address):
    with pytest.raises(DataError, match=r"(?s)could not be downloaded\..*give its place as 'path'"):
        dataset.replace(mirrors=(address,)).load("train")


def test_offline_it_fails_at_once_and_names_path(dataset):
    with pytest.raises(DataError, match=r"(?s)downloads are switched off.* as 'path'"):
        dataset.replace(offline=True).load("train")
    assert not dataset.cache.exists()


def test_the_hubs_offline_switch_is_honoured(dataset, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(DataError, match="HF_HUB_OFFLINE"):
        dataset.load("train")


def test_a_download_that_is_cut_off_is_deleted(dataset, served):
    place, _ = served
    whole = (place / "good.tar.gz").read_bytes()
    (place / "good.tar.gz").write_bytes(whole[:-1])
    with pytest.raises(DataError, match="its sha256 is"):
        dataset.load("train")
    assert list(dataset.cache.iterdir()) == []


def test_an_endless_download_is_stopped(dataset, monkeypatch):
    monkeypatch.setattr("semspill.datasets._download._MOST", -1)
    with pytest.raises(DataError, match="it sends more than"):
        dataset.load("train")
    assert list(dataset.cache.iterdir()) == []


def test_progress_sees_the_chunks_of_the_download(dataset):
    seen = []

    def progress(items):
        assert len(items) == 1  # the archive is below 1 MiB
        for item in items:
            seen.append(item)
            yield item

    place = dataset.fetch(progress=progress)
    assert b"".join(seen) == (dataset.cache / "empatheticdialogues.tar.gz").read_bytes()
    assert place == str(dataset.cache / "empatheticdialogues.tar.gz")
