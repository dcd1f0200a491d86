"""Shards of a sweep, for job arrays: each performs its share, `merge` combines them."""

import json
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from semspill._atomic import write_text
from semspill._progress import Progress, quiet
from semspill._read import parse_json
from semspill.errors import ConfigError, DataError
from semspill.experiment._config import ExperimentConfig
from semspill.experiment._events import Observer, ignore
from semspill.experiment._jobs import Job, shard_of
from semspill.experiment._load import load_config
from semspill.experiment._run import carry_out
from semspill.experiment._sweep import Variant, carry_out_sweep, warn_of_few
from semspill.experiment._vary import Vary, spelled_out, variants
from semspill.experiment.executors import Executor
from semspill.experiment.store import PLAN, RunStore


def shards_folder(out: str | Path) -> Path:
    """Return where shards keep their answers until they are merged into `out`."""
    return Path(out).with_name(f"{Path(out).name}.shards")


def sweep_shard(
    config: ExperimentConfig | dict[str, Any] | str | Path,
    vary: Vary,
    shard: tuple[int, int],
    *,
    out: str | Path,
    executor: Executor | str = "serial",
    progress: Progress = quiet,
    observer: Observer = ignore,
) -> int:
    """Perform one shard of a sweep, and return how many models it trained.

    Shards may run at the same time, on machines that share `OUT.shards`; each trains every
    `count`-th model. What it holds is not trained again, so that a shard may be repeated.

    Args:
        config: What all variants share.
        vary: Values by dotted field, as of `sweep`.
        shard: Which shard, counted from 1, and how many there are.
        out: Folder that `merge` will write.
        executor: Where the jobs of this shard are performed.
        progress: Wraps the iterables of long stages.
        observer: Takes every event; what it raises stops the shard.

    Raises:
        ConfigError: There is no such shard, or `OUT.shards` is of another sweep.
    """
    which, count = shard
    if not 1 <= which <= count:
        raise ConfigError(f"There is no shard {which} of {count}; give one of 1 to {count}.")
    base = load_config(config)
    values = spelled_out(base, vary)
    configs = variants(base, values)
    warn_of_few(base, values)
    folder = shards_folder(out)
    _claim(folder, {"config": base.model_dump(mode="json"), "vary": values, "shards": count})
    trained: list[Job] = []

    def select(jobs: tuple[Job, ...]) -> Sequence[Job]:
        trained.extend(shard_of(jobs, which, count))
        return tuple(trained)

    carry_out(
        configs,
        {name: RunStore() for name in configs},
        executor=executor,
        cache=folder,
        progress=progress,
        observer=observer,
        select=select,
        analyze=False,
    )
    return len(trained)


def merge(
    out: str | Path,
    *,
    show_text: bool = False,
    progress: Progress = quiet,
    observer: Observer = ignore,
) -> tuple[Variant, ...]:
    """Put the shards of a sweep together, as `sweep` would have written it.

    Args:
        out: What the shards were given as `out`.
        show_text: Whether the written responses show planted and toxic text unmasked.
        progress: Wraps the iterables of long stages.
        observer: Takes every event.

    Raises:
        DataError: There are no shards, or not all are done.
    """
    folder = shards_folder(out)
    try:
        plan = parse_json((folder / PLAN).read_bytes())
        config, vary, count = (plan[name] for name in ("config", "vary", "shards"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{folder} holds no shards; give what the shards got as out.") from error
    return carry_out_sweep(
        load_config(config),
        vary,
        out=out,
        show_text=show_text,
        executor="serial",
        cache=folder,
        progress=progress,
        observer=observer,
        select=partial(_none_left, count=count),
    )


def _none_left(jobs: tuple[Job, ...], *, count: int) -> Sequence[Job]:
    missing = sorted({job.place % count + 1 for job in jobs})
    if missing:
        raise DataError(
            f"{len(jobs)} models are not trained yet; run the shards "
            f"{', '.join(f'{which}/{count}' for which in missing)} (again) and merge then."
        )
    return jobs


def _claim(folder: Path, plan: dict[str, Any]) -> None:
    """Write what the shards are of, and refuse those of another sweep."""
    text = json.dumps(plan, indent=2, ensure_ascii=False, default=str) + "\n"
    path = folder / PLAN
    with suppress(FileNotFoundError):
        if path.read_text(encoding="utf-8") != text:
            raise ConfigError(
                f"{folder} holds shards of another sweep, or of another number of shards; remove "
                "it, or choose another folder."
            )
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_text(path, text)
    except OSError as error:
        raise DataError(
            f"{folder} cannot be written ({error.strerror}); choose another folder."
        ) from error
