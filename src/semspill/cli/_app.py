"""The application that commands are added to, its consoles, and how it begins and ends."""

import io
import json
import os
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import version
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from typer.core import TyperGroup

from semspill._mask import printable
from semspill.cli._errors import BROKEN_PIPE, USAGE, explain
from semspill.cli._stop import Interrupted, stop, stoppable
from semspill.experiment._watching import NARROWEST


class _SafeConsole(Console):
    """A console that spells out what names, paths and a plugin's words would have it obey."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterator[Segment]:
        """Yield the pieces of what is shown; only rich's own control codes stay such."""
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else printable(text), style, control)


def _console(*, stderr: bool = False) -> Console:
    # Names, paths and a plugin's words may hold [brackets] and :colons:; they are no markup.
    console = _SafeConsole(markup=False, emoji=False, stderr=stderr)
    console.width = max(console.width, NARROWEST)
    return console


out_console = _console()
err_console = _console(stderr=True)

EXPERIMENTS, RESULTS, PARTS, MACHINE = "Experiments", "Results", "Components", "This machine"
_ORDER = "init validate run sweep merge compare report write-messages list show data doctor".split()


class _Commands(TyperGroup):
    """The commands in the order in which a person needs them."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names in that order."""
        return sorted(super().list_commands(ctx), key=_ORDER.index)


def flag(*names: str, **options: Any) -> Any:
    """Return an option that is there or not; typer's help would say that it takes a value."""
    return typer.Option(*names, metavar="", **options)


AsJson = Annotated[bool, flag("--json", help="Print one JSON object.")]
app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 assertion failed, 2 usage or config, 3 data or plugin, "
    "70 internal error, 130 interrupted.",
)


def _writable() -> None:
    """Let a character that the terminal's encoding lacks be a question mark, not an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


@contextmanager
def _warnings_printed() -> Iterator[None]:
    """Print warnings, such as a library's about a name, like everything else."""

    def show(*details: Any, **named: Any) -> None:
        text = warnings.formatwarning(*details[:4])
        err_console.print(text, end="", highlight=False, soft_wrap=True)

    before, warnings.showwarning = warnings.showwarning, show
    try:
        yield
    finally:
        warnings.showwarning = before


def _version(wanted: bool) -> bool:
    if wanted:
        typer.echo(f"semspill {version('semspill')}")
        raise typer.Exit
    return wanted


@app.callback()
def everything(
    debug: Annotated[
        bool, flag("--debug", help="Show the trace of an error; may also follow the command.")
    ] = False,
    show_version: Annotated[
        bool, flag("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Measure how far planted behaviour spills over to semantic neighbours."""


def main() -> None:
    """Run the command line and leave with an exit code; docs/command-line.md lists them."""
    _writable()
    words, debug = _debug(sys.argv[1:])
    as_json = "--json" in words
    with stoppable(), _warnings_printed():
        try:
            command = typer.main.get_command(app)
            done = command.main(words, prog_name="semspill", standalone_mode=False)
            if stop.signal is not None:  # typer makes an exit code of it
                raise Interrupted("Interrupted.")
        except SystemExit as left:
            raise SystemExit(_left(left)) from None
        except BaseException as error:
            # Whether typer carries click along or not, only usage errors have this.
            if hasattr(error, "format_message"):
                fail(_usage(error), USAGE, as_json=as_json)
            if debug:
                err_console.print("".join(traceback.format_exception(error)), soft_wrap=True)
            if stop.signal is not None and not isinstance(error, Interrupted):
                error = Interrupted("Interrupted.")
            fail(*explain(error), as_json=as_json)
    sys.exit(done or 0)


def fail(message: str, code: int, *, as_json: bool = False) -> NoReturn:
    """Say what went wrong on standard error, and with `--json` on standard output, and leave."""
    for line in f"semspill: {message}".splitlines() if message else ():
        # A command, which is indented, stays in one piece to be copied; so do lines of a file.
        whole = line.startswith(" ") or not err_console.is_terminal
        err_console.print(line, highlight=False, soft_wrap=whole)
    if as_json:
        with suppress(OSError):  # a full disk, reported on standard error
            say_json({"event": "error", "message": message, "code": code})
    sys.exit(code)


def say(text: object) -> None:
    """Write a line to standard output, as it is."""
    out_console.print(text, soft_wrap=True, highlight=False)


def say_json(value: Any) -> None:
    """Write one JSON value and a line break to standard output."""
    typer.echo(json.dumps(value))  # ASCII, which every encoding has


def debugging() -> bool:
    """Return whether traces and the log are wanted."""
    return _debug(sys.argv[1:])[1]


def _debug(words: Sequence[str]) -> tuple[list[str], bool]:
    """Return the words without `--debug`, which may stand anywhere, and whether it was there."""
    end = words.index("--") if "--" in words else len(words)
    rest = [word for word in words[:end] if word != "--debug"]
    asked = len(rest) < end or os.environ.get("SEMSPILL_DEBUG", "") not in ("", "0")
    return [*rest, *words[end:]], asked


def _usage(error: Any) -> str:
    """Return what is wrong with a command line; nothing where the help was shown instead."""
    message = error.format_message().strip()
    path = error.ctx.command_path if getattr(error, "ctx", None) else "semspill"
    end = "" if message.endswith((".", "?")) else "."
    return f"{message}{end} See `{path} --help`." if message else ""


def _left(left: SystemExit) -> Any:
    # Both rich and typer leave with 1 when nobody reads any more.
    return BROKEN_PIPE if isinstance(left.__context__, BrokenPipeError) else left.code
