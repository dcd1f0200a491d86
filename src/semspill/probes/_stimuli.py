"""Emotional stimuli as probes: published sentences by id, or those of a file, and controls."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from pydantic import Field, model_validator

from semspill._files import place_of
from semspill._mask import listing
from semspill._model import FrozenModel
from semspill._phrase import Where
from semspill._rows import csv_rows
from semspill.corpus import Exchange
from semspill.errors import ConfigError, DataError, did_you_mean
from semspill.probes._base import Probe
from semspill.probes._phrases import InsertProbe, NeutralProbe, ShuffledProbe

Control: TypeAlias = Literal["neutral", "shuffled"]

_CONTROLS: tuple[Control, ...] = ("neutral", "shuffled")


class Stimulus(FrozenModel):
    """A sentence that is to move whoever reads it.

    Example:
        >>> emotion_prompts()["EP02"].text
        'This is very important to my career.'
    """

    id: str
    """What it is called where it was published, such as `EP02`."""
    text: str
    """The sentence, or sentences."""
    theory: tuple[str, ...] = ()
    """The psychological theories that it draws on, as far as they are known."""


class StimulusProbe(Probe):
    """Puts an emotional stimulus into the speaker's newest utterance, or a control for it.

    Example:
        >>> asked = Exchange("d1", 1, "joy", ("I won!",), "Well done.")
        >>> rng = np.random.default_rng(0)
        >>> StimulusProbe(id="EP02").apply([asked], rng)[0].context
        ('I won! This is very important to my career.',)
        >>> StimulusProbe(id="EP02", control="neutral").inserts
        'The box stands next to the shelf.'
    """

    citation = (
        "Li et al. 2023, Large Language Models Understand and Can Be Enhanced by Emotional "
        "Stimuli, arXiv:2307.11760; Li et al. 2024, The Good, The Bad, and Why: Unveiling Emotions "
        "in Generative AI, arXiv:2312.11111"
    )

    id: str = Field(min_length=1)
    """Which stimulus: `EP01` to `EP11` of EmotionPrompt, or an id of the file."""
    path: Path | None = None
    """A CSV file with the columns `id` and `text`, for stimuli that do not come with semspill; null
    for those that do."""
    where: Where = "after"
    """Where it goes, as for `insert`: EmotionPrompt puts a stimulus `after` what it is added to,
    EmotionAttack `before`."""
    control: Control | None = None
    """`neutral` puts a neutral sentence of as many words in its place, `shuffled` its words in an
    order drawn anew for each context; null the stimulus."""

    @model_validator(mode="after")
    def _comes_along(self) -> "StimulusProbe":
        if self.path is None:  # a file is read when it is needed
            self._found(emotion_prompts())
        return self

    @property
    def inserts(self) -> str | None:
        """The stimulus or the neutral sentence; None for shuffled words."""
        return self._part.inserts

    def apply(self, exchanges: Sequence[Exchange], rng: np.random.Generator) -> Sequence[Exchange]:
        """Return the exchanges with the stimulus, or its control, in them.

        Raises:
            ConfigError: There is no stimulus of that id.
            DataError: The file cannot be read.
        """
        return self._part.apply(exchanges, rng)

    @property
    def _part(self) -> Probe:
        given: dict[str, Any] = {"phrase": self._found(_known(self.path)).text, "where": self.where}
        if self.control == "neutral":
            return NeutralProbe(**given)
        return InsertProbe(**given) if self.control is None else ShuffledProbe(**given)

    def _found(self, known: Mapping[str, Stimulus]) -> Stimulus:
        if self.id not in known:
            where = "semspill" if self.path is None else str(self.path)
            raise ConfigError(
                f"{where} has no stimulus of that id.{did_you_mean(self.id, known)} It has: "
                f"{listing(list(known))}. Others are read from a CSV file: path = ..."
            )
        return known[self.id]


def stimuli(
    *ids: str, path: str | Path | None = None, where: Where = "after"
) -> dict[str, StimulusProbe]:
    """Return probes for stimuli, each with its two controls, as `ExperimentConfig.probes` takes.

    Args:
        *ids: Which stimuli; without any all that there are.
        path: A CSV file with the columns `id` and `text`; None for the sentences of EmotionPrompt.
        where: Where they go in the speaker's newest utterance.

    Raises:
        ConfigError: There is no stimulus of that id.
        DataError: The file cannot be read.

    Example:
        >>> list(stimuli("EP02", "EP05"))[:4]
        ['EP02', 'EP02-neutral', 'EP02-shuffled', 'EP05']
    """
    file = None if path is None else Path(path)
    found: dict[str, StimulusProbe] = {}
    for name in ids or _known(file):
        probe = StimulusProbe(id=name, path=file, where=where)
        controls = {f"{name}-{each}": probe.replace(control=each) for each in _CONTROLS}
        found |= {name: probe, **controls}
    for probe in found.values():
        _ = probe.inserts  # an id that is not there is refused now, not in the run
    return found


@cache
def emotion_prompts() -> dict[str, Stimulus]:
    """Return the sentences EP01 to EP11 of EmotionPrompt, by id."""
    text = files("semspill.probes").joinpath("emotion_prompt.toml").read_text(encoding="utf-8")
    return {held["id"]: Stimulus(**held) for held in tomllib.loads(text)["stimuli"]}


def _known(path: Path | None) -> dict[str, Stimulus]:
    if path is None:
        return emotion_prompts()
    found: dict[str, Stimulus] = {}
    try:
        for place, row in csv_rows(place_of(path), ("id", "text")):
            name, text = row["id"].strip(), row["text"].strip()
            if not name or not text or name in found:
                raise DataError(
                    f"{place} has no id, no text, or an id that came before; give every stimulus "
                    "an id of its own and a text."
                )
            found[name] = Stimulus(id=name, text=text)
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error.strerror}); give 'path' as a CSV file."
        ) from error
    if not found:
        raise DataError(f"{path} holds no stimulus; write a row with an id and a text for each.")
    return found
