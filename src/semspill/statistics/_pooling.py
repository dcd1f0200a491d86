"""The noise of training seeds, pooled over categories: partial pooling with a weak prior."""

import numpy as np
from jaxtyping import Float

from semspill.statistics._noise import SeedNoise
from semspill.statistics._twoway import Design, Odds

PRIOR_DF = 2.0
"""Degrees of freedom of the prior of the seeds' variance: it weighs as much as three seeds."""
PRIOR_VARIANCE = 0.7**2
"""Scale of the prior, a variance of log odds over seeds: 90 % of it is on 0.4 to 3.1 as a standard
deviation, the range that meta-analyses of few studies allow (Roever et al. 2021)."""
# Squared correlation between two categories that share their seeds' luck. Categories that move
# together tell less of the variance; at 0.5 infinitely many tell as much as two.
_SHARED = 0.5
_PRIOR = SeedNoise(PRIOR_VARIANCE, PRIOR_DF)
_UNKNOWN = SeedNoise(0.0, 0.0)


def pool_seeds(
    values: Float[np.ndarray, "seeds exchanges"],
    rates: Float[np.ndarray, "seeds exchanges"],
    design: Design,
    *,
    prior: bool,
) -> Odds:
    """Return the variance of log odds over seeds, from all categories together and a prior.

    What multiplies the odds of a rate p by some factor moves p by p (1 - p) times its logarithm.
    So a category's variance over seeds, less what is private to single answers, is an estimate of
    (p (1 - p))^2 times the variance of log odds. The estimates are weighted by how much each
    category can tell, and moderated by a scaled inverse chi-squared prior. Sources: Smyth 2004
    (moderated variances); Friede et al. 2017 and Roever et al. 2021 (priors for few studies).

    Args:
        values: Numbers from 0 to 1, or differences of two arms; one row per seed.
        rates: What is averaged to a category's rate, 0 to 1; the values themselves, but for
            differences.
        design: Which exchanges belong together.
        prior: Whether there is a prior: an attack may work under one seed and fail under another,
            but seeds that agree on utility mostly do so because they do.
    """
    groups = design.groups
    counts = np.bincount(groups).astype(np.float64)
    rate = np.bincount(groups, rates.mean(axis=0)) / counts
    noise = _PRIOR if prior else _UNKNOWN
    if len(values) > 1:
        means = np.stack([np.bincount(groups, row) / counts for row in values])
        private = _private(values, means, design, counts)
        noise = _moderated(noise, means, private, rate * (1 - rate))
    return Odds(rate[groups], noise)


def _moderated(
    before: SeedNoise,
    means: Float[np.ndarray, "seeds groups"],
    private: Float[np.ndarray, " groups"],
    steep: Float[np.ndarray, " groups"],
) -> SeedNoise:
    """Return a variance after what categories show, given how far each moves with its log odds."""
    able = steep > 0
    steep, private, moved = steep[able], private[able], means.var(axis=0, ddof=1)[able]
    signal = steep**2 * PRIOR_VARIANCE
    information = (signal / (signal + private)) ** 2
    total = float(information.sum())
    if total == 0:
        return before
    shown = max(float((information * (moved - private) / steep**2).sum()) / total, 0.0)
    shared = _SHARED * (total**2 - float((information**2).sum()))
    df = (len(means) - 1) * total**2 / (total + shared)
    pooled = (before.df * before.variance + df * shown) / (before.df + df)
    return SeedNoise(pooled, before.df + df)


def _private(
    values: Float[np.ndarray, "seeds exchanges"],
    means: Float[np.ndarray, "seeds groups"],
    design: Design,
    counts: Float[np.ndarray, " groups"],
) -> Float[np.ndarray, " groups"]:
    """Return the variance that single answers give a category's mean under one seed."""
    rest = values - means[:, design.groups]
    groups, cells = design.cells
    parts = np.stack([np.bincount(cells, row) for row in rest])
    squares = ((parts - parts.mean(axis=0)) ** 2).sum(axis=0) / (len(values) - 1)
    sizes = np.bincount(groups)
    correction = sizes / np.maximum(sizes - 1, 1)
    return np.asarray(np.bincount(groups, squares) * correction / counts**2)
