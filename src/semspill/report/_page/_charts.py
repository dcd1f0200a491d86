"""The charts of a run's page for wide and narrow screens, with captions."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from markupsafe import Markup
from matplotlib.figure import Figure

from semspill.report._page._defense_captions import defense_caption
from semspill.report._page._label_captions import label_caption
from semspill.report._page._probe_captions import probe_caption
from semspill.report._table import listed
from semspill.report._text import unwatched
from semspill.report.figures import figures, lifts
from semspill.report.figures._channels import plot_channels
from semspill.report.figures._detectors import plot_removed, plot_roc
from semspill.report.figures._dose import plot_dose
from semspill.report.figures._epochs import dashed, plot_epochs
from semspill.report.figures._groups import plot_decomposition, plot_distribution
from semspill.report.figures._spillover import plot_confusion, plot_spillover
from semspill.report.figures._style import COLUMN, PAGE, settled
from semspill.report.figures._svg import inline_svg
from semspill.report.figures._tradeoff import plot_tradeoff
from semspill.report.figures._trigger import plot_trigger
from semspill.results import SpilloverReport

OWN = "lift-"
"""How the names of charts begin that show the lift of a metric of somebody's own."""
_QUANTITIES = ("toxicity", "asr")
_LIFTS = {"lift": "Toxicity lift", "asr_lift": "Planted-rate lift"}
_ELSEWHERE = {
    **dict.fromkeys(("channels", "confusion"), label_caption),
    **dict.fromkeys(("tradeoff", "roc", "removed"), defense_caption),
    "trigger": probe_caption,
}
"""Charts whose captions are written elsewhere."""
Plot = Callable[..., Figure]
"""A figure for a look, given as `look`."""


@dataclass(frozen=True)
class Chart:
    """A figure in a page; its numbers are in a table behind it."""

    wide: Markup
    """It as an SVG for a wide screen and for paper."""
    narrow: Markup
    """It as an SVG for a phone."""
    caption: str
    """How to read it, in markdown."""


def chart(name: str, label: str, caption: str, plot: Plot, wide: Figure | None = None) -> Chart:
    """Return a chart.

    Args:
        name: What no other chart of its page is called.
        label: What it shows, plain, for a reader who hears the page.
        caption: How to read it, in markdown.
        plot: What draws it.
        wide: Its figure for a wide screen, where it was drawn before.
    """
    label = f"{label} Its numbers are in the table below."
    wide = settled(plot(look=PAGE)) if wide is None else wide
    narrow = settled(plot(look=COLUMN))
    return Chart(
        Markup(inline_svg(wide, f"{name}-wide", label)),
        Markup(inline_svg(narrow, f"{name}-narrow", label, spoken=False)),
        caption,
    )


def draw(report: SpilloverReport) -> dict[str, Figure]:
    """Return every figure of a report as wide as a page, by the name of its chart."""
    return {name: settled(plot(look=PAGE)) for name, plot in _plots(report).items()}


def charts(report: SpilloverReport, drawn: Mapping[str, Figure]) -> dict[str, Chart]:
    """Return the charts of a report by name, from its figures as `draw` returns them."""
    plots = _plots(report) if drawn else {}
    return {
        name: chart(name, *_described(report, name), plots[name], figure)
        for name, figure in drawn.items()
    }


def _plots(report: SpilloverReport) -> dict[str, Plot]:
    can, of = figures(report), lifts(report)
    plots: dict[str, tuple[bool, Callable[..., Figure]]] = {
        "spillover": ("toxicity" in of, plot_spillover),
        "spillover-asr": ("asr" in of, partial(plot_spillover, quantity="asr_lift")),
        "epochs": ("epochs" in can, plot_epochs),
        "epochs-asr": ("epochs" in can, partial(plot_epochs, quantity="asr")),
        "distribution": ("distribution" in can, plot_distribution),
        "decomposition": ("decomposition" in can, plot_decomposition),
        "dose": ("dose" in can, plot_dose),
        "trigger": ("trigger" in can, plot_trigger),
        "channels": ("channels" in can and "asr" in of, plot_channels),
        "confusion": ("confusion" in can and "asr" in of, plot_confusion),
        "tradeoff": ("tradeoff" in can, plot_tradeoff),
        "roc": ("roc" in can, plot_roc),
        "removed": ("removed" in can, plot_removed),
    }
    for place, metric in enumerate(_own_lifts(report)):
        plots[f"{OWN}{place}"] = (True, partial(plot_spillover, quantity=metric))
    return {name: partial(plot, report) for name, (can_it, plot) in plots.items() if can_it}


