"""The command line: run an experiment, check a config, look components up, start a config."""

import logging
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.logging import RichHandler
from rich.markdown import Markdown
from rich.progress import track
from rich.table import Table
from rich.text import Text

from semspill._model import Component
from semspill._registry import Registry
from semspill.analysis import metrics
from semspill.datasets import datasets
from semspill.encoders import encoders
from semspill.errors import ConfigError, PluginError, RegistryError, SemspillError, did_you_mean
from semspill.experiment import load_config
from semspill.experiment import run as run_experiment
from semspill.poison import selectors, strategies
from semspill.report import Estimate, SpilloverReport
from semspill.scoring import raters
from semspill.sources import sources

T = TypeVar("T")

KINDS: dict[str, Registry[Any]] = {
    "datasets": datasets,
    "sources": sources,
    "selectors": selectors,
    "strategies": strategies,
    "encoders": encoders,
    "raters": raters,
    "metrics": metrics,
}

_TITLES = {"asr": "planted chosen", "lift": "toxicity lift", "precision": "P@1"}

app = typer.Typer(
    help="Measure how far planted behaviour spills over to semantic neighbours.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
# Names, paths and a plugin's words may hold square brackets; they are no markup.
out_console = Console(markup=False)
err_console = Console(stderr=True, markup=False)

ConfigPath = Annotated[Path, typer.Argument(help="A .toml, .yaml or .json experiment config.")]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="FIELD=VALUE", help="Set one field, such as poisoner.budget=0.01."
    ),
]


@app.command()
def run(
    config: ConfigPath,
    overrides: Overrides = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write; must not exist.")] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace the folder if it exists.")] = False,
    show_text: Annotated[
        bool, typer.Option(help="Write harmful responses unmasked. They can be abusive.")
    ] = False,
) -> None:
    """Run an experiment: print the groups, write report, plots and everything behind them."""
    settings = load_config(config, overrides or ())
    folder = out or Path("semspill-runs") / config.stem
    progress = _bar if err_console.is_terminal else iter
    with _stages():
        try:
            report = run_experiment(
                settings, out=folder, overwrite=overwrite, show_text=show_text, progress=progress
            )
        except KeyboardInterrupt:
            kept = f"{folder}.partial keeps the finished arms, if any"
            _fail(f"Interrupted; {kept}; the same command resumes.", 130)
    _print_groups(report)
    out_console.print(f"Report: {folder / 'report.md'}\nPlots:  {folder / 'plots'}", soft_wrap=True)


@app.command()
def validate(config: ConfigPath, overrides: Overrides = None) -> None:
    """Check a config without running it."""
    settings = load_config(config, overrides or ())
    out_console.print(
        f"{config} is valid: arms {', '.join(settings.arms)}; seeds "
        f"{', '.join(map(str, settings.seeds))}; target {settings.watched}.",
        soft_wrap=True,
        highlight=False,
    )


@app.command("list")
def list_components(
    kind: Annotated[str | None, typer.Argument(help="datasets, strategies, ...")] = None,
) -> None:
    """List the components that can be named in a config."""
    table = Table(box=None, pad_edge=False)
    if kind is None:
        table.add_column("kind", style="bold")
        table.add_column("names")
        for name, registry in KINDS.items():
            table.add_row(name, ", ".join(registry.names()))
    else:
        registry = _registry(kind)
        for column in ("name", "what it does", "from"):
            table.add_column(column, style="bold" if column == "name" else "")
        for name in registry.names():
            table.add_row(name, _summary(registry, name), registry.origin(name))
    out_console.print(table)


