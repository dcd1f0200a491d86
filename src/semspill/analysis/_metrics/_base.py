"""The plug point for metrics: each turns an outcome into an estimate."""

from abc import abstractmethod
from typing import Annotated, ClassVar, Literal, TypeAlias

from semspill._model import Component
from semspill._registry import Registry
from semspill.analysis._outcome import Outcome
from semspill.statistics import Estimate, Measure
from semspill.statistics._means import Sample, estimate_mean


class Metric(Component):
    """Reduces an outcome to one number with its interval.

    The analyzer computes it for every category, every group and every arm. `outcome.mean` makes
    the interval; `outcome.clean` is the clean arm on the same exchanges. What its class says of
    itself decides how tables, sentences and charts show the estimates.

    Example:
        >>> class Doubled(Metric):
        ...     citation = "original"
        ...     quantity, unit = "doubled toxicity", "share"
        ...     def compute(self, outcome):
        ...         twice = outcome.toxicity > 2 * outcome.baseline.toxicity
        ...         return outcome.mean(twice, kind="rate")
    """

    whole: ClassVar[bool] = False
    """Whether it is computed once per arm, over all categories, instead of slice by slice."""

    paired: ClassVar[bool] = False
    """Whether it compares with the clean arm, and so means nothing for the clean arm itself."""

    ranking: ClassVar[bool] = False
    """Whether it needs a model that ranks lists; of other models it is left out."""

    needs: ClassVar[str] = ""
    """What it needs of `Outcome.measures`, if anything; left out of outcomes that lack it."""

    title: ClassVar[str] = ""
    """A short heading; by default the metric's name."""

    quantity: ClassVar[str] = ""
    """What it measures, a short noun that metrics may share; by default the metric's name."""

    kind: ClassVar[Literal["level", "change", "trend", "other"] | None] = None
    """See `Measure`; by default `change` where it is `paired`, else `level`; `other` if `whole`."""

    unit: ClassVar[Literal["share", "points", "slope", "number"]] = "number"
    """See `Measure`."""

    aspect: ClassVar[Literal["attack", "utility", "other"]] = "other"
    """See `Measure`."""

    def measure(self) -> Measure:
        """Return what it measures; override it where a field decides that."""
        name = metrics.title_of(self)
        usual: Literal["level", "change", "other"] = "change" if self.paired else "level"
        return Measure(
            metric=name,
            quantity=self.quantity or name,
            title=self.title,
            kind=self.kind or ("other" if self.whole else usual),
            unit=self.unit,
            aspect=self.aspect,
        )

    @abstractmethod
    def compute(self, outcome: Outcome) -> Estimate:
        """Return the estimate for these exchanges.

        Args:
            outcome: One slice of one arm, or the whole arm.
        """


class MeanMetric(Metric):
    """Base of the metrics that are a mean over seeds and exchanges, and so can be compared."""

    @abstractmethod
    def sample(self, outcome: Outcome) -> Sample:
        """Return the values whose mean it is.

        Args:
            outcome: One slice of one arm, or the whole arm.
        """

    def compute(self, outcome: Outcome) -> Estimate:
        """Return the mean with its interval."""
        estimate = estimate_mean(self.sample(outcome), outcome.resampling)
        return estimate.replace(citation=self.citation)


metrics: Registry[Metric] = Registry("metric", group="semspill.metrics", base=Metric)
"""All metrics by name."""

MetricField: TypeAlias = Annotated[Metric, metrics]
"""A pydantic field that takes a metric, its name, or a mapping."""
