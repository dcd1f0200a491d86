"""Experiments: a config in, a report out; and many of them side by side."""

from semspill.experiment._config import ExperimentConfig
from semspill.experiment._dry_run import Forecast, forecast
from semspill.experiment._events import (
    AnalyzeEvent,
    AnswerEvent,
    ArmEvent,
    EpochEvent,
    Event,
    KeptEvent,
    LoadEvent,
    Observer,
    PoisonEvent,
    SimilarityEvent,
    TrainEvent,
    WriteEvent,
)
from semspill.experiment._exchanges import read_exchanges
from semspill.experiment._load import load_config
from semspill.experiment._outcomes import read_outcomes
from semspill.experiment._pages import read_report, write_comparison, write_page
from semspill.experiment._run import run
from semspill.experiment._shards import merge, sweep_shard
from semspill.experiment._sweep import Variant, sweep, target_matrix
from semspill.experiment._vary import parse_vary

__all__ = [
    "AnalyzeEvent",
    "AnswerEvent",
    "ArmEvent",
    "EpochEvent",
    "Event",
    "ExperimentConfig",
    "Forecast",
    "KeptEvent",
    "LoadEvent",
    "Observer",
    "PoisonEvent",
    "SimilarityEvent",
    "TrainEvent",
    "Variant",
    "WriteEvent",
    "forecast",
    "load_config",
    "merge",
    "parse_vary",
    "read_exchanges",
    "read_outcomes",
    "read_report",
    "run",
    "sweep",
    "sweep_shard",
    "target_matrix",
    "write_comparison",
    "write_page",
]
