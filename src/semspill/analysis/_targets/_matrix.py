"""From one outcome per poisoned category to the target-by-victim matrix."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float

from semspill._mask import listing, named
from semspill.analysis._metrics._base import Metric
from semspill.analysis._metrics._slices import AsrLift, Lift
from semspill.analysis._outcome import Outcome
from semspill.analysis._similarity._base import Similarities
from semspill.analysis._targets._mantel import Pairs, hubness
from semspill.analysis._targets._pooled import pooled_estimates
from semspill.errors import DataError
from semspill.results import Cells, Quantity, SpilloverMatrix
from semspill.statistics import Estimate
from semspill.statistics._multiplicity import benjamini_hochberg, holm


def spillover_matrix(
    pairs: Sequence[Outcome],
    similarities: Similarities,
    *,
    of: Quantity = "asr",
    arm: str = "poison",
    permutations: int = 4999,
) -> SpilloverMatrix:
    """Return what every category caught when each target was poisoned in turn.

    Args:
        pairs: One outcome of `arm` per target, with its clean arm in `clean` or among these;
            outcomes of other arms are passed over. All on the same seeds and test exchanges.
        similarities: How near every category is to every other.
        of: Whether the lift is one of planted responses or of rated toxicity.
        arm: The arm that is compared with the clean one.
        permutations: Orders drawn by each permutation test.

    Raises:
        DataError: Fewer than two targets or three categories were tested, a target comes twice or
            has no clean arm or no test exchange, the targets differ in seeds or test exchanges, or
            a category has no similarity.

    Example:
        >>> names = ("fear", "dread", "joy")
        >>> def outcome(target, planted, arm="poison", clean=None):
        ...     return Outcome(
        ...         arm=arm, target=target, seeds=(0,), categories=names, dialogues=tuple("abc"),
        ...         toxicity=np.zeros((1, 3)), planted=np.array([planted]), clean=clean,
        ...         correct=np.ones((1, 3), dtype=bool))
        >>> outcomes = [
        ...     outcome(target, planted, clean=outcome(target, [False] * 3, "clean"))
        ...     for target, planted in {"fear": [True, True, False], "joy": [False, False, True]}
        ...     .items()]
        >>> near = np.array([[1.0, 0.9, 0.1], [0.9, 1.0, 0.2], [0.1, 0.2, 1.0]])
        >>> given = Similarities(name="mine", method="by hand", categories=names, matrix=near)
        >>> matrix = spillover_matrix(outcomes, given)
        >>> matrix.victims, matrix.lift
        (('dread', 'fear', 'joy'), ((1.0, 1.0, 0.0), (0.0, 0.0, 1.0)))
        >>> matrix.pair("fear", "dread").rank
        1
    """
    arms = _paired(pairs, arm)
    first = arms[0]
    names = tuple(sorted(set(first.categories)))
    near = _square(similarities, names)
    metric: Metric = AsrLift() if of == "asr" else Lift()
    cells = [[metric.compute(outcome.of([name])) for name in names] for outcome in arms]
    lift = np.array([[cell.value for cell in row] for row in cells], dtype=np.float64)
    rows = np.array([names.index(outcome.target) for outcome in arms])
    outside = rows[:, None] != np.arange(len(names))
    target, victim = np.nonzero(outside)
    ordered = Pairs(lift=lift[outside], target=rows[target], victim=victim, square=near)
    holm, bh = _corrected(cells, outside)
    level = first.resampling.level
    return SpilloverMatrix(
        targets=tuple(outcome.target for outcome in arms),
        victims=names,
        quantity=of,
        arm=arm,
        seeds=first.seeds,
        dialogues=tuple(len(set(first.of([name]).dialogues)) for name in names),
        lift=_cells(lift),
        low=tuple(tuple(cell.low for cell in row) for row in cells),
        high=tuple(tuple(cell.high for cell in row) for row in cells),
        p_holm=_cells(holm),
        p_bh=_cells(bh),
        level=level,
        interval="; ".join(sorted({cell.method for row in cells for cell in row})),
        similarity=_cells(near[rows]),
        similarity_method=similarities.method,
        hubness=hubness(ordered),
        pooled=pooled_estimates(
            ordered, lift[target, rows[target]], of=of, level=level, permutations=permutations
        ),
    )


def _paired(outcomes: Sequence[Outcome], arm: str) -> list[Outcome]:
    """Return the outcomes of the arm in alphabetical order of target, each with its clean arm."""
    clean = {outcome.target: outcome for outcome in outcomes if outcome.arm.planted == "nothing"}
    chosen = sorted((o for o in outcomes if o.arm.name == arm), key=lambda outcome: outcome.target)
    targets = [outcome.target for outcome in chosen]
    if len(set(targets)) < max(len(targets), 2):
        raise DataError(
            f"A matrix needs two targets or more, each once in arm {named(arm)}; got: "
            f"{listing(targets)}."
        )
    return [_with_clean(outcome, clean.get(outcome.target), chosen[0]) for outcome in chosen]


def _with_clean(outcome: Outcome, clean: Outcome | None, first: Outcome) -> Outcome:
    clean = outcome.clean or clean
    if clean is None:
        raise DataError(
            f"Target {named(outcome.target)} has no clean arm; set `clean` of its outcome, "
            "or pass the "
            "clean arm's outcome for this target too."
        )
    for other in (outcome, clean):
        if _design(other) != _design(first):
            raise DataError(
                f"Target {named(outcome.target)}, arm {named(other.arm.name)}, has other seeds "
                "or test exchanges "
                f"than target {named(first.target)}; all rows of a matrix must share them."
            )
    if outcome.target not in outcome.categories:
        raise DataError(f"The target {named(outcome.target)} has no test exchange.")
    if len(set(outcome.categories)) < 3:
        raise DataError("A matrix needs three tested categories or more; test others too.")
    return replace(outcome, clean=clean)


def _design(outcome: Outcome) -> tuple[object, ...]:
    return outcome.seeds, outcome.categories, outcome.dialogues


def _square(
    similarities: Similarities, names: tuple[str, ...]
) -> Float[np.ndarray, "targets victims"]:
    missing = sorted(set(names) - set(similarities.categories))
    if missing:
        raise DataError(
            f"The similarities {named(similarities.name)} lack {listing(missing)}; give them for "
            "every tested category."
        )
    columns = [similarities.to(target) for target in names]
    return np.array([[column[name] for name in names] for column in columns], dtype=np.float64)


def _corrected(
    cells: list[list[Estimate]], outside: Bool[np.ndarray, "targets victims"]
) -> tuple[Float[np.ndarray, "targets victims"], Float[np.ndarray, "targets victims"]]:
    """Return the p-values of all pairs, corrected by Holm's and by Benjamini and Hochberg's."""
    p_values = np.array([[cell.p_value for cell in row] for row in cells], dtype=np.float64)
    by_holm, by_bh = np.full(p_values.shape, np.nan), np.full(p_values.shape, np.nan)
    by_holm[outside] = holm(p_values[outside])
    by_bh[outside] = benjamini_hochberg(p_values[outside])
    return by_holm, by_bh


def _cells(values: Float[np.ndarray, "targets victims"]) -> Cells:
    return tuple(tuple(float(value) for value in row) for row in values)
