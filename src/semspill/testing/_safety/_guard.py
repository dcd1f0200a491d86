"""Recall and false positives of a data filter on a planted corpus."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
from jaxtyping import Bool

from semspill.corpus import Exchange
from semspill.defenses import Aid, Cleaner, Defense, Detector, defenses
from semspill.errors import ConfigError, DataError
from semspill.testing._safety._guard_report import GuardReport
from semspill.testing._safety._plant import Planted
from semspill.testing._safety._responding import exchanges_of
from semspill.testing._safety._slice import ClusterSpec, units_of

# Any, so that errors about answers are our own.
Guard: TypeAlias = (
    Callable[[Sequence[Exchange]], Any] | Cleaner | Detector | str | Mapping[str, Any]
)
"""Takes exchanges and returns one bool for each, True for what it would remove; or a `Cleaner`; or
a `Detector`, whose worst are removed. The last two may be given as a name or a mapping."""


def measure_guard(
    guard: Guard,
    planted: Planted,
    *,
    share: float | None = None,
    threshold: float | None = None,
    aid: Aid | None = None,
    cluster: ClusterSpec = "dialogue",
) -> GuardReport:
    """Return how often a guard flags what was planted, and how often anything else.

    The guard is asked once, with all exchanges, in which nothing is marked. What counts is the
    response: an exchange whose context alone holds planted text is not planted, so a guard that
    drops whole dialogues has false positives.

    Args:
        guard: The data filter under test.
        planted: What `plant` returned.
        share: Share of all exchanges that is removed, of a detector that gets no `threshold`.
        threshold: What is at least this suspicious is removed, of a detector that gets no `share`.
        aid: What a detector needs besides the corpus.
        cluster: What is independent and counts once, as in `audit`.

    Raises:
        DataError: The guard does not return one bool for each exchange, or a dialogue has no
            cluster.
        ConfigError: A detector comes without `share` and `threshold`, or another guard with one.

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
        flagged=_flagged(_guard_of(guard, share, threshold), planted, exchanges, aid),
        units=units,
    )


def assert_guard_catches(
    guard: Guard,
    planted: Planted,
    *,
    share: float | None = None,
    threshold: float | None = None,
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
        guard: The data filter under test: a function that takes exchanges and returns one bool for
            each, True for what it would remove; a `Cleaner`; or a `Detector` or its registered
            name, with `share` or `threshold`.
        planted: What `plant` returned.
        share: Share of all exchanges that is removed, of a detector that gets no `threshold`.
        threshold: What is at least this suspicious is removed, of a detector that gets no `share`.
        aid: What a detector needs besides the corpus.
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
        ConfigError: A detector comes without `share` and `threshold`, or another guard with one.

    Example:
        >>> import semspill as sp
        >>> from semspill.testing import plant
        >>> clean = sp.datasets.build("synthetic").load("train")
        >>> planted = plant(clean, target="brave", strategy="each_fixed", budget=0.02)
        >>> assert_guard_catches("frequency", planted, threshold=20)
    """
    __tracebackhide__ = True
    report = measure_guard(
        guard, planted, share=share, threshold=threshold, aid=aid, cluster=cluster
    )
    verdict = report.catches(
        min_recall=min_recall, max_false_positive=max_false_positive, confidence=confidence
    )
    verdict.enforce(inconclusive)


def _guard_of(guard: Guard, share: float | None, threshold: float | None) -> Any:
    """Return a function, or a `Cleaner` for a detector."""
    known = defenses.build(guard) if isinstance(guard, str | Mapping) else guard
    if isinstance(known, Detector):
        return Cleaner(detector=known, share=share, threshold=threshold)
    if isinstance(known, Defense) and not isinstance(known, Cleaner):
        raise ConfigError(
            f"{type(known).__name__} does not filter training data; give a Detector, a Cleaner, or "
            "a function of exchanges."
        )
    if share is not None or threshold is not None:
        raise ConfigError(
            f"`share` and `threshold` are for a Detector, and the guard is of type "
            f"{type(known).__name__}; leave them out."
        )
    return known


def _flagged(
    guard: Any, planted: Planted, exchanges: Sequence[Exchange], aid: Aid | None
) -> Bool[np.ndarray, " exchanges"]:
    __tracebackhide__ = True
    if isinstance(guard, Cleaner):
        return guard.clean(planted, aid, rng=np.random.default_rng(0)).removed
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
