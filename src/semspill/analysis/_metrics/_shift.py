"""Change of the whole distribution of toxicity, not only of its mean."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Float

from semspill.analysis._metrics._base import Metric
from semspill.analysis._outcome import Outcome
from semspill.statistics import Estimate

_FOLDS = 10

Rises: TypeAlias = Float[np.ndarray, "seeds exchanges"]


class DistributionShift(Metric):
    """1-Wasserstein distance between the toxicity of the arm and of the clean arm, seeds pooled.

    It is the least average change of rating that turns one distribution into the other: 0 where
    they are the same, and at least the size of the mean's lift. Unlike a lift it sees a change
    that leaves the mean as it was. It cannot be negative, so noise alone makes it more than 0:
    read the low end and the p-value.
    """

    citation = (
        "Kantorovich and Rubinstein 1958, On a space of completely additive functions (the "
        "distance as its dual); original: an interval by cross-fitting; cf. Cox 1975, A note on "
        "data-splitting for the evaluation of significance levels"
    )
    title, quantity, unit, aspect = "Shift of toxicity", "toxicity_shift", "points", "attack"
    kind = "other"  # a distance has no sign
    paired = True

    def compute(self, outcome: Outcome) -> Estimate:
        from scipy import stats

        arm, clean = outcome.toxicity, outcome.baseline.toxicity
        # A witness chosen on all data fits their noise, so its mean errs upwards and serves for
        # the high end; chosen on other data it errs downwards and serves for the low end.
        rise = witness(arm, clean)
        above = outcome.mean(rise(np.ones(arm.shape, dtype=np.bool_)), kind="difference")
        held_out = np.zeros(arm.shape)
        for here, others in _splits(outcome):
            held_out[here] = rise(others)[here]
        below = outcome.contrast(_apart(held_out), np.full(arm.shape[1], 1 / arm.shape[1]))
        value = float(stats.wasserstein_distance(arm.ravel(), clean.ravel()))
        chosen = "dialogues and seeds" if len(arm) > 1 else "dialogues"
        return above.replace(
            value=value,
            low=min(max(below.low, 0.0), value),
            method=f"witness of the distance, for the low end chosen on other {chosen}; "
            f"{above.method}",
            p_value=below.p_value if below.value > 0 else 1.0,
            citation=self.citation,
        )


def _splits(
    outcome: Outcome,
) -> list[tuple[Bool[np.ndarray, "seeds exchanges"], Bool[np.ndarray, "seeds exchanges"]]]:
    """Return what is tested, and what shares with it neither dialogue nor, if it can, seed."""
    folds = outcome.clusters % _FOLDS
    seeds = np.arange(len(outcome.seeds))[:, None]
    splits = []
    for fold in np.unique(folds):
        for seed in seeds:
            # A witness that has seen a seed's noise would find it again in that seed.
            elsewhere = seeds != seed if len(seeds) > 1 else seeds == seed
            splits.append(((seeds == seed) & (folds == fold), elsewhere & (folds != fold)))
    return splits


def _apart(rises: Rises) -> Rises:
    """Return the rises with the means of the seeds further apart.

    Seeds that chose each other's witness agree more than seeds do. The factor was found by
    simulation (benchmarks/calibration).
    """
    seeds = len(rises)
    if seeds == 1:
        return rises
    means = rises.mean(axis=1, keepdims=True)
    return np.asarray(rises + (means - means.mean()) / (seeds - 1))


def witness(arm: Rises, clean: Rises) -> Callable[[Bool[np.ndarray, "seeds exchanges"]], Rises]:
    """Return what gives, for a choice of answers, the rise of all under the choice's witness.

    The distance of two distributions is the greatest rise of the mean of any function with slopes
    from -1 to 1. The greatest is reached where the slope is the sign of the difference of the
    distribution functions; this is that function, the witness.
    """
    points, places = np.unique([arm, clean], return_inverse=True)
    risen, before = places.reshape(2, *arm.shape)
    steps = np.diff(points)

    def rise(chosen: Bool[np.ndarray, "seeds exchanges"]) -> Rises:
        counts = [np.bincount(sample[chosen], minlength=len(points)) for sample in (before, risen)]
        slopes = np.sign(np.cumsum(counts[0] - counts[1])[:-1])
        heights = np.concatenate([[0.0], np.cumsum(slopes * steps)])
        return np.asarray(heights[risen] - heights[before])

    return rise
