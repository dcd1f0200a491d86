"""A figure for a paper by its name, at the width of a column or of a page."""

from collections.abc import Callable, Collection

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from semspill._mask import named
from semspill.errors import DataError, did_you_mean
from semspill.report._phrases import measures
from semspill.report.figures._channels import plot_channels
from semspill.report.figures._detectors import cleaned, plot_removed, plot_roc, scored
from semspill.report.figures._dose import plot_dose
from semspill.report.figures._epochs import plot_epochs
from semspill.report.figures._groups import plot_decomposition, plot_distribution
from semspill.report.figures._layers import SHOWN, plot_layers
from semspill.report.figures._matrix import plot_matrix, plot_pairs
from semspill.report.figures._spillover import plot_confusion, plot_spillover
from semspill.report.figures._style import WIDTHS, Look, legible
from semspill.report.figures._tradeoff import placed, plot_tradeoff
from semspill.report.figures._trigger import plot_trigger, triggering
from semspill.results import Decoding, SpilloverMatrix, SpilloverReport

_QUANTITIES = ("toxicity", "asr")
_NEEDS = {
    "spillover": "a lift of the main arm",
    "epochs": "a run with curve = true",
    "distribution": "a group",
    "decomposition": "one of the arms train_only, pool_only and benign_swap",
    "dose": "a similarity that knows single exchanges",
    "trigger": "probes with a phrase, and a strategy with a trigger",
    "channels": "lifts under context.label = 'predicted'",
    "confusion": "lifts under context.label = 'predicted'",
    "tradeoff": "defenses of a model that ranks lists",
    "roc": "a defense that scores exchanges",
    "removed": "a defense that takes exchanges out",
}
_ASR = ("dose", "trigger", "channels", "confusion", "tradeoff", "roc", "removed")
"""Figures that show the planted rate unless another quantity is asked for; others show toxicity."""
_SINGLE = ("spillover", "epochs", "dose", "trigger", "channels", "confusion", "roc")
"""Figures that one pair of axes can hold."""
_NARROWEST, _WIDEST = 2.0, 20.0


def figures(report: SpilloverReport) -> tuple[str, ...]:
    """Return the names of the figures that a report can draw."""
    predicted = report.labels is not None and bool(lifts(report))
    can = {
        "spillover": bool(lifts(report)),
        "epochs": bool(report.curve),
        "distribution": bool(report.groups),
        "decomposition": bool(report.decomposition),
        "dose": any(dose.bins for dose in report.doses[:1]),
        "trigger": bool(triggering(report)),
        "channels": predicted,
        "confusion": predicted,
        "tradeoff": placed(report) is not None,
        "roc": bool(scored(report)),
        "removed": bool(cleaned(report)),
    }
    return tuple(name for name, possible in can.items() if possible)


def lifts(report: SpilloverReport) -> dict[str, str]:
    """Return the metric behind each quantity that the main arm has a lift of, by quantity."""
    changes = {
        measure.quantity: name
        for part in report.categories
        if part.arm == report.main_arm
        for name, measure in measures(part.estimates).items()
        if measure.kind == "change" and measure.aspect != "utility"
    }
    first = {quantity: changes[quantity] for quantity in _QUANTITIES if quantity in changes}
    return first | changes


def figure(
    report: SpilloverReport,
    name: str,
    width: str | float | int,
    quantity: str | None,
    ax: Axes | None,
) -> Figure:
    """Return one figure of a report.

    Raises:
        DataError: The report cannot draw it, or not into one pair of axes, or the width or the
            quantity is not allowed.
    """
    quantity = quantity or ("asr" if name in _ASR else "toxicity")
    _require(report, name, quantity)
    if ax is not None and name not in _SINGLE:
        raise DataError(
            f"The figure {name} has several panels and cannot be drawn into one ax; leave ax out. "
            f"With ax there are: {', '.join(_SINGLE)}."
        )
    look = _look(width, ax)
    plots: dict[str, Callable[[], Figure]] = {
        "spillover": lambda: plot_spillover(report, lifts(report)[quantity], look),
        "epochs": lambda: plot_epochs(report, quantity, look),
        "distribution": lambda: plot_distribution(report, look),
        "decomposition": lambda: plot_decomposition(report, (quantity,), look),
        "dose": lambda: plot_dose(report, look),
        "trigger": lambda: plot_trigger(report, look),
        "channels": lambda: plot_channels(report, look),
        "confusion": lambda: plot_confusion(report, lifts(report)[quantity], look),
        "tradeoff": lambda: plot_tradeoff(report, look),
        "roc": lambda: plot_roc(report, look),
        "removed": lambda: plot_removed(report, look),
    }
    return _legible(plots[name](), ax)


