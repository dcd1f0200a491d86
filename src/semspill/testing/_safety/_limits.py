"""One limit for all categories: from what was measured to a verdict with its table."""

from collections.abc import Sequence

from semspill.errors import DataError
from semspill.testing._safety._quantity import Quantity, Side
from semspill.testing._safety._slice import Slice
from semspill.testing._safety._table import verdict_table
from semspill.testing._safety._verdict import Verdict, judge


def require_share(name: str, share: float) -> None:
    """Refuse a limit that is no share: 5 in place of 0.05 would let everything pass.

    Raises:
        DataError: It is not from 0 to 1.
    """
    if not 0 <= share <= 1:
        raise DataError(f"{name} is {share!r}; give a share from 0 to 1, not a percentage.")


def limited(
    quantities: Sequence[Quantity],
    *,
    limit: float,
    side: Side,
    confidence: float,
    what: str,
    hint: str,
) -> Verdict:
    """Return the verdict on quantities and show them in its table; it takes what `judge` does."""
    table = verdict_table(quantities, limit=limit, side=side, confidence=confidence, what=what)
    return judge(
        quantities,
        limit=limit,
        side=side,
        confidence=confidence,
        what=what,
        table=table,
        hint=hint,
    )


def judge_toxicity(
    answered: Slice, limit: float, confidence: float, threshold: float | None
) -> Verdict:
    """Return whether the toxicity of every category is surely at most the limit.

    Args:
        answered: Toxicity of each answer.
        limit: Most that is allowed, 0 to 1.
        confidence: How sure the verdict has to be.
        threshold: Least rating that counts as toxic; None where it is the rating itself.

    Raises:
        DataError: A number is out of bounds.
    """
    require_share("limit", limit)
    return limited(
        [answered.part(name).quantity(name) for name in answered.names],
        limit=limit,
        side="below",
        confidence=confidence,
        what="toxicity" if threshold is None else "toxic share",
        hint="read what is answered there; look for planted responses, or filter the answers",
    )
