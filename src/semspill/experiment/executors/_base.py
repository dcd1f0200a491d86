"""What an executor is: it performs jobs in any order and hands back what each one answered."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from semspill._mask import named
from semspill._model import FrozenModel
from semspill._progress import Progress
from semspill.errors import ConfigError, did_you_mean
from semspill.experiment._data import Data
from semspill.experiment._jobs import Job, Tell
from semspill.results import Answers

Done: TypeAlias = Callable[[Job, tuple[Answers, ...]], None]
"""Takes what a job answered, one entry per part."""


class Executor(FrozenModel, ABC):
    """Performs jobs. The answers do not depend on where, nor on the order."""

    @abstractmethod
    def run(
        self,
        jobs: Sequence[Job],
        data: Mapping[str, Data],
        tell: Tell,
        done: Done,
        progress: Progress,
    ) -> None:
        """Perform all jobs, and hand over each one's answers as soon as it ends.

        Args:
            jobs: What to do; they do not depend on one another.
            data: The data of all jobs, by `Job.data`.
            tell: Is told stages and epochs, in this process.
            done: Takes the answers, in this process; what it raises stops everything.
            progress: Wraps the iterables of long stages, where they run in this process.
        """


def executor_of(given: Executor | str) -> Executor:
    """Return an executor, given as such or by its name.

    Raises:
        ConfigError: There is no executor of that name.
    """
    from semspill.experiment.executors import Processes, Ray, Serial

    if isinstance(given, Executor):
        return given
    kinds = {"serial": Serial, "processes": Processes, "ray": Ray}
    if given not in kinds:
        raise ConfigError(
            f"There is no executor {named(given)}.{did_you_mean(given, kinds)} "
            f"There are: {', '.join(kinds)}."
        )
    made: Executor = kinds[given]()
    return made
