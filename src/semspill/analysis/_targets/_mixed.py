"""The mixed model of lift on similarity, with crossed random effects of target and victim."""

import math
import warnings

import numpy as np
from jaxtyping import Float

from semspill.analysis._targets._mantel import Pairs


def mixed_fit(pairs: Pairs) -> tuple[float, float, str]:
    """Return the slope, its standard error and what statsmodels warned of.

    The error is NaN where the fit did not come to an end: a wrong number would look like others.

    Args:
        pairs: The pairs; neither lift nor similarity is the same in all of them.
    """
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        # numpy raises where a matrix that must be inverted is singular.
        try:
            slope, error = _fit(pairs)
        except np.linalg.LinAlgError:
            slope = error = math.nan
    warned = sorted({str(warning.message) for warning in said})
    return slope, error, "".join(f"; {text}" for text in warned)


def _fit(pairs: Pairs) -> tuple[float, float]:
    from statsmodels.regression.mixed_linear_model import MixedLM, VCSpec

    numbers = [pairs.target, pairs.victim]
    marks = [(part[:, None] == np.unique(part)).astype(np.float64) for part in numbers]
    names = [[[str(i) for i in range(mark.shape[1])]] for mark in marks]
    crossed = VCSpec(["target", "victim"], names, [[mark] for mark in marks])
    # Both are scaled, since the optimizer's tolerances know no units.
    unit = float(pairs.lift.std() / pairs.near.std())
    lift, near = (_standard(values) for values in (pairs.lift, pairs.near))
    known = np.column_stack([np.ones_like(near), near])
    # One group holds all pairs: the effects are crossed, not nested.
    model = MixedLM(lift, known, groups=np.zeros(len(lift)), exog_vc=crossed)
    # Powell needs no gradient, which misleads the other optimizers where a variance is 0.
    fitted = model.fit(reml=True, method="powell")
    error = float(fitted.bse_fe[1]) if fitted.converged else math.nan
    return float(fitted.fe_params[1]) * unit, error * unit


def _standard(values: Float[np.ndarray, " pairs"]) -> Float[np.ndarray, " pairs"]:
    return np.asarray((values - values.mean()) / values.std())
