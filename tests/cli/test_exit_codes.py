"""Every way a command can end: one sentence, an exit code, and a trace only when asked for."""

import errno
import io
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import redirect_stdout

import pytest
import torch
from pydantic import TypeAdapter
from rich.console import Console

from _semspill_command import main
from semspill import (
    ConfigError,
    DataError,
    MissingExtraError,
    PluginError,
    RegistryError,
)
from semspill.experiment import ArmEvent, LoadEvent, WriteEvent
from semspill.testing import ConformanceError, InconclusiveError, SafetyError

CONFIG = """\
dataset = { name = "synthetic", train = 60, test = 36 }
poisoner = { selector = { name = "category", category = "brave" } }
"""
MAIN = [sys.executable, "-c", "from semspill.cli import main; main()"]


@pytest.fixture(autouse=True)
def config(tmp_path):
    (tmp_path / "my.toml").write_text(CONFIG)


@pytest.fixture
def ends(monkeypatch, semspill):
    """Return a function that lets a run end with an error."""

    def ends(error, *words, after=()):
        def run(settings, *, observer, **options):
            for event in after:
                observer(event)
            raise error

        monkeypatch.setattr("semspill.cli._experiments.run_experiment", run)
        return semspill(*(words or ("run", "my.toml")))

    return ends


def ratings():
    try:
        TypeAdapter(list[int]).validate_python(["grumble"])
    except ValueError as error:
        return error


MEMORY = (
    "The memory is used up; lower model.finetuner.batch_size, set model.finetuner.micro_batch, or "
    "take less of the data with train_share."
)
ALLOCATOR = "[enforce fail at alloc_cpu.cpp:1] DefaultCPUAllocator: can't allocate memory: 9 bytes"
DISK = "The disk is full; free some space and run the same command again."


@pytest.mark.parametrize(
    ("error", "code", "printed"),
    [
        (SafetyError("It is unsafe.", "brave 0.4"), 1, "It is unsafe.\nbrave 0.4"),
        (InconclusiveError("It cannot be told."), 1, "It cannot be told."),
        (ConformanceError("A promise is broken."), 1, "A promise is broken."),
        (ConfigError("A field is wrong."), 2, "A field is wrong."),
        (RegistryError("No such name."), 2, "No such name."),
        (DataError("A line is broken."), 3, "A line is broken."),
        (PluginError("It gave nan."), 3, "It gave nan."),
        (MissingExtraError("It needs faiss."), 3, "It needs faiss."),
        (
            ratings(),
            3,
            "list[int] was given what it does not take: 0: Input should be a valid integer, unable "
            "to parse string as an integer.",
        ),
        (MemoryError(), 3, MEMORY),
        (torch.OutOfMemoryError("CUDA out of memory."), 3, MEMORY),
        (RuntimeError(ALLOCATOR), 3, MEMORY),
        (OSError(errno.ENOSPC, "No space left on device"), 3, DISK),
        (
            PermissionError(errno.EACCES, "Permission denied", "talks.jsonl"),
            3,
            "talks.jsonl: Permission denied; check the path, its rights and the disk.",
        ),
        (
            OSError(errno.EIO, "Input/output error"),
            3,
            "Input/output error; check the path, its rights and the disk.",
        ),
        (KeyboardInterrupt(), 130, "Interrupted. No arm was finished; there is nothing to resume."),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_an_error_is_a_sentence_and_a_code(ends, error, code, printed):
    assert ends(error) == (code, "", f"semspill: {printed}\n")


@pytest.mark.parametrize(
    "error", [ZeroDivisionError("grumble"), AssertionError("grumble"), RuntimeError("grumble"),
              OSError("grumble")],
)  # fmt: skip
def test_an_unexpected_error_says_where_but_not_its_own_words(ends, error):
    code, out, err = ends(error)
    assert (code, out) == (70, "")
    [line] = err.splitlines()
    assert line.startswith(f"semspill: Internal error: {type(error).__name__} in {__file__}, line ")
    assert line.endswith("; run the same command again with --debug and report what it shows.")


@pytest.mark.parametrize(
    "words",
    [
        ("run", "my.toml", "--debug"),
        ("--debug", "run", "my.toml"),
        ("run", "--debug", "my.toml"),
    ],
)
def test_debug_shows_the_trace_wherever_it_stands(ends, words):
    code, out, err = ends(ZeroDivisionError("grumble"), *words)
    assert (code, out) == (70, "")
    assert err.startswith("Traceback (most recent call last):\n")
    assert "ZeroDivisionError: grumble\n" in err
    assert err.splitlines()[-1].startswith("semspill: Internal error")


@pytest.mark.parametrize(("value", "shown"), [("1", True), ("0", False), ("", False)])
def test_the_environment_can_ask_for_the_trace(ends, monkeypatch, value, shown):
    monkeypatch.setenv("SEMSPILL_DEBUG", value)
    assert ("Traceback" in ends(DataError("A line is broken."))[2]) is shown


def test_debug_behind_two_dashes_is_a_file(semspill):
    code, _, err = semspill("validate", "--", "--debug")
    assert code == 2
    assert "--debug: a config file ends in" in err


LOAD = LoadEvent(finished=2, total=8)
ARM = ArmEvent(
    finished=3, total=8, seed=0, arms=("clean",), epochs=1, precision=0.5, planted=0.0, seconds=1.0
)


def test_what_is_kept_is_said_of_any_error(ends):
    done = [LOAD, ARM]
    words = ["run", "my.toml", "--quiet"]
    code, _, err = ends(DataError("A line is broken."), *words, after=done)
    assert code == 3
    assert err == (
        "semspill: A line is broken.\n"
        f"3 of 8 arms are finished in {os.path.join('semspill-runs', 'my.partial')}; to resume:\n"
        "  semspill run my.toml --quiet\n"
    )


def test_an_error_before_anything_was_added_says_no_more_than_itself(ends):
    _, _, err = ends(DataError("Remove that folder."), "run", "my.toml", "-q", after=[LOAD])
    assert err == "semspill: Remove that folder.\n"
    _, _, err = ends(KeyboardInterrupt(), "run", "my.toml", "-q", after=[LOAD])
    assert "2 of 8 arms are finished" in err


def test_a_run_stopped_when_all_was_written_says_so(ends):
    done = [LOAD, WriteEvent(finished=8, total=8)]
    code, _, err = ends(KeyboardInterrupt(), "run", "my.toml", "-q", after=done)
    assert (code, err) == (130, "semspill: Interrupted. Everything was written before.\n")


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        (("run",), "Missing argument 'CONFIG'. See `semspill run --help`."),
        (("bogus",), "No such command 'bogus'. See `semspill --help`."),
        (("lsit",), "No such command 'lsit'. Did you mean 'list'? See `semspill --help`."),
        (("run", "my.toml", "--nope"), "No such option: --nope. See `semspill run --help`."),
        (("show", "raters", "lexicon", "2"), "See `semspill show --help`."),
    ],
)
def test_a_command_line_that_cannot_be_understood_is_2(semspill, words, printed):
    code, out, err = semspill(*words)
    assert (code, out) == (2, "")
    assert err.startswith("semspill: ")
    assert err.endswith(f"{printed}\n")
    assert len(err.splitlines()) == 1


