"""What a run would find in its output folder; nothing is written to find it out."""

import json
from dataclasses import dataclass
from pathlib import Path

from semspill.experiment._artifacts import finished_arm
from semspill.experiment._config import ExperimentConfig
from semspill.experiment._folder import is_finished
from semspill.experiment._lock import is_being_written
from semspill.experiment._marker import may_take
from semspill.experiment._trained import config_print, trained_alike


@dataclass(frozen=True)
class Standing:
    """How an output folder stands to a run that is about to start."""

    said: str
    """What the run would do with it, as a sentence."""
    refused: bool = False
    """Whether the run would refuse it."""
    done: frozenset[tuple[int, str]] = frozenset()
    """Seed and arm of what an earlier run left finished."""


def standing_of(
    config: ExperimentConfig, out: Path | None, *, overwrite: bool, show_text: bool
) -> Standing:
    """Return what a run with this config would do with a folder, as `RunFolder` decides it."""
    if out is None:
        return Standing("Nothing would be written, because no folder is given.")
    if not out.name:
        said = f"{out} has no name to write beside; choose another folder."
        return Standing(said, refused=True)
    partial = out.with_name(out.name + ".partial")
    alike = trained_alike(partial, json.dumps(config.model_dump(mode="json")))
    fields = config.model_dump(mode="json")
    done = not overwrite and is_finished(out, fields, show_text=show_text)
    if why := _refusal(out, partial, overwrite=overwrite or done, alike=alike):
        return Standing(why, refused=True)
    if done:
        arms = frozenset((seed, arm) for seed in config.seeds for arm in config.arms)
        return Standing(
            f"{out} holds this very run, finished; nothing would be trained.", done=arms
        )
    plain = Standing(f"{out} would be {'replaced' if out.exists() else 'made'}.")
    if alike:
        then = f" Then {plain.said}" if out.exists() else ""
        return _resumed(config, partial, then, show_text)
    if not overwrite and any(partial.rglob("scores.npz")):
        said = f"{partial} holds finished arms of an interrupted run of another config; "
        return Standing(f"{said}remove it, or pass --overwrite.", refused=True)
    return plain


def _refusal(out: Path, partial: Path, *, overwrite: bool, alike: bool) -> str | None:
    if is_being_written(out):
        return f"Another run is writing {out}; wait until it ends, or choose another folder."
    if out.exists() and not overwrite:
        return f"{out} already exists; choose another folder with --out, or pass --overwrite."
    for path in (out, partial):
        if path.exists() and not may_take(path) and not (path == partial and alike):
            return f"{path} was not written by a run; choose another folder."
    return None


def _resumed(config: ExperimentConfig, partial: Path, then: str, show_text: bool) -> Standing:
    """Return how a run would go on with what an interrupted one left."""
    made_with = config_print(json.dumps(config.model_dump(mode="json")))
    wanted = {(seed, arm) for seed in config.seeds for arm in config.arms}
    done = {
        (seed, arm)
        for seed, arm in wanted
        for path in [partial / f"seed-{seed}" / arm]
        if finished_arm(path, made_with, show_text=show_text) is not None
    }
    said = f"The interrupted run in {partial} would go on: {len(done)} of {len(wanted)} arms are "
    return Standing(f"{said}done.{then}", done=frozenset(done))
