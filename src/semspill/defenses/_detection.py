"""What a cleaner found, against what was planted."""

import math
from collections import Counter
from collections.abc import Mapping

import numpy as np
from jaxtyping import Bool

from semspill.defenses._cleaner import CleanedCorpus
from semspill.errors import DataError
from semspill.results import Detection
from semspill.statistics import roc_curve
from semspill.statistics._auc import weighted_auc


def detection(
    cleaned: CleanedCorpus, truth: Bool[np.ndarray, " exchanges"], seed: int = 0
) -> Detection:
    """Return what a cleaner found of what was planted.

    No defender knows it: it is for whoever planted, or has the manifest of the attack. An exchange
    of which the detector has no opinion counts as least suspicious.

    Args:
        cleaned: What the cleaner returned, or its control.
        truth: Which exchanges of the corpus before were planted, in its order.
        seed: The seed to be noted.

    Raises:
        DataError: There is not one bool for each exchange.

    Example:
        >>> import semspill as sp
        >>> from semspill.defenses import Cleaner
        >>> from semspill.testing import plant
        >>> clean = sp.datasets.build("synthetic").load("train")
        >>> planted = plant(clean, target="brave", strategy="each_fixed", budget=0.01)
        >>> cleaner = Cleaner(detector="frequency", share=0.01)
        >>> found = detection(cleaner.clean(planted, rng=np.random.default_rng(0)), planted.truth)
        >>> found.planted, found.removed, found.caught, found.by_category
        (40, 40, 40, {'brave': 40})
    """
    suspicion = cleaned.suspicion
    if truth.shape != suspicion.shape or truth.dtype != np.bool_:
        raise DataError(
            f"A truth of shape {truth.shape} and type {truth.dtype} came for {len(suspicion)} "
            "exchanges; give one bool for each."
        )
    scored = not np.isnan(suspicion).all()
    known = np.where(np.isnan(suspicion), -np.inf, suspicion)
    area = weighted_auc(known, truth.astype(np.float64), np.ones((1, len(truth))))
    return Detection(
        seed=seed,
        exchanges=len(truth),
        planted=int(truth.sum()),
        removed=int(cleaned.removed.sum()),
        caught=int((cleaned.removed & truth).sum()),
        auc=float(area[0]) if scored else math.nan,
        roc=roc_curve(suspicion, truth) if scored else (),
        by_category=cleaned.manifest.by_category,
        caught_by_category=_by_category(cleaned, truth),
    )


def _by_category(
    cleaned: CleanedCorpus, truth: Bool[np.ndarray, " exchanges"]
) -> Mapping[str, int]:
    """Return how many planted exchanges were taken out of each category, most first."""
    # One record per exchange taken out, in the order of the corpus.
    hits = zip(cleaned.manifest.records, truth[cleaned.removed].tolist(), strict=True)
    return dict(Counter(record.category for record, is_hit in hits if is_hit).most_common())
