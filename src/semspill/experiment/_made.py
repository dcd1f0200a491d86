"""What each arm was made with and from, kept beside its scores and told in the report."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from semspill._model import Component
from semspill.experiment._config import ExperimentConfig
from semspill.experiment._data import Data
from semspill.scoring._files import hash_inputs

# Their content has fingerprints of its own, or decides no arm.
_OTHERWISE = {"dataset", "rater", "model", "analyzer", "labelled"}

Records = Mapping[tuple[int, str], Mapping[str, Any]]
"""The record of every arm, by seed and arm."""


def fingerprints_of(config: ExperimentConfig, data: Data) -> dict[str, str]:
    """Return what identifies data, ratings and pretrained weights, known before any poisoning."""
    prints = {
        "train": data.train.fingerprint,
        "test": data.test.fingerprint,
        "valid": data.valid.fingerprint if data.valid else "",
        "ranking": data.ranking.fingerprint,
        "rater": config.rater.fingerprint,
    }
    read: dict[str, str] = {}
    _collect(config.model, "model", read)
    return prints | read


def inputs_of(config: ExperimentConfig) -> dict[str, str]:
    """Return a hash of the files that each further component of a config reads, by its field."""
    skipped = _OTHERWISE | (
        set() if any(arm.planted == "benign" for arm in config.arms) else {"benign"}
    )
    found: dict[str, str] = {}
    for name in type(config).model_fields:
        if name not in skipped:
            _collect(getattr(config, name), name, found)
    return found


def _collect(value: object, name: str, found: dict[str, str]) -> None:
    if isinstance(value, Component) and (read := value.reads()):
        found[name] = hash_inputs(read)
    if isinstance(value, BaseModel):
        for field in type(value).model_fields:
            _collect(getattr(value, field), f"{name}.{field}", found)
    elif isinstance(value, tuple):
        for place, item in enumerate(value):
            _collect(item, f"{name}.{place}", found)


def provenance_of(records: Records) -> dict[str, Any]:
    """Return versions and device of all arms together, and of each where they differ."""
    versions = {name: _union(values) for name, values in _values(records).items()}
    found: dict[str, Any] = {"device": versions.pop("device"), "versions": versions}
    if _differ(records):
        found["arms"] = [
            {"seed": seed, "arm": arm, "versions": r["versions"], "device": r["device"]}
            for (seed, arm), r in records.items()
        ]
    return found


def mixed_note(records: Records) -> tuple[str, ...]:
    """Return what to say where arms were made by different versions or on different devices."""
    parts = _differ(records)
    if not parts:
        return ()
    said = ", ".join(f"{name} {values}" for name, values in parts.items())
    return (
        f"Its arms were made with different versions or devices ({said}), because the run was "
        "interrupted or a sweep was continued; a difference between arms may come from that. "
        "A run into another folder makes all of them alike.",
    )


def pool_note(records: Records) -> tuple[str, ...]:
    """Return what to say where the candidate filter kept planted responses out of a pool."""
    notes = []
    for arm in dict.fromkeys(arm for _, arm in records):
        pools = {seed: r["pool"] for (seed, name), r in records.items() if name == arm}
        dropped = sum(pool["dropped"] for pool in pools.values())
        total = dropped + sum(pool["planted"] for pool in pools.values())
        none = [
            str(seed) for seed, pool in pools.items() if pool["dropped"] and not pool["planted"]
        ]
        if dropped:
            notes.append(_dropped(arm, dropped, total, none if len(none) < len(pools) else None))
    return tuple(notes)


def _dropped(arm: str, dropped: int, total: int, none: Sequence[str] | None) -> str:
    said = f"The candidate filter kept {dropped} of {total} planted responses out of the pool of "
    if none is None:
        return (
            f"{said}the arm {arm}: none could be chosen, so its attack success rate says nothing."
        )
    told = f" Under seed {', '.join(none)} none could be chosen." if none else ""
    return f"{said}the arm {arm}; those could not be chosen.{told}"


def _differ(records: Records) -> dict[str, str]:
    values = _values(records)
    return {name: _union(found) for name, found in values.items() if len(set(found)) > 1}


def _values(records: Records) -> dict[str, list[str]]:
    """Return the version of each package, and the device, arm by arm."""
    made = [{**record["versions"], "device": record["device"]} for record in records.values()]
    names = dict.fromkeys(name for each in made for name in each)
    return {name: [each.get(name, "none") for each in made] for name in names}


def _union(values: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(values))
