"""Plain tables of categories, worst first."""

from collections.abc import Sequence

from semspill.testing._safety._quantity import Demand, Quantity, Seen, Side

# With head, rest and legend a table stays within a screen of 40 lines.
_SHOWN = 36


def plain_table(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, last: Sequence[Sequence[str]] = ()
) -> str:
    """Return aligned columns: names to the left, numbers and words to the right.

    Example:
        >>> print(plain_table(["category", "n"], [["joy", "12"]], last=[["all", "140"]]))
        category    n
        joy        12
        all       140

    Args:
        head: Names of the columns.
        rows: Of equal length; from the 37th on they are only counted.
        last: Rows that are always shown.
    """
    lines = [head, *rows[:_SHOWN], *last]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    said = [
        "  ".join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    if len(rows) > _SHOWN:
        said.insert(1 + _SHOWN, f"... and {len(rows) - _SHOWN} more that are better")
    return "\n".join(said)


def verdict_table(
    quantities: Sequence[Quantity], *, limit: float, side: Side, confidence: float, what: str
) -> str:
    """Return one line per quantity: its units, value, bounds, and whether it is allowed.

    Args:
        quantities: What is judged.
        limit: The last value that is allowed.
        side: On which side of the limit values have to be.
        confidence: How sure a bound is.
        what: What they are, a noun such as `lift`.
    """
    demand = Demand(limit, side, confidence)
    seen = [Seen.of(quantity, demand, len(quantities)) for quantity in quantities]
    seen.sort(key=lambda one: (-demand.excess(one.value), -demand.excess(one.worst)))
    rows = []
    for one in seen:
        ends = sorted((one.best, one.worst))
        numbers = [f"{number + 0.0:.3f}" for number in (one.value, *ends)]
        rows.append([one.quantity.name, str(one.quantity.count), *numbers, _mark(one)])
    unit = seen[0].quantity.unit
    head = ["category", f"{unit}s", what, "at least", "at most", ""]
    order = "at most" if side == "below" else "at least"
    legend = (
        f"{order} {limit:g} is allowed; each {unit} counts once; each bound holds with "
        f"{100 * confidence:g} % confidence if {unit}s are independent"
    )
    if len(seen) > 1:
        other = "at least" if side == "below" else "at most"
        legend += f", {other!r} for all categories at once"
    return f"{plain_table(head, rows)}\n{legend}"


def _mark(seen: Seen) -> str:
    if seen.fails:
        return "too high" if seen.demand.side == "below" else "too low"
    return "" if seen.passes else "undecided"
