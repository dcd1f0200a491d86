"""A worker process with another string hash seed; it persists, and each call runs in a fork."""

import atexit
import io
import os
import pickle
import pickletools
import subprocess
import sys
import threading
from contextlib import suppress
from importlib import import_module
from typing import IO, NamedTuple, cast


class _Call(NamedTuple):
    path: list[str]
    folder: str
    environment: dict[str, str]
    modules: list[str]
    """What the call names and is imported before the fork, for it and all later ones."""
    pickled: bytes
    """A function and its arguments."""


class _Answer(NamedTuple):
    results: list[object]
    """What came; none if the other process cannot import the function or an argument."""
    failure: str = ""
    """The error that was raised."""


# A fork costs milliseconds and knows nothing of earlier calls; a new interpreter costs seconds.
_FORKS = sys.platform == "linux"
_HEAVY = {"semspill", "torch", "transformers", "tokenizers", "scipy", "sklearn", "datasets"}
"""Packages that take long to import and that nobody changes while a program runs."""
_LATER: list[str] = []
"""In the other process: modules of these packages that a call imported in its fork."""
_LOCK = threading.Lock()
_WORKERS: dict[int, "subprocess.Popen[bytes]"] = {}
"""That of each process: a fork of this one must not use its pipes."""


def call_elsewhere(pickled: bytes) -> _Answer:
    """Return what a call gives in another process, with another hash seed and all else equal.

    Args:
        pickled: A function and its arguments.
    """
    call = _Call(sys.path, os.getcwd(), dict(os.environ), _named(pickled), pickled)
    with _LOCK:
        worker = _WORKERS.get(os.getpid()) or _start()
        requests, answers = cast(IO[bytes], worker.stdin), cast(IO[bytes], worker.stdout)
        try:
            pickle.dump(call, requests)
            requests.flush()
            answer: _Answer = pickle.load(answers)
        except (EOFError, BrokenPipeError):
            answer = _Answer([], "the process ended")
            _stop()
        if not _FORKS:
            _stop()
    return answer


def _named(pickled: bytes) -> list[str]:
    """Return the heavy modules that a pickle names; not all that this process has loaded."""
    words = {word for _, word, _ in pickletools.genops(pickled) if isinstance(word, str)}
    return sorted(word for word in words & set(sys.modules) if word.partition(".")[0] in _HEAVY)


def _start() -> "subprocess.Popen[bytes]":
    seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    code = f"import sys; sys.path[:] = {sys.path!r}; from {__name__} import serve; serve()"
    worker = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONHASHSEED": seed},
    )
    _WORKERS[os.getpid()] = worker
    atexit.register(_stop)
    return worker


def _stop() -> None:
    if worker := _WORKERS.pop(os.getpid(), None):
        worker.communicate()


def serve() -> None:  # pragma: no cover  # in the other process
    """Answer calls from the standard input until it ends."""
    calls, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what components print must not mix with the answers
    while True:
        try:
            call = pickle.load(calls)
        except EOFError:
            return
        answers.write(_in_a_fork(call) if _FORKS else pickle.dumps(_answer(call)))
        answers.flush()


def _in_a_fork(call: _Call) -> bytes:  # pragma: no cover  # in the other process
    # What an earlier fork imported itself is imported once and for all, now that it is known.
    for name in (*call.modules, *_LATER):
        with suppress(Exception):
            import_module(name)
    before, _LATER[:] = set(sys.modules), []
    there, back = os.pipe()
    if not os.fork():
        answer = pickle.dumps(_answer(call))
        new = [name for name in sys.modules if name not in before]
        with os.fdopen(back, "wb") as pipe:
            pickle.dump([name for name in new if name.partition(".")[0] in _HEAVY], pipe)
            pipe.write(answer)
        os._exit(0)
    os.close(back)
    with os.fdopen(there, "rb") as pipe:
        told = io.BytesIO(pipe.read())
    os.wait()
    if told.getbuffer().nbytes:
        _LATER[:] = pickle.load(told)
    return told.read() or pickle.dumps(_Answer([], "the process ended"))


def _answer(call: _Call) -> _Answer:  # pragma: no cover  # in the other process
    sys.path[:] = call.path
    os.chdir(call.folder)
    os.environ.clear()
    os.environ.update(call.environment)
    try:
        function, *arguments = pickle.loads(call.pickled)
    except (ImportError, AttributeError):
        return _Answer([])
    try:
        return _Answer([function(*arguments)])
    except BaseException as error:
        from semspill.testing._conformance._check import described_error

        return _Answer([], described_error(error))
