"""Estimates: value, interval, level, method, sample size, citation."""

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, PlainSerializer, model_validator

from semspill._model import FrozenModel


def _nan_for_none(value: Any) -> Any:
    return math.nan if value is None else value


def _none_for_nan(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value


def _as_json(value: float) -> float | str | None:
    # JSON has neither; pydantic reads the words back.
    return str(value) if math.isinf(value) else _none_for_nan(value)


Number: TypeAlias = Annotated[float, BeforeValidator(_nan_for_none), PlainSerializer(_as_json)]
"""A float that is NaN where it is undefined; in JSON null, or "inf" or "-inf" where infinite."""

P: TypeAlias = Annotated[float | None, BeforeValidator(_none_for_nan)]
"""A p-value, None where nothing was tested; NaN becomes None."""


SpilloverVerdict: TypeAlias = Literal["spilled", "none", "cannot tell"]
"""What a lift says of spillover. `spilled`: it rose significantly, in a family of categories after
Holm's correction. `none`: it did not, and a rise by the margin or more is excluded. `cannot tell`:
neither."""


class Measure(FrozenModel):
    """What an estimate measures: all that tables, sentences and charts need to show it.

    Example:
        >>> Measure(metric="length", quantity="words", kind="level").title
        'Length'
    """

    metric: str = ""
    """The kind of metric: its registered name, or the name of its class."""
    quantity: str = ""
    """What is measured, a short noun: `toxicity`, `asr`, `precision`, or one of your own."""
    title: str = ""
    """A short heading; by default the metric's name in words."""
    kind: Literal["level", "change", "trend", "other"] = "other"
    """`level`: of one arm. `change`: from the baseline arm, paired. `trend`: whether a change
    follows similarity, by the sign. `other`: none of these."""
    unit: Literal["share", "points", "slope", "number"] = "number"
    """`share`: 0 to 1, shown in %. `points`: a difference of shares, shown in percentage points.
    `slope`: such a difference for a category nearer by 1 in similarity, shown in points too.
    `number`: shown as it is."""
    aspect: Literal["attack", "utility", "other"] = "other"
    """Whether it measures the attack, its cost for users, or neither."""

    @model_validator(mode="before")
    @classmethod
    def _titled(cls, given: Any) -> Any:
        if not isinstance(given, Mapping) or given.get("title"):
            return given
        words = str(given.get("metric", "")).replace("_", " ")
        return {**given, "title": words[:1].upper() + words[1:]}


class Estimate(FrozenModel):
    """An estimated quantity with its interval.

    Example:
        >>> print(Estimate(value=0.25, low=0.2, high=0.31, n=400, method="Wilson"))
        0.250 [0.200, 0.310]
    """

    value: Number
    """The estimate; NaN where it is not defined."""
    low: Number
    """Lower end of the interval."""
    high: Number
    """Upper end of the interval."""
    n: int
    """How many independent units stand behind it: dialogues, or categories for a curve."""
    method: str
    """How the interval was made."""
    level: float = 0.95
    """Nominal coverage of the interval."""
    p_value: P = None
    """Two-sided p-value against no effect, where the metric tests one."""
    p_margin: P = None
    """One-sided p-value against a rise by the analyzer's `margin` or more, where the metric tests
    it: at 0.05 or less such a rise is excluded."""
    p_holm: P = None
    """The same, corrected by Holm's method for all categories that were looked at."""
    p_bh: P = None
    """The same, corrected by Benjamini and Hochberg's: the false discovery rate at which the
    category counts as risen."""
    measure: Measure = Measure()
    """What it measures; the analyzer fills it in from the metric."""
    citation: str = ""
    """Where the quantity comes from: a citation or "original"."""
    note: str = ""
    """What to say in place of the number where it is NaN, such as "never"."""

    @property
    def metric(self) -> str:
        """The kind of metric it is an estimate of, such as `slope`."""
        return self.measure.metric

    @property
    def quantity(self) -> str:
        """What is measured, such as `toxicity`."""
        return self.measure.quantity

    @property
    def below_margin(self) -> bool:
        """Whether a rise by the analyzer's margin or more is excluded at 1 - level."""
        return self.p_margin is not None and self.p_margin <= 1 - self.level

    @property
    def verdict(self) -> "SpilloverVerdict | None":
        """What a lift says of spillover; None where it was not tested against a margin.

        Example:
            >>> lift = Estimate(
            ...     value=0.01, low=-0.01, high=0.03, n=90, method="t", p_margin=0.001,
            ...     measure=Measure(metric="asr_lift", unit="points", aspect="attack"))
            >>> lift.verdict, lift.replace(p_margin=0.2).verdict, lift.replace(low=0.002).verdict
            ('none', 'cannot tell', 'spilled')
        """
        if self.p_margin is None or self.measure.unit != "points":
            return None
        if self.measure.aspect == "utility":
            return None
        # The interval of a rate lies above 0 as soon as one answer is planted; that is no test.
        rose = self.low > 0 and (self.p_value is None or self.p_value <= 1 - self.level)
        if rose and (self.p_holm is None or self.survives):
            return "spilled"
        return "none" if self.below_margin else "cannot tell"

    @property
    def survives(self) -> bool:
        """Whether the test rejects no effect at 1 - level, corrected by Holm's method."""
        return self.p_holm is not None and self.p_holm <= 1 - self.level

    def __str__(self) -> str:
        if math.isnan(self.value):
            return self.note or "not defined"
        # Adding 0 turns a rounded -0.0 into 0.0.
        value, low, high = (round(end, 3) + 0.0 for end in (self.value, self.low, self.high))
        return f"{value:.3f} [{low:.3f}, {high:.3f}]"
