"""Corrections of p-values for the number of tests."""

import numpy as np
from jaxtyping import Float


def holm(p_values: Float[np.ndarray, " tests"]) -> Float[np.ndarray, " tests"]:
    """Return p-values corrected by Holm 1979: the family-wise error rate is kept.

    The same as `multipletests(p_values, method="holm")` of statsmodels, which collects garbage on
    every call (0.1 s each).

    Example:
        >>> holm(np.array([0.01, 0.04, 0.03])).round(9).tolist()
        [0.03, 0.06, 0.06]
    """
    order = np.argsort(p_values)
    steps = p_values[order] * np.arange(len(order), 0, -1)
    corrected = np.empty_like(p_values)
    corrected[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return corrected


def benjamini_hochberg(p_values: Float[np.ndarray, " tests"]) -> Float[np.ndarray, " tests"]:
    """Return p-values corrected by Benjamini and Hochberg 1995: the false discovery rate is kept.

    Example:
        >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03])).round(9).tolist()
        [0.03, 0.04, 0.04]
    """
    from scipy import stats  # heavy

    return np.asarray(stats.false_discovery_control(p_values, method="bh"))
