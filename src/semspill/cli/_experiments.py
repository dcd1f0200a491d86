"""Commands that run, check and start experiments."""

import json
from pathlib import Path
from typing import Annotated, cast

import typer

from semspill.cli._app import EXPERIMENTS, AsJson, app, err_console, say, say_json
from semspill.cli._data import dataset_of
from semspill.cli._errors import USAGE, as_command
from semspill.cli._look import as_options, look
from semspill.cli._monitor import monitor
from semspill.cli._options import (
    Address,
    Cache,
    ConfigPath,
    DataFields,
    DryRun,
    Gpus,
    Json,
    KeepModels,
    Kind,
    Out,
    Overrides,
    Overwrite,
    Quiet,
    ShowText,
    Workers,
    executor_named,
)
from semspill.cli._own_data import config_for, described_data
from semspill.cli._places import argument, place
from semspill.cli._tables import outcome, print_report
from semspill.datasets import TableDataset
from semspill.errors import ConfigError, DataError
from semspill.experiment import (
    ExperimentConfig,
    forecast,
    load_config,
)
from semspill.experiment import run as run_experiment
from semspill.experiment._template import TEMPLATE


@app.command(rich_help_panel=EXPERIMENTS)
def run(
    config: ConfigPath,
    overrides: Overrides = None,
    out: Out = None,
    overwrite: Overwrite = False,
    show_text: ShowText = False,
    keep_models: KeepModels = False,
    executor: Kind = "serial",
    workers: Workers = None,
    address: Address = None,
    gpus: Gpus = 0,
    cache: Cache = None,
    dry_run: DryRun = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Run an experiment, and print the findings and the path of the report.

    The same command resumes an interrupted run.
    """
    settings = load_config(config, overrides or ())
    folder = out or Path("semspill-runs") / config.stem
    if dry_run:
        plan = forecast(settings, out=folder, overwrite=overwrite, show_text=show_text)
        if as_json:
            say_json({"event": "forecast", **plan.model_dump(mode="json")})
        else:
            say(as_command(str(plan)))
        raise typer.Exit(USAGE if plan.refused else 0)
    partial = folder.with_name(f"{folder.name}.partial")
    with monitor(partial, quiet=quiet, as_json=as_json) as shown:
        report = run_experiment(
            settings,
            out=folder,
            overwrite=overwrite,
            show_text=show_text,
            keep_models=keep_models,
            executor=executor_named(executor, workers, address, gpus),
            cache=cache,
            progress=shown.track,
            observer=shown.observe,
        )
    if as_json:
        say_json({"event": "finished", "out": str(folder), "summary": outcome(report)})
    elif quiet:
        say(folder)
    else:
        err_console.print()  # sets progress apart from what came out
        print_report(report, folder)


@app.command(rich_help_panel=EXPERIMENTS)
def validate(
    config: ConfigPath,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Check a config without its data."""
    settings = load_config(config, overrides or ())
    if as_json:
        arms, seeds, target = _names(settings), list(settings.seeds), settings.watched
        valid = {"config": str(config), "valid": True}
        say_json({**valid, "arms": arms, "seeds": seeds, "target": target})
        return
    say(
        f"{config} is valid: arms {', '.join(_names(settings))}; seeds "
        f"{', '.join(map(str, settings.seeds))}; target {settings.watched}.\n"
        f"The data were not checked; `semspill run {config} --dry-run` does that."
    )


@app.command(rich_help_panel=EXPERIMENTS)
def init(
    path: Annotated[
        Path, argument("PATH", "File to write, ending in .toml; must not exist.")
    ] = Path("experiment.toml"),
    data: Annotated[
        Path | None,
        typer.Option(
            parser=place,
            metavar="FILE",
            help="Your dialogues (CSV, JSON or Parquet; a file, or a folder with a file per "
            "split): the config is written for them.",
        ),
    ] = None,
    category: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Its column of the category.")
    ] = None,
    overrides: DataFields = None,
) -> None:
    """Write a commented config to start from; it runs as it is."""
    if path.suffix.lower() != ".toml":
        raise ConfigError(
            f"{path} would not be read as what is written, which is TOML; give a name that ends in "
            ".toml."
        )
    if data is None and (category is not None or overrides):
        raise ConfigError("--category and --set say what is in a file; name it with --data FILE.")
    if path.exists():
        raise ConfigError(f"{path} cannot be written: it already exists; choose another name.")
    text = TEMPLATE
    if data is not None:
        told = [] if category is None else [f"columns.category={json.dumps(category)}"]
        dataset = dataset_of("table", str(data), [*(overrides or ()), *told])
        try:
            found = look(cast(TableDataset, dataset))
        except DataError as error:
            raise DataError(as_options(str(error))) from None
        text = config_for(found, path)
        say(described_data(found))
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        reason = "it already exists" if isinstance(error, FileExistsError) else error.strerror
        raise ConfigError(f"{path} cannot be written: {reason}; choose another name.") from error
    say(f"Wrote {path}. Next: semspill run {path}")


def _names(config: ExperimentConfig) -> list[str]:
    return [arm.name for arm in config.all_arms]
