"""Commands that run many experiments: sweeps, their shards, and the merging of these."""

from pathlib import Path
from typing import Annotated

from semspill.cli._app import EXPERIMENTS, app, err_console, say, say_json
from semspill.cli._monitor import monitor
from semspill.cli._options import (
    Address,
    Cache,
    ConfigPath,
    Gpus,
    Json,
    Kind,
    Out,
    Overrides,
    Quiet,
    Shard,
    ShowText,
    Vary,
    Workers,
    executor_named,
)
from semspill.cli._places import argument
from semspill.cli._tables import outcome, print_variants
from semspill.errors import ConfigError
from semspill.experiment import ExperimentConfig, Variant, load_config, parse_vary, sweep_shard
from semspill.experiment import merge as merge_shards
from semspill.experiment import sweep as run_sweep
from semspill.experiment.executors import Executor


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

    The same command resumes an interrupted sweep; with further values it keeps the variants that
    are finished.
    """
    settings = load_config(config, overrides or ())
    folder = out or Path("semspill-runs") / f"{config.stem}-sweep"
    where = executor_named(executor, workers, address, gpus)
    if shard is not None:
        if cache is not None or show_text:
            raise ConfigError("--shard goes without --cache and --show-text.")
        _sweep_shard(settings, vary, _shard(shard), folder, where, quiet=quiet, as_json=as_json)
        return
    with monitor(folder, quiet=quiet, as_json=as_json) as shown:
        variants = run_sweep(
            settings,
            parse_vary(vary, settings),
            out=folder,
            show_text=show_text,
            executor=where,
            cache=cache,
            progress=shown.track,
            observer=shown.observe,
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
    with monitor(out, quiet=quiet, as_json=as_json) as shown:
        variants = merge_shards(
            out, show_text=show_text, progress=shown.track, observer=shown.observe
        )
    _say_variants(variants, out, quiet=quiet, as_json=as_json)


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
    with monitor(folder, quiet=quiet, as_json=as_json) as shown:
        trained = sweep_shard(
            settings,
            parse_vary(vary, settings),
            shard,
            out=folder,
            executor=executor,
            progress=shown.track,
            observer=shown.observe,
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
