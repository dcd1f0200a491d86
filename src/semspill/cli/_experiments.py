"""Commands that run, check and start experiments."""

from pathlib import Path
from typing import Annotated

import typer

from semspill.cli._app import EXPERIMENTS, AsJson, app, err_console, flag, say, say_json
from semspill.cli._completion import complete_config, complete_out, complete_override
from semspill.cli._errors import USAGE, as_command
from semspill.cli._places import argument, new_folder
from semspill.cli._tables import outcome, print_report, print_variants
from semspill.cli._underway import underway
from semspill.errors import ConfigError
from semspill.experiment import forecast, load_config, parse_vary
from semspill.experiment import run as run_experiment
from semspill.experiment import sweep as run_sweep
from semspill.experiment._template import TEMPLATE

ConfigPath = Annotated[
    Path,
    argument(
        "CONFIG", "A .toml, .yaml or .json experiment config.", autocompletion=complete_config
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="FIELD=VALUE",
        help="Set one field, such as poisoner.budget=0.01; may be given often.",
        autocompletion=complete_override,
    ),
]
Vary = Annotated[
    list[str],
    typer.Option(
        metavar="FIELD=VALUES",
        help="Values of one field, such as poisoner.budget=0.01,0.03, or "
        "poisoner.selector.category=all; may be given often.",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        parser=new_folder,
        metavar="FOLDER",
        help="Folder to write; default: semspill-runs/CONFIG, of a sweep with -sweep behind it.",
        autocompletion=complete_out,
    ),
]
Overwrite = Annotated[bool, flag("--overwrite", help="Replace the folder if it exists.")]
ShowText = Annotated[
    bool, flag("--show-text", help="Write harmful responses unmasked. They can be abusive.")
]
DryRun = Annotated[bool, flag("--dry-run", help="Train and write nothing; say what would be done.")]
Quiet = Annotated[
    bool, flag("--quiet", "-q", help="Show no progress, and print only the folder written.")
]
Json = Annotated[bool, flag("--json", help="Print JSON lines: every event, then the outcome.")]


@app.command(rich_help_panel=EXPERIMENTS)
def run(
    config: ConfigPath,
    overrides: Overrides = None,
    out: Out = None,
    overwrite: Overwrite = False,
    show_text: ShowText = False,
    dry_run: DryRun = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Run an experiment, and say what came out and where the report is.

    A run that was interrupted goes on when the same command is given again.
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
    with underway(partial, quiet=quiet, as_json=as_json) as shown:
        report = run_experiment(
            settings,
            out=folder,
            overwrite=overwrite,
            show_text=show_text,
            progress=shown.track,
            observer=shown.tell,
        )
    if as_json:
        say_json({"event": "finished", "out": str(folder), "summary": outcome(report)})
    elif quiet:
        say(folder)
    else:
        err_console.print()  # sets progress apart from what came out
        print_report(report, folder)


@app.command(rich_help_panel=EXPERIMENTS)
def sweep(
    config: ConfigPath,
    vary: Vary,
    overrides: Overrides = None,
    out: Out = None,
    show_text: ShowText = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Run an experiment for every combination of values; what variants share is done once.

    A sweep that was interrupted goes on when the same command is given again, and one with further
    values keeps the variants that are finished.
    """
    settings = load_config(config, overrides or ())
    folder = out or Path("semspill-runs") / f"{config.stem}-sweep"
    with underway(folder, quiet=quiet, as_json=as_json) as shown:
        variants = run_sweep(
            settings,
            parse_vary(vary, settings),
            out=folder,
            show_text=show_text,
            progress=shown.track,
            observer=shown.tell,
        )
    if as_json:
        each = [
            {"variant": v.name, "out": str(folder / v.name), "summary": outcome(v.report)}
            for v in variants
        ]
        say_json({"event": "finished", "out": str(folder), "variants": each})
    elif quiet:
        say(folder)
    else:
        err_console.print()
        print_variants(variants, folder)


@app.command(rich_help_panel=EXPERIMENTS)
def validate(
    config: ConfigPath,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Check a config; the data are not looked at."""
    settings = load_config(config, overrides or ())
    if as_json:
        arms, seeds, target = list(settings.arms), list(settings.seeds), settings.watched
        valid = {"config": str(config), "valid": True}
        say_json({**valid, "arms": arms, "seeds": seeds, "target": target})
        return
    say(
        f"{config} is valid: arms {', '.join(settings.arms)}; seeds "
        f"{', '.join(map(str, settings.seeds))}; target {settings.watched}.\n"
        f"The data were not looked at; `semspill run {config} --dry-run` does that."
    )


@app.command(rich_help_panel=EXPERIMENTS)
def init(
    path: Annotated[
        Path, argument("PATH", "File to write, ending in .toml; must not exist.")
    ] = Path("experiment.toml"),
) -> None:
    """Write a commented config to start from; it runs as it is."""
    if path.suffix.lower() != ".toml":
        raise ConfigError(
            f"{path} would not be read as what is written, which is TOML; give a name that ends in "
            ".toml."
        )
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE)
    except OSError as error:
        reason = "it already exists" if isinstance(error, FileExistsError) else error.strerror
        raise ConfigError(f"{path} cannot be written: {reason}; choose another name.") from error
    say(f"Wrote {path}. Next: semspill run {path}")
