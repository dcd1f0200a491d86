"""Defenses: what is done to training data against planted behaviour, each beside its control."""

from semspill.defenses._base import Aid, Defense, Detector, DetectorField, Need, Trainer, defenses
from semspill.defenses._cleaner import CleanedCorpus, Cleaner, unmarked
from semspill.defenses._detectors._loss import LossDetector
from semspill.defenses._detectors._rated import NeighbourRatingDetector, ToxicityDetector
from semspill.defenses._detectors._texts import (
    FrequencyDetector,
    PerplexityDetector,
    RandomDetector,
)
from semspill.defenses._detectors._vectors import (
    ActivationClusteringDetector,
    IrrelevanceDetector,
    MismatchDetector,
    SpectralDetector,
)
from semspill.defenses._manifest import CleaningManifest, Removal

build = defenses.build
describe = defenses.describe
get = defenses.get
name_of = defenses.name_of
names = defenses.names
origin = defenses.origin
register = defenses.register
unregister = defenses.unregister

__all__ = [
    "ActivationClusteringDetector",
    "Aid",
    "CleanedCorpus",
    "Cleaner",
    "CleaningManifest",
    "Defense",
    "Detector",
    "DetectorField",
    "FrequencyDetector",
    "IrrelevanceDetector",
    "LossDetector",
    "MismatchDetector",
    "Need",
    "NeighbourRatingDetector",
    "PerplexityDetector",
    "RandomDetector",
    "Removal",
    "SpectralDetector",
    "ToxicityDetector",
    "Trainer",
    "build",
    "defenses",
    "describe",
    "get",
    "name_of",
    "names",
    "origin",
    "register",
    "unmarked",
    "unregister",
]
