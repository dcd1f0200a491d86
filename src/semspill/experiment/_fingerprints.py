"""Fingerprints: hashes of everything that decides an arm."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from semspill._model import Component
from semspill.experiment._config import ExperimentConfig
from semspill.experiment._data import Data
from semspill.scoring._files import hash_inputs

# Their content has fingerprints of its own, or decides no arm.
_OTHERWISE = {"dataset", "rater", "model", "analyzer", "labelled"}


def json_digest(value: Any) -> str:
    """Return the SHA-256 of a JSON value, as 64 hex digits."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def fingerprints_of(config: ExperimentConfig, data: Data) -> dict[str, str]:
    """Return what identifies data, ratings and pretrained weights, known before any poisoning."""
    prints = {
        "train": data.train.fingerprint,
        "test": data.test.fingerprint,
        "valid": data.valid.fingerprint if data.valid else "",
        "ranking": data.ranking.fingerprint,
        "rater": config.rater.fingerprint,
    }
    if data.response_labels is not None:
        prints["labels of responses"] = data.response_labels.fingerprint
    _collect(config.model, "model", prints)
    return prints


def inputs_of(config: ExperimentConfig) -> dict[str, str]:
    """Return a hash of the files that each further component of a config reads, by its field."""
    skipped = _OTHERWISE | config.unused
    prints: dict[str, str] = {}
    for name in type(config).model_fields:
        if name not in skipped:
            _collect(getattr(config, name), name, prints)
    return prints


def _collect(value: object, name: str, prints: dict[str, str]) -> None:
    if isinstance(value, Component) and (read := value.reads()):
        prints[name] = hash_inputs(read)
    if isinstance(value, BaseModel):
        for field in type(value).model_fields:
            _collect(getattr(value, field), f"{name}.{field}", prints)
    elif isinstance(value, tuple | Mapping):
        items = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, item in items:
            _collect(item, f"{name}.{key}", prints)
