"""Analysis: from outcomes to estimates with intervals, and to a report."""

from semspill.analysis._analyzer import SpilloverAnalyzer, group_members
from semspill.analysis._metrics._base import Metric, MetricField, metrics
from semspill.analysis._outcome import Outcome
from semspill.analysis._power import Spread, smallest_lift, spread_of
from semspill.analysis._similarity._base import (
    Similarities,
    Similarity,
    SimilarityField,
    measure_similarity,
    similarities,
)
from semspill.analysis._targets._matrix import spillover_matrix

__all__ = [
    "Metric",
    "MetricField",
    "Outcome",
    "Similarities",
    "Similarity",
    "SimilarityField",
    "SpilloverAnalyzer",
    "Spread",
    "group_members",
    "measure_similarity",
    "metrics",
    "similarities",
    "smallest_lift",
    "spillover_matrix",
    "spread_of",
]
