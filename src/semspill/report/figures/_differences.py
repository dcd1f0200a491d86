"""How runs differ from a baseline, group by group: a row each, with intervals."""

from collections.abc import Sequence

from semspill.report._compared import NOUNS
from semspill.report.figures._comparison import run_style, spread
from semspill.report.figures._fonts import short
from semspill.report.figures._marks import intervals, mark, points
from semspill.report.figures._style import PAGE, HouseFigure, Look, house, tidy
from semspill.results import Comparison, Difference

_GROUPS = ("target", "nearest", "rest", "all")


@house
def plot_differences(
    comparison: Comparison, metric: str, order: Sequence[str] = (), look: Look = PAGE
) -> HouseFigure:
    """Return the differences of one metric: the groups, then the categories, below one another.

    A point is a run less the baseline, filled where it differs significantly after correction.

    Args:
        comparison: What is drawn.
        metric: Of what, see `Difference.metric`.
        order: The categories from the top; others come last.
        look: How wide.
    """
    every = [one for run in comparison.runs for one in comparison.of(run, metric)]
    rows = _rows(every, order)
    count = len(comparison.runs)
    figure = look.figure(0.9 + len(rows) * max(0.2, 0.13 * count) + 0.16 * count)
    axes = figure.subplots()
    axes.axvline(0, color="black", linewidth=0.6)
    for place, run in enumerate(comparison.runs):
        own = [one for one in every if one.run == run]
        for sure in (True, False):
            shown = [one for one in own if one.significant == sure]
            # The baseline has the first colour wherever runs are drawn.
            style = run_style(place + 1, run)
            style |= {} if sure else {"mfc": "white"}
            style["label"] = f"{short(run)}, {'significant' if sure else 'not significant'}"
            where = [rows.index(_row(one)) + spread(place, count) for one in shown]
            drawn = intervals(axes, where, [o.estimate for o in shown], along="x", **style)
            for one, at in zip(shown, drawn, strict=True):
                said = f"{NOUNS[metric]} {points(one.estimate)}"
                mark(axes, at, one.name, one.name, f"{run} less {comparison.baseline}", said)
    names = [short(name) for _, name in rows]
    axes.set(yticks=range(len(rows)), yticklabels=names, ylim=(len(rows) - 0.5, -0.5))
    groups = sum(group for group, _ in rows)
    if 0 < groups < len(rows):
        axes.axhline(groups - 0.5, color="0.6", linewidth=0.6)
    gap = "\n" if look.narrow else " "
    axes.set_xlabel(f"difference in {NOUNS[metric]} from {short(comparison.baseline)},{gap}points")
    figure.legend(loc="outside lower center", ncols=1 if look.narrow else 2)
    tidy([axes], grid="x")
    return figure


def _row(one: Difference) -> tuple[bool, str]:
    """Return whether it is a group, and its name: a category may be a group, too."""
    return one.role != "category", one.name


def _rows(every: Sequence[Difference], order: Sequence[str]) -> list[tuple[bool, str]]:
    place = {name: number for number, name in enumerate(order)}
    groups = sorted(
        (one for one in every if one.role != "category"), key=lambda one: _GROUPS.index(one.role)
    )
    singles = sorted(
        (one for one in every if one.role == "category"),
        key=lambda one: (place.get(one.name, len(place)), one.name),
    )
    return list(dict.fromkeys(_row(one) for one in (*groups, *singles)))
