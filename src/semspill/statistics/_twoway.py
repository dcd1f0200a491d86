"""The noise of a weighted mean over test dialogues and training seeds, which are crossed."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

from semspill.statistics._noise import NOTHING, Noise, SeedNoise

# Less than this is rounding, of shares and of residuals' variances.
_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Design:
    """Which exchanges belong together: exchanges in dialogues, dialogues in strata."""

    clusters: Int[np.ndarray, " exchanges"]
    """Dialogue number of each exchange, 0 to the number of dialogues minus 1."""
    strata: Int[np.ndarray, " dialogues"]
    """Stratum number of each dialogue: its category, or one for all categories of one dialogue."""
    groups: Int[np.ndarray, " exchanges"]
    """Number of what has a rate of its own, for each exchange: as the strata, but by the category
    of the exchange, where a dialogue has several."""

    @property
    def dialogues(self) -> int:
        """Number of dialogues."""
        return len(self.strata)

    @property
    def free(self) -> int:
        """Degrees of freedom of the dialogues within their strata; at least 1."""
        return max(self.dialogues - int(self.strata.max()) - 1, 1)

    @cached_property
    def cells(self) -> tuple[Int[np.ndarray, " cells"], Int[np.ndarray, " exchanges"]]:
        """What one dialogue has in one group: the group of each such cell, and each exchange's."""
        pairs, cells = np.unique(
            np.stack([self.groups, self.clusters]), axis=1, return_inverse=True
        )
        return pairs[0], cells.ravel()


def numbered(names: tuple[str, ...]) -> Int[np.ndarray, " names"]:
    """Return the place of each name among the distinct ones, in alphabetical order."""
    places = {name: place for place, name in enumerate(sorted(set(names)))}
    return np.array([places[name] for name in names])


def design_of(clusters: Int[np.ndarray, " exchanges"], categories: tuple[str, ...]) -> Design:
    """Return which exchanges belong together.

    Args:
        clusters: Dialogue number of each exchange.
        categories: Category of each exchange. A dialogue of several belongs to the stratum of its
            last one: strata may be any parts of the dialogues that do not depend on the answers.
    """
    numbers = numbered(categories)
    of_dialogue = np.zeros(int(clusters.max()) + 1, dtype=np.int64)
    of_dialogue[clusters] = numbers
    # One dialogue alone says nothing of its category's spread; such categories are pooled.
    alone = np.bincount(of_dialogue)[of_dialogue] == 1
    strata = np.unique(np.where(alone, -1, of_dialogue), return_inverse=True)[1]
    cells = np.unique(np.stack([numbers, clusters]), axis=1)[0]
    few = np.bincount(cells)[numbers] == 1
    groups = np.unique(np.where(few, -1, numbers), return_inverse=True)[1]
    return Design(clusters, strata, groups)


@dataclass(frozen=True, eq=False)
class Contrast:
    """A weighted sum over exchanges under each seed, and what each dialogue adds to it."""

    totals: Float[np.ndarray, " seeds"]
    """The sum under each seed; their mean is the estimate."""
    parts: Float[np.ndarray, "seeds dialogues"]
    """What each dialogue adds under each seed, around the mean of its stratum under that seed."""
    weights: Float[np.ndarray, " exchanges"]
    """What each exchange counts."""
    levels: Float[np.ndarray, " strata"]
    """Mean value in each stratum, over all seeds."""
    still: Bool[np.ndarray, " strata"]
    """Whether nothing varies in a stratum."""

    @property
    def value(self) -> float:
        """The estimate."""
        return float(self.totals.mean())


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
    within = np.bincount(design.strata, (parts**2).sum(axis=0))
    levels = np.stack([np.bincount(strata, shares * row) for row in values])
    return Contrast(
        totals=values @ weights,
        parts=parts,
        weights=weights,
        levels=levels.mean(axis=0),
        still=within + levels.var(axis=0) < NOTHING,
    )


@dataclass(frozen=True, eq=False)
class Odds:
    """How seeds move values that are rates, or means of ratings: by a factor of their odds."""

    rates: Float[np.ndarray, " exchanges"]
    """The rate that an exchange's value stands for, 0 to 1."""
    seeds: SeedNoise
    """Variance of the logarithm of the factor."""


@dataclass(frozen=True, eq=False)
class Hits:
    """What is known of values that are sums of hits: which answers are hits, and the rest."""

    values: Float[np.ndarray, "seeds exchanges"]
    """1 where the answer is a hit, else 0."""
    odds: Odds
    """How seeds move the rate of hits."""
    scale: float = 1.0
    """What a hit adds to the value of an exchange."""
    rest: Odds | None = None
    """Seed noise of the part that hits do not explain; None where it is not known."""


