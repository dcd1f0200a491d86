"""How every plot looks."""

from collections.abc import Sequence

import matplotlib as mpl
from matplotlib.axes import Axes

# Okabe and Ito's palette: told apart by colour-blind readers.
COLOURS = ("#D55E00", "#E69F00", "#0072B2", "#56B4E9", "#000000", "#009E73", "#CC79A7", "#999999")
SIZE = (7.2, 4.2)
# A category may be named with a $; it is no formula.
plain_text = mpl.rc_context({"text.parse_math": False})


def cycle(count: int) -> list[str]:
    """Return so many colours, again from the first when there are not enough."""
    return [COLOURS[i % len(COLOURS)] for i in range(count)]


def tidy(row: Sequence[Axes]) -> None:
    """Take away what does not carry meaning."""
    for axes in row:
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", linewidth=0.4, alpha=0.5)
        axes.set_axisbelow(True)
