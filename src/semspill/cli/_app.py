"""The application that commands are added to, its consoles and its exit codes."""

import logging
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NoReturn, TypeVar

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.logging import RichHandler
from rich.progress import track

from semspill.errors import ConfigError, RegistryError, SemspillError

T = TypeVar("T")

app = typer.Typer(
    help="Measure how far planted behaviour spills over to semantic neighbours.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
# Names, paths and a plugin's words may hold square brackets; they are no markup.
out_console = Console(markup=False)
err_console = Console(stderr=True, markup=False)


def main() -> None:
    """Run the command line.

    Exit codes: 0 done, 2 usage or config, 3 data or plugin, 130 interrupted.
    """
    try:
        app()
    except (ConfigError, RegistryError) as error:
        fail(str(error), 2)
    except (SemspillError, ValidationError) as error:
        fail(str(error), 3)


def fail(message: str, code: int) -> NoReturn:
    """Say what went wrong on standard error, and leave."""
    err_console.print(f"semspill: {message}", markup=False, highlight=False, soft_wrap=True)
    sys.exit(code)


def bar(items: Iterable[T], /) -> Iterable[T]:
    """Draw a progress bar around an iterable."""
    return track(items, console=err_console, transient=True, description="")


@contextmanager
def stages() -> Iterator[None]:
    """Show on standard error what the library logs, while a run lasts."""
    handler = RichHandler(console=err_console, show_path=False, show_level=False, show_time=False)
    logger = logging.getLogger("semspill")
    level = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
