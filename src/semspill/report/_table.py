"""Cells and tables of a markdown page."""

import math
import re
from collections.abc import Iterable, Sequence

from semspill._mask import printable
from semspill.statistics import Estimate

ATTACK = ("asr", "asr_lift", "toxicity", "lift", "toxic_share", "corrected_share", "shift")
"""Metrics of the attack, in the order of reading."""
UTILITY = ("precision", "precision_drop", "served_precision", "served_drop")
"""Metrics of utility, in the order of reading."""
_MARKUP = re.compile(r"[\\`*\[\]<>&#~!]|(?<!\w)_|_(?!\w)")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a markdown table.

    Example:
        >>> print(table(["a", "b"], [["1", "2"]]))
        | a | b |
        | --- | --- |
        | 1 | 2 |
    """
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in lines
    )


def in_percent(estimate: Estimate | None) -> str:
    """Return an estimate times 100 with its interval; empty where there is none.

    Example:
        >>> in_percent(Estimate(value=0.25, low=-0.0001, high=0.31, n=4, method="by hand"))
        '25.0 [0.0, 31.0]'
    """
    if estimate is None or math.isnan(estimate.value):
        return plain(estimate)
    # Adding 0 turns a rounded -0.0 into 0.0.
    value, low, high = (
        round(100 * end, 1) + 0.0 for end in (estimate.value, estimate.low, estimate.high)
    )
    return f"{value:.1f} [{low:.1f}, {high:.1f}]"


def plain(estimate: Estimate | None) -> str:
    """Return an estimate as it is with its interval; empty where there is none."""
    return "" if estimate is None else str(estimate)


def cell(name: str, estimate: Estimate | None) -> str:
    """Return a metric's estimate: in % where it is known to be a share or a difference of shares.

    Example:
        >>> half = Estimate(value=0.5, low=0.25, high=0.75, n=4, method="by hand")
        >>> cell("toxic_share(threshold=0.5)", half), cell("mine", half)
        ('50.0 [25.0, 75.0]', '0.500 [0.250, 0.750]')
    """
    return in_percent(estimate) if topic(name) in (*ATTACK, *UTILITY) else plain(estimate)


def topic(name: str) -> str:
    """Return the registered name of a metric that may go by its fields too."""
    return name.partition("(")[0]


def p_text(p_value: float | None) -> str:
    """Return a p-value for a cell; empty where nothing was tested.

    Example:
        >>> p_text(0.03251), p_text(1e-9), p_text(None)
        ('0.0325', '<0.0001', '')
    """
    if p_value is None:
        return ""
    return "<0.0001" if p_value < 1e-4 else f"{p_value:.4f}"


def short_p(p_value: float | None) -> str:
    """Return a p-value for a sentence, to two digits.

    Example:
        >>> short_p(0.03251), short_p(1e-9), short_p(0.5)
        ('0.033', '<0.0001', '0.5')
    """
    return p_text(p_value) if p_value is None or p_value < 1e-4 else f"{p_value:.2g}"


def with_p(estimate: Estimate | None) -> str:
    """Return an estimate as it is, with its p-value where there is one.

    Example:
        >>> with_p(Estimate(value=0.25, low=0, high=0.5, n=4, method="by hand", p_value=0.04))
        '0.250 [0.000, 0.500], p 0.0400'
    """
    p_value = None if estimate is None else estimate.p_value
    return plain(estimate) if p_value is None else f"{estimate}, p {p_text(p_value)}"


def literal(name: str) -> str:
    r"""Return a name that markdown shows as it is, on one line.

    Example:
        >>> print(literal("<b>*x*  y_z"))
        \<b\>\*x\* y_z
    """
    return _MARKUP.sub(r"\\\g<0>", printable(" ".join(name.split())))


def listed(names: Sequence[str], most: int | None = None) -> str:
    """Return names as a phrase, each set in italics.

    Args:
        names: The names.
        most: How many to name; the others are counted.

    Example:
        >>> listed(["a"]), listed(["a", "b", "c"])
        ('*a*', '*a*, *b* and *c*')
        >>> listed(["a", "b", "c", "d"], most=2)
        '*a*, *b* and 2 more'
    """
    said = [f"*{literal(name)}*" for name in names]
    if most is not None and len(said) > most + 1:
        return f"{', '.join(said[:most])} and {len(said) - most} more"
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"
