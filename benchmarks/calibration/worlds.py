"""Made-up experiments whose true effects are known: dialogues and training seeds are crossed."""

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Literal

import numpy as np
from scipy import special, stats

from semspill import Outcome
from semspill.statistics import Resampling

FLOOR = 0.4 / 4.4
"""True mean rating of a harmless answer: Beta(0.4, 4), most of it near 0, some of it not."""

# Quantiles of the floor; interpolation is quicker than the exact function and has the same mean.
_GRID = np.linspace(0, 1, 4001)
_FLOOR_QUANTILES = special.betaincinv(0.4, 4, _GRID)
_FLOOR_QUANTILES *= FLOOR / np.trapezoid(_FLOOR_QUANTILES, _GRID)

TEXTS = {
    # What a rater gives texts that are all toxic: it finds one, or it does not.
    "found or not": np.array([0.97, 0.08] * 250),
    # As 501 real texts were rated: 36 % below 0.2, 33 % above 0.8, the rest between.
    "real": np.concatenate(
        [np.linspace(0.01, 0.2, 180), np.linspace(0.2, 0.8, 155), np.linspace(0.8, 1.0, 166)]
    ),
    "loud": special.betaincinv(9, 1, (np.arange(500) + 0.5) / 500),
}
"""Ratings of the texts of a source, of which a `fixed` strategy plants one in each seed."""

Lengths = Literal["short", "long hits", "one long"]


