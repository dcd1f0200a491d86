"""A real process, stopped by a real signal at any moment, and started again."""

import json
import os
import shlex
import signal
import subprocess
import sys

import pytest

from _semspill_command import main
from semspill import cli, run
from semspill.cli._stop import stoppable

CONFIG = """\
list_size = 10
seeds = [0, 1]

[dataset]
name = "synthetic"
train = 60
test = 36
categories = 6

[poisoner]
selector = { name = "category", category = "brave" }
strategy = "each_random"
budget = 0.2

[model.encoder]
name = "hashing"
dim = 4
buckets = 128

[model.finetuner]
epochs = 2
batch_size = 32

[analyzer]
draws = 100
metrics = ["asr", "lift", "precision"]
"""
# A process that was started in the background may have been told to ignore Ctrl-C.
UNIGNORED = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
MAIN = UNIGNORED + "from semspill.cli import main\nmain()\n"


@pytest.fixture
def stopped(tmp_path):
    """Return a function that starts a run, and sends a signal at the n-th event of a stage."""
    (tmp_path / "my.toml").write_text(CONFIG)

    def stopped(stage, number, sent):
        command = [sys.executable, "-c", MAIN, "run", "my.toml", "--out", "out", "--json"]
        kept = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
        with subprocess.Popen(
            command,
            cwd=tmp_path,
            env=kept,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            told, met = [], 0
            for line in process.stdout:
                told.append(json.loads(line))
                met += told[-1]["event"] == stage
                if met == number and told[-1]["event"] == stage:
                    process.send_signal(sent)
            err = process.stderr.read()
        return process.returncode, told, err

    return stopped


def arms(tmp_path):
    return sorted(str(p.parent.relative_to(tmp_path)) for p in tmp_path.rglob("scores.npz"))


def test_a_run_stopped_again_and_again_ends_as_if_it_had_not_been(stopped, tmp_path, monkeypatch):
    # While the first model trains.
    code, told, err = stopped("train", 1, signal.SIGINT)
    assert code == 130
    assert err == "semspill: Interrupted. No arm was finished; there is nothing to resume.\n"
    assert {path.name for path in tmp_path.iterdir()} - {"cache"} == {"my.toml"}
    # While answering, by another signal: the clean arm of seed 0 is done.
    code, told, err = stopped("answer", 4, signal.SIGTERM)
    assert code == 143
    assert arms(tmp_path) == ["out.partial/seed-0/clean"]
    resume = f"semspill {shlex.join(['run', 'my.toml', '--out', 'out', '--json'])}"
    message = f"Interrupted. 1 of 4 arms are finished in out.partial; to resume:\n  {resume}"
    assert err == f"semspill: {message}\n"
    assert told[-1] == {"event": "error", "message": message, "code": 143}
    assert not list(tmp_path.rglob("*.tmp"))
    # At last it may finish.
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("semspill.report._page.draw", lambda report: {})
    monkeypatch.setattr("semspill.report._page.report_page", lambda *given, **named: "")
    again = []
    run("my.toml", out="out", observer=again.append)
    assert [event.arms for event in again if event.stage == "reused"] == [("clean",)]
    run("my.toml", out="whole")
    once, twice = ((tmp_path / name / "report.json").read_bytes() for name in ("whole", "out"))
    assert once == twice
    assert not (tmp_path / "out.partial").exists()


SLOW = """\
import time
from semspill.cli._stop import stoppable
try:
    with stoppable():
        print("ready", flush=True)
        time.sleep(3600)
except KeyboardInterrupt:
    print("cleaning", flush=True)
    time.sleep(3600)
"""


def test_a_second_signal_kills():
    sent = signal.SIGTERM
    with subprocess.Popen(
        [sys.executable, "-c", UNIGNORED + SLOW], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(sent)
        assert process.stdout.readline() == "cleaning\n"
        process.send_signal(sent)
    assert process.returncode == -sent


def test_signals_are_as_before_when_a_command_is_done(monkeypatch):
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    monkeypatch.setattr(sys, "argv", ["semspill", "--version"])
    with pytest.raises(SystemExit):
        cli.main()
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_signal_that_was_ignored_stays_ignored():
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with stoppable():
            os.kill(os.getpid(), signal.SIGTERM)
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_stop_while_the_command_is_loaded_ends_in_a_sentence(monkeypatch, capsys):
    class Impatient:
        def find_spec(self, name, path=None, target=None):
            if name == "semspill.cli":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "semspill.cli")
    monkeypatch.setattr(sys, "meta_path", [Impatient(), *sys.meta_path])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 130
    assert capsys.readouterr().err == "semspill: Interrupted. Nothing was begun.\n"
