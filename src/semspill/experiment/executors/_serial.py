"""One job after the other, in this process."""

from collections.abc import Mapping, Sequence

from semspill._progress import Progress
from semspill.experiment._data import Data
from semspill.experiment._jobs import Job, Notify
from semspill.experiment._perform import perform
from semspill.experiment.executors._base import Done, Executor


class Serial(Executor):
    """Performs one job after the other, in this process."""

    def run(
        self,
        jobs: Sequence[Job],
        data: Mapping[str, Data],
        notify: Notify,
        done: Done,
        progress: Progress,
    ) -> None:
        """Perform all jobs in order."""
        for job in jobs:
            done(job, perform(job, data[job.data], notify, progress))
