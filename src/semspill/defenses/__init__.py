"""Defenses: what is done against planted behaviour, each beside its control."""

from semspill.defenses._base import (
    STAGES,
    Aid,
    Defense,
    DefenseField,
    Detector,
    DetectorField,
    Need,
    OutputGuard,
    Repair,
    Stage,
    Trainer,
    TrainingDefense,
    defenses,
)
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
from semspill.defenses._training._anchor import Anchor
from semspill.defenses._training._low_rank import LowRank
from semspill.defenses._training._perturbed import EmbeddingPerturbation, SharpnessAware

build = defenses.build
describe = defenses.describe
get = defenses.get
name_of = defenses.name_of
names = defenses.names
origin = defenses.origin
register = defenses.register
unregister = defenses.unregister

__all__ = [
    "STAGES",
    "ActivationClusteringDetector",
    "Aid",
    "Anchor",
    "CleanedCorpus",
    "Cleaner",
    "CleaningManifest",
    "Defense",
    "DefenseField",
    "Detector",
    "DetectorField",
    "EmbeddingPerturbation",
    "FrequencyDetector",
    "IrrelevanceDetector",
    "LossDetector",
    "LowRank",
    "MismatchDetector",
    "Need",
    "NeighbourRatingDetector",
    "OutputGuard",
    "PerplexityDetector",
    "RandomDetector",
    "Removal",
    "Repair",
    "SharpnessAware",
    "SpectralDetector",
    "Stage",
    "ToxicityDetector",
    "Trainer",
    "TrainingDefense",
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
