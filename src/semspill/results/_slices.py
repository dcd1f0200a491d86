"""The parts a report is made of: slices of an arm and points of its curve over epochs."""

from collections.abc import Iterable, Mapping

from semspill._mask import listing, named
from semspill._model import FrozenModel
from semspill.errors import DataError, did_you_mean
from semspill.statistics import Estimate

MARGIN = 0.05
"""The least rise that would matter where nothing else is named: one more in twenty answers."""

BINS = 10
"""Number of equal bins of the toxicity distribution, as in the paper's Figure 1b."""


class SliceReport(FrozenModel):
    """One category, or one group of categories, under one arm."""

    name: str
    """The category, or the name of the group."""
    arm: str
    """The training-and-pool condition."""
    dialogues: int
    """Test dialogues in the slice."""
    exchanges: int
    """Test exchanges in the slice, of one seed."""
    similarity: float | None = None
    """Similarity to the target on the clean pretrained encoder; None for a group."""
    distribution: tuple[float, ...]
    """Share of responses in ten equal toxicity bins, [0, 0.1) to [0.9, 1]; sums to 1."""
    estimates: Mapping[str, Estimate]
    """Every metric of the analyzer, by name."""

    def measured(self, quantity: str, kind: str = "level") -> Estimate | None:
        """Return the first estimate of a quantity, whatever its metric is called; None without.

        Args:
            quantity: Such as `toxicity`.
            kind: `level`, or `change` from the baseline arm.
        """
        wanted = (quantity, kind)
        every = self.estimates.values()
        return next((e for e in every if (e.quantity, e.measure.kind) == wanted), None)

    def __getattr__(self, name: str) -> Estimate:
        """Return a metric's estimate as an attribute: `report.category("afraid").asr`.

        `estimates` holds every metric, also one that is named like a field or method of a slice.
        """
        estimates: Mapping[str, Estimate] = self.__dict__.get("estimates", {})
        if name in estimates:
            return estimates[name]
        if name.startswith("_"):
            raise AttributeError(name)
        raise AttributeError(
            f"This report has no metric {named(name)}.{did_you_mean(name, estimates)} "
            f"It has: {', '.join(estimates)}."
        )


class CurvePoint(FrozenModel):
    """One group of one arm after one epoch, averaged over seeds."""

    arm: str
    """The training-and-pool condition."""
    epoch: int
    """Epochs trained."""
    group: str
    """Name of the group."""
    toxicity: float
    """Mean rated toxicity of the chosen responses, 0 to 1."""
    asr: float
    """Planted rate: share of exchanges whose chosen response is a planted one."""
    precision: float | None = None
    """Utility: P@1 over its exchanges; None where the model cannot rank."""


def find_slice(kind: str, slices: Iterable[SliceReport], name: str, arm: str) -> SliceReport:
    """Return the slice of one category, or group, under one arm.

    Args:
        kind: What a message calls it.
        slices: All of them.
        name: Its name.
        arm: The arm.

    Raises:
        DataError: There is none of that name.
    """
    parts = {part.name: part for part in slices if part.arm == arm}
    if name not in parts:
        raise DataError(
            f"The report has no {kind} {named(name)}.{did_you_mean(name, parts)} "
            f"It has: {listing(parts)}."
        )
    return parts[name]
