"""How much the conclusion depends on the definition of similarity."""

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from semspill.analysis._outcome import Outcome
from semspill.analysis._similarity._base import Similarities
from semspill.analysis._slicing import NamedMetrics, whole_arm
from semspill.results import SimilarityCheck


def check_similarity(other: Similarities, main: Outcome, named: NamedMetrics) -> SimilarityCheck:
    """Return what the metrics of a whole arm would be with another definition of similarity.

    Args:
        other: The other definition.
        main: The arm, with the similarity the report uses.
        named: The metrics by name; those of slices do not depend on similarity.

    Raises:
        DataError: The definition does not know the target, or no other category that was tested.
    """
    near = other.to(main.target)
    changed = replace(main, similarity=near, nearest=None)
    # Metrics see the neighbour that this definition names, even where the analyzer names another.
    changed = replace(changed, nearest=changed.nearest_category)
    return SimilarityCheck(
        name=other.name,
        method=other.method,
        nearest=changed.nearest_category,
        agreement=_agreement(main, near),
        estimates=whole_arm(changed, named),
    )


def _agreement(main: Outcome, near: Mapping[str, float]) -> float:
    both = [name for name in main.others if name in main.similarity and name in near]
    one = np.array([main.similarity[name] for name in both])
    other = np.array([near[name] for name in both])
    if len(both) < 3 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return math.nan
    from scipy import stats  # heavy, and only a report with several definitions needs it

    return float(stats.spearmanr(one, other).statistic)
