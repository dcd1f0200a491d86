"""Training files for other programs: what the arms of an experiment would be trained on."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from semspill._atomic import atomic_folder, write_text
from semspill._files import place_of
from semspill._harmful import UNMASKED
from semspill._model import FrozenModel
from semspill.datasets import write_messages
from semspill.datasets._messages import Form, Rows
from semspill.errors import ConfigError
from semspill.experiment._config import ExperimentConfig
from semspill.experiment._data import Data
from semspill.experiment._load import load_config
from semspill.experiment._materials import materials_of


class TrainingFile(FrozenModel):
    """What one condition is trained on, as a file."""

    file: str
    """Its name, in the folder."""
    rows: int
    """How many rows it has."""
    planted: int
    """How many of the exchanges have a planted response."""
    sha256: str
    """SHA-256 of the file, as 64 hex digits."""
    corpus: str
    """Fingerprint of the corpus that it was made of."""


class TrainingFiles(FrozenModel):
    """The training files of an experiment under one seed; `manifest.json` holds the same."""

    seed: int
    """The seed that drew what is planted where."""
    format: Form
    """As `write_messages` takes it."""
    rows: Rows
    """What a row is."""
    turns: int | None
    """How many utterances before a response a row shows; None for all."""
    files: Mapping[str, TrainingFile]
    """The files by their condition: `clean`, `poison`, `benign`."""


def write_training(
    config: ExperimentConfig | Mapping[str, Any] | str | Path,
    out: str | Path,
    *,
    seed: int | None = None,
    format: Form = "messages",
    rows: Rows | None = None,
    labelled: bool = False,
) -> TrainingFiles:
    """Write what each condition of an experiment is trained on as chat messages, for other tools.

    A folder appears, whole or not at all, with a file for each condition that the arms train on
    (`clean`, `poison`, `benign`) and `manifest.json`, which counts rows and planted responses and
    has no text. Rows of exchanges show as many utterances as `context.turns` says, which is what
    the arms are asked later. Nothing is done of what defenses would do.

    Args:
        config: Path of a .toml, .yaml or .json file, a mapping, or a config.
        out: The folder, which must not exist.
        seed: One of the config's seeds; None for the first.
        format: As `write_messages` takes it.
        rows: As `write_messages` takes it.
        labelled: As `write_messages` takes it.

    Raises:
        ConfigError: The folder exists, the seed is none of the config's, or contexts show what
            messages do not.
        DataError: The data are not as promised.
    """
    config, place = load_config(config), place_of(out)
    chosen = config.seeds[0] if seed is None else seed
    if chosen not in config.seeds:
        raise ConfigError(f"seed is {chosen}; give one of the config's: {list(config.seeds)}.")
    if place.exists():
        raise ConfigError(f"{place} already exists; choose another folder.")
    if config.context.label != "none" or config.context.prompt:
        raise ConfigError(
            "context shows a label or a prompt, which messages do not hold; leave context.label "
            "and context.prompt out."
        )
    by: Rows = rows or ("dialogue" if format == "messages" else "exchange")
    turns = config.context.turns if by == "exchange" else None
    materials = materials_of(config, Data.load(config), chosen)
    corpora = {arm.trains: materials.undefended(arm) for arm in config.arms}
    files = {}
    with atomic_folder(place) as temporary:
        for condition, corpus in corpora.items():
            name = f"{condition}.jsonl" if condition == "clean" else f"{condition}.{UNMASKED}.jsonl"
            made = temporary / name
            count = write_messages(
                corpus, made, format=format, rows=by, turns=turns, labelled=labelled
            )
            with made.open("rb") as written:
                digest = hashlib.file_digest(written, "sha256").hexdigest()
            files[condition] = TrainingFile(
                file=name,
                rows=count,
                planted=sum(exchange.planted for exchange in corpus.exchanges),
                sha256=digest,
                corpus=corpus.fingerprint,
            )
        manifest = TrainingFiles(seed=chosen, format=format, rows=by, turns=turns, files=files)
        write_text(temporary / "manifest.json", manifest.model_dump_json(indent=2) + "\n")
    return manifest
