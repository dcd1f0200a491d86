"""Two-way noise of an estimate: its reach at a level, and its p-value."""

import math
from collections.abc import Callable
from dataclasses import dataclass

# Below this, a variance of numbers in [-1, 1] is rounding.
NOTHING = 1e-18
LEAST_P = 1e-16
"""A smaller p-value says no more."""


def t_quantile(tail: float, df: float) -> float:
    """Return how far Student's t lies from 0 with this probability on both sides together.

    Args:
        tail: Probability of lying further out, such as 0.05.
        df: Degrees of freedom; infinite for the normal distribution.
    """
    from scipy import special

    return -float(special.stdtrit(min(df, 1e9), tail / 2))


def least_share(tail: float, df: int) -> float:
    """Return how small a variance may be found, as a share of what it is, at 8 tails.

    Args:
        tail: Chance of error, such as 0.05.
        df: Degrees of freedom of the variance.

    Example:
        >>> [round(least_share(0.05, seeds - 1), 2) for seeds in (2, 3, 5, 10)]
        [0.27, 0.51, 0.69, 0.82]
        >>> [round(least_share(0.001, seeds - 1), 2) for seeds in (2, 3, 5, 10)]
        [0.0, 0.01, 0.07, 0.22]
    """
    from scipy import special

    return float(special.chdtri(df, 1 - min(8 * tail, 0.5))) / df


def unseen_share(count: float, tail: float) -> float:
    """Return how large a share of dialogues may behave otherwise when of so many none did.

    Source: Clopper and Pearson 1934.

    Args:
        count: Dialogues seen; may be an effective number, not a whole one.
        tail: Chance of error on both sides together, such as 0.05.

    Example:
        >>> [round(unseen_share(count, 0.05), 3) for count in (1, 10, 40)]
        [0.975, 0.308, 0.088]
    """
    return float(1 - (tail / 2) ** (1 / count))


@dataclass(frozen=True)
class SeedNoise:
    """Variance of the log odds of a rate over training seeds, the same in all categories."""

    variance: float
    """The variance."""
    df: float
    """Its degrees of freedom, those of the prior included."""


