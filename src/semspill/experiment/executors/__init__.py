"""Where jobs are performed: in this process, in several, or on a Ray cluster."""

from semspill.experiment.executors._base import Done, Executor
from semspill.experiment.executors._names import executor_of
from semspill.experiment.executors._processes import Processes
from semspill.experiment.executors._ray import Ray
from semspill.experiment.executors._serial import Serial

__all__ = ["Done", "Executor", "Processes", "Ray", "Serial", "executor_of"]
