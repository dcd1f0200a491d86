"""Experiments: a config in, a report out; and many of them side by side."""

from semspill.experiment._config import Arm, ExperimentConfig
from semspill.experiment._load import load_config
from semspill.experiment._outcomes import read_outcomes
from semspill.experiment._run import run
from semspill.experiment._sweep import Variant, sweep, target_matrix
from semspill.experiment._vary import parse_vary

__all__ = [
    "Arm",
    "ExperimentConfig",
    "Variant",
    "load_config",
    "parse_vary",
    "read_outcomes",
    "run",
    "sweep",
    "target_matrix",
]