def noise_of(
    contrast: Contrast,
    design: Design,
    odds: Odds | None = None,
    bounds: tuple[float, float] | None = (-1.0, 1.0),
) -> Noise:
    """Return how far an estimate would move under other dialogues and other seeds.

    Dialogues are drawn within their stratum, seeds for all of them. The variance over dialogues of
    their means over seeds holds already what is private to one answer (the interaction) and must
    not be counted again with the seeds. Source: Cameron, Gelbach and Miller 2011, who add the two
    variances and subtract the interaction's. Squares are divided by what their expectation lacks,
    which matters where one dialogue outweighs others: CR2, with Satterthwaite's degrees of freedom
    (Bell and McCaffrey 2002; Pustejovsky and Tipton 2018).

    Args:
        contrast: The estimate by seed and dialogue.
        design: Which exchanges belong together.
        odds: Seed noise of the values from all categories; None where it is not known.
        bounds: Least and greatest value that an exchange could have; None where what was not seen
            is counted elsewhere.
    """
    seeds = len(contrast.totals)
    lever = _Leverage.of(contrast.weights, design)
    means = contrast.parts.mean(axis=0)
    by_stratum = np.bincount(design.strata, means**2 * lever.factors)
    dialogue = float(by_stratum.sum())
    seed = private = 0.0
    if seeds > 1:
        seed = float(contrast.totals.var(ddof=1)) / seeds
        within = ((contrast.parts - means) ** 2).sum(axis=0)
        private = float((within * lever.factors).sum()) / (seeds - 1) / seeds
    squares = float((by_stratum**2 / lever.df).sum())  # 0 also where the smallest underflow
    pooled = _pooled(contrast.weights, design, odds) / seeds if odds and seeds > 1 else 0.0
    up, down = _unseen(contrast, design, lever.alone, bounds) if bounds else ((), ())
    return Noise(
        # Dialogues vary by at least what is private to single answers.
        dialogue=max(dialogue, private),
        dialogue_df=dialogue**2 / squares if squares > 0 else 1.0,
        seed=seed,
        seed_df=seeds - 1,
        private=private,
        pooled=pooled,
        pooled_df=odds.seeds.df if odds else 0.0,
        skew=float((means**3).sum()) / dialogue if dialogue > 0 else 0.0,
        unseen_above=up,
        unseen_below=down,
    )


@dataclass(frozen=True, eq=False)
class _Leverage:
    """How much of its stratum each dialogue is, and what follows for squared residuals."""

    factors: Float[np.ndarray, " dialogues"]
    """By what a dialogue's squared residual must be multiplied to be unbiased."""
    df: Float[np.ndarray, " strata"]
    """Satterthwaite's degrees of freedom of the variance within each stratum; at least 1."""
    alone: Bool[np.ndarray, " strata"]
    """Whether one dialogue has all the weight of its stratum, so that no spread is seen."""

    @classmethod
    def of(cls, weights: Float[np.ndarray, " exchanges"], design: Design) -> "_Leverage":
        size = np.bincount(design.clusters, np.abs(weights), minlength=design.dialogues)
        total = np.bincount(design.strata, size)
        h = size / np.where(total > 0, total, 1)[design.strata]
        square = np.bincount(design.strata, h**2)
        # Variance of a residual, where the means of dialogues have variance 1.
        own = 1 - 2 * h + square[design.strata]
        free = own > _ROUNDING
        factors = np.where(free, 1 / np.where(free, own, 1), 0.0)
        a = h**2 * factors
        one, first, second = (
            np.bincount(design.strata, a),
            np.bincount(design.strata, a * h),
            np.bincount(design.strata, a * h**2),
        )
        # Squared covariances of all pairs of residuals, the square of a sum multiplied out.
        pairs = square**2 * one**2 + 2 * one * second - 4 * square * one * first + 2 * first**2
        pairs += np.bincount(design.strata, a**2 * (own**2 - (square[design.strata] - 2 * h) ** 2))
        expected = np.bincount(design.strata, a * own)
        df = np.where(pairs > 0, expected**2 / np.where(pairs > 0, pairs, 1), 1.0)
        return cls(factors, np.maximum(df, 1.0), expected <= _ROUNDING)


def _pooled(weights: Float[np.ndarray, " exchanges"], design: Design, odds: Odds) -> float:
    """Return the variance over seeds that the pooled noise of log odds gives an estimate."""
    steep = odds.rates * (1 - odds.rates)
    moves = np.bincount(design.groups, weights * steep)
    # Seeds may move all categories together, or each by itself: the worse of the two.
    squared = max(float(moves.sum()) ** 2, float((moves**2).sum()))
    return squared * odds.seeds.variance


def _unseen(
    contrast: Contrast,
    design: Design,
    alone: Bool[np.ndarray, " strata"],
    bounds: tuple[float, float],
) -> tuple[tuple[tuple[float, float], ...], tuple[tuple[float, float], ...]]:
    """Return the dialogues that may behave otherwise and were not seen to, above and below.

    They are those of strata in which nothing varies, or one dialogue is all there is. Above and
    below each has at most two parts, by the sign of the weights: an effective number of dialogues,
    and how far they could move the estimate together.
    """
    signed = np.bincount(design.clusters, contrast.weights, minlength=design.dialogues)
    signed = signed * (contrast.still | alone)[design.strata]
    level = contrast.levels[design.strata]
    rise, fall = np.maximum(bounds[1] - level, 0), np.maximum(level - bounds[0], 0)
    plus, minus = np.maximum(signed, 0), np.maximum(-signed, 0)
    above = tuple(_effective(part) for part in (plus * rise, minus * fall) if part.any())
    below = tuple(_effective(part) for part in (plus * fall, minus * rise) if part.any())
    return above, below


def _effective(size: Float[np.ndarray, " dialogues"]) -> tuple[float, float]:
    """Return the effective number of dialogues of these weights (Kish 1965), and their sum."""
    total = float(size.sum())
    return total**2 / float((size**2).sum()), total


def counted(weights: Float[np.ndarray, " exchanges"], design: Design) -> int:
    """Return how many dialogues have weight."""
    return len(np.unique(design.clusters[weights != 0]))


def effective_dialogues(weights: Float[np.ndarray, " exchanges"], design: Design) -> float:
    """Return the effective number of dialogues (Kish 1965): fewer, where some outweigh others."""
    return _effective(np.bincount(design.clusters, np.abs(weights)))[0]
