"""Experiments: a config in, a report out; and many of them side by side."""

from semspill.experiment._config import ExperimentConfig
from semspill.experiment._dry_run import Forecast, forecast
from semspill.experiment._events import (
    AnalyzeEvent,
    AnswerEvent,
    ArmEvent,
    EpochEvent,
    Event,
    LoadEvent,
    Observer,
    PoisonEvent,
    ReusedEvent,
    SimilarityEvent,
    TrainEvent,
    WriteEvent,
)
from semspill.experiment._load import load_config
from semspill.experiment._messages import TrainingFile, TrainingFiles, write_training
from semspill.experiment._run import run
from semspill.experiment._shards import merge, sweep_shard
from semspill.experiment._sweep import Variant, sweep, target_matrix
from semspill.experiment._tune import Choice, Tuning, tune
from semspill.experiment._vary import parse_vary
from semspill.experiment.store import (
    compare,
    read_comparison,
    read_exchanges,
    read_matrices,
    read_outcomes,
    read_report,
    write_comparison,
    write_page,
)

__all__ = [
    "AnalyzeEvent",
    "AnswerEvent",
    "ArmEvent",
    "Choice",
    "EpochEvent",
    "Event",
    "ExperimentConfig",
    "Forecast",
    "LoadEvent",
    "Observer",
    "PoisonEvent",
    "ReusedEvent",
    "SimilarityEvent",
    "TrainEvent",
    "TrainingFile",
    "TrainingFiles",
    "Tuning",
    "Variant",
    "WriteEvent",
    "compare",
    "forecast",
    "load_config",
    "merge",
    "parse_vary",
    "read_comparison",
    "read_exchanges",
    "read_matrices",
    "read_outcomes",
    "read_report",
    "run",
    "sweep",
    "sweep_shard",
    "target_matrix",
    "tune",
    "write_comparison",
    "write_page",
    "write_training",
]
