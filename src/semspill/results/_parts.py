"""Parts of a report beside its slices: decomposition, other similarities, permutation band."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

from pydantic import Field

from semspill._model import FrozenModel
from semspill.statistics import Estimate, Number

Quantity: TypeAlias = Literal["toxicity", "asr"]
"""Of what the lift is: mean rated toxicity, or planted rate."""

PartName: TypeAlias = Literal["total", "pool", "training", "both", "quality", "harm"]
"""A part of the lift, in the order in which they are read."""


class Part(FrozenModel):
    """One part of the lift of one group: a paired difference between arms.

    total = pool + training + both, and total = quality + harm.
    """

    group: str
    """The category, or the name of the group."""
    quantity: Quantity
    """Toxicity or planted rate."""
    part: PartName
    """`total`: poison minus clean. `pool`: pool_only minus clean, what planted candidates do to a
    clean model. `training`: train_only minus clean, what the moved encoder does where nothing
    planted can be chosen. `both`: what needs both at once. `quality`: benign_swap minus clean, what
    a harmless swap of the same size does. `harm`: poison minus benign_swap."""
    estimate: Estimate
    """The difference, in [-1, 1]; `both` is in [-2, 2]."""


class SimilarityCheck(FrozenModel):
    """Results under another definition of similarity."""

    name: str
    """Name of the definition."""
    method: str
    """How it measures similarity, and on what."""
    nearest: str
    """The category it names nearest to the target."""
    agreement: Number
    """Spearman's correlation with the similarity the report uses, over all categories but the
    target, -1 to 1; NaN with fewer than three categories, or where one of the two never varies."""
    estimates: Mapping[str, Estimate]
    """The metrics of the whole main arm with this similarity, by name."""


class Band(FrozenModel):
    """Where the least squares line of lift on similarity would lie without a trend.

    The category labels are shuffled many times. Every shuffled line passes through the same centre,
    so the line lies outside the band on all its length, or nowhere: outside means that a two-sided
    permutation test of the slope rejects.

    Example:
        >>> band = Band(similarity=(0.0, 0.5, 1.0), line=(0.0, 0.1, 0.2),
        ...             low=(0.05, 0.1, 0.05), high=(0.15, 0.1, 0.15))
        >>> band.rejects
        True
    """

    similarity: tuple[float, ...] = Field(min_length=3, max_length=3)
    """The least similar category, the mean over categories, the most similar one."""
    line: tuple[float, ...] = Field(min_length=3, max_length=3)
    """Lift on the least squares line there."""
    low: tuple[float, ...] = Field(min_length=3, max_length=3)
    """Lower end of the band there."""
    high: tuple[float, ...] = Field(min_length=3, max_length=3)
    """Upper end of the band there."""
    level: float = 0.95
    """Share of the shuffled lines that the band holds."""

    @property
    def rejects(self) -> bool:
        """Whether the line lies outside the band."""
        return not self.low[-1] <= self.line[-1] <= self.high[-1]
