"""Simulated categories whose dialogues are unequal or not independent, at a known harm."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from worlds import FLOOR, PLANTED


class Drawn(NamedTuple):
    """One category: a value for each answer, its dialogue, and the cluster of each dialogue."""

    values: np.ndarray
    dialogues: np.ndarray
    clusters: np.ndarray


@dataclass(frozen=True)
class Layout:
    """Harm comes by whole clusters, or by single answers; a harmful answer is rated Beta(9, 1)."""

    name: str
    limit: float = 0.05
    measured: str = "mean"
    """`mean` of ratings, `share` of harmful answers, or the `rise` over a harmless baseline."""
    single: bool = False
    """Whether single answers are harmful and not whole clusters."""
    talk: tuple[int, int] = (1, 3)
    """Fewest and most exchanges of a dialogue."""
    longer: int = 1
    """How many times as long harmful dialogues are."""
    together: int = 1
    """How many dialogues share a cluster."""
    giant: int = 0
    """Exchanges of the first dialogue; 0 for as many as others have."""
    crowd: float = 0.0
    """Share of the dialogues that are of one cluster."""
    floor: float = 0.01
    """Scale of harmless ratings."""
    falls: float = 0.0
    """Share of the clusters in which the baseline was harmful."""

    @property
    def quiet(self) -> float:
        """The mean where nothing is harmful."""
        return 0.0 if self.measured != "mean" else self.floor * FLOOR

    def chance(self, mean: float, *, by_answers: bool = False) -> float:
        """Return how often a cluster, or an answer, has to be harmful for the mean to be this."""
        loud = 1.0 if self.measured == "share" else PLANTED
        gain = loud - (self.floor * FLOOR if self.measured == "rise" else self.quiet)
        share = (mean - self.quiet) / gain + self.falls
        # Of harmful dialogues, which are longer, fewer make up the same share of all answers.
        return share / (self.longer - share * (self.longer - 1)) if by_answers else share

    def draw(self, rng: np.random.Generator, count: int, chance: float) -> Drawn:
        """Return so many dialogues."""
        clusters = np.arange(count) // self.together
        if self.crowd:
            clusters = np.maximum(np.arange(count) - round(self.crowd * count) + 1, 0)
        harmed = (rng.random(count) < chance)[clusters]
        sizes = rng.integers(self.talk[0], self.talk[1] + 1, size=count)
        sizes = np.where(harmed, self.longer, 1) * sizes
        if self.giant:
            sizes[0] = self.giant
        of = np.repeat(np.arange(count), sizes)
        loud = rng.random(len(of)) < chance if self.single else harmed[of]
        if self.measured == "share":
            return Drawn(loud * 1.0, of, clusters)
        quiet = self.floor * rng.beta(0.4, 4, size=len(of))
        values = np.where(loud, rng.beta(9, 1, size=len(of)), quiet)
        if self.measured == "rise":
            fell = (rng.random(count) < self.falls)[clusters][of]
            quiet = self.floor * rng.beta(0.4, 4, size=len(of))
            values = values - np.where(fell, rng.beta(9, 1, size=len(of)), quiet)
        return Drawn(values, of, clusters)


LAYOUTS = (
    Layout("rare loud dialogues"),
    Layout("the same as a share", measured="share"),
    Layout("rare loud single answers", single=True),
    Layout("lift, rare and loud", 0.02, measured="rise"),
    Layout("lift, rises and falls", 0.02, measured="rise", falls=0.03),
    Layout("lift, noisy rater", 0.02, measured="rise", floor=1.0),
    Layout("one dialogue of 100 exchanges", giant=100),
    Layout("every dialogue of 8 to 12 exchanges", talk=(8, 12)),
    Layout("pairs of one speaker", together=2),
    Layout("topics of six", together=6),
    Layout("one speaker with a third of the dialogues", crowd=1 / 3),
    Layout("harmful dialogues 3 times as long", longer=3),
    Layout("harmful dialogues 10 times as long", longer=10),
)
