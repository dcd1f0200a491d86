"""The other process: it stays, knows nothing of earlier calls, and has what this one has."""

import os
import pickle
import sys

import pytest
from faulty import source
from faulty.common import Right

from semspill.testing import checks
from semspill.testing._conformance import _worker

MODULE = """
import os, sys
CALLS = []

def act(what):
    CALLS.append(what)
    print("grumble")  # must not mix with the answer
    return what, len(CALLS), hash("grumble"), os.environ.get("GRUMBLE"), os.getcwd()

def crash(what):
    raise RuntimeError("the first line.\\nthe second line")

def leave(what):
    sys.exit(what)

def die(what):
    os._exit(1)
"""


@pytest.fixture
def there(tmp_path, monkeypatch):
    """A module that both processes can import; nothing heavy is imported before a call."""
    monkeypatch.setattr(_worker, "_HEAVY", set())
    (tmp_path / "a_module_of_both.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    import a_module_of_both

    yield a_module_of_both
    del sys.modules["a_module_of_both"]


def call(function, what=1):
    return _worker.call_elsewhere(pickle.dumps((function, what)))


def test_a_call_has_the_folder_and_environment_of_here_and_another_hash_seed(
    there, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    for value in ("a", "b"):
        monkeypatch.setenv("GRUMBLE", value)
        [(what, calls, hashed, environment, folder)] = call(there.act, value).results
        assert (what, environment, folder) == (value, value, str(tmp_path))
        assert calls == 1  # nothing of the call before
        assert hashed != hash("grumble")


def test_one_process_answers_all(there):
    call(there.act)
    first = _worker._WORKERS[os.getpid()]
    call(there.crash)
    call(there.act)
    assert _worker._WORKERS[os.getpid()] is first


@pytest.mark.parametrize(
    ("name", "failure"),
    [
        ("crash", "RuntimeError: the first line"),
        ("leave", "SystemExit: 1"),
        ("die", "the process ended"),
    ],
)
def test_what_fails_there_is_reported_and_the_next_call_is_answered(there, name, failure):
    answer = call(getattr(there, name))
    assert (answer.results, answer.failure) == ([], failure)
    assert call(there.act).results != []


def test_what_cannot_be_imported_there_has_no_answer(there, tmp_path):
    (tmp_path / "a_module_of_both.py").unlink()
    assert call(there.act) == _worker._Answer([])


def test_without_forks_every_call_has_a_process_of_its_own(there, monkeypatch):
    monkeypatch.setattr(_worker, "_FORKS", False)
    assert call(there.act).results != []
    assert os.getpid() not in _worker._WORKERS


def test_a_process_that_was_ended_is_replaced(there):
    call(there.act)
    _worker._WORKERS[os.getpid()].kill()
    assert call(there.act).failure == "the process ended"
    assert call(there.act).results != []


@pytest.mark.parametrize("seed", [None, "1", "2"])
def test_strings_hash_otherwise_there_whatever_the_seed_is(there, monkeypatch, seed):
    _worker._stop()
    if seed:
        monkeypatch.setenv("PYTHONHASHSEED", seed)  # of this process it changes nothing
    [(_, _, hashed, *_)] = call(there.act).results
    assert hashed != hash("grumble")
    _worker._stop()


def test_a_component_that_only_this_process_knows_is_not_tried_there():
    class Local(Right):
        def load(self):
            raise AssertionError("not even asked here: there is nothing to compare with")

    [check] = [check for check in checks("source") if check.name == "same_in_another_process"]
    check(Local())


def test_a_component_that_fails_there_breaks_its_promise(failed, monkeypatch):
    monkeypatch.setitem(source.SETTINGS, "texts", ("grumble",))
    sentences = failed("source", source.Configured())
    assert sentences.keys() == {"same_in_another_process"}
    assert "failed there: KeyError: 'texts'" in sentences["same_in_another_process"]
