"""Downloads: from a server of the test, into a cache of the test, checked and whole."""

import contextlib
import hashlib
import io
import re
import socketserver
import tarfile
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from semspill.datasets import EmpatheticDialogues
from semspill.datasets._download import Remote, cached
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
    with pytest.raises(DataError, match="give its place as 'path'") as caught:
        bad.load("train")
    assert "missing.tar.gz: HTTP Error 404" in str(caught.value)
    assert f"its sha256 is {found}, not {dataset.sha256}, so it was deleted" in str(caught.value)
    assert list(dataset.cache.iterdir()) == []


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/a", "nonsense", "file:///no/such/file"])
def test_without_a_network_it_fails_and_names_path(dataset, address):
    with pytest.raises(DataError, match=r"could not be downloaded \(.*give its place as 'path'"):
        dataset.replace(mirrors=(address,)).load("train")


def test_offline_it_fails_at_once_and_names_path(dataset):
    with pytest.raises(DataError, match=r"downloads are switched off.* as 'path'"):
        dataset.replace(offline=True).load("train")
    assert not dataset.cache.exists()


def test_the_hubs_offline_switch_is_honoured(dataset, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(DataError, match="HF_HUB_OFFLINE"):
        dataset.load("train")


def announced(size):
    return f"HTTP/1.0 200 OK\r\nContent-Length: {size}\r\n\r\n".encode()


def once(*parts):
    return lambda: parts


def forever(start, part):
    def parts():
        yield start
        while True:
            yield part

    return parts


@pytest.fixture
def mirror():
    """The address of a server that sends what it is told to, a part every twentieth second."""
    told, closing = [], threading.Event()

    class Says(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.recv(4096)
            with contextlib.suppress(OSError):
                for part in told[0]():
                    self.request.sendall(part)
                    if closing.wait(0 if len(part) > 1000 else 0.05):
                        return

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Says) as server:
        threading.Thread(target=server.serve_forever).start()
        yield told, f"http://127.0.0.1:{server.server_address[1]}/a.tar.gz"
        closing.set()
        server.shutdown()


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (once(announced(2**60), b"few bytes"), "announces 1,152,921,504,606,846,976 bytes"),
        (once(announced(50_000), b"few bytes"), "its sha256 is"),
        (once(announced("9" * 5000), b"few bytes"), "its sha256 is"),
        (once(announced("-7"), b"few bytes"), "its sha256 is"),
        (forever(b"HTTP/1.0 200 OK\r\n\r\n", bytes(1 << 16)), "sends more than the 100,000"),
        (forever(b"HTTP/1.0 200 OK\r\n\r\n", b"x"), "is too slow"),
        (forever(b"HTTP/1.0 200 OK\r\n", b"x"), "did not answer within 1 seconds"),
    ],
    ids=["2**60", "short", "digits", "negative", "endless", "drip", "headers"],
)
def test_a_server_that_lies_or_never_ends_is_left(mirror, tmp_path, parts, said):
    told, url = mirror
    told.append(parts)
    remote = Remote((url,), "0" * 64, timeout=5.0, patience=1.0, slowest=1e5, most=100_000)
    begun = time.monotonic()
    with pytest.raises(DataError, match=re.escape(said)):
        cached(tmp_path / "cache" / "a", remote, offline=False)
    assert time.monotonic() - begun < 20
    assert list((tmp_path / "cache").iterdir()) == []
