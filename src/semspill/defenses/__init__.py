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
from semspill.defenses._detection import detection
from semspill.defenses._detectors._label_noise import LabelNoiseDetector
from semspill.defenses._detectors._loss import LossDetector
from semspill.defenses._detectors._rated import NeighbourRatingDetector, ToxicityDetector
from semspill.defenses._detectors._rftc import RftcDetector
from semspill.defenses._detectors._spread import CategorySpreadDetector
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
from semspill.defenses._guarded import SAFE_REPLY, GuardedModel, guarded
from semspill.defenses._guards._margin import MarginGuard
from semspill.defenses._guards._rated import RaterGuard
from semspill.defenses._manifest import CleaningManifest, Removal
from semspill.defenses._repairs._csls import HubnessCorrection
from semspill.defenses._repairs._finetuning import CleanFinetuning
from semspill.defenses._repairs._projection import ProbeProjection
from semspill.defenses._repairs._pruning import WandaPruning
from semspill.defenses._sharing import shared
from semspill.defenses._training._anchor import Anchor
from semspill.defenses._training._cue import Cue
from semspill.defenses._training._labels import CrossFittedLabels
from semspill.defenses._training._low_rank import LowRank
from semspill.defenses._training._mixing import Mixing
from semspill.defenses._training._perturbed import EmbeddingPerturbation, SharpnessAware
from semspill.defenses._training._settings import KeepBest, LessTraining

build = defenses.build
describe = defenses.describe
get = defenses.get
name_of = defenses.name_of
names = defenses.names
origin = defenses.origin
register = defenses.register
unregister = defenses.unregister

__all__ = [
    "SAFE_REPLY",
    "STAGES",
    "ActivationClusteringDetector",
    "Aid",
    "Anchor",
    "CategorySpreadDetector",
    "CleanFinetuning",
    "CleanedCorpus",
    "Cleaner",
    "CleaningManifest",
    "CrossFittedLabels",
    "Cue",
    "Defense",
    "DefenseField",
    "Detector",
    "DetectorField",
    "EmbeddingPerturbation",
    "FrequencyDetector",
    "GuardedModel",
    "HubnessCorrection",
    "IrrelevanceDetector",
    "KeepBest",
    "LabelNoiseDetector",
    "LessTraining",
    "LossDetector",
    "LowRank",
    "MarginGuard",
    "MismatchDetector",
    "Mixing",
    "Need",
    "NeighbourRatingDetector",
    "OutputGuard",
    "PerplexityDetector",
    "ProbeProjection",
    "RandomDetector",
    "RaterGuard",
    "Removal",
    "Repair",
    "RftcDetector",
    "SharpnessAware",
    "SpectralDetector",
    "Stage",
    "ToxicityDetector",
    "Trainer",
    "TrainingDefense",
    "WandaPruning",
    "build",
    "defenses",
    "describe",
    "detection",
    "get",
    "guarded",
    "name_of",
    "names",
    "origin",
    "register",
    "shared",
    "unmarked",
    "unregister",
]
