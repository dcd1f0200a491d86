"""The target-by-victim matrix: the lift of every category for every target."""

import math
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal, TypeAlias

import numpy as np
from jaxtyping import Bool, Float, Int
from pydantic import model_validator

from semspill._mask import listing, named
from semspill._model import FrozenModel
from semspill._names import composed
from semspill.errors import DataError, did_you_mean
from semspill.results._format import require_format
from semspill.results._pair import PairReport
from semspill.results._parts import Quantity
from semspill.statistics import Estimate, Measure, Number

Cells: TypeAlias = tuple[tuple[Number, ...], ...]
"""A row for each target and a column for each victim."""


class SpilloverMatrix(FrozenModel):
    """Lift of every category when each target was poisoned in turn, and what that says together.

    `pair` gives the ranks of one pair, `to_markdown` a page, `to_json` everything.
    """

    format: Literal[2] = 2
    """Version of the format of `to_json`."""
    targets: tuple[str, ...]
    """The poisoned categories, one per row."""
    victims: tuple[str, ...]
    """All tested categories, one per column, the targets among them."""
    quantity: Quantity
    """Of what the lift is: planted rate, or mean rated toxicity."""
    arm: str
    """The arm that is compared with the clean one."""
    seeds: tuple[int, ...]
    """The training seeds of every row."""
    dialogues: tuple[int, ...]
    """Number of test dialogues of each victim."""
    lift: Cells
    """Mean over seeds and exchanges, in [-1, 1]."""
    low: Cells
    """Lower end of each cell's interval, not corrected for the number of cells."""
    high: Cells
    """Upper end of each cell's interval."""
    p_holm: Cells
    """Two-sided p-value, corrected by Holm's method for all pairs; NaN where the victim is the
    target itself, which nobody doubts."""
    p_bh: Cells
    """The same, corrected by Benjamini and Hochberg's: the false discovery rate at which the cell
    counts as risen or fallen."""
    level: float
    """Nominal coverage of the cells' intervals."""
    interval: str
    """How the cells' intervals were made."""
    similarity: Cells
    """Similarity of the victim to the target, in the units of its method."""
    similarity_method: str
    """How similarity was measured, and on what."""
    hubness: Number = math.nan
    """Share of the variance of similarity that is between targets and between victims, 0 to 1; NaN
    where it is not known."""
    pooled: Mapping[str, Estimate]
    """What all pairs say together, by name."""

    @model_validator(mode="after")
    def _rectangular(self) -> "SpilloverMatrix":
        for name in ("lift", "low", "high", "p_holm", "p_bh", "similarity"):
            widths = [len(row) for row in getattr(self, name)]
            if widths != [len(self.victims)] * len(self.targets):
                raise ValueError(
                    f"{name} has rows of {widths} cells; {len(self.targets)} targets and "
                    f"{len(self.victims)} victims need {len(self.targets)} rows of "
                    f"{len(self.victims)}"
                )
        if len(self.victims) < 2 or not set(self.targets) <= set(self.victims):
            raise ValueError("victims must be two or more, and every target one of them")
        return self

    def __repr__(self) -> str:
        return (
            f"<SpilloverMatrix: {self.quantity} lift of {len(self.victims)} categories, "
            f"{len(self.targets)} of them poisoned in turn>"
        )

    def _repr_html_(self) -> str:
        """Return what a notebook shows: what all pairs say together."""
        from semspill.report._notebook import matrix_cell

        return str(matrix_cell(self))

    @cached_property
    def lifts(self) -> Float[np.ndarray, "targets victims"]:
        """The lifts as an array."""
        return np.array(self.lift, dtype=np.float64)

    @cached_property
    def similarities(self) -> Float[np.ndarray, "targets victims"]:
        """The similarities as an array."""
        return np.array(self.similarity, dtype=np.float64)

    @cached_property
    def off_diagonal(self) -> Bool[np.ndarray, "targets victims"]:
        """True where the victim is another category than the target."""
        return np.asarray(np.array(self.targets)[:, None] != np.array(self.victims))

    @cached_property
    def nearest(self) -> Int[np.ndarray, " targets"]:
        """Column of each target's most similar other category."""
        return np.asarray(np.where(self.off_diagonal, self.similarities, -np.inf).argmax(axis=1))

    def pair(self, target: str, victim: str) -> PairReport:
        """Return how one category fared when another was poisoned, and how usual that is.

        Args:
            target: The poisoned category.
            victim: Another category.

        Raises:
            DataError: One of them is not in the matrix, or they are the same.
        """
        target, victim = composed(target), composed(victim)
        row = _place("target", target, self.targets)
        column = _place("victim", victim, self.victims)
        if target == victim:
            raise DataError(f"A pair is two categories; got {named(target)} twice.")
        lift, value = self.cell(row, column), self.lifts[row, column]
        pairs = self.lifts[self.off_diagonal]
        rows, columns = np.arange(len(self.targets)), self.nearest
        rivals = (rows[rows != row], columns[rows != row])
        low, high = (np.array(end, dtype=np.float64)[rivals] for end in (self.low, self.high))
        nearer = self.off_diagonal[row] & (self.similarities[row] > self.similarities[row, column])
        return PairReport(
            target=target,
            victim=victim,
            lift=lift,
            nearness=1 + int(nearer.sum()),
            rank=1 + int((pairs > value).sum()),
            tied=int((pairs == value).sum()) - 1,
            pairs=len(pairs),
            nearest_rank=1 + int((self.lifts[rivals] > value).sum()),
            nearest_ranks=(1 + int((low > lift.high).sum()), 1 + int((high >= lift.low).sum())),
            nearest_pairs=len(self.targets),
            nearest_median=float(np.median(self.lifts[rows, columns])),
        )

    @cached_property
    def measure(self) -> Measure:
        """What the cells measure."""
        metric = {"asr": "asr_lift", "toxicity": "lift"}[self.quantity]
        return Measure(
            metric=metric, quantity=self.quantity, kind="change", unit="points", aspect="attack"
        )

    def cell(self, row: int, column: int) -> Estimate:
        """Return one cell with its interval."""
        # NaN, where the victim is the target, becomes None.
        return Estimate(
            value=self.lift[row][column],
            low=self.low[row][column],
            high=self.high[row][column],
            n=self.dialogues[column],
            method=self.interval,
            level=self.level,
            p_holm=self.p_holm[row][column],
            p_bh=self.p_bh[row][column],
            measure=self.measure,
        )

    def to_json(self) -> str:
        """Return everything as JSON; undefined numbers are null."""
        return self.model_dump_json(indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "SpilloverMatrix":
        """Return the matrix that `to_json` wrote.

        Raises:
            DataError: It has the format of another version of semspill.
        """
        require_format(text, "matrix")
        return cls.model_validate_json(text)

    def to_markdown(self) -> str:
        """Return a page of tables."""
        from semspill.report._matrix_page import matrix_markdown

        return matrix_markdown(self)

    def to_frame(self) -> Any:
        """Return the cells as a tidy pandas data frame, a row for each target and victim."""
        from semspill.report._frame import matrix_frame

        return matrix_frame(self)

    def figure(
        self,
        name: str = "matrix",
        *,
        width: str | float | int = "page",
        pair: tuple[str, str] | None = None,
        ax: Any = None,
    ) -> Any:
        """Return a matplotlib figure for a paper; it has no title.

        Args:
            name: `matrix`, the heat map, or `pairs`, the lift of every pair against similarity.
            width: `column` (3.3 inches), `page` (6.9) or inches.
            pair: A target and a victim to point at among the pairs.
            ax: Your own matplotlib axes to draw into; `width` does not count then.

        Raises:
            DataError: There is no such figure or pair.
        """
        from semspill.report.figures import matrix_figure

        return matrix_figure(self, name, width, pair, ax)


def _place(kind: str, name: str, names: tuple[str, ...]) -> int:
    if name not in names:
        raise DataError(
            f"The matrix has no {kind} {named(name)}.{did_you_mean(name, names)} "
            f"It has: {listing(names)}."
        )
    return names.index(name)