@dataclass(frozen=True)
class Noise:
    """Variance of an estimate from two sources, each known as well as its degrees of freedom."""

    dialogue: float
    """Variance from the choice of dialogues, and from what is private to single answers."""
    dialogue_df: float
    """Its degrees of freedom."""
    seed: float
    """Variance from training seeds, with what is private to single answers."""
    seed_df: int
    """Its degrees of freedom: seeds minus 1."""
    private: float = 0.0
    """The part of `seed` that is private to single answers, and within `dialogue` already."""
    skew: float = 0.0
    """How fast the dialogues' variance grows with the mean: third central moment over variance."""
    growth: float = 0.0
    """How fast the seeds' variance is taken to grow with the mean, as a share of itself."""
    pooled: float = 0.0
    """Variance from training seeds, estimated from all categories; 0 where it is not known."""
    pooled_df: float = 0.0
    """Its degrees of freedom; 0 where it is not known."""
    unseen_above: tuple[tuple[float, float], ...] = ()
    """Dialogues of strata in which nothing varies, and which could move the estimate up: their
    effective number, and how far they could move it together."""
    unseen_below: tuple[tuple[float, float], ...] = ()
    """The same of moving it down."""

    @property
    def absent(self) -> bool:
        """Whether nothing varies."""
        return self.dialogue + self.seed < NOTHING

    @property
    def still(self) -> bool:
        """Whether nothing varies in some stratum, so that what was not seen counts."""
        return bool(self.unseen_above or self.unseen_below)

    def beyond(self, tail: float) -> float:
        """Return the seeds' variance beyond what is private to single answers.

        What is private is not taken off whole: few seeds agree by chance, and would too often
        leave nothing. Off goes the least that it may have added to the seeds' variance, given the
        chance of error; that of 8 tails was found by simulation (benchmarks/calibration).

        Args:
            tail: Chance of the truth lying further out than `reach`.
        """
        if self.seed_df == 0:
            return 0.0
        return max(self.seed - least_share(tail, self.seed_df) * self.private, 0.0)

    def reach(self, tail: float) -> float:
        """Return how far the truth may lie away by what varies, with this chance of lying further.

        Each source counts at its own quantile, so that a seed variance from two or three seeds is
        not trusted as if it came from many. Source: Howe 1974.
        """
        return math.sqrt(sum(self._parts(tail)))

    def ends(self, tail: float) -> tuple[float, float]:
        """Return how far the truth may lie below and above, further on the side of the long tail.

        Towards the long tail the variance grows with the mean, as that of a rate near 0 does: a
        rare large value that was not seen would raise both. Wilson's interval is this with the
        skewness of 0s and 1s. Towards the short tail the variance stays as it was seen. Dialogues
        of strata where nothing varies add what they could hide; independent parts add as squares
        (MOVER: Zou and Donner 2008).
        """
        own, seeds = self._parts(tail)
        pulls = (t_quantile(tail, self.dialogue_df) ** 2 * self.skew / 2, seeds * self.growth / 2)
        below = sum(-pull for pull in pulls if pull < 0)
        above = sum(pull for pull in pulls if pull > 0)
        low = below + math.sqrt(below**2 + own + seeds)
        high = above + math.sqrt(above**2 + own + seeds)
        return math.hypot(low, *_hidden(self.unseen_below, tail)), math.hypot(
            high, *_hidden(self.unseen_above, tail)
        )

    def _parts(self, tail: float) -> tuple[float, float]:
        """Return the squared reach of dialogues and of seeds."""
        own = t_quantile(tail, self.dialogue_df) ** 2 * self.dialogue
        beyond, df = self.beyond(tail), float(self.seed_df)
        if self.pooled_df > 0:
            # What this estimate shows of its seeds' noise moderates what all categories show.
            beyond = (self.pooled_df * self.pooled + df * beyond) / (self.pooled_df + df)
            df = max(df, self.pooled_df)
        return own, t_quantile(tail, df) ** 2 * beyond if beyond > 0 else 0.0


@dataclass(frozen=True)
class Noises:
    """The noise of a sum of estimates that vary independently, such as hits and all else."""

    parts: tuple[Noise, ...]
    """The noise of each."""

    @property
    def absent(self) -> bool:
        """Whether nothing varies."""
        return all(part.absent for part in self.parts)

    @property
    def still(self) -> bool:
        """Whether nothing varies in some stratum."""
        return any(part.still for part in self.parts)

    def ends(self, tail: float) -> tuple[float, float]:
        """Return how far the truth may lie below and above: independent parts add as squares.

        Source: Zou and Donner 2008 (MOVER).
        """
        ends = [part.ends(tail) for part in self.parts]
        return math.hypot(*(low for low, _ in ends)), math.hypot(*(high for _, high in ends))

    def p_value(self, value: float) -> float:
        """Return the two-sided p-value of an estimate against 0: where `ends` touches 0."""
        return p_against_0(value, self.ends)


def p_against_0(
    value: float, ends: Callable[[float], tuple[float, float]], most: float = 1.0
) -> float:
    """Return the two-sided p-value of an estimate against 0, from its interval.

    Args:
        value: The estimate.
        ends: How far the truth may lie below and above it, given the chance of lying further out.
        most: The largest such chance that `ends` is defined for; a larger p-value is 1.
    """
    from scipy import optimize

    def spare(log_tail: float) -> float:
        below, above = ends(math.exp(log_tail))
        return (below if value > 0 else above) - abs(value)

    least = math.log(LEAST_P)
    if spare(least) < 0:
        return LEAST_P
    if spare(math.log(most)) >= 0:
        return 1.0  # what was not seen reaches so far at any chance of error
    return math.exp(float(optimize.brentq(spare, least, math.log(most), rtol=1e-9)))


def _hidden(unseen: tuple[tuple[float, float], ...], tail: float) -> list[float]:
    return [unseen_share(count, tail) * size for count, size in unseen]
