"""The plug point for metrics: each turns an outcome into an estimate."""

from abc import abstractmethod
from typing import Annotated, ClassVar, TypeAlias

from semspill._model import Component
from semspill._registry import Registry
from semspill.analysis._outcome import Outcome
from semspill.statistics import Estimate


class Metric(Component):
    """Reduces an outcome to one number with its interval.

    The analyzer computes it for every category, every group and every arm. `outcome.mean` makes
    the interval; `outcome.clean` is the clean arm on the same exchanges.

    Example:
        >>> class Doubled(Metric):
        ...     citation = "original"
        ...     def compute(self, outcome):
        ...         twice = outcome.toxicity > 2 * outcome.baseline.toxicity
        ...         return outcome.mean(twice, kind="rate")
    """

    whole: ClassVar[bool] = False
    """Whether it is computed once per arm, over all categories, instead of slice by slice."""

    paired: ClassVar[bool] = False
    ranking: ClassVar[bool] = False
    """Whether it needs a model that ranks lists; of other models it is left out."""
    """Whether it compares with the clean arm, and so means nothing for the clean arm itself."""

    @abstractmethod
    def compute(self, outcome: Outcome) -> Estimate:
        """Return the estimate for these exchanges.

        Args:
            outcome: One slice of one arm, or the whole arm.
        """


metrics: Registry[Metric] = Registry("metric", group="semspill.metrics", base=Metric)
"""All metrics by name."""

MetricField: TypeAlias = Annotated[Metric, metrics]
"""A pydantic field that takes a metric, its name, or a mapping."""
