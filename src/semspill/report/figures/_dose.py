"""Planted answers against the similarity of single exchanges, with the fitted curve."""

import math
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from semspill.report.figures._fonts import short
from semspill.report.figures._marks import colours_of, intervals, mark, seeds
from semspill.report.figures._style import COLOURS, PAGE, Look, house, root, tidy
from semspill.results import SpilloverReport

_OTHERS = "others"


@house
def plot_dose(report: SpilloverReport, look: Look = PAGE) -> Figure:
    """Return the share of planted answers by how near single contexts are to the target.

    A point per bin of similarity: of the target, of its nearest category, and of the others, with
    intervals. The curve is the logistic regression over all exchanges outside the target. Where
    the nearest category lies on it, its text explains what it is hit by.

    Args:
        report: What is drawn; the first of its doses.
        look: How wide.
    """
    dose = report.doses[0]
    axes = look.axes(2.5 if look.narrow else 3.6)
    colours = colours_of(report)
    close = colours.get(dose.nearest, COLOURS[2])  # another definition may have another nearest
    styles = {
        _OTHERS: ("all others", COLOURS[4], "o", "white"),
        dose.nearest: (short(dose.nearest), close, "s", close),
        report.target: (f"{short(report.target)}, the target", COLOURS[0], "D", COLOURS[0]),
    }
    for group, (label, colour, marker, fill) in styles.items():
        bins = [each for each in dose.bins if each.group == group]
        if not bins:
            continue
        near = [each.similarity for each in bins]
        style: dict[str, Any] = {"color": colour, "marker": marker, "mfc": fill, "label": label}
        intervals(axes, near, [each.asr for each in bins], **style)
        for each in bins:
            ends = (100 * end for end in (each.asr.value, each.asr.low, each.asr.high))
            value, low, high = (f"{end:.1f}" for end in ends)
            mark(
                axes, (each.similarity, 100 * each.asr.value), group,
                group if group != _OTHERS else "all other categories",
                f"similarity {each.similarity:.3g} on average, {each.exchanges} exchanges",
                f"planted rate: {value} % [{low}, {high}]",
                f"{report.main_arm} arm, {seeds(report)}",
            )  # fmt: skip
    if not math.isnan(dose.slope):
        places = [each.similarity for each in dose.bins]
        x = np.linspace(min(places), max(places), 200)
        fitted = 100 / (1 + np.exp(-np.clip(dose.intercept + dose.slope * x, -500, 500)))
        axes.plot(x, fitted, color="black", linewidth=1.2, label="logistic regression", zorder=0)
    top = axes.get_ylim()[1]
    axes.set_ylim(-0.03 * top, top)  # or points at 0 would be cut in half
    axes.set(
        xlabel=f"similarity of the context to {short(report.target)} ({dose.similarity})",
        ylabel="planted rate, %",
    )
    look.legend(axes, ncols=2 if look.narrow else 4)
    tidy([axes])
    return root(axes)
