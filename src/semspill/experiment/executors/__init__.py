"""Where jobs are performed: in this process, in several, or on a Ray cluster."""

from collections.abc import Callable

from semspill._mask import named
from semspill.errors import ConfigError, did_you_mean
from semspill.experiment.executors._base import Done, Executor
from semspill.experiment.executors._processes import Processes
from semspill.experiment.executors._ray import Ray
from semspill.experiment.executors._serial import Serial

__all__ = ["Done", "Executor", "Processes", "Ray", "Serial", "executor_of"]

_KINDS: dict[str, Callable[[], Executor]] = {"serial": Serial, "processes": Processes, "ray": Ray}


def executor_of(given: Executor | str) -> Executor:
    """Return an executor, given as such or by its name.

    Raises:
        ConfigError: There is no executor of that name.
    """
    if isinstance(given, Executor):
        return given
    if given not in _KINDS:
        raise ConfigError(
            f"There is no executor {named(given)}.{did_you_mean(given, _KINDS)} "
            f"There are: {', '.join(_KINDS)}."
        )
    return _KINDS[given]()
