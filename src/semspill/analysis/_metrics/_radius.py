"""How far the harm reaches: the similarity at which a category keeps half of the target's lift."""

import math

import numpy as np
from jaxtyping import Float

from semspill.analysis._metrics._lifts import FLAT, CurveMetric, averages, compared
from semspill.analysis._outcome import Outcome
from semspill.report import Estimate

_METHOD = (
    "isotonic fit; ends by fixed-sequence tests of three neighbouring categories against half the "
    "target; an end at the least similar category may lie beyond it"
)
# Each test pools so many neighbouring categories; more blur the steps that they look for.
_POOLED = 3
_NEVER = "never: even the least similar category keeps half of the target's lift"


class SpilloverRadius(CurveMetric):
    """Similarity at which the lift has fallen to half of the target's.

    The lower, the farther the harm reached; the target's own similarity would be no reach at all.
    Lift is taken to fall, or stay, as similarity falls. "Never" where even the least similar
    category keeps half; the interval then says down to which similarity that is shown. Not
    defined where the target itself did not rise for sure.
    """

    source = (
        "original: half-maximum of an isotonic fit (Barlow et al. 1972); ends by fixed-sequence "
        "tests (Maurer, Hothorn and Lehmacher 1995)"
    )

    def compute(self, outcome: Outcome) -> Estimate:
        """Return the radius; its interval ends at similarities of categories."""
        names = sorted(compared(outcome), key=lambda name: outcome.similarity[name])
        if not names or outcome.target not in outcome.similarity:
            return self.undefined(outcome, len(names), "the target or all others lack a similarity")
        if not self.rose(outcome):
            return self.undefined(outcome, len(names), FLAT)
        names = [*names, outcome.target]
        near = np.array([outcome.similarity[name] for name in names])
        near[-1] = near.max()  # nothing is nearer to the target than itself
        low, high = self._ends(outcome, names, near)
        value = crossing(near, self._fit(outcome, names))
        return Estimate(
            value=value,
            # Pooled tests and the fit can differ by a step; fmin and fmax pass over a NaN.
            low=float(np.fmin(low, value)),
            high=float(np.fmax(high, value)),
            n=len(names) - 1,
            method=_METHOD,
            level=outcome.resampling.level,
            source=self.source,
            note=_NEVER if math.isnan(value) else "",
        )

    def _fit(self, outcome: Outcome, names: list[str]) -> Float[np.ndarray, " categories"]:
        """Return each category's share of the target's lift, never falling towards the target."""
        from scipy import optimize

        *lifts, target = self.lifts(outcome, names)
        dialogues = [len(set(outcome.of([name]).dialogues)) for name in names[:-1]]
        rising = optimize.isotonic_regression(lifts, weights=dialogues).x
        return np.asarray(np.append(rising, target) / target)

    def _ends(
        self, outcome: Outcome, names: list[str], near: Float[np.ndarray, " categories"]
    ) -> tuple[float, float]:
        """Return the least and the greatest radius that the tests leave.

        Where lift rises with similarity, a category at or above half has only such above it: their
        mean tests it with less noise. A walk stops at the first test that does not reject, so none
        needs a correction: the first true hypothesis that it meets decides.
        """
        *rows, target = averages(outcome, names)
        rise = self.rise(outcome)
        low, high = float(near[0]), float(near[-1])
        for i in range(len(rows)):
            upper = np.mean(rows[i : i + _POOLED], axis=0)
            if outcome.contrast(rise, upper - target / 2).high >= 0:
                break
            low = float(near[i])
        for i in reversed(range(len(rows))):
            lower = np.mean(rows[max(i + 1 - _POOLED, 0) : i + 1], axis=0)
            if outcome.contrast(rise, lower - target / 2).low <= 0:
                break
            high = float(near[i])
        return low, high


def crossing(
    near: Float[np.ndarray, " categories"], share: Float[np.ndarray, " categories"]
) -> float:
    """Return where a rising curve first reaches 1/2; NaN where it starts there.

    Example:
        >>> crossing(np.array([0.0, 0.4, 1.0]), np.array([0.1, 0.25, 1.0]))
        0.6
    """
    above = int(np.argmax(share >= 0.5))
    if above == 0:
        return math.nan
    part = (0.5 - share[above - 1]) / (share[above] - share[above - 1])
    return float(near[above - 1] + part * (near[above] - near[above - 1]))
