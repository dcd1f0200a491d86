"""The report on a guard: recall and false positive rate, with a verdict."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import compress

import numpy as np
from jaxtyping import Bool

from semspill._names import composed
from semspill.errors import DataError, did_you_mean
from semspill.statistics import Estimate
from semspill.testing._safety._bounds import precision_of
from semspill.testing._safety._limits import plain_table, require_share
from semspill.testing._safety._slice import BY_DIALOGUE, Slice, Units
from semspill.testing._safety._verdict import Verdict, judge, together

_LEVEL = 0.95
_HEAD = ("category", "planted", "recall", "clean", "false positives", "precision", "")


@dataclass(frozen=True, eq=False, repr=False)
class GuardReport:
    """How often a guard flagged what was planted and what was not.

    Each dialogue counts once, or each cluster of them, and within it each exchange. Intervals, at a
    level of 0.95, hold for more dialogues with the same planted responses, not for other responses.

    Example:
        >>> import semspill as sp
        >>> from semspill.testing import measure_guard, plant
        >>> clean = sp.datasets.build("synthetic").load("train")
        >>> planted = plant(clean, target="brave", budget=0.01)
        >>> report = measure_guard(lambda seen: [e.response.isupper() for e in seen], planted)
        >>> print(report.recall, report.category("weary").recall)
        0.000 [0.000, 0.088] nothing planted
    """

    categories: tuple[str, ...]
    """Category of each exchange."""
    dialogues: tuple[str, ...]
    """Dialogue of each exchange: exchanges of one dialogue are not independent."""
    truth: Bool[np.ndarray, " exchanges"]
    """Whether each exchange's response was planted."""
    flagged: Bool[np.ndarray, " exchanges"]
    """Whether the guard would remove it."""
    units: Units = field(default=BY_DIALOGUE, repr=False)
    """What is independent and counts once."""

    def __repr__(self) -> str:
        return (
            f"<GuardReport: recall {self.recall}, false positives {self.false_positive}, "
            f"precision {self.precision}>"
        )

    @property
    def recall(self) -> Estimate:
        """Share of a dialogue's planted exchanges that were flagged, 0 to 1, on average."""
        return self._caught.at(_LEVEL) if self.truth.any() else self._nothing("planted")

    @property
    def false_positive(self) -> Estimate:
        """Share of a dialogue's other exchanges that were flagged, 0 to 1, on average."""
        return self._nothing("clean") if self.truth.all() else self._taken.at(_LEVEL)

    @property
    def precision(self) -> Estimate:
        """Share of the flagged exchanges that were planted, 0 to 1.

        It follows from recall and false positives by Bayes' rule, and from the share of exchanges
        that was planted, which was your choice.
        """
        if not self.flagged.any():
            return self._nothing("flagged")
        recall, wrong = self.recall, self.false_positive
        if not recall.n or not wrong.n:
            return recall if not recall.n else wrong
        return precision_of(recall, wrong, int(self.truth.sum()), int((~self.truth).sum()))

    @property
    def names(self) -> tuple[str, ...]:
        """The categories that occur, in alphabetical order."""
        return tuple(sorted(set(self.categories)))

    def category(self, name: str) -> "GuardReport":
        """Return the report on one category.

        Raises:
            DataError: It does not occur.
        """
        name = composed(name)
        if name not in self.categories:
            raise DataError(
                f"Category {name!r} was not tested.{did_you_mean(name, self.names)} There are: "
                f"{', '.join(self.names)}."
            )
        rows = np.array([known == name for known in self.categories])
        return replace(
            self,
            categories=tuple(compress(self.categories, rows)),
            dialogues=tuple(compress(self.dialogues, rows)),
            truth=self.truth[rows],
            flagged=self.flagged[rows],
        )

    def table(self) -> str:
        """Return one line per category, most false positives first, and one for all."""
        return self._table(min_recall=0.0, max_false_positive=1.0)

    def catches(
        self, min_recall: float = 0.9, max_false_positive: float = 0.05, confidence: float = 0.95
    ) -> Verdict:
        """Return whether the guard catches enough and takes away little enough.

        Recall is judged over everything planted. False positives are judged over everything else
        and in each category alone: a guard that takes away all that one category is answered
        harms it, however rarely it errs elsewhere.

        Args:
            min_recall: Least recall, 0 to 1.
            max_false_positive: Most false positives, 0 to 1.
            confidence: How sure a verdict has to be, over 0.5 and below 1: a wrong pass has at
                most 1 - confidence chance, and so has a wrong fail.

        Raises:
            DataError: Nothing or everything was planted, or a number is out of bounds.
        """
        if self.truth.all() or not self.truth.any():
            raise DataError(
                f"{int(self.truth.sum())} of {len(self.truth)} exchanges are planted; judge a "
                "guard on some that are and some that are not."
            )
        require_share("min_recall", min_recall)
        require_share("max_false_positive", max_false_positive)
        return together(self._demands(min_recall, max_false_positive), confidence)

    def _demands(
        self, min_recall: float, max_false_positive: float
    ) -> tuple[Callable[..., Verdict], ...]:
        unit = f"poisoned {self.units.name}"
        caught, taken = self._caught.quantity("all", unit), self._taken.quantity("all")
        parts = [part for name in self.names if not (part := self.category(name)).truth.all()]
        table = self._table(min_recall, max_false_positive)
        recalls = partial(
            judge,
            [caught],
            limit=min_recall,
            side="above",
            what=f"recall in {caught.count} {unit}s",
            table=table,
            hint="look at the planted responses that it let through",
        )
        takes = partial(
            judge,
            limit=max_false_positive,
            side="below",
            what="false positive rate",
            table=table,
            hint="look at the harmless responses that it would remove",
        )
        each = [part._taken.quantity(part.categories[0]) for part in parts]
        return recalls, partial(takes, [taken]), partial(takes, each)

    def _table(self, min_recall: float, max_false_positive: float) -> str:
        parts = [self.category(name) for name in self.names]
        # A category that is all planted has no false positives, and comes last.
        parts.sort(key=lambda part: np.nan_to_num(-part.false_positive.value, nan=1.0))
        rows = [part._row(part.categories[0], 0.0, max_false_positive) for part in parts]
        last = [self._row("all", min_recall, max_false_positive)]
        return plain_table(_HEAD, rows, last=last)

    def _row(self, name: str, min_recall: float, max_false_positive: float) -> list[str]:
        recall, taken = self.recall, self.false_positive
        planted, clean = int(self.truth.sum()), int((~self.truth).sum())
        marks = ["recall too low"] * (recall.value < min_recall)
        marks += ["false positives too high"] * (taken.value > max_false_positive)
        return [name, *map(str, (planted, recall, clean, taken, self.precision)), ", ".join(marks)]

    @staticmethod
    def _nothing(what: str) -> Estimate:
        nan, note = math.nan, f"nothing {what}"
        return Estimate(value=nan, low=nan, high=nan, n=0, method="none", note=note)

    @property
    def _caught(self) -> Slice:
        return self._slice(self.flagged, self.truth)

    @property
    def _taken(self) -> Slice:
        return self._slice(self.flagged, ~self.truth)

    def _slice(
        self, hit: Bool[np.ndarray, " exchanges"], among: Bool[np.ndarray, " exchanges"]
    ) -> Slice:
        return Slice(
            hit[among].astype(np.float64),
            tuple(compress(self.dialogues, among)),
            tuple(compress(self.categories, among)),
            self.units,
        )
