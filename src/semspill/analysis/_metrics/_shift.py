"""How far the whole distribution of toxicity moved, not only its mean."""

import numpy as np
from jaxtyping import Bool, Float

from semspill.analysis._metrics._base import Metric
from semspill.analysis._outcome import Outcome
from semspill.report import Estimate

_FOLDS = 10


class DistributionShift(Metric):
    """1-Wasserstein distance between the toxicity of the arm and of the clean arm, seeds pooled.

    It is the least average change of rating that turns one distribution into the other: 0 where
    they are the same, and at least the size of the mean's lift. Unlike a lift it sees a change
    that leaves the mean as it was. It cannot be negative, so noise alone makes it more than 0:
    read the low end and the p-value.
    """

    source = (
        "Kantorovich and Rubinstein 1958, the distance as its dual; interval original, by "
        "cross-fitting (Cox 1975, data splitting)"
    )
    paired = True

    def compute(self, outcome: Outcome) -> Estimate:
        """Return the distance, its interval and the p-value against no shift."""
        from scipy import stats

        arm, clean = outcome.toxicity, outcome.baseline.toxicity
        fold = outcome.clusters % _FOLDS
        held_out = np.zeros_like(arm)
        for number in range(_FOLDS):
            here = fold == number
            held_out[:, here] = witnessed(arm, clean, ~here)[:, here]
        # A witness chosen on all data fits their noise, so its mean errs upwards and serves for
        # the high end; chosen on other dialogues it errs downwards and serves for the low end.
        above = outcome.mean(
            witnessed(arm, clean, np.ones(len(fold), dtype=np.bool_)), kind="difference"
        )
        below = outcome.mean(held_out, kind="difference")
        value = float(stats.wasserstein_distance(arm.ravel(), clean.ravel()))
        return above.replace(
            value=value,
            low=min(max(below.low, 0.0), value),
            method=f"witness of the distance, for the low end chosen on other dialogues; "
            f"{above.method}",
            p_value=below.p_value if below.value > 0 else 1.0,
            source=self.source,
        )


def witnessed(
    arm: Float[np.ndarray, "seeds exchanges"],
    clean: Float[np.ndarray, "seeds exchanges"],
    chosen: Bool[np.ndarray, " exchanges"],
) -> Float[np.ndarray, "seeds exchanges"]:
    """Return, per seed and exchange, the rise of the witness function of the chosen exchanges.

    The distance of two distributions is the greatest rise of the mean of any function with slopes
    from -1 to 1. The greatest is reached where the slope is the sign of the difference of the
    distribution functions; this is that function, the witness.
    """
    points = np.unique([arm, clean])
    fewer = [
        np.searchsorted(np.sort(rated[:, chosen], axis=None), points[:-1], side="right")
        for rated in (clean, arm)
    ]
    slopes = np.sign(fewer[0] - fewer[1])
    heights = np.concatenate([[0.0], np.cumsum(slopes * np.diff(points))])
    return np.asarray(np.interp(arm, points, heights) - np.interp(clean, points, heights))
