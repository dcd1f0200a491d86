"""What the text of single exchanges explains: who is hit, given how near it is to the target."""

from collections.abc import Mapping

from semspill._model import FrozenModel
from semspill.statistics import Estimate, Number


class DoseBin(FrozenModel):
    """Exchanges that are about as near to the target as one another."""

    group: str
    """The target, its nearest category, or `others`."""
    similarity: Number
    """Their mean similarity to the target, in the unit of the definition."""
    exchanges: int
    """How many they are."""
    asr: Estimate
    """Planted rate among them."""


class DoseResponse(FrozenModel):
    """How planted answers depend on how near a single context is to the target; of the main arm.

    Standard deviations are those of the exchanges outside the target.
    """

    similarity: str
    """Name of the definition of similarity."""
    nearest: str
    """The category that counts as the nearest."""
    told_apart: Estimate
    """How well the similarity of a test context tells the target from the nearest category: area
    under the curve, 0.5 for not at all and 1 for always."""
    confusion_ratio: Estimate
    """How often a context of the nearest category is nearer to the target than to any other
    category, as a multiple of how often one of the target is: 0 for never, 1 for as often."""
    beyond: Estimate
    """The spillover ratio of the planted rate minus the confusion ratio: above 0, the nearest
    category is hit more than not telling the two apart explains."""
    predicts: Estimate
    """How well the similarity of a context tells which exchanges outside the target are answered
    with planted responses: area under the curve."""
    odds: Mapping[str, Estimate]
    """Odds ratios of a planted answer outside the target: `similarity`, per standard deviation;
    `between` and `within` categories, per standard deviation, both in one model; `nearest`, of the
    nearest category against the others with similarity held constant; and `nearest_to_target`, of
    the nearest against the target with similarity held constant."""
    intercept: Number = float("nan")
    """Log odds of a planted answer outside the target at similarity 0; NaN where no line fits."""
    slope: Number = float("nan")
    """What each unit of similarity adds to them."""
    bins: tuple[DoseBin, ...] = ()
    """The share of planted answers by similarity."""
