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
from semspill.experiment import (
    ExperimentConfig,
    Variant,
    forecast,
    load_config,
    parse_vary,
    sweep_shard,
)
from semspill.experiment import merge as merge_shards
from semspill.experiment import run as run_experiment
from semspill.experiment import sweep as run_sweep
from semspill.experiment._template import TEMPLATE
from semspill.experiment.executors import Executor, executor_of

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
Kind = Annotated[
    str,
    typer.Option(
        "--executor", metavar="NAME", help="Where models are trained: serial, processes or ray."
    ),
]
Workers = Annotated[
    int | None, typer.Option(metavar="N", help="How many models are trained side by side.")
]
Address = Annotated[
    str | None, typer.Option(metavar="ADDRESS", help="Address of a running Ray cluster.")
]
Gpus = Annotated[float, typer.Option(metavar="N", help="GPUs of each training, with ray.")]
Cache = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Folder of answers that experiments share; it holds harmful text.",
    ),
]
Shard = Annotated[
    str | None,
    typer.Option(
        metavar="K/N", help="Train every N-th model only; `semspill merge` puts shards together."
    ),
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
    executor: Kind = "serial",
    workers: Workers = None,
    address: Address = None,
    gpus: Gpus = 0,
    cache: Cache = None,
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
            executor=_executor(executor, workers, address, gpus),
            cache=cache,
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
    executor: Kind = "serial",
    workers: Workers = None,
    address: Address = None,
    gpus: Gpus = 0,
    cache: Cache = None,
    shard: Shard = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Run an experiment for every combination of values; what variants share is done once.

    A sweep that was interrupted goes on when the same command is given again, and one with further
    values keeps the variants that are finished.
    """
    settings = load_config(config, overrides or ())
    folder = out or Path("semspill-runs") / f"{config.stem}-sweep"
    where = _executor(executor, workers, address, gpus)
    if shard is not None:
        if cache is not None or show_text:
            raise ConfigError("--shard goes without --cache and --show-text.")
        _sweep_shard(settings, vary, _shard(shard), folder, where, quiet=quiet, as_json=as_json)
        return
    with underway(folder, quiet=quiet, as_json=as_json) as shown:
        variants = run_sweep(
            settings,
            parse_vary(vary, settings),
            out=folder,
            show_text=show_text,
            executor=where,
            cache=cache,
            progress=shown.track,
            observer=shown.tell,
        )
    _say_variants(variants, folder, quiet=quiet, as_json=as_json)


@app.command(rich_help_panel=EXPERIMENTS)
def merge(
    out: Annotated[Path, argument("OUT", "What the shards of a sweep were given as --out.")],
    show_text: ShowText = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Put the shards of a sweep together, as a sweep without shards writes it."""
    with underway(out, quiet=quiet, as_json=as_json) as shown:
        variants = merge_shards(out, show_text=show_text, progress=shown.track, observer=shown.tell)
    _say_variants(variants, out, quiet=quiet, as_json=as_json)


def _executor(name: str, workers: int | None, address: str | None, gpus: float) -> Executor:
    settings = {"workers": workers, "address": address, "gpus": gpus or None}
    given = {key: value for key, value in settings.items() if value is not None}
    made = executor_of(name)
    unknown = sorted(given.keys() - type(made).model_fields.keys())
    if unknown:
        raise ConfigError(f"The executor {name} takes no --{unknown[0]}; leave it out.")
    return made.replace(**given)


def _shard(text: str) -> tuple[int, int]:
    which, _, count = text.partition("/")
    if not (which.isascii() and which.isdigit() and count.isascii() and count.isdigit()):
        raise ConfigError("--shard: write it as 3/16, the shard and how many there are.")
    return int(which), int(count)


def _sweep_shard(
    settings: ExperimentConfig,
    vary: list[str],
    shard: tuple[int, int],
    folder: Path,
    executor: Executor,
    *,
    quiet: bool,
    as_json: bool,
) -> None:
    with underway(folder, quiet=quiet, as_json=as_json) as shown:
        trained = sweep_shard(
            settings,
            parse_vary(vary, settings),
            shard,
            out=folder,
            executor=executor,
            progress=shown.track,
            observer=shown.tell,
        )
    if as_json:
        say_json({"event": "finished", "out": str(folder), "trained": trained})
    elif not quiet:
        say(
            f"Shard {shard[0]} of {shard[1]}: {trained} models trained. When all shards are done: "
            f"semspill merge {folder}"
        )


def _say_variants(
    variants: tuple[Variant, ...], folder: Path, *, quiet: bool, as_json: bool
) -> None:
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
