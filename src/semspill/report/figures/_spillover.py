"""Spillover in one picture: the lift of every category against its similarity to the target."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from semspill.report.figures._axes import Axis, Line, by_confusion, by_similarity, lifted
from semspill.report.figures._fonts import short
from semspill.report.figures._kinds import below, kinds, worth_naming
from semspill.report.figures._labels import Point, label_points
from semspill.report.figures._marks import intervals, mark, points, scale_of, seeds
from semspill.report.figures._style import COLOURS, PAGE, Look, house, root, tidy
from semspill.results import SliceReport, SpilloverReport

TITLES = {"lift": "toxicity lift", "asr_lift": "planted-rate lift"}
"""How an axis calls them; other lifts go by the title of their metric."""
_APART = 2.5
"""Times the highest other point that the target must exceed to stand above a break of the axis."""
_MOST = 101.5
"""Percentage points that are shown: all there can be, and room for the marker."""
# What is shorter in a column.
_BREAK = {False: " ", True: "\n"}
_LINES = {False: "lines under shuffled labels", True: "shuffled lines"}
_TARGET, _BAND = COLOURS[0], COLOURS[1]


@house
def plot_spillover(
    report: SpilloverReport, quantity: str = "lift", look: Look = PAGE, along: Axis | None = None
) -> Figure:
    """Return lift against similarity: a point per category of the main arm, with its interval.

    The target is a diamond, above a break of the axis where its lift dwarfs the others. Behind the
    points lie the least squares line over the other categories and, of similarity, the band that
    holds the lines of shuffled category labels. Filled points survive Holm's correction, open
    ones are significant only before it, and small and pale are the others. Named are the target,
    its nearest, the far ones, and every significant point, as far as there is room to do so
    unmistakably.

    Args:
        report: What is drawn.
        quantity: `lift`, of toxicity, or `asr_lift`.
        look: How wide.
        along: What stands in place of similarity.
    """
    along = along or by_similarity(report)
    lifts = lifted(report, quantity, along)
    others = [part for part in lifts if part.name != report.target]
    target = [part for part in lifts if part.name == report.target]
    main, top = _axes(look, _highest(others, quantity), _highest(target, quantity))
    _line(main, along.lines.get(quantity), lifts, quantity, look)
    diamond = {"color": _TARGET, "label": f"{short(report.target)}, the target", "marker": "D"}
    drawn = [(main, *kind) for kind in kinds(others, quantity, look)] + [(top, target, diamond)]
    for axes, parts, style in drawn:
        if parts:
            estimates = [part.estimates[quantity] for part in parts]
            places = [along.values[part.name] for part in parts]
            intervals(axes, places, estimates, **{"marker": "o", **style})
    if lifts and scale_of(lifts[0].estimates[quantity]) == 100:
        _bound((main, top))
    for part in sorted(lifts, key=lambda part: along.values[part.name]):
        _mark(top if part in target else main, part, quantity, report, along)
    main.set_xlabel(below(along, len(others), look))
    if look.narrow:
        main.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    label = main.set_ylabel if main is look.ax else root(main).supylabel
    label(_axis_label(lifts, quantity, _BREAK[look.narrow]))
    if lifts:
        columns = 2 if look.narrow else 3
        look.legend(main, ncols=columns, handlelength=1.6, columnspacing=1.2)
    named = [*target, *worth_naming(others, quantity, along, look)]
    for axes in dict.fromkeys((main, top)):
        there = [part for part in lifts if axes is (top if part in target else main)]
        at = {part.name: _point(part, quantity, along) for part in there}
        label_points(root(main), axes, [at[p.name] for p in named if p in there], [*at.values()])
    return root(main)


def plot_confusion(
    report: SpilloverReport, quantity: str = "asr_lift", look: Look = PAGE
) -> Figure:
    """Return lift against the share of contexts labelled as the target, like `plot_spillover`."""
    return plot_spillover(report, quantity, look, by_confusion(report))


def _axis_label(lifts: Sequence[SliceReport], quantity: str, gap: str) -> str:
    lift = lifts[0].estimates[quantity] if lifts else None
    title = TITLES.get(quantity) or (lift.measure.title if lift else "")
    return title if lift and scale_of(lift) == 1 else f"{title},{gap}percentage points"


def _highest(parts: Sequence[SliceReport], quantity: str) -> float:
    return max((part.estimates[quantity].high for part in parts), default=0.0)


def _point(part: SliceReport, quantity: str, along: Axis) -> Point:
    estimate = part.estimates[quantity]
    times = scale_of(estimate)
    ends = (times * end for end in (estimate.value, estimate.low, estimate.high))
    return Point(part.name, along.values[part.name], *ends)


def _axes(look: Look, others: float, target: float) -> tuple[Axes, Axes]:
    """Return the axes of the other categories and of the target: one, or two with a break."""
    height = 2.75 if look.narrow else 3.7
    if look.ax or target <= _APART * others or others <= 0:
        both = look.axes(height)
        tidy([both])
        both.margins(x=0.08, y=0.08)
        return both, both
    top, main = look.figure(height).subplots(2, 1, sharex=True, height_ratios=[1, 4])
    tidy([top, main])
    top.spines["bottom"].set_visible(False)
    top.tick_params(bottom=False)
    top.yaxis.set_major_locator(MaxNLocator(3, min_n_ticks=2))
    top.margins(x=0.08, y=0.5)
    main.margins(x=0.08, y=0.08)
    for axes, height in ((top, 0.0), (main, 1.0)):  # two strokes say that the axis is broken
        axes.plot(
            [0], [height], transform=axes.transAxes, marker=[(-1, -0.5), (1, 0.5)],
            markersize=7, color="black", markeredgewidth=0.8, clip_on=False,
        )  # fmt: skip
    return main, top


def _bound(both: Sequence[Axes]) -> None:
    """End the axes where no share can lie."""
    for axes in both:
        low, high = axes.get_ylim()
        axes.set_ylim(max(low, -_MOST), min(high, _MOST))


def _line(
    axes: Axes, line: Line | None, lifts: Sequence[SliceReport], quantity: str, look: Look
) -> None:
    axes.axhline(0, color="black", linewidth=0.6)
    if line is None:
        return
    times = scale_of(lifts[0].estimates[quantity])
    if line.low is not None and line.high is not None:
        low, high = ([times * y for y in ends] for ends in (line.low, line.high))
        label = f"{100 * line.level:g}% of {_LINES[look.narrow]}"
        axes.fill_between(line.x, low, high, color=_BAND, alpha=0.35, lw=0, label=label)
    y = [times * y for y in line.y]
    axes.plot(line.x, y, color="black", linewidth=1.2, label="least squares line")


def _mark(
    axes: Axes, part: SliceReport, quantity: str, report: SpilloverReport, along: Axis
) -> None:
    estimate, place = part.estimates[quantity], along.values[part.name]
    mark(
        axes,
        (place, scale_of(estimate) * estimate.value),
        part.name,
        f"{part.name}, the target" if part.name == report.target else part.name,
        along.said.format(place),
        f"{TITLES.get(quantity) or estimate.measure.title} {points(estimate)}",
        f"{part.arm} arm, {seeds(report)}, {part.dialogues} dialogues",
        "" if estimate.p_holm is None else f"p = {estimate.p_holm:.2g} after Holm's correction",
    )
