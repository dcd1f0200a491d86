"""What each chart of the page of several runs shows: in words for who cannot see, and in tables."""

import math
from collections.abc import Iterable

import numpy as np

from semspill.report._page._comparison_charts import MEASURES, QUANTITIES, in_role, lifted
from semspill.report._page._differences import Runs
from semspill.report._table import in_percent, literal, table
from semspill.results import SpilloverMatrix
from semspill.statistics import Estimate

LIFTS = {"compare": "lift", "compare-asr": "asr_lift"}
"""The lift that each chart of curves draws."""
_POINTS = (
    "A point is a category, its bar the interval, the line a run's least squares line over all "
    "categories but the target. Points of one category stand slightly apart. Choose runs by their "
    "names below the chart."
)
_SIDES = (
    "Each run's groups side by side. The bars are intervals of single runs; whether they overlap "
    "is no test of the difference."
)
_CELLS = "A row is a poisoned category, a column one that was looked at"
_MANY = 3
"""So many categories or pairs are named in a description."""


def described(runs: Runs, name: str) -> tuple[str, str]:
    """Return the alternative text of a chart of runs, plain, and its caption, in markdown."""
    if name == "groups":
        return _groups(runs), _SIDES
    # The chart of planted responses stands first, where there is one.
    first = {"compare-asr": f"{_POINTS} Planted responses are counted: no rater is needed."}
    again = any(lifted(report, LIFTS["compare-asr"]) for report in runs.values())
    said = first.get(name, "The same of rated toxicity." if again else _POINTS)
    return _curves(runs, LIFTS[name]), said


def curve_table(runs: Runs, name: str) -> str:
    """Return the numbers of a chart of curves: a row per category, a column per run."""
    made = {label: _lifts(runs, label, LIFTS[name]) for label in runs}
    order = dict.fromkeys(category for lifts in made.values() for category in lifts)
    rows = [
        [literal(category), *[in_percent(lifts.get(category)) for lifts in made.values()]]
        for category in order
    ]
    return table(["category", *map(literal, runs)], rows)


def matrix_described(matrix: SpilloverMatrix) -> dict[str, tuple[str, str]]:
    """Return the alternative text and the caption of both charts of a matrix, by name."""
    what = {"asr": "attack success", "toxicity": "toxicity"}[matrix.quantity]
    own = 100 * matrix.lifts[~matrix.off_diagonal]
    pairs = int(matrix.off_diagonal.sum())
    followed = matrix.pooled.get("slope")
    rank = ""
    if followed is not None and math.isfinite(followed.value):
        rank = f" Slope of lift on similarity, targets and victims taken out: {followed}."
    return {
        f"matrix-{matrix.quantity}": (
            f"Heat map of the {what} lift of every category when each target was poisoned, in "
            f"points of a hundred: {own.min():.1f} to {own.max():.1f} in the targets themselves; "
            f"elsewhere the largest are {_largest(matrix)}.",
            f"{_CELLS}; similar categories stand side by side. A dot marks the most similar "
            "category of each target. The diagonal, the target itself, has shades of its own.",
        ),
        f"pairs-{matrix.quantity}": (
            f"The {what} lift of {pairs} pairs of categories against their similarity.{rank} The "
            f"largest lifts, in points of a hundred, are {_largest(matrix)}.",
            "A point is a target and another category.",
        ),
    }


def matrix_tables(matrix: SpilloverMatrix) -> str:
    """Return the lift and the similarity of every pair, as two tables in markdown."""
    head = ["poisoned", *map(literal, matrix.victims)]
    places = range(len(matrix.victims))
    names = [literal(name) for name in matrix.targets]
    lifts = [
        [name, *[in_percent(matrix.cell(row, column)) for column in places]]
        for row, name in enumerate(names)
    ]
    near = [
        [name, *[f"{value:.3f}" for value in row]]
        for name, row in zip(names, matrix.similarities.tolist(), strict=True)
    ]
    return (
        f"## Every pair\n\n{_CELLS}.\n\n### Lift, percentage points\n\n{table(head, lifts)}\n\n"
        f"### Similarity\n\n{table(head, near)}"
    )


def _lifts(runs: Runs, label: str, quantity: str) -> dict[str, Estimate]:
    """Return the lifts of a run's categories, target first, then from the most similar on."""
    parts = lifted(runs[label], quantity)
    parts.sort(key=lambda part: (part.name != runs[label].target, -(part.similarity or 0.0)))
    return {part.name: part.estimates[quantity] for part in parts}


def _curves(runs: Runs, quantity: str) -> str:
    made = {label: _lifts(runs, label, quantity) for label in runs}
    said = [f"{label}: {_few(lifts)}" for label, lifts in made.items() if lifts]
    title = QUANTITIES[quantity].capitalize()
    return (
        f"{title} of every category against its similarity to the target, run by run, in points "
        f"of a hundred, target first and then the most similar. {'. '.join(said)}."
    )


def _few(lifts: dict[str, Estimate]) -> str:
    named = [f"{name} {in_percent(made)}" for name, made in list(lifts.items())[:_MANY]]
    more = [f"{len(lifts) - _MANY} more"] if len(lifts) > _MANY else []
    return "; ".join([*named, *more])


def _groups(runs: Runs) -> str:
    said = []
    for measure, title in MEASURES.items():
        made = {label: in_role(report, "all", measure) for label, report in runs.items()}
        numbers = [f"{label} {in_percent(one)}" for label, one in made.items() if one is not None]
        said += [f"{title}: {'; '.join(numbers)}"] if numbers else []
    return (
        "Groups of every run with intervals: the target, its nearest, all but the target, and all "
        f"exchanges. Of all exchanges: {'. '.join(said)}."
    )


def _largest(matrix: SpilloverMatrix) -> str:
    outside = np.where(matrix.off_diagonal, matrix.lifts, -np.inf)
    most = min(_MANY, int(matrix.off_diagonal.sum()))
    order: Iterable[int] = np.argsort(-outside, axis=None, kind="stable")[:most].tolist()
    pairs = [divmod(place, len(matrix.victims)) for place in order]
    return "; ".join(
        f"{matrix.targets[row]} to {matrix.victims[column]} {in_percent(matrix.cell(row, column))}"
        for row, column in pairs
    )
