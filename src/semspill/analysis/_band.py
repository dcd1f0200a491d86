"""Permutation band: the regression line of lift on similarity under permuted category labels."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from semspill._random import stream
from semspill.results import Band, SliceReport

_SHUFFLES = 2000


def permutation_bands(others: Sequence[SliceReport], level: float) -> dict[str, Band]:
    """Return a band per change; none where fewer than four categories differ or nothing rose.

    Args:
        others: The categories of one arm, without the target.
        level: Share of the shuffled lines that a band holds.
    """
    known = [part for part in others if part.similarity is not None]
    near = np.array([part.similarity for part in known], dtype=np.float64)
    if len(near) < 4 or np.ptp(near) == 0:
        return {}
    bands = {}
    for name, first in known[0].estimates.items():
        lift = np.array([part.estimates[name].value for part in known])
        shown = first.measure.kind == "change" and first.measure.aspect != "utility"
        if shown and np.isfinite(lift).all() and np.ptp(lift) > 0:
            bands[name] = _band(near, lift, level)
    return bands


def _band(
    near: Float[np.ndarray, " categories"], lift: Float[np.ndarray, " categories"], level: float
) -> Band:
    away = near - near.mean()
    shuffled = stream(0, "band").permuted(np.tile(lift, (_SHUFFLES, 1)), axis=1)
    # Every line passes through the centre, so a quantile of the slope bounds whole lines. As in
    # the test, a slope is extreme where it is far from 0 on either side.
    steep = np.quantile(np.abs(shuffled @ away / (away @ away)), level)
    gentle = -steep
    ends = np.array([away.min(), 0.0, away.max()])
    lines = lift.mean() + np.outer([gentle, steep], ends)
    return Band(
        similarity=tuple((near.mean() + ends).tolist()),
        line=tuple((lift.mean() + (lift @ away) / (away @ away) * ends).tolist()),
        low=tuple(lines.min(axis=0).tolist()),
        high=tuple(lines.max(axis=0).tolist()),
        level=level,
    )
