"""Commands that run, check and start experiments."""

from pathlib import Path
from typing import Annotated

import typer

from semspill.cli._app import app, bar, err_console, fail, out_console, stages
from semspill.cli._tables import print_groups, print_variants
from semspill.errors import ConfigError
from semspill.experiment import load_config, parse_vary
from semspill.experiment import run as run_experiment
from semspill.experiment import sweep as run_sweep

ConfigPath = Annotated[Path, typer.Argument(help="A .toml, .yaml or .json experiment config.")]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="FIELD=VALUE", help="Set one field, such as poisoner.budget=0.01."
    ),
]
Out = Annotated[Path | None, typer.Option(help="Folder to write; must not exist.")]
ShowText = Annotated[
    bool, typer.Option(help="Write harmful responses unmasked. They can be abusive.")
]


@app.command()
def run(
    config: ConfigPath,
    overrides: Overrides = None,
    out: Out = None,
    overwrite: Annotated[bool, typer.Option(help="Replace the folder if it exists.")] = False,
    show_text: ShowText = False,
) -> None:
    """Run an experiment: print the groups, write report, plots and everything behind them."""
    settings = load_config(config, overrides or ())
    folder = out or Path("semspill-runs") / config.stem
    progress = bar if err_console.is_terminal else iter
    with stages():
        try:
            report = run_experiment(
                settings, out=folder, overwrite=overwrite, show_text=show_text, progress=progress
            )
        except KeyboardInterrupt:
            kept = f"{folder}.partial keeps the finished arms, if any"
            fail(f"Interrupted; {kept}; the same command resumes.", 130)
    print_groups(report)
    out_console.print(f"Report: {folder / 'report.md'}\nPlots:  {folder / 'plots'}", soft_wrap=True)


@app.command()
def sweep(
    config: ConfigPath,
    vary: Annotated[
        list[str],
        typer.Option(
            metavar="FIELD=VALUES",
            help="Values of one field, such as poisoner.budget=0.01,0.03, or "
            "poisoner.selector.category=all.",
        ),
    ],
    overrides: Overrides = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write; finished variants in it are kept.")
    ] = None,
    show_text: ShowText = False,
) -> None:
    """Run an experiment for every combination of values; what variants share is done once."""
    settings = load_config(config, overrides or ())
    folder = out or Path("semspill-runs") / f"{config.stem}-sweep"
    progress = bar if err_console.is_terminal else iter
    with stages():
        try:
            variants = run_sweep(
                settings, parse_vary(vary), out=folder, show_text=show_text, progress=progress
            )
        except KeyboardInterrupt:
            fail(f"Interrupted; {folder} keeps the finished arms; the same command resumes.", 130)
    print_variants(variants)
    out_console.print(f"Reports: {folder}", soft_wrap=True)


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
