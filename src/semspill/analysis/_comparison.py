"""From the outcomes of several arms or runs to how they differ from the first of them."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from semspill._mask import listing
from semspill.analysis._outcome import Outcome
from semspill.analysis._two_arms import TwoArms
from semspill.errors import ConfigError
from semspill.results import Comparison, Difference
from semspill.statistics._multiplicity import holm

Family: TypeAlias = Callable[[Difference], Hashable | None]
"""Which tests a difference is corrected with; None for none."""


def compare_outcomes(
    outcomes: Mapping[str, Outcome],
    *,
    fingerprints: Mapping[str, Mapping[str, object]] | None = None,
    level: float = 0.95,
) -> Comparison:
    """Return how arms, of one run or of several, differ from the first of them.

    On the same test exchanges they are paired by exchange, and by seed where they share two seeds
    or all; else they are not, and `Comparison.pairings` says why.

    Args:
        outcomes: One arm each by name, the baseline first, each with its clean arm in `clean`.
        fingerprints: By name: of `test`, `ranking` and `rater`, where they are known. What differs
            in one of them is not paired, or not compared.
        level: Nominal coverage of the intervals.

    Raises:
        ConfigError: There are fewer than two.

    Example:
        >>> def outcome(planted):
        ...     chosen = np.array([planted])
        ...     return Outcome(
        ...         arm="poison", target="fear", seeds=(0,), categories=("fear", "fear", "joy"),
        ...         dialogues=("a", "b", "c"), toxicity=0.5 * chosen, planted=chosen,
        ...         correct=chosen, nearest="joy")
        >>> before, after = outcome([True, True, False]), outcome([True, False, False])
        >>> compared = compare_outcomes({"none": before, "defended": after})
        >>> compared.difference("target").estimate.value, compared.pairings["defended"].by
        (-0.5, 'seed')
    """
    if len(outcomes) < 2:
        raise ConfigError(
            f"A comparison needs two runs or more; got {len(outcomes)}: {listing(outcomes)}."
        )
    baseline, *runs = outcomes
    prints = fingerprints or {}
    differences: list[Difference] = []
    pairings = {}
    for run in runs:
        two = TwoArms.of(outcomes[baseline], outcomes[run], prints.get(baseline), prints.get(run))
        pairings[run] = two.pairing
        differences += two.differences(run, level)
    return Comparison(
        baseline=baseline,
        runs=tuple(runs),
        level=level,
        pairings=pairings,
        differences=corrected(differences, _family(outcomes[baseline].target)),
    )


def _family(target: str) -> Family:
    """Return the families of a comparison.

    A family is one metric of all runs: in every category but the target; in the two groups that
    spillover is judged by; in each other group alone.
    """

    def family(one: Difference) -> Hashable | None:
        if one.role == "category" and one.name == target:
            return None
        return one.metric, "spillover" if one.role in ("nearest", "rest") else one.role

    return family


def corrected(differences: Sequence[Difference], family: Family) -> tuple[Difference, ...]:
    """Return the differences with `p_holm`, corrected within their family (Holm).

    Args:
        differences: What was tested.
        family: The family of each; None for one that is in none and has no `p_holm`.
    """
    found = [one.replace(estimate=one.estimate.replace(p_holm=None)) for one in differences]
    families: dict[Hashable, list[int]] = {}
    for place, one in enumerate(differences):
        if (key := family(one)) is not None:
            families.setdefault(key, []).append(place)
    for places in families.values():
        given = [differences[place].estimate.p_value for place in places]
        p_values = holm(np.array([1.0 if p is None else p for p in given], dtype=np.float64))
        for place, p_value in zip(places, p_values.tolist(), strict=True):
            estimate = differences[place].estimate.replace(p_holm=p_value)
            found[place] = found[place].replace(estimate=estimate)
    return tuple(found)
