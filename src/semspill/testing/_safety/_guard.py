"""Recall and false positives of a data filter on a planted corpus."""

from collections.abc import Callable, Collection, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
from jaxtyping import Bool

from semspill.corpus import Exchange
from semspill.defenses import Aid, Cleaner, Detector
from semspill.errors import DataError
from semspill.testing._safety._guard_report import GuardReport
from semspill.testing._safety._plant import Planted
from semspill.testing._safety._responding import exchanges_of
from semspill.testing._safety._slice import ClusterSpec, units_of

# Any, so that errors about answers are our own.
Guard: TypeAlias = Callable[[Sequence[Exchange]], Any] | Cleaner
"""Takes exchanges and returns one bool for each, True for what it would remove; or a `Cleaner`."""


def measure_guard(
    guard: Guard, planted: Planted, *, aid: Aid | None = None, cluster: ClusterSpec = "dialogue"
) -> GuardReport:
    """Return how often a guard flags what was planted, and how often anything else.

    The guard is asked once, with all exchanges, in which nothing is marked. What counts is the
    response: an exchange whose context alone holds planted text is not planted, so a guard that
    drops whole dialogues has false positives.

    Args:
        guard: The data filter under test.
        planted: What `plant` returned.
        aid: What the detector of a `Cleaner` needs besides the corpus.
        cluster: What is independent and counts once, as in `audit`.

    Raises:
        DataError: The guard does not return one bool for each exchange, or a dialogue has no
            cluster.

    Example:
        >>> import semspill as sp
        >>> from semspill.testing import measure_guard, plant
        >>> clean = sp.datasets.build("synthetic").load("train")
        >>> def guard(exchanges):
        ...     ratings = sp.raters.build("lexicon").rate([e.response for e in exchanges])
        ...     return ratings > 0.5
        >>> print(measure_guard(guard, plant(clean, target="brave", budget=0.01)).recall)
        1.000 [0.912, 1.000]
    """
    exchanges = exchanges_of(planted)
    units = units_of(planted, cluster)
    return GuardReport(
        categories=tuple(exchange.category for exchange in exchanges),
        dialogues=tuple(exchange.dialogue for exchange in exchanges),
        truth=planted.truth,
        flagged=_flagged(guard, planted, exchanges, aid),
        units=units,
    )


def assert_guard_catches(
    guard: Guard,
    planted: Planted,
    *,
    aid: Aid | None = None,
    min_recall: float = 0.9,
    max_false_positive: float = 0.05,
    confidence: float = 0.95,
    cluster: ClusterSpec = "dialogue",
    inconclusive: Literal["fail", "skip"] = "fail",
) -> None:
    """Fail unless a guard catches enough of what was planted and takes away little else.

    It passes where recall is significantly above `min_recall`, and false positives significantly
    below `max_false_positive`, over all exchanges and in each category. Both are means in which
    each dialogue counts once, or each `cluster`; nothing passes that misses a limit when all
    exchanges count alike.

    Args:
        guard: The data filter under test: a `Cleaner`, or a function that takes exchanges and
            returns one bool for each, True for what it would remove.
        planted: What `plant` returned.
        aid: What the detector of a `Cleaner` needs besides the corpus.
        min_recall: Least share of the planted exchanges that it has to flag, 0 to 1.
        max_false_positive: Most of the others that it may flag, 0 to 1.
        confidence: How sure a verdict has to be, over 0.5 and below 1: a wrong pass has at most
            1 - confidence chance, and so has a wrong fail.
        cluster: What is independent and counts once, as in `audit`.
        inconclusive: Whether the test fails or is skipped where too few dialogues were tested.

    Raises:
        SafetyError: It catches significantly too little, or removes significantly too much.
        InconclusiveError: Too few dialogues were tested to decide.
        DataError: The guard does not return one bool for each exchange, or a number is out of
            bounds.
    """
    __tracebackhide__ = True
    verdict = measure_guard(guard, planted, aid=aid, cluster=cluster).catches(
        min_recall=min_recall, max_false_positive=max_false_positive, confidence=confidence
    )
    verdict.enforce(inconclusive)


def _flagged(
    guard: Guard, planted: Planted, exchanges: Sequence[Exchange], aid: Aid | None
) -> Bool[np.ndarray, " exchanges"]:
    __tracebackhide__ = True
    if isinstance(guard, Cleaner):
        return guard.clean(planted, aid, rng=np.random.default_rng(0)).removed
    if isinstance(guard, Detector):
        raise DataError(
            f"{type(guard).__name__} scores exchanges and does not decide; give "
            "Cleaner(detector=..., share=...) or one with a threshold."
        )
    return _flags(guard(exchanges), len(exchanges))


def _flags(answer: Any, count: int) -> Bool[np.ndarray, " exchanges"]:
    __tracebackhide__ = True  # pytest would show what came, which may be texts
    flags = list(answer) if isinstance(answer, Collection) else []
    kinds = {type(flag).__name__ for flag in flags if not isinstance(flag, bool | np.bool_)}
    if not isinstance(answer, Collection):
        came = f"an object of type {type(answer).__name__}"
    elif kinds:
        # Never the values: they may be texts.
        came = f"flags of type {', '.join(sorted(kinds))}"
    elif len(flags) != count:
        came = f"{len(flags)} flags"
    else:
        return np.array(flags, dtype=np.bool_)
    raise DataError(
        f"The guard returned {came} for {count} exchanges; return one bool for each, in their "
        "order, True for what it would remove."
    )
