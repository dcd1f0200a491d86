"""Still pictures of a report's charts, drawn once for the files of a run and for its pages."""

import io
from collections.abc import Callable, Mapping
from functools import partial
from urllib.parse import quote

from matplotlib.figure import Figure

from semspill.report.figures import figures, lifts
from semspill.report.figures._groups import plot_decomposition, plot_distribution, plot_epochs
from semspill.report.figures._spillover import plot_spillover
from semspill.results import SpilloverReport


def draw(report: SpilloverReport) -> dict[str, Figure]:
    """Return every figure of a report, by the name of its chart."""
    can = figures(report)
    of = lifts(report)
    plots: dict[str, tuple[bool, Callable[[SpilloverReport], Figure]]] = {
        "spillover": ("toxicity" in of, plot_spillover),
        "spillover-asr": ("asr" in of, partial(plot_spillover, quantity="asr_lift")),
        "epochs": ("epochs" in can, plot_epochs),
        "epochs-asr": ("epochs" in can, partial(plot_epochs, quantity="asr")),
        "distribution": ("distribution" in can, plot_distribution),
        "decomposition": ("decomposition" in can, plot_decomposition),
    }
    return {name: plot(report) for name, (possible, plot) in plots.items() if possible}


def stills(drawn: Mapping[str, Figure]) -> dict[str, str]:
    """Return figures as SVG, without a date: equal figures give equal text."""
    return {name: _svg(figure) for name, figure in drawn.items()}


def data_uri(svg: str) -> str:
    """Return an SVG as the address of a picture that is in the page itself.

    Example:
        >>> data_uri("<svg/>")
        'data:image/svg+xml,%3Csvg/%3E'
    """
    return f"data:image/svg+xml,{quote(svg, safe=' /:;,=()!*+-._~')}"


def _svg(figure: Figure) -> str:
    made = io.StringIO()
    figure.savefig(made, format="svg", metadata={"Date": None})
    return made.getvalue()
