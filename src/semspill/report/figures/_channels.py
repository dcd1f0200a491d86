"""Through which channel each category's lift came: its predicted label, or its text."""

from typing import Any

from matplotlib.figure import Figure

from semspill.report.figures._fonts import short
from semspill.report.figures._marks import intervals, mark, points, seeds
from semspill.report.figures._style import COLOURS, PAGE, Look, house, root, tidy
from semspill.results import Channel, SpilloverReport

_MOST = 12
"""Categories that are shown."""
_APART = 0.17
"""How far above and below its category each part stands; categories are 1 apart."""
_PARTS: dict[str, tuple[str, float, dict[str, Any]]] = {
    "via_label": ("via the label", -_APART, {"color": COLOURS[0], "marker": "o"}),
    "via_text": ("via the text", _APART, {"color": COLOURS[2], "marker": "s", "mfc": "white"}),
}
"""Of each part its name, its place, and its look, which tells them apart without colour too."""
# What is shorter in a column.
_BREAK = {False: " ", True: "\n"}
_ROOM = {False: 32, True: 16}
"""Characters of a name."""


def shown_channels(report: SpilloverReport) -> list[Channel]:
    """Return the channels of the categories worth showing, the largest lift first.

    Those are the target, its nearest, the far ones, and as many of the largest lifts as find room.
    """
    names = {part.name for part in report.categories}
    channels = report.labels.channels if report.labels else ()
    ranked = sorted((c for c in channels if c.group in names), key=_order)
    roles = {report.target, report.nearest, *report.far}
    room = _MOST - sum(channel.group in roles for channel in ranked)
    others = [channel for channel in ranked if channel.group not in roles][: max(room, 0)]
    return [channel for channel in ranked if channel.group in roles or channel in others]


def _order(channel: Channel) -> tuple[float, float]:
    # Rounded, so that equal lifts are ordered by how often they are taken for the target.
    lift = round(channel.via_label.value + channel.via_text.value, 9)
    return -lift, -channel.labelled.value


@house
def plot_channels(report: SpilloverReport, look: Look = PAGE) -> Figure:
    """Return the two parts of each category's planted-rate lift, with their intervals.

    Beside the name of a category stands the share of its contexts that is labelled as the target.

    Args:
        report: What is drawn; its labels are predicted.
        look: How wide.
    """
    channels = shown_channels(report)
    axes = look.axes(0.27 * len(channels) + 0.9)
    for key, (name, apart, style) in _PARTS.items():
        estimates = [getattr(channel, key) for channel in channels]
        places = [place + apart for place in range(len(channels))]
        drawn = {"label": name, "elinewidth": 1.2, **style}
        where = intervals(axes, places, estimates, along="x", **drawn)
        for channel, estimate, at in zip(channels, estimates, where, strict=True):
            mark(
                axes, at, channel.group,
                f"{channel.group}, the target" * (channel.group == report.target) or channel.group,
                f"planted-rate lift {name}: {points(estimate)}", _share(channel),
                f"{report.main_arm} arm, {seeds(report)}",
            )  # fmt: skip
    axes.axvline(0, color="black", linewidth=0.6)
    room = _ROOM[look.narrow]
    names = [f"{short(c.group, room)}, {100 * c.labelled.value:.1f}%" for c in channels]
    axes.set(yticks=range(len(channels)), yticklabels=names)
    axes.set_ylim(len(channels) - 0.5, -0.5)
    axes.set_xlabel(f"part of the planted-rate lift,{_BREAK[look.narrow]}percentage points")
    title = f"beside each name: contexts labelled {short(report.target, room)}"
    look.legend(axes, ncols=2, title=title)
    tidy([axes], grid="x")
    return root(axes)


def _share(channel: Channel) -> str:
    return f"labelled as the target: {100 * channel.labelled.value:.1f} %"
