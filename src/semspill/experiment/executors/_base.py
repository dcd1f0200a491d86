"""The base of executors: perform jobs in any order, hand back the answers of each."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from semspill._model import FrozenModel
from semspill._progress import Progress
from semspill.experiment._data import Data
from semspill.experiment._jobs import Job, Notify
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
        notify: Notify,
        done: Done,
        progress: Progress,
    ) -> None:
        """Perform all jobs, and hand over each one's answers as soon as it ends.

        Args:
            jobs: What to do; they do not depend on one another.
            data: The data of all jobs, by `Job.data`.
            notify: Takes stages and epochs, in this process.
            done: Takes the answers, in this process; what it raises stops everything.
            progress: Wraps the iterables of long stages, where they run in this process.
        """
