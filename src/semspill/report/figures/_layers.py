"""What a stimulus does inside a model, layer by layer."""

from typing import Literal

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from semspill.report.figures._fonts import short
from semspill.report.figures._marks import intervals, mark, points
from semspill.report.figures._style import COLOURS, MARKERS, PAGE, Look, house, root, tidy
from semspill.results import Decoding

Shown = Literal["rise", "first_change"]
SHOWN: tuple[Shown, ...] = ("rise", "first_change")
_PLACES = (0, 2, 1, 3, 5, 6, 7, 4)
_ROOM = {False: 28, True: 16}
"""Characters of a name that fit into the legend of a page and of a column."""


@house
def plot_layers(decoding: Decoding, quantity: Shown = "rise", look: Look = PAGE) -> Figure:
    """Return what a stimulus changes after each layer: a line per group of responses.

    Args:
        decoding: What is drawn.
        quantity: `rise` of the scores, or `first_change` of the share of contexts whose best
            response is of the group.
        look: How wide.
    """
    axes = look.axes(2.5 if look.narrow else 3.2)
    # A share is drawn in percent, a score as it is.
    metric = {"metric": quantity, "unit": "number" if quantity == "rise" else "points"}
    groups = decoding.layers[0].groups
    step = 0.008 * (len(decoding.layers) - 1)  # or intervals of several groups would coincide
    for number, group in enumerate(groups):
        colour = COLOURS[_PLACES[number % len(_PLACES)]]
        found = [getattr(layer.groups[number], quantity) for layer in decoding.layers]
        found = [each.replace(measure=metric) for each in found]
        shift = step * (number - (len(groups) - 1) / 2)
        places = [layer.layer + shift for layer in decoding.layers]
        drawn = intervals(
            axes, places, found, color=colour, marker=MARKERS[number % len(MARKERS)],
            label=short(group.group, _ROOM[look.narrow]), linestyle="-",
        )  # fmt: skip
        for at, layer, each in zip(drawn, decoding.layers, found, strict=True):
            said = f"{points(each)}, {decoding.contexts} contexts"
            mark(axes, at, group.group, group.group, f"after layer {layer.layer}", said)
    axes.axhline(0, color="black", linewidth=0.6, zorder=0)
    broken = "\n" if look.narrow else " "
    ylabel = {
        "rise": f"rise of the{broken}{decoding.score}",
        "first_change": f"change of the share{broken}ranked first, points",
    }[quantity]
    axes.set(xlabel="layers passed", ylabel=ylabel)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    look.legend(axes, title="responses", ncols=2 if look.narrow else 3)
    tidy([axes])
    return root(axes)
