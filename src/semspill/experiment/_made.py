"""Fingerprints and versions behind each arm, kept beside its scores; provenance of the report."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel

from semspill._model import Component
from semspill._registry import Registry
from semspill.datasets import datasets
from semspill.encoders import encoders
from semspill.experiment._config import ExperimentConfig
from semspill.experiment._data import Data
from semspill.experiment._provenance import citations_of, json_digest
from semspill.models import models
from semspill.poison import selectors, strategies
from semspill.results import ArmRecord, Note, PlantedSeed, Planting, Provenance
from semspill.scoring import raters
from semspill.scoring._files import hash_inputs
from semspill.sources import sources

C = TypeVar("C", bound=Component)

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


def provenance_of(
    config: ExperimentConfig, data: Data, planted: Mapping[int, PlantedSeed], records: Records
) -> Provenance:
    """Return where the numbers of an experiment come from.

    Args:
        config: What was done.
        data: What it was done with.
        planted: What was planted, by seed.
        records: What every arm was made with.
    """
    poisoner, seeds = config.poisoner, [planted[seed] for seed in config.seeds]
    encoder = config.model.similarity_encoder()
    versions = {name: _union(values) for name, values in _values(records).items()}
    return Provenance(
        dataset=_name(datasets, config.dataset),
        licence=data.train.licence,
        planting=Planting(
            selector=_name(selectors, poisoner.selector),
            strategy=_name(strategies, poisoner.strategy),
            source=_name(sources, poisoner.source),
            benign=_name(sources, config.benign),
            placement=poisoner.placement,
            budget=poisoner.budget,
            rate=poisoner.rate,
            seeds=seeds,
        ),
        model=_name(models, config.model),
        encoder=_name(encoders, encoder) if encoder else "",
        epochs=config.model.epoch_count(),
        label=config.context.label,
        turns=config.context.turns,
        rater=_name(raters, config.rater),
        device=versions.pop("device"),
        versions=versions,
        arms=[
            ArmRecord(seed=seed, arm=arm, versions=r["versions"], device=r["device"])
            for (seed, arm), r in records.items()
            if _differ(records)
        ],
        fingerprints={
            "train": data.train.fingerprint,
            "test": data.test.fingerprint,
            "poisoned": tuple(one.poisoned_fingerprint for one in seeds),
            "ranking": data.ranking.fingerprint,
            "rater": config.rater.fingerprint,
        },
        inputs=inputs_of(config),
        citations=citations_of(config),
        config=config,
        config_sha256=json_digest(config.model_dump(mode="json")),
    )


def _name(registry: Registry[C], component: C) -> str:
    return registry.name_of(component) or type(component).__name__


def mixed_note(records: Records) -> tuple[Note, ...]:
    """Return a note where arms were made by different versions or on different devices."""
    parts = _differ(records)
    if not parts:
        return ()
    listed = ", ".join(f"{name} {values}" for name, values in parts.items())
    return (
        Note(
            kind="mixed_versions",
            values=parts,
            text=f"Its arms were made with different versions or devices ({listed}), because the "
            "run was interrupted or a sweep was continued; a difference between arms may come "
            "from that. A run into another folder makes all of them alike.",
        ),
    )


def pool_notes(records: Records) -> tuple[Note, ...]:
    """Return a note per arm whose candidate filter kept planted responses out of the pool."""
    notes = []
    for arm in dict.fromkeys(arm for _, arm in records):
        pools = {seed: r["pool"] for (seed, name), r in records.items() if name == arm}
        dropped = sum(pool["dropped"] for pool in pools.values())
        total = dropped + sum(pool["planted"] for pool in pools.values())
        none = [seed for seed, pool in pools.items() if pool["dropped"] and not pool["planted"]]
        if not dropped:
            continue
        outcome = "those could not be chosen."
        if none:
            outcome += f" Under seed {', '.join(map(str, none))} none could be chosen."
        if len(none) == len(pools):
            outcome = "none could be chosen, so its attack success rate says nothing."
        text = (
            f"The candidate filter kept {dropped} of {total} planted responses out of the pool of "
            f"the arm {arm}: {outcome}"
        )
        values = {"arm": arm, "dropped": dropped, "planted": total}
        notes.append(Note(kind="pool_filter", values=values, text=text))
    return tuple(notes)


def _differ(records: Records) -> dict[str, str]:
    values = _values(records)
    return {name: _union(each) for name, each in values.items() if len(set(each)) > 1}


def _values(records: Records) -> dict[str, list[str]]:
    """Return the version of each package, and the device, arm by arm."""
    arms = [{**record["versions"], "device": record["device"]} for record in records.values()]
    names = dict.fromkeys(name for each in arms for name in each)
    return {name: [each.get(name, "none") for each in arms] for name in names}


def _union(values: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(values))
