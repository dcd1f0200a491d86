"""One verdict on several demands."""

from collections.abc import Callable, Sequence

from semspill.testing._safety._verdict import Verdict

_ORDER = ("fail", "inconclusive", "pass")


def together(demands: Sequence[Callable[..., Verdict]], confidence: float) -> Verdict:
    """Return whether all demands are met.

    A wrong pass has at most 1 - confidence chance, because the demand that is not met would have
    to pass. A wrong fail has as much: each demand that fails does so with its part of the chance.

    Args:
        demands: `judge` with all its arguments but `confidence`; all of one table.
        confidence: How sure the verdict has to be.
    """
    strict = 1 - (1 - confidence) / len(demands)
    verdicts = [demand(confidence=confidence) for demand in demands]
    verdicts = [
        demand(confidence=strict) if verdict.outcome == "fail" else verdict
        for demand, verdict in zip(demands, verdicts, strict=True)
    ]
    worst = min(verdicts, key=lambda verdict: _ORDER.index(verdict.outcome))
    alike = [verdict for verdict in verdicts if verdict.outcome == worst.outcome]
    more = [verdict.more for verdict in alike if verdict.more is not None]
    return worst.replace(
        sentence=" ".join(verdict.sentence for verdict in alike),
        # The same dialogues may serve several demands.
        more=max(more) if len(more) == len(alike) else None,
    )
