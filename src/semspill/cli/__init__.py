"""The command line."""

from semspill.cli._app import app, err_console, main, out_console
from semspill.cli._cache import cache
from semspill.cli._components import KINDS
from semspill.cli._data import data
from semspill.cli._doctor import doctor
from semspill.cli._experiments import init, run, sweep, validate
from semspill.cli._pages import compare, report

__all__ = [
    "KINDS",
    "app",
    "cache",
    "compare",
    "data",
    "doctor",
    "err_console",
    "init",
    "main",
    "out_console",
    "report",
    "run",
    "sweep",
    "validate",
]
