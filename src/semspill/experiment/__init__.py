"""Experiments: a config in, a report out."""

from semspill.experiment._config import Arm, ExperimentConfig
from semspill.experiment._load import load_config
from semspill.experiment._run import run

__all__ = ["Arm", "ExperimentConfig", "load_config", "run"]
