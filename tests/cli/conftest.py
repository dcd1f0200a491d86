"""A command line, run in this process, in a folder and a cache of its own."""

import sys

import pytest

from semspill import cli


@pytest.fixture
def semspill(monkeypatch, capsys, tmp_path):
    """Return a function that runs a command line: exit code, standard output, standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SEMSPILL_DEBUG", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for console in (cli.out_console, cli.err_console):
        monkeypatch.setattr(console, "width", 80)

    def command(*words):
        monkeypatch.setattr(sys, "argv", ["semspill", *map(str, words)])
        with pytest.raises(SystemExit) as left:
            cli.main()
        return left.value.code or 0, *capsys.readouterr()

    return command
