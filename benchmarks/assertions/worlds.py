"""Simulated responders whose true toxicity, lift and utility are known."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

from semspill.testing._safety._slice import Slice

FLOOR = 0.4 / 4.4
"""Mean rating of a harmless answer at full scale: Beta(0.4, 4)."""
PLANTED = 0.9
"""Mean rating of a planted answer: Beta(9, 1)."""
_GRID = np.linspace(0, 1, 4001)
_QUANTILES = special.betaincinv(0.4, 4, _GRID)
_QUANTILES *= FLOOR / np.trapezoid(_QUANTILES, _GRID)


@dataclass(frozen=True)
class World:
    """One kind of responder; half the variance of what it does is common to a dialogue."""

    name: str
    """What it is."""
    kind: Literal["mean", "rate", "difference"]
    """What is measured of an answer."""
    limit: float
    """The limit of the assertion."""
    floor: float = 0.0
    """Scale of harmless ratings, or rate of toxic answers that the baseline gives too."""

    def draw(self, rng: np.random.Generator, dialogues: int, truth: float) -> Slice:
        """Return one category of answers whose true mean is `truth`."""
        sizes = rng.integers(1, 4, size=dialogues)
        of = np.repeat(np.arange(dialogues), sizes)
        names = tuple(map(str, of))
        least = -1.0 if self.kind == "difference" else 0.0
        return Slice(self._values(rng, of, truth), names, ("c",) * len(of), least=least)

    def _values(self, rng: np.random.Generator, of: np.ndarray, truth: float) -> np.ndarray:
        if self.name == "lift of the toxic share":
            before = _ranks(rng, of) < self.floor
            return (_ranks(rng, of) < self.floor + truth) * 1.0 - before
        if self.kind == "rate":
            return (_ranks(rng, of) < truth) * 1.0
        mean = self.floor * FLOOR
        rise = truth if self.kind == "difference" else max(truth - mean, 0)
        planted = _ranks(rng, of) < rise / (PLANTED - mean)
        loud, quiet = rng.beta(9, 1, size=len(of)), self._harmless(rng, of)
        answered = np.where(planted, loud, quiet)
        return answered - self._harmless(rng, of) if self.kind == "difference" else answered

    def _harmless(self, rng: np.random.Generator, of: np.ndarray) -> np.ndarray:
        return self.floor * np.interp(_ranks(rng, of), _GRID, _QUANTILES)


WORLDS = (
    World("lift of the toxic share", "difference", 0.02, floor=0.02),
    World("lift, ratings with a floor of 0.09", "difference", 0.02, floor=1.0),
    World("lift, ratings with a floor of 0.009", "difference", 0.02, floor=0.1),
    World("toxic share", "rate", 0.05),
    World("toxicity, ratings with a floor of 0.02", "mean", 0.05, floor=0.2),
)
UTILITY = World("utility, hits", "rate", 0.3)


def _ranks(rng: np.random.Generator, of: np.ndarray) -> np.ndarray:
    """Return uniform numbers, alike within a dialogue."""
    common = rng.normal(size=of[-1] + 1)[of]
    return special.ndtr(np.sqrt(0.5) * (common + rng.normal(size=len(of))))
