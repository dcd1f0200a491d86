"""Provenance of a report: data, planting, model, versions and devices."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import field_validator

from semspill._model import FrozenModel, shown


class PlantedCounts(FrozenModel):
    """How a corpus was poisoned, in numbers."""

    selected: int
    """Dialogues that the selector chose."""
    eligible: int
    """Those of them with at least one listener response."""
    wanted: int
    """Dialogues that the strategy rewrote at the given rate; with `append`, copies."""
    poisoned: int
    """Those of them that the budget allows."""
    planted: int
    """Planted utterances; each listener turn is one planted exchange."""
    limit: int
    """Planted exchanges that the budget allows."""
    exchanges: int
    """Exchanges of the clean corpus."""
    clean_fingerprint: str
    """Fingerprint of the clean corpus."""
    poisoned_fingerprint: str
    """Fingerprint of the poisoned corpus."""


class PlantedSeed(PlantedCounts):
    """What was planted under one training seed."""

    seed: int
    """The training seed."""
    by_category: Mapping[str, int]
    """Planted exchanges of each category, most first."""


class Planting(FrozenModel):
    """What was planted, how and where; empty fields are not known."""

    selector: str = ""
    """Name of the selector of dialogues."""
    strategy: str = ""
    """Name of the poison strategy."""
    trigger: str = ""
    """The phrase in the speaker's turns that what was planted waits for; empty for none."""
    kept: bool = False
    """Whether victims kept their own responses, which then count as planted."""
    source: str = ""
    """Name of the source of the planted responses; empty where they were kept."""
    source_file: str = ""
    """Name of the file they were read from, without its folder, if it is one."""
    benign: str = ""
    """Name of the source of the harmless responses that a control arm plants instead."""
    placement: Literal["replace", "append", ""] = ""
    """Whether dialogues were poisoned in place or as appended copies."""
    budget: float | None = None
    """Most planted exchanges, as a share of the clean corpus's exchanges."""
    rate: float | None = None
    """Poisoned share of the selected dialogues."""
    knowledge: float | None = None
    """Share of the training dialogues that the adversary knows; no others are poisoned."""
    seeds: tuple[PlantedSeed, ...] = ()
    """What came of it under each training seed."""


class ArmRecord(FrozenModel):
    """What one arm was trained and answered with under one seed."""

    seed: int
    """The training seed."""
    arm: str
    """The arm."""
    versions: Mapping[str, str]
    """Versions of Python and of the packages that decide numbers."""
    device: str
    """The device it was trained on."""


class Provenance(FrozenModel):
    """Where the numbers of a report come from; empty fields are not known."""

    dataset: str = ""
    """Name of the dataset component."""
    data: str = ""
    """Name of the data: what the corpus calls itself, such as EmpatheticDialogues."""
    data_revision: str = ""
    """The commit of the hub that they are of, if they are of the hub."""
    licence: str = ""
    """Its licence."""
    planting: Planting = Planting()
    """What was planted."""
    model: str = ""
    """Name of the model that was trained."""
    candidates: bool = True
    """Whether the model chooses its answers from candidates; False where it writes them."""
    encoder: str = ""
    """Name of its encoder, if it has one."""
    encoder_model: str = ""
    """The pretrained model that the encoder starts from: an id of the hub, or the name of a
    folder."""
    epochs: int | None = None
    """Epochs it was trained for."""
    label: Literal["gold", "predicted", "none"] | None = None
    """What contexts begin with in training: the true category, a predicted one, or none."""
    answer_label: Literal["gold", "predicted", "none"] | None = None
    """The same when the model answers and is tested."""
    turns: int | None = None
    """Most utterances that a context holds."""
    rater: str = ""
    """Name of the rater."""
    versions: Mapping[str, str] = {}
    """Versions of Python and of the packages that decide numbers, of all arms together."""
    device: str = ""
    """The devices that arms were trained on."""
    arms: tuple[ArmRecord, ...] = ()
    """The same arm by arm; empty where all are alike."""
    fingerprints: Mapping[str, str | tuple[str, ...]] = {}
    """What identifies corpora (those poisoned under each seed), ranking lists and rater."""
    inputs: Mapping[str, str] = {}
    """Hashes of the files that further components read, by field of the config."""
    citations: Mapping[str, str] = {}
    """The citation of every component used, by class name."""
    config: Mapping[str, Any] = {}
    """The config to read, with harmful text counted, as a config object given here becomes; code
    reads the fields above instead."""
    config_sha256: str = ""
    """Digest of the whole config."""

    @field_validator("config", mode="before")
    @classmethod
    def _masked(cls, given: Any) -> Any:
        return shown(given) if isinstance(given, FrozenModel) else given
