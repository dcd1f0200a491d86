"""The house style: how every figure looks, and how it is written to a file."""

import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, ParamSpec, TypeVar

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from semspill.report.figures._fonts import FONT, drawable, families_for

P = ParamSpec("P")
T = TypeVar("T")

# Okabe and Ito's palette: distinct for colour-blind readers.
COLOURS = ("#D55E00", "#E69F00", "#0072B2", "#56B4E9", "#000000", "#009E73", "#CC79A7", "#999999")
MARKERS = ("o", "s", "^", "v", "P", "X", "p", "d")
"""One per colour, for readers who see no colour."""
WIDTHS = {"column": 3.3, "page": 6.9}
"""Width in inches of one column, and of the text block, of a two-column paper."""
SMALL, PLAIN = 7.0, 8.0
"""Sizes of type in points: ticks, legends and names; titles of panels and axes."""
HOUSE: dict[Any, Any] = {
    "font.family": [FONT],  # it comes with matplotlib
    "text.parse_math": False,  # a category may be named with a $; it is no formula
    "font.size": PLAIN,
    "axes.titlesize": PLAIN,
    "axes.labelsize": PLAIN,
    "figure.titlesize": PLAIN,
    "figure.labelsize": PLAIN,
    "legend.fontsize": SMALL,
    "legend.title_fontsize": SMALL,
    "legend.frameon": False,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "pdf.fonttype": 42,  # type that a journal's check accepts and a reader can select
    "ps.fonttype": 42,
    "svg.fonttype": "none",
    "svg.hashsalt": "semspill",  # or no SVG is written twice alike
    "savefig.dpi": 300,
}


@contextmanager
def style() -> Iterator[None]:
    """Draw in the house style, whatever the reader's own settings are."""
    plain = {name: value for name, value in mpl.rcParamsDefault.items() if name != "backend"}
    with mpl.rc_context(plain | HOUSE), warnings.catch_warnings():
        # Of a character that no font has a box is drawn; in an SVG it is text all the same.
        warnings.filterwarnings("ignore", r"(?s)Glyph .* missing from|Matplotlib currently does no")
        yield


def legible(artist: Artist) -> None:
    """Set every text of an artist in fonts that have its script."""
    for text in artist.findobj(Text):
        content = text.get_text()
        if not (content.isascii() and content.isprintable()):
            text.set_text(drawable(content))
            text.set_fontfamily(families_for(content))


class Mark(NamedTuple):
    """A place in a figure that says what it shows when it is pointed at."""

    axes: Axes
    x: float
    y: float
    """Its lower left corner, or the point itself, in data coordinates."""
    name: str
    """The category, group or pair that it shows; marks of one name are highlighted together."""
    text: str
    """What it says, in lines."""
    size: tuple[float, float] = (0.0, 0.0)
    """Width and height in data coordinates; of a point 0."""


class HouseFigure(Figure):
    """A figure that is drawn and written in the house style."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.marks: list[Mark] = []

    def draw(self, renderer: Any) -> None:
        """Draw the figure, names in scripts that its font lacks by other fonts."""
        with style():
            legible(self)
            super().draw(renderer)

    def savefig(self, fname: Any, **options: Any) -> None:
        """Write the figure: text stays text in .pdf and .svg, a .png has 300 dots per inch."""
        with style():
            super().savefig(fname, **options)

    def _repr_png_(self) -> bytes:  # what a notebook shows
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=150)
        return buffer.getvalue()


@dataclass(frozen=True)
class Look:
    """What one figure is drawn for."""

    width: float = WIDTHS["page"]
    """Width in inches."""
    ax: Axes | None = None
    """The caller's own axes to draw into, instead of a new figure."""

    @property
    def narrow(self) -> bool:
        """Whether it must do with the width of a column."""
        return self.width < 5

    def figure(
        self, height: float, layout: Literal["constrained", "compressed"] = "constrained"
    ) -> HouseFigure:
        """Return an empty figure, so many inches high."""
        return HouseFigure(figsize=(self.width, height), layout=layout)

    def axes(
        self, height: float, layout: Literal["constrained", "compressed"] = "constrained"
    ) -> Axes:
        """Return the caller's axes, or the only axes of a new figure."""
        return self.figure(height, layout).subplots() if self.ax is None else self.ax

    def legend(self, axes: Axes, *args: Any, **options: Any) -> None:
        """Draw the legend below the axes; inside them where the rest of the figure is not ours."""
        if self.ax is None:
            axes.figure.legend(*args, loc="outside lower center", **options)
        else:
            axes.legend(*args, **{**options, "ncols": 1})


def lay_out(figure: Figure) -> None:
    """Give the parts of a figure their places, for which it need not be drawn in full."""
    engine = figure.get_layout_engine()
    if engine is None:
        figure.draw_without_rendering()
    else:
        legible(figure)
        engine.execute(figure)


def settled(figure: Figure) -> Figure:
    """Return a figure that is laid out once and for all, so that it is written fast."""
    with style():
        lay_out(figure)
        # Of "none" a placeholder is left, for which all is drawn twice.
        figure.set_layout_engine(None)
    return figure


def root(axes: Axes) -> Figure:
    """Return the outermost figure that holds the axes."""
    return axes.figure.figure


PAGE, COLUMN = Look(), Look(WIDTHS["column"])


def house(draw: Callable[P, T]) -> Callable[P, T]:
    """Make a function draw in the house style."""
    return style()(draw)


def tidy(row: Sequence[Axes], grid: Literal["x", "y"] = "y") -> None:
    """Take away what does not carry meaning."""
    for axes in row:
        # Ticks are made late, when the reader's own settings are in force again.
        axes.tick_params(labelsize=SMALL, width=0.6, length=2.5)
        axes.grid(axis=grid, linewidth=0.4, alpha=0.5)
        axes.set_axisbelow(True)
