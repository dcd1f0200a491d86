"""What a run would do with its output folder, decided without writing there."""

import json
from dataclasses import dataclass
from pathlib import Path

from semspill.experiment._artifacts import finished_arm
from semspill.experiment._config import ExperimentConfig
from semspill.experiment._folder import is_finished, may_grow
from semspill.experiment._lock import is_being_written
from semspill.experiment._marker import may_take
from semspill.experiment._trained import config_print, is_extended_by, trained_alike


@dataclass(frozen=True)
class Standing:
    """The verdict on an output folder."""

    verdict: str
    """What the run would do with it, as a sentence."""
    refused: bool = False
    """Whether the run would refuse it."""
    done: frozenset[tuple[int, str]] = frozenset()
    """Seed and arm of what an earlier run left finished."""


def standing_of(
    config: ExperimentConfig, out: str | Path | None, *, overwrite: bool, show_text: bool
) -> Standing:
    """Return what a run with this config would do with a folder, as `RunFolder` decides it."""
    if out is None:
        return Standing("Nothing would be written, because no folder is given.")
    out = Path(out)
    if not out.name:
        return Standing(f"{out} has no name to write beside; choose another folder.", refused=True)
    fields = config.model_dump(mode="json")
    partial = out.with_name(out.name + ".partial")
    text = json.dumps(fields)
    grows = not overwrite and may_grow(out, fields)
    place = out if grows else partial
    resumes = grows or trained_alike(partial, text) or is_extended_by(partial, text)
    done = not overwrite and is_finished(out, fields, show_text=show_text)
    if why := _refusal(out, partial, overwrite=overwrite, done=done or grows, resumes=resumes):
        return Standing(why, refused=True)
    arms = frozenset((seed, arm.name) for seed in config.seeds for arm in config.arms)
    if done:
        return Standing(
            f"{out} holds this very run, finished; nothing would be trained.", done=arms
        )
    replaces = f"{out} would be replaced." if out.exists() and not grows else ""
    if not resumes:
        return Standing(replaces or f"{out} would be made.")
    kept = frozenset(
        (seed, arm.name)
        for seed in config.seeds
        for arm in config.arms
        if finished_arm(
            place / f"seed-{seed}" / arm.name, config_print(text, arm.name), show_text=show_text
        )
        is not None
    )
    counts = f"{len(kept)} of {len(arms)} arms are done."
    then = f" Then {replaces}" if replaces else ""
    if grows:
        return Standing(f"The run in {out} would be added to: {counts}", done=kept)
    return Standing(f"The interrupted run in {partial} would go on: {counts}{then}", done=kept)


def _refusal(out: Path, partial: Path, *, overwrite: bool, done: bool, resumes: bool) -> str | None:
    if is_being_written(out):
        return f"Another run is writing {out}; wait until it ends, or choose another folder."
    if out.exists() and not (overwrite or done):
        return f"{out} already exists; choose another folder, or pass overwrite=True."
    for path in (out, partial):
        if path.exists() and not may_take(path) and not (path == partial and resumes):
            return f"{path} was not written by a run; choose another folder."
    if not (resumes or done or overwrite) and any(partial.rglob("scores.npz")):
        return (
            f"{partial} holds finished arms of an interrupted run of another config; remove it, or "
            "pass overwrite=True."
        )
    return None
