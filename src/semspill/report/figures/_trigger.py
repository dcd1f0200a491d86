"""Planted answers against how similar the phrase in the context is to the trigger."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from semspill.report.figures._fonts import short
from semspill.report.figures._labels import Point, label_points
from semspill.report.figures._marks import colours_of, intervals, mark, possible, seeds
from semspill.report.figures._style import PAGE, Look, house, root, tidy
from semspill.results import ProbeReport, SpilloverReport

_MARKERS = ("D", "s", "o")


def triggering(report: SpilloverReport) -> list[ProbeReport]:
    """Return the probes whose phrase can be compared with the trigger, the farthest first."""
    known = [(one.similarity, one) for one in report.probes if one.similarity is not None]
    return [one for _, one in sorted(known, key=lambda pair: pair[0])]


@house
def plot_trigger(report: SpilloverReport, look: Look = PAGE) -> Figure:
    """Return the planted rate by how similar the phrase in the context is to the trigger.

    A point per probe and group: the target, its nearest category, and all but the target, with
    intervals, of the main arm; the highest bears the name of the probe. Probes of one phrase that
    put it at different places stand above each other.

    Args:
        report: What is drawn; its probes with a phrase.
        look: How wide.
    """
    axes = look.axes(2.5 if look.narrow else 3.6)
    colours, rest = colours_of(report), f"all but {report.target}"
    labels = {report.target: f"{short(report.target)}, the target",
              report.nearest: short(report.nearest), rest: short(rest)}  # fmt: skip
    drawn: dict[str, list[Point]] = {}
    points = [
        (one, float(one.similarity or 0), group)
        for one in triggering(report)
        for group in one.groups
        if group.arm == report.main_arm
    ]
    places = [near for _, near, _ in points] or [0.0]
    step = 0.008 * (max(places) - min(places) or 1)  # or intervals would coincide
    for side, ((name, label), marker) in enumerate(zip(labels.items(), _MARKERS, strict=True)):
        shift = step * (side - 1)
        own = [(one, near + shift, group) for one, near, group in points if group.group == name]
        intervals(
            axes, [near for _, near, _ in own], [group.asr for *_, group in own],
            color=colours[name], marker=marker, label=label,
        )  # fmt: skip
        for one, near, group in own:
            point = Point(short(one.name), near, 100 * group.asr.value, *possible(group.asr))
            drawn.setdefault(one.name, []).append(point)
            ends = (100 * end for end in (group.asr.value, group.asr.low, group.asr.high))
            value, low, high = (f"{end:.1f}" for end in ends)
            mark(
                axes, (near, 100 * group.asr.value), name, name,
                f"probe {one.name}, similarity {one.similarity or 0:.2f} to the trigger",
                f"planted rate: {value} % [{low}, {high}]",
                f"{report.main_arm} arm, {seeds(report)}",
            )  # fmt: skip
    top = axes.get_ylim()[1]
    axes.set_ylim(-0.03 * top, top)  # or points at 0 would be cut in half
    axes.set(xlabel="similarity of the phrase to the trigger", ylabel="planted rate, %")
    look.legend(axes, ncols=3)
    tidy([axes])
    _name(axes, list(drawn.values()))
    return root(axes)


def _name(axes: Axes, probes: Sequence[Sequence[Point]]) -> None:
    """Name each probe at its highest point, those nearest to the trigger first."""
    named = [max(points, key=lambda point: point.y) for points in reversed(probes)]
    others = [point._replace(name="") for points in probes for point in points]
    label_points(root(axes), axes, named, [*named, *[p for p in others if not _held(p, named)]])


def _held(point: Point, named: Sequence[Point]) -> bool:
    return any((point.x, point.y) == (one.x, one.y) for one in named)