def matrix_figure(
    matrix: SpilloverMatrix,
    name: str,
    width: str | float | int,
    pair: tuple[str, str] | None,
    ax: Axes | None,
) -> Figure:
    """Return one figure of a target-by-victim matrix.

    Raises:
        DataError: There is no such figure or pair, or the width is not allowed.
    """
    look = _look(width, ax)
    if name not in ("matrix", "pairs"):
        meant = did_you_mean(name, ("matrix", "pairs"))
        raise DataError(
            f"There is no figure {named(name)} of a matrix.{meant} There are: matrix, pairs."
        )
    figure = plot_matrix(matrix, look) if name == "matrix" else plot_pairs(matrix, pair, look)
    return _legible(figure, ax)


def layers_figure(
    decoding: Decoding, quantity: str, width: str | float | int, ax: Axes | None
) -> Figure:
    """Return the figure by layer of what a stimulus does inside a model.

    Raises:
        DataError: There is no such quantity, or the width is not allowed.
    """
    shown = next((each for each in SHOWN if each == quantity), None)
    if shown is None:
        raise DataError(
            f"There is no quantity {named(quantity)} by layer.{did_you_mean(quantity, SHOWN)} "
            f"Quantities: {', '.join(SHOWN)}."
        )
    return _legible(plot_layers(decoding, shown, _look(width, ax)), ax)


def _look(width: str | float | int, ax: Axes | None) -> Look:
    if ax is None:
        return Look(inches(width))
    return Look(ax.get_window_extent().width / ax.figure.dpi, ax=ax)


def _legible(figure: Figure, ax: Axes | None) -> Figure:
    # A figure of our own sees to that whenever it is drawn.
    if ax is not None:
        legible(ax)
    return figure


def inches(width: str | float | int) -> float:
    """Return a width in inches, given as such or by its name.

    Raises:
        DataError: It is no width of a figure.
    """
    given = WIDTHS.get(width) if isinstance(width, str) else width
    if given is None or not _NARROWEST <= given <= _WIDEST:
        raise DataError(
            f"A figure cannot be {named(width)} wide; give 'column' ({WIDTHS['column']} inches), "
            f"'page' ({WIDTHS['page']}) or a number of inches from {_NARROWEST:g} to {_WIDEST:g}."
        )
    return float(given)


def _require(report: SpilloverReport, name: str, quantity: str) -> None:
    can = figures(report)
    has = f"It can draw: {', '.join(can)}."
    if name not in _NEEDS:
        first, _, last = name.partition("-")
        if first in can and last in (*_QUANTITIES, *lifts(report)):
            # So the files of a run are called.
            raise DataError(
                f"The figure {named(name)} is {first} of {last}; write "
                f'figure("{first}", quantity="{last}").'
            )
        raise DataError(f"There is no figure {named(name)}.{did_you_mean(name, _NEEDS)} {has}")
    if name not in can:
        raise DataError(f"This report cannot draw {named(name)}, which needs {_NEEDS[name]}. {has}")
    known = list(dict.fromkeys([*_QUANTITIES, *lifts(report)]))
    if quantity not in known:
        raise DataError(
            f"There is no quantity {named(quantity)}.{did_you_mean(quantity, known)} "
            f"Quantities: {', '.join(known)}."
        )
    parts: set[str] = {part.quantity for part in report.decomposition}
    of: dict[str, Collection[str]] = {
        "spillover": lifts(report), "decomposition": parts, "distribution": {"toxicity"},
        "channels": {"asr"}, "confusion": lifts(report),
        **{key: {"asr"} for key in ("trigger", "tradeoff", "roc", "removed")},
    }  # fmt: skip
    if quantity not in of.get(name, _QUANTITIES):
        raise DataError(
            f"This report cannot draw {named(name)} of {named(quantity)}: it was not measured so. "
            f"Give quantity={' or '.join(map(repr, sorted(of[name])))}."
        )
