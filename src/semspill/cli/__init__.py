"""The command line."""

from semspill.cli._app import app, err_console, main, out_console
from semspill.cli._components import KINDS
from semspill.cli._experiments import init, run, sweep, validate

__all__ = [
    "KINDS",
    "app",
    "err_console",
    "init",
    "main",
    "out_console",
    "run",
    "sweep",
    "validate",
]
