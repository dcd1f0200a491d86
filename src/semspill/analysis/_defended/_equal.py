"""What the undefended run does at the utility, or the planted rate, of a defended one."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from semspill.analysis._defended._groups import members, planted_rates, weights_of
from semspill.analysis._metrics._slices import AttackSuccessRate
from semspill.analysis._outcome import Outcome
from semspill.errors import DataError
from semspill.statistics import Estimate, Measure
from semspill.statistics._paired import Pairs

_BUDGET = Measure(
    metric="equivalent_budget",
    quantity="budget",
    title="Equivalent budget",
    unit="share",
    aspect="attack",
)
_INVERSE = (
    "original: a budget read off a curve; the curve: Barlow et al. 1972, Statistical Inference "
    "under Order Restrictions; its interval: Fieller 1954, Some Problems in Interval Estimation "
    "(what no paired difference refutes)"
)
_METHOD = "the budgets at which the paired difference is not refuted, log budget between them"


@dataclass(frozen=True, eq=False)
class EpochOutcomes:
    """What an arm answered after every epoch, the first one first."""

    planted: Bool[np.ndarray, "seeds epochs exchanges"]
    """Whether the chosen response is a planted one."""
    correct: Bool[np.ndarray, "seeds epochs exchanges"]
    """Whether the gold response ranked first among its list of candidates (P@1)."""


def same_utility(
    undefended: Outcome, epochs: EpochOutcomes, defended: Outcome
) -> tuple[Mapping[str, Estimate], float | None]:
    """Return the planted rates of an arm that was stopped early, and the mean epoch of that.

    Under each seed it is stopped after the first epoch whose P@1, over all exchanges, reaches that
    of the defended arm. Without such an epoch under every seed there are no rates.

    Args:
        undefended: The undefended arm.
        epochs: What it answered after every epoch.
        defended: The arm whose utility is to be reached.

    Raises:
        DataError: The epochs are of other seeds or exchanges.
    """
    _require_epochs(undefended, epochs)
    reached = epochs.correct.mean(axis=2) >= defended.correct.mean(axis=1, keepdims=True)
    if not reached.any(axis=1).all():
        return {}, None
    first: Int[np.ndarray, " seeds"] = reached.argmax(axis=1)
    rows = np.arange(len(first))
    early = replace(
        undefended, planted=epochs.planted[rows, first], correct=epochs.correct[rows, first]
    )
    rates = {
        group: rate.replace(method=f"{rate.method}; the choice of epochs is not covered")
        for group, rate in planted_rates(early).items()
    }
    return rates, float(first.mean()) + 1


def _require_epochs(undefended: Outcome, epochs: EpochOutcomes) -> None:
    seeds, exchanges = undefended.planted.shape
    for array in (epochs.planted, epochs.correct):
        if array.ndim != 3 or array.shape[::2] != (seeds, exchanges) or 0 in array.shape:
            raise DataError(
                f"The outcomes of epochs have the shape {array.shape}; {seeds} seeds and "
                f"{exchanges} exchanges need ({seeds}, epochs, {exchanges})."
            )


def equivalent_budget(
    budgets: Mapping[float, Outcome], defended: Outcome
) -> Mapping[str, Estimate]:
    """Return, by group, the budget at which the undefended run has the planted rate of another arm.

    Between two budgets the rate is interpolated on their logarithm, of a curve that does not fall
    (isotonic regression). The interval holds the budgets whose rate does not differ significantly
    from that of the arm, paired by exchange and seed, with the ends of these differences
    interpolated alike. It ends at 0 or is infinite where the sweep refutes nothing on that side.

    Args:
        budgets: The undefended arm by budget, on the same seeds and exchanges.
        defended: The arm whose planted rate is looked for.

    Raises:
        DataError: A budget is not above 0.
    """
    if any(not budget > 0 for budget in budgets):
        raise DataError("A sweep of budgets has one that is not above 0; leave it out.")
    if not budgets:
        return {}
    order = sorted(budgets)
    logs = np.log(np.array(order))
    swept = [budgets[budget] for budget in order]
    return {
        group: _budget(logs, _differences(swept, defended, held))
        for group, held in members(defended).items()
    }


def _differences(
    swept: Sequence[Outcome], defended: Outcome, held: tuple[str, ...]
) -> list[Estimate]:
    """Return by how much the rate at each budget is above that of the arm."""
    rate, weights = AttackSuccessRate(), weights_of(defended, held)
    sought = rate.sample(defended)
    found = []
    for outcome in swept:
        reached = rate.sample(outcome)
        pairs = Pairs(sought, reached, (sought.values + reached.values) / 2, by_seed=True)
        found.append(pairs.estimate(weights, weights, defended.resampling.level))
    return found


def _budget(logs: Float[np.ndarray, " budgets"], differences: Sequence[Estimate]) -> Estimate:
    from scipy import optimize  # heavy

    curve = optimize.isotonic_regression([one.value for one in differences]).x
    upper = np.array([one.high for one in differences])
    lower = np.array([one.low for one in differences])
    # From the first budget that is not refuted to the last, where one is.
    begins = min(_crossing(logs, upper), float(logs[-1]))
    ends = max(-_crossing(-logs[::-1], -lower[::-1]), float(logs[0]))
    value, low, high = (math.exp(at) for at in (_crossing(logs, curve), begins, ends))
    note = ""
    if curve[0] == curve[-1] == 0:
        note = "the planted rate does not rise with the budget, so none is singled out"
    elif value == 0:
        note = f"below the least budget tried, {math.exp(logs[0]):.3g}"
    elif math.isinf(value):
        note = f"above the largest budget tried, {math.exp(logs[-1]):.3g}"
    value = math.nan if note else value
    return Estimate(
        value=value,
        low=low if note else min(low, value),
        high=high if note else max(high, value),
        n=differences[0].n,
        method=f"{_METHOD}; {differences[0].method}",
        level=differences[0].level,
        measure=_BUDGET,
        citation=_INVERSE,
        note=note,
    )


def _crossing(places: Float[np.ndarray, " n"], heights: Float[np.ndarray, " n"]) -> float:
    """Return where heights first reach 0: minus infinity if they begin above, infinity if never."""
    if heights[0] > 0:
        return -math.inf
    above = np.flatnonzero(heights >= 0)
    if not len(above):
        return math.inf
    right = int(above[0])
    if heights[right] == 0:
        return float(places[right])
    left = right - 1
    share = heights[left] / (heights[left] - heights[right])
    return float(places[left] + share * (places[right] - places[left]))
