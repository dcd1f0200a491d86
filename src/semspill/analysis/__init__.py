"""Analysis: from outcomes to estimates with intervals, and to a report."""

from semspill.analysis._analyzer import SpilloverAnalyzer, group_members
from semspill.analysis._comparison import compare_outcomes
from semspill.analysis._defended._equal import EpochOutcomes
from semspill.analysis._defended._report import DefenseFacts, defenses_report
from semspill.analysis._metrics._base import Metric, MetricField, metrics
from semspill.analysis._metrics._corrected import CorrectedShare
from semspill.analysis._metrics._curve import (
    Collateral,
    LargestLift,
    NearestExcess,
    Slope,
    SpilloverRatio,
)
from semspill.analysis._metrics._fluency import AnswerWords, EmptyShare, Perplexity, Repetition
from semspill.analysis._metrics._rank import SpearmanLift
from semspill.analysis._metrics._shift import DistributionShift
from semspill.analysis._metrics._slices import (
    AsrLift,
    AttackSuccessRate,
    Lift,
    Precision,
    PrecisionDrop,
    ServedDrop,
    ServedPrecision,
    Toxicity,
    ToxicShare,
)
from semspill.analysis._named import Named
from semspill.analysis._outcome import Outcome
from semspill.analysis._power import Spread, smallest_lift, spread_of
from semspill.analysis._probed import ProbedArms
from semspill.analysis._similarity._base import (
    ExchangeSimilarity,
    Similarities,
    Similarity,
    SimilarityField,
    measure_exchanges,
    measure_similarity,
    similarities,
)
from semspill.analysis._similarity._confusion import ConfusionSimilarity
from semspill.analysis._similarity._discriminative import DiscriminativeSimilarity
from semspill.analysis._similarity._vad import VadSimilarity
from semspill.analysis._similarity._vectors import CentroidSimilarity, LabelSimilarity
from semspill.analysis._targets._matrix import spillover_matrix

__all__ = [
    "AnswerWords",
    "AsrLift",
    "AttackSuccessRate",
    "CentroidSimilarity",
    "Collateral",
    "ConfusionSimilarity",
    "CorrectedShare",
    "DefenseFacts",
    "DiscriminativeSimilarity",
    "DistributionShift",
    "EmptyShare",
    "EpochOutcomes",
    "ExchangeSimilarity",
    "LabelSimilarity",
    "LargestLift",
    "Lift",
    "Metric",
    "MetricField",
    "Named",
    "NearestExcess",
    "Outcome",
    "Perplexity",
    "Precision",
    "PrecisionDrop",
    "ProbedArms",
    "Repetition",
    "ServedDrop",
    "ServedPrecision",
    "Similarities",
    "Similarity",
    "SimilarityField",
    "Slope",
    "SpearmanLift",
    "SpilloverAnalyzer",
    "SpilloverRatio",
    "Spread",
    "ToxicShare",
    "Toxicity",
    "VadSimilarity",
    "compare_outcomes",
    "defenses_report",
    "group_members",
    "measure_exchanges",
    "measure_similarity",
    "metrics",
    "similarities",
    "smallest_lift",
    "spillover_matrix",
    "spread_of",
]