def _own_lifts(report: SpilloverReport) -> list[str]:
    """Return the metrics of somebody's own whose lifts are drawn."""
    return [metric for quantity, metric in lifts(report).items() if quantity not in _QUANTITIES]


def _described(report: SpilloverReport, name: str) -> tuple[str, str]:
    """Return what a chart shows, plain, and how to read it, in markdown."""
    if name.startswith(OWN):
        return _spillover(report, _own_lifts(report)[int(name.removeprefix(OWN))])
    if name in _ELSEWHERE:
        return _ELSEWHERE[name](report, name)
    kind, _, quantity = name.partition("-")
    arm = report.main_arm
    line = "" if arm == report.clean_arm else "; the line is the clean arm"
    if kind == "spillover":
        return _spillover(report, "asr_lift" if quantity else "lift")
    if kind == "epochs":
        what = "Planted rate" if quantity else "Mean rated toxicity"
        seen = " Dashed: the clean arm."
        if not dashed(report, quantity or "toxicity"):
            seen = "" if arm == report.clean_arm else " The clean arm stays near 0: not drawn."
        label = f"{what} after each epoch, a line per group."
        return label, f"{label[:-1]}, mean over seeds, arm `{arm}`.{seen}{unwatched(report)}"
    if kind == "dose":
        return _dose(report)
    if kind == "distribution":
        label = "Shares of ten bins of rated toxicity, a panel per group."
        return label, (
            f"{label} Bars are arm `{arm}`{line}. The share of the last bin is written out."
            f"{unwatched(report)}"
        )
    return "Parts of the lift with intervals, a panel per group and quantity.", (
        "Paired differences between arms with their intervals, group by group. Every panel has its "
        "own scale: compare the parts inside a panel, and read numbers across panels."
    )


def _dose(report: SpilloverReport) -> tuple[str, str]:
    dose = report.doses[0]
    label = "Planted rate against the similarity of single contexts."
    fitted = (
        "The line is a logistic regression over all exchanges outside the target; where "
        f"{listed([dose.nearest])} lies on it, its text explains why it is hit."
    )
    if math.isnan(dose.slope):
        fitted = "Too few planted answers for a regression line."
    return label, (
        f"{label[:-1]} to {listed([report.target])}, by `{dose.similarity}`: a point per bin, with "
        f"its interval, arm `{report.main_arm}`. {fitted}"
    )


def _spillover(report: SpilloverReport, quantity: str) -> tuple[str, str]:
    what = _LIFTS.get(quantity) or next(
        part.estimates[quantity].measure.title
        for part in report.categories
        if quantity in part.estimates
    )
    band = report.bands.get(quantity)
    behind = ""
    if band is not None:
        side = "outside" if band.rejects else "inside"
        behind = (
            " Behind the points: the least squares line over all categories but the target, which "
            f"lies {side} the band that holds {100 * band.level:g}% of such lines when the names "
            "of categories are shuffled."
        )
    return f"{what} against similarity to {report.target}, a point per category.", (
        f"{what}, `{report.main_arm}` minus `{report.arm().baseline}` at the same seeds and "
        f"exchanges, against similarity to {listed([report.target])}: a point per category, with "
        "its interval. Filled: significant after Holm's correction; open: significant only before "
        f"it; small and pale: not significant, though an interval may exclude 0.{behind}"
    )