@app.command()
def show(
    kind: Annotated[str, typer.Argument(help="datasets, strategies, ...")],
    name: Annotated[str | None, typer.Argument(help="Without it, the kind is listed.")] = None,
) -> None:
    """Show what a component does, its fields with units and defaults, and its source."""
    registry = _registry(kind)
    if name is None:
        list_components(kind)
        return
    cls = registry.get(name)
    out_console.print(
        Text.assemble((name, "bold"), f" ({registry.kind}, {registry.origin(name)})\n")
    )
    doc = (cls.__doc__ or "").split("Example:")[0]
    out_console.print(Markdown("\n".join(line.strip() for line in doc.splitlines())))
    table = Table(box=None, pad_edge=False, title="Fields", title_justify="left")
    for column in ("field", "default", "meaning"):
        table.add_column(column)
    for field, info in cls.model_fields.items():
        table.add_row(field, _default(info), " ".join((info.description or "").split()))
    if cls.model_fields:
        out_console.print()
        out_console.print(table)
    out_console.print(f"\nSource: {cls.source}", markup=False, highlight=False)


@app.command()
def init(
    path: Annotated[Path, typer.Argument(help="File to write; must not exist.")] = Path(
        "experiment.toml"
    ),
) -> None:
    """Write a commented config to start from; it runs as it is."""
    from semspill.experiment._template import TEMPLATE

    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE)
    except OSError as error:
        reason = "it already exists" if isinstance(error, FileExistsError) else error.strerror
        raise ConfigError(f"{path} cannot be written: {reason}; choose another name.") from error
    out_console.print(f"Wrote {path}. Next: semspill run {path}", soft_wrap=True)


def main() -> None:
    """Run the command line.

    Exit codes: 0 done, 2 usage or config, 3 data or plugin, 130 interrupted.
    """
    try:
        app()
    except (ConfigError, RegistryError) as error:
        _fail(str(error), 2)
    except (SemspillError, ValidationError) as error:
        _fail(str(error), 3)


def _fail(message: str, code: int) -> NoReturn:
    err_console.print(f"semspill: {message}", markup=False, highlight=False, soft_wrap=True)
    sys.exit(code)


def _registry(kind: str) -> Registry[Any]:
    plural = {name.removesuffix("s"): name for name in KINDS} | {"strategy": "strategies"}
    name = plural.get(kind, kind)
    if name not in KINDS:
        raise RegistryError(
            f"There is no kind {kind!r}.{did_you_mean(kind, KINDS)} Kinds: {', '.join(KINDS)}."
        )
    return KINDS[name]


def _summary(registry: Registry[Any], name: str) -> str:
    try:
        cls: type[Component] = registry.get(name)
    except (PluginError, RegistryError) as error:
        return f"cannot be used: {error}"
    return cls.summary()


def _default(info: Any) -> str:
    if info.is_required():
        return "required"
    value = info.get_default(call_default_factory=True)
    return type(value).__name__ if isinstance(value, Component) else repr(value)


def _bar(items: Iterable[T], /) -> Iterable[T]:
    return track(items, console=err_console, transient=True, description="")


@contextmanager
def _stages() -> Iterator[None]:
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


def _percent(estimate: Estimate) -> str:
    return f"{100 * estimate.value:.1f} [{100 * estimate.low:.1f}, {100 * estimate.high:.1f}]"


def _print_groups(report: SpilloverReport) -> None:
    shown = report.group("all").estimates
    names = [n for n in ("asr", "lift", "precision") if n in shown]
    title = f"Planted in {report.target}, arm {report.main_arm}, in %"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("group", "n", *(_TITLES[n] for n in names)):
        table.add_column(column, no_wrap=True)
    for part in report.groups:
        if part.arm == report.main_arm:
            cells = [_percent(part.estimates[n]) for n in names]
            table.add_row(part.name, str(part.exchanges), *cells)
    out_console.print(table)
    if "precision" in names:
        clean = report.group("all", "clean").estimates["precision"]
        out_console.print(
            f"P@1 of the clean arm, all exchanges, in %: {_percent(clean)}", highlight=False
        )
    for note in report.notes:
        out_console.print(f"- {note}", highlight=False)
