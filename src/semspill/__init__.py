"""Measure how far behaviour planted in one subpopulation spills over to its neighbours."""

from importlib.metadata import version

from semspill import datasets, defenses, encoders, models, probes, sources
from semspill._harmful import Harmful, Harmless
from semspill._model import Component, FrozenModel
from semspill._progress import Progress
from semspill.analysis import (
    Metric,
    Outcome,
    Similarity,
    SpilloverAnalyzer,
    metrics,
    similarities,
    smallest_lift,
)
from semspill.corpus import (
    CandidateFilter,
    Candidates,
    ContextFormat,
    Corpus,
    Dialogue,
    Exchange,
    Utterance,
)
from semspill.datasets import Dataset, write_messages
from semspill.encoders import BiEncoder, Encoder, RankingTask
from semspill.errors import (
    ConfigError,
    DataError,
    MissingExtraError,
    PluginError,
    RegistryError,
    SemspillError,
)
from semspill.experiment import (
    ExperimentConfig,
    compare,
    load_config,
    read_outcomes,
    read_report,
    run,
    sweep,
    tune,
)
from semspill.matching import Matcher, matchers
from semspill.models import Model, RetrievalModel, TrainedModel
from semspill.poison import (
    Manifest,
    PoisonedCorpus,
    Poisoner,
    PoisonStrategy,
    Selector,
    selectors,
    strategies,
    strategy,
)
from semspill.probes import Probe
from semspill.responding import Responses, RetrievalResponder
from semspill.results import Arm, Comparison, SpilloverMatrix, SpilloverReport
from semspill.scoring import Rater, ToxicityScorer, rater, raters
from semspill.sources import ResponseSource
from semspill.statistics import Estimate
from semspill.training import Epoch, Finetuner

__version__ = version("semspill")

__all__ = [
    "Arm",
    "BiEncoder",
    "CandidateFilter",
    "Candidates",
    "Comparison",
    "Component",
    "ConfigError",
    "ContextFormat",
    "Corpus",
    "DataError",
    "Dataset",
    "Dialogue",
    "Encoder",
    "Epoch",
    "Estimate",
    "Exchange",
    "ExperimentConfig",
    "Finetuner",
    "FrozenModel",
    "Harmful",
    "Harmless",
    "Manifest",
    "Matcher",
    "Metric",
    "MissingExtraError",
    "Model",
    "Outcome",
    "PluginError",
    "PoisonStrategy",
    "PoisonedCorpus",
    "Poisoner",
    "Probe",
    "Progress",
    "RankingTask",
    "Rater",
    "RegistryError",
    "ResponseSource",
    "Responses",
    "RetrievalModel",
    "RetrievalResponder",
    "Selector",
    "SemspillError",
    "Similarity",
    "SpilloverAnalyzer",
    "SpilloverMatrix",
    "SpilloverReport",
    "ToxicityScorer",
    "TrainedModel",
    "Utterance",
    "compare",
    "datasets",
    "defenses",
    "encoders",
    "load_config",
    "matchers",
    "metrics",
    "models",
    "probes",
    "rater",
    "raters",
    "read_outcomes",
    "read_report",
    "run",
    "selectors",
    "similarities",
    "smallest_lift",
    "sources",
    "strategies",
    "strategy",
    "sweep",
    "tune",
    "write_messages",
]
