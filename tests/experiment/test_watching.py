"""`run` and `sweep` show how far they are where a person watches, and nowhere else."""

import io
import sys
from types import SimpleNamespace

import pytest

from semspill import run, sweep


class Terminal(io.StringIO):
    """A terminal that keeps what is written."""

    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    """Makes standard error a terminal; to be called in the test, as pytest sets it before."""

    def made(**settings):
        for name, value in {"TERM": "xterm", "COLUMNS": "80", "LINES": "24", **settings}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "stderr", Terminal())
        return sys.stderr

    return made


@pytest.fixture
def notebook(monkeypatch):
    """A notebook; returns the texts that its one line had, the newest last."""
    written = []

    def display(data, *, raw, display_id):
        assert (raw, display_id) == (True, True)
        written.append(data["text/plain"])
        return SimpleNamespace(update=lambda data, raw: written.append(data["text/plain"]))

    shell = SimpleNamespace(kernel=object())
    parts = {"get_ipython": lambda: shell, "display": SimpleNamespace(display=display)}
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(**parts))
    return written


def test_nothing_is_shown_where_nobody_watches(quick, capsys):
    run(quick)
    assert capsys.readouterr() == ("", "")


def test_a_terminal_shows_each_finished_arm_and_the_observer_gets_every_event(quick, terminal):
    seen, screen = [], terminal()
    run(quick, observer=lambda event: seen.append(event.stage))
    assert "seed 0, clean: " in screen.getvalue()
    assert (seen[0], seen[-1]) == ("load", "analyze")
    assert "arm" in seen


@pytest.mark.parametrize("settings", [{"TERM": "dumb"}, {"COLUMNS": "20"}], ids=str)
def test_a_terminal_on_which_nothing_can_be_drawn_shows_nothing(quick, terminal, settings):
    screen = terminal(**settings)
    run(quick)
    assert screen.getvalue() == ""


def test_iter_as_progress_shows_nothing(quick, terminal):
    screen = terminal()
    run(quick, progress=iter)
    assert screen.getvalue() == ""


def test_a_notebook_has_one_line_that_ends_with_what_was_done(quick, notebook, capsys):
    sweep(quick, {"list_size": [10, 20]})
    assert any(line.startswith("0 of 2 arms done; ") for line in notebook)
    assert notebook[-1].startswith("2 of 2 arms done in ")
    assert capsys.readouterr() == ("", "")


def test_a_notebook_whose_run_stops_keeps_what_was_under_way(quick, notebook):
    def stop(event):
        if event.stage == "arm":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(quick, observer=stop)
    assert notebook[-1].startswith("1 of 1 arms done; seed 0, clean: ")


def test_a_shell_without_a_notebook_is_none(quick, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: None))
    run(quick)
    assert capsys.readouterr() == ("", "")
