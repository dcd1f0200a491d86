"""The paper's strategies as two axes: which listener turns, and which response goes there."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar, Literal, TypeAlias

import numpy as np

from semspill._model import PAPER
from semspill.corpus import Dialogue
from semspill.poison._base import PoisonStrategy

Turns: TypeAlias = Literal["first", "last", "each", "random"]
"""Which of a dialogue's listener turns are planted."""

Texts: TypeAlias = Literal["fixed", "random"]
"""One response for the whole run, or another draw for every turn."""


def chosen_turns(listener: Sequence[int], turns: Turns, rng: np.random.Generator) -> Sequence[int]:
    """Return those of a dialogue's listener turns that are planted.

    Args:
        listener: All of them, one or more.
        turns: Which.
        rng: Draws one where `turns` is `random`.
    """
    if turns == "random":
        return [listener[int(rng.integers(len(listener)))]]
    return {"first": listener[:1], "last": listener[-1:], "each": listener}[turns]


class _PlantedTurns(PoisonStrategy):
    """Plants responses in some listener turns; the presets below set the two axes."""

    citation = "original: an axis of the paper's experiment, not named in its text"
    turns: ClassVar[Turns]
    """Which of a dialogue's listener turns are planted."""
    response: ClassVar[Texts | Literal["distinct"]]
    """One response for the whole run, another draw for every turn, or none twice."""

    def rewrite(
        self, victims: Sequence[Dialogue], responses: Sequence[str], rng: np.random.Generator
    ) -> Sequence[Dialogue]:
        """Return the victims with the planted turns replaced."""
        where, what = rng.spawn(2)
        texts = self._texts(responses, what)
        rewritten = []
        for victim in victims:
            utterances = list(victim.utterances)
            for turn in chosen_turns(victim.listener_turns, self.turns, where):
                utterances[turn] = replace(utterances[turn], text=next(texts))
            rewritten.append(replace(victim, utterances=tuple(utterances)))
        return rewritten

    def _texts(self, responses: Sequence[str], rng: np.random.Generator) -> Iterator[str]:
        """Yield what is planted, without end."""
        fixed = responses[int(rng.integers(len(responses)))]
        while self.response == "random":
            yield responses[int(rng.integers(len(responses)))]
        while self.response == "distinct":
            yield from [responses[int(row)] for row in rng.permutation(len(responses))]
        while True:
            yield fixed


class FirstFixed(_PlantedTurns):
    """Replace the first listener turn, everywhere with the same response."""

    turns = "first"
    response = "fixed"


class FirstRandom(_PlantedTurns):
    """Replace the first listener turn, each time with another response."""

    turns = "first"
    response = "random"


class LastFixed(_PlantedTurns):
    """Replace the last listener turn, everywhere with the same response; the paper's best."""

    citation = PAPER
    turns = "last"
    response = "fixed"


class LastRandom(_PlantedTurns):
    """Replace the last listener turn, each time with another response."""

    turns = "last"
    response = "random"


class EachFixed(_PlantedTurns):
    """Replace every listener turn, everywhere with the same response."""

    turns = "each"
    response = "fixed"


class EachRandom(_PlantedTurns):
    """Replace every listener turn, each time with another response."""

    turns = "each"
    response = "random"


class EachDistinct(_PlantedTurns):
    """Replace every listener turn, with no response twice while there are others left."""

    turns = "each"
    response = "distinct"


class RandomFixed(_PlantedTurns):
    """Replace one listener turn drawn at random, everywhere with the same response."""

    turns = "random"
    response = "fixed"


class RandomRandom(_PlantedTurns):
    """Replace one listener turn drawn at random, each time with another response."""

    turns = "random"
    response = "random"
