"""The noise of a weighted mean over test dialogues and training seeds, which are crossed."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from semspill.analysis._statistics._noise import Noise


@dataclass(frozen=True, eq=False)
class Design:
    """Which exchanges belong together: exchanges in dialogues, dialogues in strata."""

    clusters: Int[np.ndarray, " exchanges"]
    """Dialogue number of each exchange, 0 to the number of dialogues minus 1."""
    strata: Int[np.ndarray, " dialogues"]
    """Stratum number of each dialogue: its category, or one for all categories of one dialogue."""

    @property
    def dialogues(self) -> int:
        """Number of dialogues."""
        return len(self.strata)

    @property
    def free(self) -> int:
        """Degrees of freedom of the dialogues within their strata; at least 1."""
        return max(self.dialogues - int(self.strata.max()) - 1, 1)


def numbered(names: tuple[str, ...]) -> Int[np.ndarray, " names"]:
    """Return the place of each name among the distinct ones, in alphabetical order."""
    places = {name: place for place, name in enumerate(sorted(set(names)))}
    return np.array([places[name] for name in names])


def design_of(clusters: Int[np.ndarray, " exchanges"], categories: tuple[str, ...]) -> Design:
    """Return which exchanges belong together.

    Args:
        clusters: Dialogue number of each exchange.
        categories: Category of each exchange.
    """
    numbers = numbered(categories)
    of_dialogue = np.zeros(int(clusters.max()) + 1, dtype=np.int64)
    of_dialogue[clusters] = numbers
    # One dialogue alone says nothing of its category's spread; such categories are pooled.
    alone = np.bincount(of_dialogue)[of_dialogue] == 1
    strata = np.unique(np.where(alone, -1, of_dialogue), return_inverse=True)[1]
    return Design(clusters, strata)


@dataclass(frozen=True, eq=False)
class Contrast:
    """A weighted sum over exchanges under each seed, and what each dialogue adds to it."""

    totals: Float[np.ndarray, " seeds"]
    """The sum under each seed; their mean is the estimate."""
    parts: Float[np.ndarray, "seeds dialogues"]
    """What each dialogue adds under each seed, around the mean of its stratum under that seed."""

    @property
    def value(self) -> float:
        """The estimate."""
        return float(self.totals.mean())

    def turned(self, other: "Contrast", angle: float) -> "Contrast":
        """Return cos(angle) of this minus sin(angle) of the other."""
        own, theirs = float(np.cos(angle)), float(np.sin(angle))
        return Contrast(
            own * self.totals - theirs * other.totals, own * self.parts - theirs * other.parts
        )


def contrast_of(
    values: Float[np.ndarray, "seeds exchanges"],
    weights: Float[np.ndarray, " exchanges"],
    design: Design,
) -> Contrast:
    """Return the weighted sum of the values under each seed, by dialogue.

    Args:
        values: One row per seed, one column per exchange.
        weights: What each exchange counts.
        design: Which exchanges belong together.
    """
    strata = design.strata[design.clusters]
    size = np.abs(weights)
    total = np.bincount(strata, size)
    # Around the mean, because a dialogue with more exchanges adds more only where it differs.
    shares = size / np.where(total > 0, total, 1)[strata]
    parts = np.empty((len(values), design.dialogues))
    for seed, row in enumerate(values):
        rest = row - np.bincount(strata, shares * row)[strata]
        parts[seed] = np.bincount(design.clusters, weights * rest, minlength=design.dialogues)
    return Contrast(values @ weights, parts)


def noise_of(contrast: Contrast, design: Design) -> Noise:
    """Return how far an estimate would move under other dialogues and other seeds.

    Dialogues are drawn within their stratum, seeds for all of them. The variance over dialogues of
    their means over seeds holds already what is private to one answer (the interaction) and must
    not be counted again with the seeds. Source: Cameron, Gelbach and Miller 2011, who add the two
    variances and subtract the interaction's.

    Args:
        contrast: The estimate by seed and dialogue.
        design: Which exchanges belong together.
    """
    seeds = len(contrast.totals)
    sizes = np.bincount(design.strata)
    free = np.maximum(sizes - 1, 1)
    means = contrast.parts.mean(axis=0)
    by_stratum = np.bincount(design.strata, means**2) * sizes / free
    dialogue = float(by_stratum.sum())
    seed = private = 0.0
    if seeds > 1:
        seed = float(contrast.totals.var(ddof=1)) / seeds
        within = np.bincount(design.strata, ((contrast.parts - means) ** 2).sum(axis=0))
        private = float((within * sizes / free).sum()) / (seeds - 1) / seeds
    return Noise(
        # Dialogues vary by at least what is private to single answers.
        dialogue=max(dialogue, private),
        dialogue_df=dialogue**2 / float((by_stratum**2 / free).sum()) if dialogue > 0 else 1.0,
        seed=seed,
        seed_df=seeds - 1,
        private=private,
        skew=float((means**3).sum()) / dialogue if dialogue > 0 else 0.0,
    )
