"""A target-by-victim matrix as markdown."""

import math

import numpy as np

from semspill._mask import printable
from semspill.report._table import in_percent, literal, p_text, table
from semspill.results import SpilloverMatrix

_MEANINGS = {
    "slope": "rise of lift per unit of similarity, beyond what each target and victim have",
    "nearest_excess": "lift of the nearest neighbour, beyond what each target and victim have",
    "nearest_share": "lift of nearest neighbours over that of the targets themselves",
}
_LARGEST = 20


def matrix_markdown(matrix: SpilloverMatrix) -> str:
    """Return the page."""
    count, pairs = len(matrix.targets), int(matrix.off_diagonal.sum())
    parts = [
        f"# {len(matrix.victims)} categories, {count} of them poisoned in turn",
        _headline(matrix, pairs),
        f"## What all {pairs} pairs say together\n\n" + _pooled(matrix) + _hubs(matrix),
        "## Targets and their nearest neighbours\n\n"
        "Lifts in percentage points; p is corrected for all pairs by Holm's method.\n\n"
        + _neighbours(matrix),
        f"## The largest lifts outside the target\n\n{_largest(matrix)}",
    ]
    return printable("\n\n".join(parts) + "\n")


def _headline(matrix: SpilloverMatrix, pairs: int) -> str:
    alpha = 1 - matrix.level
    sure, likely = (
        int((np.array(cells, dtype=np.float64)[matrix.off_diagonal] <= alpha).sum())
        for cells in (matrix.p_holm, matrix.p_bh)
    )
    seeds = f"{len(matrix.seeds)} training seed{'s' if len(matrix.seeds) > 1 else ''}"
    noise = "" if len(matrix.seeds) > 1 else " One seed: training noise is not covered."
    return (
        f"Arm `{matrix.arm}`, {matrix.quantity}, {seeds}. Outside the targets, "
        f"{sure} of {pairs} lifts differ from 0 after Holm's correction (family-wise error "
        f"{alpha:.3g}), {likely} at a false discovery rate of {alpha:.3g} (Benjamini and "
        f"Hochberg).{noise}\n\nIntervals of single cells: {matrix.interval}. "
        f"Similarity: {matrix.similarity_method}"
    )


def _pooled(matrix: SpilloverMatrix) -> str:
    rows = [
        [
            name,
            _MEANINGS.get(name, ""),
            str(estimate),
            p_text(estimate.p_value),
            str(estimate.n),
            estimate.method,
        ]
        for name, estimate in matrix.pooled.items()
    ]
    return table(["name", "what it is", "estimate", "p", "n", "method"], rows)


def _hubs(matrix: SpilloverMatrix) -> str:
    if math.isnan(matrix.hubness):
        return ""
    return (
        f"\n\nHubness: {100 * matrix.hubness:.0f} % of the variance of similarity is between "
        "targets and between victims, because some categories are simply like everybody. "
        "`slope` and `nearest_excess` are free of it."
    )


def _neighbours(matrix: SpilloverMatrix) -> str:
    rows = []
    for row, column in enumerate(matrix.nearest):
        target, *pair = _pair(matrix, row, int(column))
        own = matrix.cell(row, matrix.victims.index(matrix.targets[row]))
        rows.append([target, in_percent(own), *pair])
    return table(["target", "own lift", "nearest", "similarity", "lift", "p"], rows)


def _largest(matrix: SpilloverMatrix) -> str:
    lifts = np.where(matrix.off_diagonal, matrix.lifts, -np.inf)
    places = np.argsort(-lifts, axis=None, kind="stable")[:_LARGEST]
    rows, columns = np.unravel_index(places, lifts.shape)
    risen = [(int(r), int(c)) for r, c in zip(rows, columns, strict=True) if lifts[r, c] > 0]
    body = [
        [*_pair(matrix, row, column), "yes" if matrix.nearest[row] == column else ""]
        for row, column in risen
    ]
    if not body:
        return "None: no lift outside a target is above 0."
    return table(["target", "victim", "similarity", "lift", "p", "its nearest"], body)


def _pair(matrix: SpilloverMatrix, row: int, column: int) -> list[str]:
    estimate = matrix.cell(row, column)
    return [
        literal(matrix.targets[row]),
        literal(matrix.victims[column]),
        f"{matrix.similarities[row, column]:.3f}",
        in_percent(estimate),
        p_text(estimate.p_holm),
    ]
