"""A target-by-victim matrix as markdown."""

import math

import numpy as np

from semspill._mask import printable
from semspill.report._compared import NOUNS
from semspill.report._phrases import follows, usable
from semspill.report._table import in_percent, literal, p_text, quoted, short_p, table, trend_text
from semspill.results import SpilloverMatrix
from semspill.statistics import Estimate

_MEANINGS = {
    "slope": "rise of lift per unit of similarity, beyond what each target and victim have",
    "nearest_excess": "lift of the nearest neighbour, beyond what each target and victim have",
    "nearest_share": "lift of nearest neighbours over that of the targets themselves",
}
_LARGEST = 20
_EACH = 3
"""Most targets that have a sentence each where they cannot be tested together."""


def matrix_markdown(matrix: SpilloverMatrix) -> str:
    """Return the page."""
    count, pairs = len(matrix.targets), int(matrix.off_diagonal.sum())
    parts = [
        f"# {len(matrix.victims)} categories, {count} of them poisoned in turn",
        "\n".join(f"- {sentence}" for sentence in pooled_sentences(matrix)),
        _headline(matrix, pairs),
        f"## What all {pairs} pairs say together\n\n" + _pooled(matrix) + _hubs(matrix),
        "## Targets and their nearest neighbours\n\n"
        "Lifts in percentage points; p is corrected for all pairs by Holm's method.\n\n"
        + _neighbours(matrix),
        f"## The largest lifts outside the target\n\n{_largest(matrix)}",
    ]
    return printable("\n\n".join(parts) + "\n")


def pooled_sentences(matrix: SpilloverMatrix) -> tuple[str, ...]:
    """Return what all pairs of a matrix say together, the test first.

    Of few targets, which no test can take together, what each of them says comes first.

    Args:
        matrix: A `SpilloverMatrix`.
    """
    pairs, targets = int(matrix.off_diagonal.sum()), len(matrix.targets)
    lift, over = NOUNS[matrix.measure.metric], f"{pairs} pairs of {targets} targets"
    slope = matrix.pooled.get("slope")
    tested = slope is not None and usable(slope) and slope.p_value is not None
    said = [] if tested or targets > _EACH else [_of(matrix, row, lift) for row in range(targets)]
    said.append(_trend(slope, lift, over))
    excess, share = (matrix.pooled.get(name) for name in ("nearest_excess", "nearest_share"))
    if excess is not None and usable(excess):
        said.append(
            f"The {lift} of the nearest neighbour exceeds that of other categories by "
            f"{quoted(excess)}, effects of targets and victims removed."
        )
    if share is not None and usable(share):
        said.append(
            f"Nearest neighbours have {in_percent(share).replace(' [', ' % [')} of the {lift} of "
            "the targets themselves."
        )
    return tuple(said)


def _of(matrix: SpilloverMatrix, row: int, lift: str) -> str:
    """Say what the nearest category of one target has, against all others."""
    nearest, victims = int(matrix.nearest[row]), np.array(matrix.victims)
    target, near = literal(matrix.targets[row]), literal(matrix.victims[nearest])
    cell = matrix.cell(row, nearest)
    sure = f", p {short_p(cell.p_holm)} after Holm's correction over all pairs"
    said = f"With *{target}* poisoned, its nearest, *{near}*, has a {lift} of {quoted(cell)}{sure}"
    rest = matrix.lifts[row][matrix.off_diagonal[row] & (victims != matrix.victims[nearest])]
    if not rest.size:
        return f"{said}."
    what = "the other category has" if rest.size == 1 else f"the {rest.size} others have on average"
    return f"{said}; {what} {100 * rest.mean() + 0.0:.1f} points."


def _trend(slope: Estimate | None, lift: str, over: str) -> str:
    """Say whether lifts follow similarity, by the test of all pairs."""
    if slope is None or not usable(slope) or slope.p_value is None:
        why = f"; {slope.note}" if slope is not None and slope.note else ""
        return f"Whether the {lift} follows similarity cannot be tested over {over}{why}."
    numbers = f"slope {trend_text(slope)} over {over}, p {short_p(slope.p_value)}"
    if not follows(slope):
        return f"No significant trend of the {lift} with similarity ({numbers})."
    more = "higher" if follows(slope) > 0 else "lower"
    return f"The nearer a category is to the poisoned one, the {more} its {lift} ({numbers})."


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
            quoted(estimate),
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
