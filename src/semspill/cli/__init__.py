"""The command line."""

from semspill.cli._app import app, err_console, main, out_console
from semspill.cli._components import list_components, show
from semspill.cli._data import data
from semspill.cli._doctor import doctor
from semspill.cli._experiments import init, run, validate
from semspill.cli._kinds import KINDS
from semspill.cli._messages import write_messages
from semspill.cli._pages import compare, report
from semspill.cli._sweeps import merge, sweep

__all__ = [
    "KINDS",
    "app",
    "compare",
    "data",
    "doctor",
    "err_console",
    "init",
    "list_components",
    "main",
    "merge",
    "out_console",
    "report",
    "run",
    "show",
    "sweep",
    "validate",
    "write_messages",
]
