"""Logistic regression of answers that dialogues and training seeds share, with honest errors."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from semspill.statistics._estimate import Estimate

CITATION = (
    "Cameron, Gelbach and Miller 2011, Robust inference with multiway clustering; Satterthwaite "
    "1946, degrees of freedom"
)
_FEWEST = 5
"""Dialogues with a hit, and without one, that a regression takes at least."""
_LARGEST = 12.0
"""Log odds beyond which a term has separated hits from the rest: the fit would go on for ever."""


@dataclass(frozen=True, eq=False)
class Logistic:
    """A fitted logistic regression."""

    odds: Mapping[str, Estimate]
    """The odds ratio of each term, by its name."""
    coefficients: Mapping[str, float]
    """The log odds that each term adds, by its name, with those of the intercept under ""; empty
    where nothing could be fitted."""


def fit_logistic(
    hits: Bool[np.ndarray, "seeds exchanges"],
    terms: Mapping[str, Float[np.ndarray, " exchanges"]],
    clusters: Int[np.ndarray, " exchanges"],
    level: float,
) -> Logistic:
    """Return the odds ratios of hits, whatever the dialogues and the seeds.

    Every seed answers every exchange. The errors are clustered by dialogue, over all seeds, and by
    seed: both variances are added, without what is private to a dialogue under a seed, which
    both hold. With one seed, the noise of training is not covered.

    Args:
        hits: Whether an answer is a hit, one row per seed.
        terms: The value of each term, one per exchange.
        clusters: Dialogue number of each exchange.
        level: Nominal coverage of the intervals.
    """
    seeds, count = hits.shape
    dialogues = len(np.unique(clusters))
    hit = len(np.unique(clusters[hits.any(axis=0)]))
    missed = len(np.unique(clusters[~hits.all(axis=0)]))
    fewest = min(hit, missed)
    if fewest < _FEWEST:
        which = "are hit" if hit == fewest else "are not hit"
        note = f"not defined: fewer than {_FEWEST} dialogues {which}"
        return _nothing(terms, dialogues, level, note)
    columns = np.column_stack([np.ones(count), *terms.values()])
    if np.linalg.matrix_rank(columns) < columns.shape[1]:
        note = "not defined: a term does not vary, or follows from the others"
        return _nothing(terms, dialogues, level, note)
    design = np.tile(columns, (seeds, 1))
    by_dialogue = np.tile(clusters, seeds)
    by_seed = np.repeat(np.arange(seeds), count)
    fitted = _fitted(design, hits.ravel())
    if fitted is None:
        return _nothing(terms, dialogues, level, "not defined: the terms tell all hits apart")
    values, errors = fitted
    variance = _clustered(errors, by_dialogue)
    free = np.full(len(values), dialogues - 1.0)
    if seeds > 1:
        private = _clustered(errors, by_seed * (int(clusters.max()) + 1) + by_dialogue)
        extra = np.maximum(_clustered(errors, by_seed) - private, 0.0)
        squares = variance**2 / (dialogues - 1) + extra**2 / (seeds - 1)
        variance = variance + extra
        free = variance**2 / squares
    method = (
        f"logistic regression, errors clustered by dialogue and by {seeds} seeds"
        if seeds > 1
        else "logistic regression, errors clustered by dialogue: one seed, training noise is not "
        "covered"
    )
    odds = {
        name: _ratio(values[place], variance[place], free[place], level).replace(
            n=dialogues, method=method
        )
        for place, name in enumerate(terms, 1)
    }
    return Logistic(odds, dict(zip(("", *terms), values.tolist(), strict=True)))


def _nothing(terms: Mapping[str, object], count: int, level: float, note: str) -> Logistic:
    nan = math.nan
    none = Estimate(
        value=nan, low=nan, high=nan, n=count, level=level, note=note, citation=CITATION,
        method="logistic regression",
    )  # fmt: skip
    return Logistic(dict.fromkeys(terms, none), {})


def _fitted(
    design: Float[np.ndarray, "rows terms"], hits: Bool[np.ndarray, " rows"]
) -> "tuple[Float[np.ndarray, ' terms'], Float[np.ndarray, 'rows terms']] | None":
    """Return the coefficients, and what each row adds to their error; None if they are infinite."""
    import warnings

    from statsmodels.genmod.families import Binomial  # heavy
    from statsmodels.genmod.generalized_linear_model import GLM
    from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

    model = GLM(hits.astype(np.float64), design, family=Binomial())
    with warnings.catch_warnings():
        # What did not converge, or is nearly singular, is seen by its coefficients below.
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", PerfectSeparationWarning)
        try:
            result = model.fit(maxiter=100)
        except (PerfectSeparationWarning, np.linalg.LinAlgError):
            return None
    values = np.asarray(result.params, dtype=np.float64)
    if not result.converged or not np.isfinite(values).all() or np.abs(values[1:]).max() > _LARGEST:
        return None
    scores = (hits - result.fittedvalues)[:, None] * design
    return values, scores @ np.asarray(result.normalized_cov_params)


def _clustered(
    errors: Float[np.ndarray, "rows terms"], clusters: Int[np.ndarray, " rows"]
) -> Float[np.ndarray, " terms"]:
    """Return the variance of each coefficient where the rows of one cluster err together."""
    _, numbers = np.unique(clusters, return_inverse=True)
    count = int(numbers.max()) + 1
    sums = np.stack([np.bincount(numbers, column) for column in errors.T])
    return np.asarray((sums**2).sum(axis=1) * count / (count - 1))


def _ratio(value: float, variance: float, free: float, level: float) -> Estimate:
    from scipy import stats  # heavy

    error = math.sqrt(variance)
    reach = float(stats.t.ppf((1 + level) / 2, free)) * error
    p = float(2 * stats.t.sf(abs(value) / error, free)) if error > 0 else math.nan
    # A ratio beyond the largest float is infinite.
    ends = [float(np.exp(np.clip(end, -700, 700))) for end in (value, value - reach, value + reach)]
    return Estimate(
        value=ends[0], low=ends[1], high=ends[2], n=0, method="", level=level, p_value=p,
        citation=CITATION,
    )  # fmt: skip
