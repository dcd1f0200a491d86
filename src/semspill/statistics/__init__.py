"""Statistics of values that dialogues and training seeds share: estimates, intervals, tests."""

from semspill.statistics._auc import estimate_auc, roc_curve
from semspill.statistics._estimate import Estimate, Measure, Number, SpilloverVerdict
from semspill.statistics._values import Kind, Resampling

__all__ = [
    "Estimate",
    "Kind",
    "Measure",
    "Number",
    "Resampling",
    "SpilloverVerdict",
    "estimate_auc",
    "roc_curve",
]
