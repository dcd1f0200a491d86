"""What the metrics of a whole arm share: lifts by category, and weights that average them."""

import math
from collections.abc import Sequence
from typing import Literal, TypedDict

import numpy as np
from jaxtyping import Float

from semspill._mask import listing
from semspill.analysis._metrics._base import Metric
from semspill.analysis._metrics._slices import rise_of, scale_of
from semspill.analysis._outcome import Outcome
from semspill.errors import DataError
from semspill.statistics import Estimate, Measure

FEW = "fewer than four categories besides the target have a similarity, or all have the same"
"""Why a trend over categories is not defined."""
FLAT = "the target did not rise significantly"
"""Why what is compared with the target's lift is not defined."""


class KnownNoise(TypedDict):
    """Keywords of `Outcome.mean`, `contrast` and `ratio`."""

    quantity: Literal["toxicity", "asr"]
    scale: float
    citation: str


class CurveMetric(Metric):
    """Base of the metrics that compare the lifts of several categories of one arm."""

    whole = True
    paired = True
    aspect = "attack"
    of: Literal["toxicity", "asr"] = "toxicity"
    """Lift of which quantity: mean rated toxicity, or planted rate."""

    def measure(self) -> Measure:
        """Return what it measures: the lift of the quantity that `of` names."""
        measure = super().measure()
        title = f"{measure.title}, {'planted rate' if self.of == 'asr' else self.of}"
        return measure.replace(quantity=self.of, title=title)

    def rise(self, outcome: Outcome) -> Float[np.ndarray, "seeds exchanges"]:
        """Return the paired difference from the clean arm, of each seed and exchange."""
        if self.of == "asr":
            return np.asarray(outcome.planted.astype(np.float64) - outcome.baseline.planted)
        return rise_of(outcome)

    def lifts(self, outcome: Outcome, names: Sequence[str]) -> Float[np.ndarray, " categories"]:
        """Return the lift of each named category: the mean over its seeds and exchanges."""
        # Equal lifts must tie in a ranking, whatever their last digits.
        return np.asarray((averages(outcome, names) @ self.rise(outcome).mean(axis=0)).round(12))

    def mean(self, part: Outcome) -> Estimate:
        """Return the mean lift of a part of the outcome."""
        return part.mean(self.rise(part), kind="difference", **self.known(part))

    def known(self, outcome: Outcome) -> KnownNoise:
        """Return what `outcome.mean` and its like must know of a lift."""
        scale = 1.0 if self.of == "asr" else scale_of(outcome)
        return {"quantity": self.of, "scale": scale, "citation": self.citation}

    def rose(self, outcome: Outcome) -> bool:
        """Return whether the target's own lift is significantly above 0."""
        return self.mean(outcome.of([outcome.target])).low > 0

    def undefined(self, outcome: Outcome, count: int, note: str) -> Estimate:
        """Return the estimate that has no number, and says why."""
        return Estimate(
            value=math.nan,
            low=math.nan,
            high=math.nan,
            n=count,
            method="not defined",
            level=outcome.resampling.level,
            citation=self.citation,
            note=f"not defined: {note}",
        )


def averages(outcome: Outcome, names: Sequence[str]) -> Float[np.ndarray, "categories exchanges"]:
    """Return one row of weights per category that averages over its exchanges.

    Raises:
        DataError: No test exchange is of one of these categories.

    Example:
        >>> none = np.zeros((1, 3))
        >>> outcome = Outcome(
        ...     arm="poison", target="fear", seeds=(0,), categories=("joy", "fear", "joy"),
        ...     dialogues=("a", "b", "c"), toxicity=none, planted=none > 0, correct=none > 0)
        >>> averages(outcome, ["joy", "fear"])
        array([[0.5, 0. , 0.5],
               [0. , 1. , 0. ]])
    """
    every = np.array(outcome.categories, dtype=object)
    member = np.stack([every == name for name in names]).astype(np.float64)
    sizes = member.sum(axis=1, keepdims=True)
    if not sizes.all():
        missing = sorted(set(names) - set(outcome.categories))
        raise DataError(f"No test exchange is of {listing(missing)}.")
    return np.asarray(member / sizes)


def average_of_others(outcome: Outcome, names: Sequence[str]) -> Float[np.ndarray, " exchanges"]:
    """Return the weights that average over the exchanges of all categories but the named ones."""
    every = np.array(outcome.categories, dtype=object)
    member = (~np.isin(every, list(names))).astype(np.float64)
    return np.asarray(member / member.sum())


def similar(outcome: Outcome) -> tuple[list[str], Float[np.ndarray, " categories"]]:
    """Return the categories that have a similarity, but the target, and their similarities."""
    names = [name for name in outcome.others if name in outcome.similarity]
    return names, np.array([outcome.similarity[name] for name in names])


def neighbour(outcome: Outcome) -> str | None:
    """Return the category that counts as nearest; None where none is named and none compares."""
    return outcome.nearest_category if outcome.nearest or similar(outcome)[0] else None
