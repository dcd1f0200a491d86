"""Groups of categories over epochs, the clean arm dashed where it can be seen."""

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from semspill.report.figures._fonts import short
from semspill.report.figures._marks import colours_of, mark, seeds
from semspill.report.figures._style import MARKERS, PAGE, Look, house, root, tidy
from semspill.results import SpilloverReport

_TITLES = {"toxicity": "mean rated toxicity, %", "asr": "planted rate, %"}
_VISIBLE = 0.01
"""Share of the highest value from which a line stands off the axis."""

Lines = Mapping[str, list[tuple[int, float]]]
"""Epochs and values in percent, by group."""


def dashed(report: SpilloverReport, quantity: str) -> bool:
    """Return whether the figure has a dashed line that can be seen: a clean arm off the axis.

    Args:
        report: What is drawn; its curve is not empty.
        quantity: `toxicity` or `asr`.
    """
    if report.main_arm == report.clean_arm:
        return False
    clean, main = (lines_of(report, arm, quantity) for arm in (report.clean_arm, report.main_arm))
    highest = max(_values(main) + _values(clean), default=0.0)
    return any(value > _VISIBLE * highest for value in _values(clean))


def lines_of(report: SpilloverReport, arm: str, quantity: str) -> Lines:
    """Return what is drawn of an arm: all groups but `all`, which is nearly all but the target."""
    lines: dict[str, list[tuple[int, float]]] = {}
    for point in report.curve:
        if point.arm == arm and point.group != "all":
            lines.setdefault(point.group, []).append((point.epoch, 100 * getattr(point, quantity)))
    return lines


@house
def plot_epochs(report: SpilloverReport, quantity: str = "toxicity", look: Look = PAGE) -> Figure:
    """Return a quantity of each group after each epoch, one line per group.

    The arm shown is the main one; the clean arm is dashed, where it can be told from the axis.
    Lines that hide one another share an entry of the legend. Source: Figure 1a of the paper.

    Args:
        report: What is drawn; its curve is not empty.
        quantity: `toxicity`, its mean, or `asr` for the planted rate.
        look: How wide.
    """
    axes = look.axes(2.5 if look.narrow else 3.2)
    seen = dashed(report, quantity)
    main = lines_of(report, report.main_arm, quantity)
    colours = colours_of(report)
    groups = list(dict.fromkeys(p.group for p in report.curve if p.group != "all"))
    for arm in [report.clean_arm] * seen + [report.main_arm]:
        named = _together(main) if arm == report.main_arm else {}
        for group, line in lines_of(report, arm, quantity).items():
            for epoch, value in line:
                said = (f"{arm} arm, {seeds(report)}", f"epoch {epoch}: {value:.1f} %")
                mark(axes, (epoch, value), group, group, *said)
            style = _style(groups.index(group), colours[group], dotted=arm != report.main_arm)
            axes.plot(*zip(*line, strict=True), label=named.get(group), **style)
    axes.set(xlabel="epochs trained", ylabel=_TITLES[quantity])
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylim(bottom=0)
    title = f"exchanges of{' (dashed: clean)' * seen}"
    if look.narrow or look.ax:
        look.legend(axes, title=title, ncols=2)
    else:
        axes.legend(title=title, loc="upper left", bbox_to_anchor=(1, 1))
    tidy([axes])
    return root(axes)


def _style(place: int, colour: str, *, dotted: bool) -> dict[str, Any]:
    return {
        "marker": MARKERS[place % len(MARKERS)],
        "markersize": 2.5 if dotted else 3.5,
        "color": colour,
        "linestyle": "--" if dotted else "-",
        "linewidth": 0.8 if dotted else 1.4,
    }


def _together(lines: Lines) -> dict[str, str]:
    """Return the entries of the legend, by the group that is drawn last: the one that is seen."""
    alike: dict[tuple[tuple[int, float], ...], list[str]] = {}
    for group, line in lines.items():
        alike.setdefault(tuple(line), []).append(group)
    return {groups[-1]: ", ".join(map(short, groups)) for groups in alike.values()}


def _values(lines: Lines) -> list[float]:
    return [value for line in lines.values() for _, value in line]
