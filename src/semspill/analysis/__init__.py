"""Analysis: from outcomes to estimates with intervals, and to a report."""

from semspill.analysis._analyzer import SpilloverAnalyzer, group_members
from semspill.analysis._metrics import Metric, MetricField, metrics
from semspill.analysis._outcome import Outcome
from semspill.analysis._similarity import CENTROID, centroid_similarity
from semspill.analysis._statistics import Resampling

__all__ = [
    "CENTROID",
    "Metric",
    "MetricField",
    "Outcome",
    "Resampling",
    "SpilloverAnalyzer",
    "centroid_similarity",
    "group_members",
    "metrics",
]
