"""The noise of a weighted mean over test dialogues and training seeds, which are crossed."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from semspill.analysis._statistics._noise import NOTHING, Noise

# Below this effective number of dialogues (Kish 1965) one of them outweighs the rest.
_ALONE = 1.5


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
    weights: Float[np.ndarray, " exchanges"]
    """What each exchange counts."""

    @property
    def value(self) -> float:
        """The estimate."""
        return float(self.totals.mean())

    def turned(self, other: "Contrast", angle: float) -> "Contrast":
        """Return cos(angle) of this minus sin(angle) of the other."""
        own, theirs = float(np.cos(angle)), float(np.sin(angle))
        return Contrast(
            own * self.totals - theirs * other.totals,
            own * self.parts - theirs * other.parts,
            own * self.weights - theirs * other.weights,
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
    return Contrast(values @ weights, parts, weights)


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
    absent = max(dialogue, private) + seed < NOTHING
    squares = float((by_stratum**2 / free).sum())  # 0 also where the smallest variances underflow
    return Noise(
        # Dialogues vary by at least what is private to single answers.
        dialogue=max(dialogue, private),
        dialogue_df=dialogue**2 / squares if squares > 0 else 1.0,
        seed=seed,
        seed_df=seeds - 1,
        private=private,
        skew=float((means**3).sum()) / dialogue if dialogue > 0 else 0.0,
        unseen=_unseen(contrast.weights, design, everywhere=absent),
    )


def _unseen(
    weights: Float[np.ndarray, " exchanges"], design: Design, *, everywhere: bool
) -> tuple[tuple[int, float], ...]:
    """Return the dialogues that show no variance, up and down: how many, and their weight.

    They are those of a stratum that hangs on one dialogue, or all where nothing varies.
    """
    size = np.bincount(design.clusters, np.abs(weights), minlength=design.dialogues)
    total, squares = np.bincount(design.strata, size), np.bincount(design.strata, size**2)
    alone = everywhere | (total**2 < _ALONE * squares)
    # Beside one dialogue that rose another may fall as far: twice the way to nothing.
    hidden = weights * alone[design.strata[design.clusters]] * (1 if everywhere else 2)
    sides = np.maximum(hidden, 0), np.maximum(-hidden, 0)
    return tuple((counted(side, design), float(side.sum())) for side in sides if side.any())


def counted(weights: Float[np.ndarray, " exchanges"], design: Design) -> int:
    """Return how many dialogues have weight."""
    return len(np.unique(design.clusters[weights != 0]))
