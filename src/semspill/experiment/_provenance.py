"""Provenance of a report: components, citations, versions and fingerprints behind its numbers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from semspill._model import parts_of
from semspill.datasets import datasets
from semspill.encoders import encoders
from semspill.experiment._config import ExperimentConfig
from semspill.experiment._data import Data
from semspill.experiment._fingerprints import inputs_of, json_digest
from semspill.models import models
from semspill.poison import selectors, strategies
from semspill.results import ArmRecord, Note, PlantedSeed, Planting, Provenance
from semspill.scoring import raters
from semspill.sources import sources

Records = Mapping[tuple[int, str], Mapping[str, Any]]
"""The record of every arm, by seed and arm."""


def provenance_of(
    config: ExperimentConfig, data: Data, planted: Mapping[int, PlantedSeed], records: Records
) -> Provenance:
    """Return where the numbers of an experiment come from.

    Args:
        config: What was done.
        data: What it was done with.
        planted: What was planted, by seed.
        records: The record of every arm.
    """
    encoder = config.model.similarity_encoder()
    poisoner, seeds = config.poisoner, [planted[seed] for seed in config.seeds]
    kept = poisoner.strategy.keeps_responses
    versions = {name: _union(values) for name, values in _values(records).items()}
    return Provenance(
        dataset=datasets.title_of(config.dataset),
        data=_without_folder(data.test.name),
        data_revision=data.train.revision or "",
        licence=data.train.licence,
        planting=Planting(
            selector=selectors.title_of(poisoner.selector),
            strategy=strategies.title_of(poisoner.strategy),
            trigger=poisoner.strategy.trigger or "",
            kept=kept,
            source="" if kept else sources.title_of(poisoner.source),
            source_file="" if kept else Path(str(getattr(poisoner.source, "path", ""))).name,
            benign=sources.title_of(config.benign),
            placement=poisoner.placement,
            budget=poisoner.budget,
            rate=poisoner.rate,
            knowledge=poisoner.knowledge,
            seeds=seeds,
        ),
        model=models.title_of(config.model),
        candidates=config.model.uses_pool(),
        encoder="" if encoder is None else encoders.title_of(encoder),
        encoder_model=_without_folder(str(getattr(encoder, "model", ""))),
        epochs=config.model.epoch_count() or None,
        label=config.contexts[0].label,
        answer_label=config.contexts[1].label,
        turns=config.context.turns,
        rater=raters.title_of(config.rater),
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
        citations=citations_of(
            [
                getattr(config, name)
                for name in type(config).model_fields
                if name not in config.unused
            ]
        ),
        config=config,
        config_sha256=json_digest(config.model_dump(mode="json")),
    )


def _without_folder(name: str) -> str:
    """Return a name, or the last part of a path; an id of the hub stays as it is.

    Example:
        >>> _without_folder("/home/me/chats.csv"), _without_folder("thenlper/gte-small")
        ('chats.csv', 'thenlper/gte-small')
    """
    path = Path(name)
    local = path.is_absolute() or name.startswith((".", "~")) or path.suffix or len(path.parts) > 2
    return path.name if local else name


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


def citations_of(parts: object) -> dict[str, str]:
    """Return the citation of every component in parts of a config, by class name.

    Example:
        >>> from semspill.training import Finetuner
        >>> list(citations_of(Finetuner()))
        ['Finetuner']
    """
    return {
        type(part).__name__: getattr(part, "cited", part.citation)
        for part in parts_of(parts)
        if _cites(part)
    }


def _cites(part: BaseModel) -> bool:
    return isinstance(getattr(type(part), "citation", None), str)


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
