"""Datasets whose subpopulations nobody labelled: clusters of texts, and values of attributes."""

from semspill.relabelling._clusters import ClusterMatch
from semspill.relabelling._features import FeatureMatch

__all__ = ["ClusterMatch", "FeatureMatch"]
