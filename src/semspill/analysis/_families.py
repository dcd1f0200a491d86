"""Multiple-comparison correction over categories: Holm, Benjamini and Hochberg."""

from collections.abc import Sequence

import numpy as np

from semspill.results import SliceReport
from semspill.statistics import Estimate
from semspill.statistics._multiplicity import benjamini_hochberg, holm


def correct_families(slices: Sequence[SliceReport], target: str) -> tuple[SliceReport, ...]:
    """Return the slices with `p_holm` and `p_bh` filled in.

    A family is one metric of one arm over all categories but the target. A category whose metric
    could not be tested counts in it with a p-value of 1.

    Args:
        slices: One per arm and category.
        target: The category that belongs to no family.

    Example:
        >>> def part(name, p_value):
        ...     lift = Estimate(value=0.1, low=0, high=0.2, n=9, method="t", p_value=p_value)
        ...     return SliceReport(name=name, arm="poison", dialogues=9, exchanges=9,
        ...                        distribution=(1, *[0] * 9), estimates={"lift": lift})
        >>> slices = [part("fear", 0.001), part("dread", 0.02), part("joy", 0.03)]
        >>> [(p.lift.p_holm, p.lift.p_bh) for p in correct_families(slices, "fear")]
        [(None, None), (0.04, 0.03), (0.04, 0.03)]
    """
    corrected = [dict(part.estimates) for part in slices]
    for arm in dict.fromkeys(part.arm for part in slices):
        family = [i for i, p in enumerate(slices) if p.arm == arm and p.name != target]
        for name in dict.fromkeys(name for i in family for name in corrected[i]):
            _correct([corrected[i] for i in family if name in corrected[i]], name)
    return tuple(p.replace(estimates=e) for p, e in zip(slices, corrected, strict=True))


def _correct(family: Sequence[dict[str, Estimate]], name: str) -> None:
    """Put the corrected p-values of one family into its estimates."""
    tested = [estimates[name].p_value is not None for estimates in family]
    if not any(tested):
        return
    given = [1.0 if e[name].p_value is None else e[name].p_value for e in family]
    p_values = np.array(given, dtype=np.float64)
    by_holm, by_bh = holm(p_values), benjamini_hochberg(p_values)
    for i, estimates in enumerate(family):
        if tested[i]:
            corrected = {"p_holm": float(by_holm[i]), "p_bh": float(by_bh[i])}
            estimates[name] = estimates[name].replace(**corrected)
