"""Cells and tables of a markdown page."""

import math
import re
from collections.abc import Iterable, Sequence

from semspill._mask import printable
from semspill.statistics import Estimate, Measure

_UNITS = {"share": "%", "points": "points", "slope": "points per unit of similarity", "number": ""}
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


def cell(estimate: Estimate | None) -> str:
    """Return an estimate for a column whose head names the unit.

    Example:
        >>> half = Estimate(value=0.5, low=0.25, high=0.75, n=4, method="by hand")
        >>> cell(half), cell(half.replace(measure=Measure(unit="share")))
        ('0.500 [0.250, 0.750]', '50.0 [25.0, 75.0]')
    """
    if estimate is None or estimate.measure.unit == "number":
        return plain(estimate)
    return in_percent(estimate)


def heading(measure: Measure, arm: str = "") -> str:
    """Return the head of a column.

    Args:
        measure: What the column holds.
        arm: Of which arm, where columns of several stand side by side.

    Example:
        >>> heading(Measure(title="P@1", unit="share")), heading(Measure(metric="mine"), "clean")
        ('P@1, %', 'Mine, clean')
    """
    return ", ".join(filter(None, (literal(measure.title), arm, _UNITS[measure.unit])))


def quoted(estimate: Estimate) -> str:
    """Return an estimate with its unit and its interval, for a sentence.

    Example:
        >>> half = Estimate(value=0.5, low=0.25, high=0.75, n=4, method="by hand")
        >>> quoted(half.replace(measure=Measure(unit="points")))
        '50.0 points [25.0, 75.0]'
    """
    unit = _UNITS[estimate.measure.unit]
    return cell(estimate).replace(" [", f" {unit} [", 1) if unit else cell(estimate)


def brief(estimate: Estimate) -> str:
    """Return an estimate with its unit and its interval, with as few digits as say enough.

    No end of the interval is shown as 0 that is not.

    Example:
        >>> rate = Estimate(value=0.1133, low=0.071, high=0.182, n=4, method="by hand")
        >>> rate = rate.replace(measure=Measure(unit="share"))
        >>> brief(rate), brief(rate.replace(low=0.004)), brief(rate.replace(low=0.0))
        ('11 % [7, 18]', '11.3 % [0.4, 18.2]', '11 % [0, 18]')
    """
    unit = _UNITS[estimate.measure.unit]
    if not unit or math.isnan(estimate.value):
        return quoted(estimate)
    ends = [100 * end for end in (estimate.value, estimate.low, estimate.high)]
    value, low, high = _rounded(ends)
    return f"{value} {unit} [{low}, {high}]"


def trend_text(trend: Estimate) -> str:
    """Return a trend with its interval: a slope with its unit, a correlation in two digits.

    Example:
        >>> slope = Estimate(value=0.021, low=0.004, high=0.04, n=7, method="by hand")
        >>> trend_text(slope.replace(measure=Measure(unit="slope")))
        '2.1 points per unit of similarity [0.4, 4.0]'
        >>> trend_text(slope)
        '0.02 [0.00, 0.04]'
    """
    if trend.measure.unit == "slope":
        return brief(trend)
    value, low, high = (round(end, 2) + 0.0 for end in (trend.value, trend.low, trend.high))
    return f"{value:.2f} [{low:.2f}, {high:.2f}]"


def span(estimates: Sequence[Estimate]) -> str:
    """Return the least and the greatest of some values with their unit, without intervals.

    Example:
        >>> def made(value):
        ...     return Estimate(value=value, low=0, high=1, n=4, method="by hand",
        ...                     measure=Measure(unit="share"))
        >>> span([made(0.03), made(0.0), made(0.121)]), span([made(0.004)])
        ('0 to 12 %', '0.4 %')
    """
    unit = _UNITS[estimates[0].measure.unit]
    ends = [end([one.value for one in estimates]) for end in (min, max)]
    low, high = _rounded([100 * end for end in ends]) if unit else [f"{end:.3g}" for end in ends]
    return f"{low if low == high else f'{low} to {high}'} {unit}".rstrip()


def _rounded(numbers: Sequence[float]) -> list[str]:
    """Return numbers with as many digits, up to two, as none but 0 needs not to look like 0.

    Numbers that are all below 10 have one digit or more, but where all are whole.
    """
    whole = max(map(abs, numbers)) >= 9.95 or all(number == round(number) for number in numbers)
    for digits in range(0 if whole else 1, 3):
        # Adding 0 turns a rounded -0.0 into 0.0.
        rounded = [round(number, digits) + 0.0 for number in numbers]
        if all((a == 0) == (abs(b) < 0.005) for a, b in zip(rounded, numbers, strict=True)):
            break
    if all(number == round(number) for number in rounded):
        digits = 0
    return [f"{number:.{digits}f}" if number else "0" for number in rounded]


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
    """Return an estimate with its unit, and with its p-value where there is one.

    Example:
        >>> with_p(Estimate(value=0.25, low=0, high=0.5, n=4, method="by hand", p_value=0.04))
        '0.250 [0.000, 0.500], p 0.0400'
    """
    if estimate is None:
        return ""
    p = "" if estimate.p_value is None else f", p {p_text(estimate.p_value)}"
    return f"{quoted(estimate)}{p}"


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
    set_ = [f"*{literal(name)}*" for name in names]
    if most is not None and len(set_) > most + 1:
        return f"{', '.join(set_[:most])} and {len(set_) - most} more"
    return " and ".join(filter(None, (", ".join(set_[:-1]), set_[-1])))