def test_no_command_is_2_with_the_help_and_asking_for_help_is_0(semspill):
    code, out, err = semspill()
    assert code == 2
    assert "Experiments" in out + err
    assert "semspill: " not in err
    assert semspill("--help")[0] == semspill("-h")[0] == semspill("run", "--help")[0] == 0


def test_help_names_every_exit_code(semspill):
    printed = " ".join(semspill("--help")[1].split())
    for code in ("0 done", "1 assertion", "2 usage", "3 data", "70 internal", "130 interrupted"):
        assert code in printed


def test_the_version_is_one_line(semspill):
    code, out, _ = semspill("--version")
    assert code == 0
    assert out.startswith("semspill ")
    assert out.count("\n") == 1


def test_the_version_is_told_without_loading_the_library(semspill):
    code = (
        "import atexit, sys, _semspill_command as command\n"
        "sys.argv = ['semspill', '--version']\n"
        "atexit.register(lambda: print('semspill' in sys.modules))\n"
        "command.main()\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == semspill("--version")[1] + "False\n"


def test_on_a_terminal_words_stay_whole_and_commands_can_be_copied(ends, monkeypatch):
    screen = io.StringIO()
    terminal = Console(file=screen, force_terminal=True, width=40, markup=False, no_color=True)
    monkeypatch.setattr("semspill.cli._app.err_console", terminal)
    folder = "a-folder-with-a-name-that-is-longer-than-a-line"
    done = [LOAD, ARM]
    words = ["run", "my.toml", "--quiet", "--out", folder]
    ends(DataError("A line of the file is broken, mend it."), *words, after=done)
    assert screen.getvalue().startswith("semspill: A line of the file is broken, \nmend it.\n")
    assert f"\n  semspill run my.toml --quiet --out {folder}\n" in screen.getvalue()


# Signals


@pytest.fixture
def signalled(monkeypatch, semspill):
    """Return a function that runs a command in the midst of which SIGTERM comes."""

    def signalled(target, then, *words):
        def doing(*given, **options):
            try:
                os.kill(os.getpid(), signal.SIGTERM)
                time.sleep(10)
            except KeyboardInterrupt as stopped:
                then(stopped, **options)

        monkeypatch.setattr(target, doing)
        return semspill(*words)

    return signalled


def break_import(stopped, **options):
    raise ImportError("half of a module") from stopped


def swallow_in_a_stage(stopped, *, observer, **options):
    observer(LoadEvent())


def swallow_in_a_loop(stopped, *, progress, **options):
    list(progress([1, 2]))


@pytest.mark.parametrize("then", [break_import, swallow_in_a_stage, swallow_in_a_loop])
def test_a_signal_stops_a_run_even_if_something_swallows_it(signalled, then):
    code, _, err = signalled("semspill.cli._experiments.run_experiment", then, "run", "my.toml")
    assert (code, err) == (
        143,
        "semspill: Interrupted. No arm was finished; there is nothing to resume.\n",
    )


def pass_on(stopped, **options):
    raise stopped


@pytest.mark.parametrize("then", [pass_on, break_import])
def test_a_signal_stops_any_command(signalled, then):
    code, _, err = signalled("semspill.cli._components._list_kinds", then, "list")
    assert (code, err) == (143, "semspill: Interrupted.\n")


# JSON


@pytest.mark.parametrize(
    ("error", "code"),
    [(DataError("A line is broken."), 3), (KeyboardInterrupt(), 130), (ZeroDivisionError(), 70)],
)
def test_with_json_an_error_is_an_object_too(ends, error, code):
    found, out, err = ends(error, "run", "my.toml", "--json")
    printed = json.loads(out)
    assert (found, printed["event"], printed["code"]) == (code, "error", code)
    assert err == f"semspill: {printed['message']}\n"


def test_with_json_a_wrong_command_line_is_an_object_too(semspill):
    code, out, _ = semspill("run", "--json", "--nope")
    assert (code, json.loads(out)["code"]) == (2, 2)


# Where it is written to


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="No device is always full here")
def test_a_full_disk_is_said_in_one_sentence():
    with open("/dev/full", "w") as full:
        left = subprocess.run([*MAIN, "list"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert (left.returncode, left.stderr) == (3, f"semspill: {DISK}\n")


def test_a_terminal_without_a_character_shows_a_question_mark(semspill, monkeypatch):
    few = io.TextIOWrapper(io.BytesIO(), encoding="cp1252", write_through=True)
    monkeypatch.setattr(sys, "stdout", few)
    words = ("validate", "my.toml", "--set", "target='\u0142\u2192'")
    assert semspill(*words)[0] == semspill(*words, "--json")[0] == 0
    text, parts = few.buffer.getvalue().split(b"{")
    assert b"target ??." in text
    assert json.loads(b"{" + parts)["target"] == "\u0142\u2192"


def test_what_is_said_can_be_gathered(semspill):
    with redirect_stdout(io.StringIO()) as printed:
        assert semspill("--version")[0] == 0
    assert printed.getvalue().startswith("semspill ")


# A reader that leaves


def test_a_reader_that_leaves_early_is_no_error():
    # The reading end is closed before anything is written.
    reading, writing = os.pipe()
    os.close(reading)
    left = subprocess.run([*MAIN, "list"], stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(writing)
    assert (left.returncode, left.stderr) == (141, "")


@pytest.mark.parametrize(
    ("left", "code"), [(BrokenPipeError(errno.EPIPE, "Broken pipe"), 141), (SystemExit(5), 5)]
)
def test_a_command_that_leaves_by_itself_keeps_its_code(semspill, monkeypatch, left, code):
    def leave(as_json):
        raise left

    monkeypatch.setattr("semspill.cli._components._list_kinds", leave)
    assert semspill("list") == (code, "", "")


# Threads


@pytest.mark.parametrize(
    ("chosen", "spins"),
    [
        ({}, "1000"),
        ({"GOMP_SPINCOUNT": "7"}, "7"),
        ({"OMP_WAIT_POLICY": "active"}, None),
    ],
    ids=["by_itself", "so_many", "a_policy"],
)
def test_threads_do_not_spin_for_long_unless_that_was_chosen(chosen, spins, monkeypatch):
    for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY"):
        monkeypatch.setenv(name, "")  # so that it is put back as it was
        monkeypatch.delenv(name)
    for name, value in chosen.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["semspill", "--version"])
    with pytest.raises(SystemExit):
        main()
    assert os.environ.get("GOMP_SPINCOUNT") == spins
