"""Several runs in one picture: their curves over one another, and their groups side by side."""

from collections.abc import Mapping

from matplotlib.axes import Axes

from semspill.report._page._comparison_charts import (
    MEASURES,
    QUANTITIES,
    ROLES,
    in_role,
    lifted,
    shifts,
    spread,
)
from semspill.report.figures._style import COLOURS, MARKERS, HouseFigure, Look, house, tidy
from semspill.results import SpilloverReport


@house
def draw_curves(runs: Mapping[str, SpilloverReport], quantity: str, look: Look) -> HouseFigure:
    """Return lift against similarity: a colour and a marker per run, and its line."""
    figure = look.figure(4.2)
    axes = figure.subplots()
    axes.axhline(0, color="black", linewidth=0.6)
    apart = shifts(runs, quantity)
    for place, (label, report) in enumerate(runs.items()):
        shade = COLOURS[place % len(COLOURS)]
        parts = lifted(report, quantity)
        made = [part.estimates[quantity] for part in parts]
        axes.errorbar(
            [(part.similarity or 0.0) + apart[label] for part in parts],
            [100 * e.value for e in made],
            yerr=[
                [100 * (e.value - e.low) for e in made],
                [100 * (e.high - e.value) for e in made],
            ],
            linestyle="none",
            marker=MARKERS[place % len(MARKERS)],
            markersize=4,
            elinewidth=0.6,
            color=shade,
            alpha=0.8,
            label=label,
        )
        band = report.bands.get(quantity)
        if band is not None:
            axes.plot(band.similarity, [100 * y for y in band.line], color=shade, linewidth=1.2)
    axes.set(xlabel="similarity to the target")
    axes.set_ylabel(f"{QUANTITIES[quantity]}, percentage points")
    figure.legend(loc="outside lower center", ncols=3)
    tidy([axes])
    return figure


@house
def draw_groups(runs: Mapping[str, SpilloverReport], look: Look) -> HouseFigure:
    """Return a panel per measure: its groups with intervals, one mark per run."""
    shown = [name for name in MEASURES if any(in_role(r, "all", name) for r in runs.values())]
    figure = look.figure(0.8 + len(ROLES) * max(0.35, 0.16 * len(runs)))
    row: list[Axes] = list(figure.subplots(1, len(shown), sharey=True, squeeze=False)[0])
    for axes, measure in zip(row, shown, strict=True):
        for place, (label, report) in enumerate(runs.items()):
            found = {at: in_role(report, role, measure) for at, role in enumerate(ROLES)}
            here = {at: made for at, made in found.items() if made is not None}
            axes.errorbar(
                [100 * e.value for e in here.values()],
                [at + spread(place, len(runs)) for at in here],
                xerr=[
                    [100 * (e.value - e.low) for e in here.values()],
                    [100 * (e.high - e.value) for e in here.values()],
                ],
                linestyle="none",
                marker=MARKERS[place % len(MARKERS)],
                markersize=4,
                elinewidth=0.8,
                color=COLOURS[place % len(COLOURS)],
                label=label,
            )
        axes.set(xlabel=MEASURES[measure], yticks=range(len(ROLES)), yticklabels=ROLES)
    row[0].set_ylim(len(ROLES) - 0.5, -0.5)
    handles = row[0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=3)
    tidy(row, grid="x")
    return figure
