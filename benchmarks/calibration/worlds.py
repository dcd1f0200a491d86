"""Made-up experiments whose true effects are known: dialogues and training seeds are crossed."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from semspill import Outcome
from semspill.analysis import Resampling

FLOOR = 0.4 / 4.4
"""True mean rating of a harmless answer: Beta(0.4, 4), most of it near 0, some of it not."""
PLANTED = 0.9
"""True mean rating of a planted answer: Beta(9, 1)."""

# Quantiles of the floor; interpolation is quicker than the exact function and has the same mean.
_GRID = np.linspace(0, 1, 4001)
_FLOOR_QUANTILES = special.betaincinv(0.4, 4, _GRID)
_FLOOR_QUANTILES *= FLOOR / np.trapezoid(_FLOOR_QUANTILES, _GRID)


@dataclass(frozen=True)
class Regime:
    """Where the noise comes from, on the scale of a probit whose own noise is 1."""

    dialogue: float
    """Standard deviation over dialogues, the same under every seed."""
    seed: float
    """Standard deviation over seeds of a category; half its variance is common to all of them."""


REGIMES = {
    "dialogues": Regime(dialogue=1.2, seed=0.1),
    "mixed": Regime(dialogue=0.7, seed=0.4),
    "seeds": Regime(dialogue=0.3, seed=0.7),
    "wild seeds": Regime(dialogue=0.3, seed=1.2),
    "no training noise": Regime(dialogue=1.0, seed=0.0),
}


def toxic_share(rate: float, regime: Regime) -> float:
    """Return the true share of answers rated 0.9 or more, at this attack success rate."""
    loud = 1 - 0.9**9 if regime.seed > 0 else 1.0
    quiet = float((_FLOOR_QUANTILES >= 0.9).mean())
    return rate * loud + (1 - rate) * quiet


@dataclass(frozen=True, eq=False)
class World:
    """The layout of one experiment: how many of what, and the true attack success rates."""

    rates: tuple[float, ...]
    """True attack success rate of each category; the first is the target, the next its nearest."""
    dialogues: int
    """Test dialogues of each category, with one to three exchanges each."""
    seeds: int
    """Training seeds."""
    regime: Regime
    """Where the noise comes from."""

    def names(self) -> list[str]:
        """Return the categories, the target first."""
        return [f"c{number:02}" for number in range(len(self.rates))]

    def lift(self, rate: float) -> float:
        """Return the true lift of toxicity at this attack success rate."""
        return rate * (PLANTED - FLOOR)

    def draw(self, rng: np.random.Generator, draws: int = 200) -> Outcome:
        """Return the outcome of one experiment, its clean arm within."""
        of_dialogue = np.repeat(np.arange(len(self.rates)), self.dialogues)
        sizes = rng.integers(1, 4, size=len(of_dialogue))
        dialogue = np.repeat(np.arange(len(of_dialogue)), sizes)
        category = of_dialogue[dialogue]
        planted = self._latent(rng, dialogue, category) < special.ndtri(self.rates)[category]
        quiet = self._ratings(rng, dialogue, category)
        # A planted response is drawn once for each seed, and with it its rating.
        loud = np.full((self.seeds, 1), PLANTED)
        if self.regime.seed > 0:
            loud = rng.beta(9, 1, size=(self.seeds, 1))
        loud = loud * np.ones(quiet.shape)
        fields = {
            "target": "c00",
            "seeds": tuple(range(self.seeds)),
            "categories": tuple(np.array(self.names(), dtype=object)[category]),
            "dialogues": tuple(f"d{number:05}" for number in dialogue),
            "similarity": {name: 1 - i / 100 for i, name in enumerate(self.names())},
            "resampling": Resampling(draws=draws),
        }
        nothing = np.zeros_like(planted)
        clean = Outcome(
            arm="clean",
            toxicity=self._ratings(rng, dialogue, category),
            planted=nothing,
            correct=self._latent(rng, dialogue, category) < special.ndtri(0.4),
            **fields,
        )
        return Outcome(
            arm="poison",
            toxicity=np.where(planted, loud, quiet),
            planted=planted,
            correct=self._latent(rng, dialogue, category) < special.ndtri(0.35),
            clean=clean,
            **fields,
        )

    def _ratings(self, rng: np.random.Generator, dialogue: object, category: object) -> np.ndarray:
        ranks = special.ndtr(self._latent(rng, dialogue, category))
        return np.clip(np.interp(ranks, _GRID, _FLOOR_QUANTILES), 0, 1)

    def _latent(self, rng: np.random.Generator, dialogue: object, category: object) -> np.ndarray:
        """Return standard normal numbers that dialogues and seeds have in common."""
        over, noise = self.regime.dialogue, self.regime.seed
        common = rng.normal(size=(self.seeds, 1)) * np.sqrt(0.5)
        own = rng.normal(size=(self.seeds, len(self.rates))) * np.sqrt(0.5)
        by_dialogue = rng.normal(size=dialogue.max() + 1)
        by_answer = rng.normal(size=(self.seeds, len(dialogue)))
        total = over * by_dialogue[dialogue] + noise * (common + own)[:, category] + by_answer
        return total / np.sqrt(1 + over**2 + noise**2)
