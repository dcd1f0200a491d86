"""The paper's strategies as two axes: which listener turns, and which response goes there."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np

from semspill.corpus import Dialogue
from semspill.poison._base import PoisonStrategy

_PAPER = (
    "Revealing the Inevitable Infection of Semantic Similarities in Understanding Emotional "
    "Dialogues in Foundation Models"
)
_AXES = "original: an axis of the paper's experiment, not named in its text"


class _PlantedTurns(PoisonStrategy):
    """Plants responses in some listener turns; the classes below fix the two axes."""

    responds: ClassVar[Literal["fixed", "random"]]
    """One response for the whole run, or another draw for every turn."""

    @abstractmethod
    def turns(self, listener: Sequence[int], rng: np.random.Generator) -> Sequence[int]:
        """Return which of a dialogue's listener turns are planted."""

    def rewrite(
        self, victims: Sequence[Dialogue], responses: Sequence[str], rng: np.random.Generator
    ) -> Sequence[Dialogue]:
        """Return the victims with the planted turns replaced."""
        where, what = rng.spawn(2)
        fixed = responses[int(what.integers(len(responses)))]
        rewritten = []
        for victim in victims:
            said = list(victim.utterances)
            for turn in self.turns(victim.listener_turns, where):
                if self.responds == "random":
                    fixed = responses[int(what.integers(len(responses)))]
                said[turn] = replace(said[turn], text=fixed)
            rewritten.append(replace(victim, utterances=tuple(said)))
        return rewritten


class _First(_PlantedTurns):
    def turns(self, listener: Sequence[int], rng: np.random.Generator) -> Sequence[int]:
        return listener[:1]


class _Last(_PlantedTurns):
    def turns(self, listener: Sequence[int], rng: np.random.Generator) -> Sequence[int]:
        return listener[-1:]


class _Each(_PlantedTurns):
    def turns(self, listener: Sequence[int], rng: np.random.Generator) -> Sequence[int]:
        return listener


class _Random(_PlantedTurns):
    def turns(self, listener: Sequence[int], rng: np.random.Generator) -> Sequence[int]:
        return [listener[int(rng.integers(len(listener)))]]


class FirstFixed(_First):
    """Replace the first listener turn, everywhere with the same response."""

    citation = _AXES
    responds = "fixed"


class FirstRandom(_First):
    """Replace the first listener turn, each time with another response."""

    citation = _AXES
    responds = "random"


class LastFixed(_Last):
    """Replace the last listener turn, everywhere with the same response; the paper's best."""

    citation = _PAPER
    responds = "fixed"


class LastRandom(_Last):
    """Replace the last listener turn, each time with another response."""

    citation = _AXES
    responds = "random"


class EachFixed(_Each):
    """Replace every listener turn, everywhere with the same response."""

    citation = _AXES
    responds = "fixed"


class EachRandom(_Each):
    """Replace every listener turn, each time with another response."""

    citation = _AXES
    responds = "random"


class RandomFixed(_Random):
    """Replace one listener turn drawn at random, everywhere with the same response."""

    citation = _AXES
    responds = "fixed"


class RandomRandom(_Random):
    """Replace one listener turn drawn at random, each time with another response."""

    citation = _AXES
    responds = "random"