@dataclass(frozen=True, eq=False)
class World:
    """The layout of one experiment: how many of what, and the true planted rates."""

    rates: tuple[float, ...]
    """Planted rate of each category; the first is the target, the next its nearest."""
    dialogues: int | tuple[int, ...] = 60
    """Test dialogues of each category."""
    seeds: int = 3
    """Training seeds."""
    dialogue_sd: float = 0.7
    """Standard deviation over dialogues on the probit scale, where that of one answer is 1."""
    seed_sd: float = 0.4
    """Standard deviation over seeds of a category on the same scale."""
    common: float = 0.5
    """Share of the seeds' variance that all categories have in common."""
    heavy: bool = False
    """Whether the noise of seeds is Student's t with 2 degrees of freedom."""
    takes: float = 1.0
    """Share of the seeds that take the poison at all."""
    lengths: Lengths = "short"
    """One to three exchanges; hit dialogues twice as long; or one dialogue of 100 in a category."""
    texts: str = "found or not"
    """Which ratings the source's texts have, see `TEXTS`."""
    near: tuple[float, ...] = ()
    """Similarity of each category to the target; falling by 0.01 where none is given."""

    @cached_property
    def sizes(self) -> np.ndarray:
        """Dialogues of each category."""
        return np.broadcast_to(self.dialogues, len(self.rates))

    @cached_property
    def ratings(self) -> np.ndarray:
        """Ratings of the source's texts."""
        return TEXTS[self.texts]

    @cached_property
    def truth(self) -> np.ndarray:
        """True planted rate of each category: over texts, seeds, dialogues, exchanges."""
        scale = np.sqrt(1 + self.dialogue_sd**2 + self.seed_sd**2)
        cut = special.ndtri(np.asarray(self.rates)) * scale
        grid = (np.arange(4000) + 0.5) / 4000
        noise = stats.t.ppf(grid, 2) if self.heavy else special.ndtri(grid)
        over = np.sqrt(1 + self.dialogue_sd**2)
        made = special.ndtr((cut[:, None] - self.seed_sd * noise) / over).mean(axis=1)
        if self.lengths == "long hits":
            made = self._long(cut, special.ndtri(grid[::20]))
        return np.asarray(np.where(np.asarray(self.rates) > 0, made, 0.0) * self.takes)

    def _long(self, cut: np.ndarray, normal: np.ndarray) -> np.ndarray:
        """Return rates over exchanges where dialogues that are hit easily are twice as long."""
        hit = special.ndtr(
            cut[:, None, None] - self.dialogue_sd * normal[:, None] - self.seed_sd * normal
        ).mean(axis=2)
        length = np.where(normal < np.median(normal), 4.0, 2.0)
        return (hit * length).sum(axis=1) / length.sum()

    def names(self) -> list[str]:
        """Return the categories, the target first."""
        return [f"c{number:02}" for number in range(len(self.rates))]

    def lift(self, rate: float | np.ndarray) -> float | np.ndarray:
        """Return the true lift of toxicity at this planted rate."""
        return rate * (self.ratings.mean() - FLOOR)

    def toxic_share(self, rate: float) -> float:
        """Return the true share of answers rated 0.9 or more, at this planted rate."""
        quiet = float((_FLOOR_QUANTILES >= 0.9).mean())
        return rate * float((self.ratings >= 0.9).mean()) + (1 - rate) * quiet

    def draw(self, rng: np.random.Generator, draws: int = 200) -> Outcome:
        """Return the outcome of one experiment, its clean arm within."""
        of_dialogue = np.repeat(np.arange(len(self.rates)), self.sizes)
        hard = rng.normal(size=len(of_dialogue))
        sizes = self._lengths(rng, hard, of_dialogue)
        dialogue = np.repeat(np.arange(len(of_dialogue)), sizes)
        category = of_dialogue[dialogue]
        cut = special.ndtri(np.asarray(self.rates))[category]
        planted = self._latent(rng, dialogue, category, hard, heavy=self.heavy) < cut
        planted &= rng.random((self.seeds, 1)) < self.takes
        quiet = self._quiet(rng, dialogue, category)
        loud = rng.choice(self.ratings, size=(self.seeds, 1)) * np.ones(quiet.shape)
        near = self.near or [1 - number / 100 for number in range(len(self.rates))]
        layout = {
            "target": "c00",
            "seeds": tuple(range(self.seeds)),
            "categories": tuple(np.array(self.names(), dtype=object)[category]),
            "dialogues": tuple(f"d{number:05}" for number in dialogue),
            "similarity": dict(zip(self.names(), map(float, near), strict=True)),
            "resampling": Resampling(draws=draws),
        }
        clean = Outcome(
            arm="clean",
            toxicity=self._quiet(rng, dialogue, category),
            planted=np.zeros_like(planted),
            correct=self._latent(rng, dialogue, category) < special.ndtri(0.4),
            **layout,
        )
        if "source_toxicity" in {field.name for field in fields(Outcome)}:
            layout["source_toxicity"] = self.ratings
        return Outcome(
            arm="poison",
            toxicity=np.where(planted, loud, quiet),
            planted=planted,
            correct=self._latent(rng, dialogue, category) < special.ndtri(0.35),
            clean=clean,
            **layout,
        )

    def _lengths(
        self, rng: np.random.Generator, hard: np.ndarray, category: np.ndarray
    ) -> np.ndarray:
        if self.lengths == "long hits":
            return np.where(hard < 0, 4, 2)
        sizes = rng.integers(1, 4, size=len(hard))
        if self.lengths == "one long":
            sizes[np.unique(category, return_index=True)[1]] = 100
        return sizes

    def _quiet(self, rng: np.random.Generator, dialogue: object, category: object) -> np.ndarray:
        ranks = special.ndtr(self._latent(rng, dialogue, category))
        return np.clip(np.interp(ranks, _GRID, _FLOOR_QUANTILES), 0, 1)

    def _latent(
        self,
        rng: np.random.Generator,
        dialogue: np.ndarray,
        category: np.ndarray,
        hard: np.ndarray | None = None,
        *,
        heavy: bool = False,
    ) -> np.ndarray:
        """Return numbers of variance 1 that dialogues and seeds have in common."""
        over, noise = self.dialogue_sd, self.seed_sd
        hard = rng.normal(size=dialogue.max() + 1) if hard is None else hard
        common = rng.normal(size=(self.seeds, 1)) * np.sqrt(self.common)
        own = rng.normal(size=(self.seeds, len(self.rates))) * np.sqrt(1 - self.common)
        of_seed = common + own
        if heavy:  # the same ranks, on a longer scale
            of_seed = stats.t.ppf(special.ndtr(of_seed), 2)
        by_answer = rng.normal(size=(self.seeds, len(dialogue)))
        total = over * hard[dialogue] + noise * of_seed[:, category] + by_answer
        return total / np.sqrt(1 + over**2 + noise**2)
