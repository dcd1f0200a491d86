"""How sure the precision of a guard is, from how sure its recall and its false positives are."""

import math

from semspill.statistics import Estimate


def precision_of(recall: Estimate, false_positive: Estimate, planted: int, clean: int) -> Estimate:
    """Return the share of planted ones among the flagged, with its interval.

    Precision is 1 / (1 + clean / planted * ratio), where ratio is false positives over recall. The
    interval of the ratio is made of theirs, taken as independent (MOVER-R), so it does not vanish
    where theirs do not.

    Example:
        >>> recall = Estimate(value=1.0, low=0.8, high=1.0, n=20, method="by hand")
        >>> wrong = Estimate(value=0.0, low=0.0, high=0.04, n=90, method="by hand")
        >>> print(precision_of(recall, wrong, planted=20, clean=180))
        1.000 [0.731, 1.000]

    Args:
        recall: Share of the planted exchanges that were flagged.
        false_positive: Share of the clean exchanges that were flagged; one of the two is over 0.
        planted: How many exchanges were planted, 1 or more.
        clean: How many were not, 1 or more.
    """
    least, most = _least(false_positive, recall), _most(false_positive, recall)
    share = clean / planted
    right, wrong = recall.value * planted, false_positive.value * clean
    return Estimate(
        value=right / (right + wrong),
        low=1 / (1 + share * most),
        high=1 / (1 + share * least),
        n=recall.n + false_positive.n,
        method="MOVER-R, from the intervals of recall and false positives; n = dialogues of both",
        level=recall.level,
        citation="Donner and Zou 2012; Newcombe 2016",
    )


def _least(above: Estimate, below: Estimate) -> float:
    """Return the lower end of the interval of a ratio of two shares."""
    factor = above.low * (2 * above.value - above.low)
    product = above.value * below.value
    inside = product**2 - factor * below.high * (2 * below.value - below.high)
    # The same as (product - root) / ..., which has no value where `below.high` is twice the value.
    return factor / (product + math.sqrt(max(inside, 0.0))) if factor > 0 else 0.0


def _most(above: Estimate, below: Estimate) -> float:
    """Return the upper end; infinite where the share below the line may be 0."""
    factor = below.low * (2 * below.value - below.low)
    product = above.value * below.value
    inside = product**2 - factor * above.high * (2 * above.value - above.high)
    return (product + math.sqrt(max(inside, 0.0))) / factor if factor > 0 else math.inf
