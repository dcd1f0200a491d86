"""Jobs as tasks of a Ray cluster, or of a Ray that is started on this machine."""

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from queue import Queue
from typing import Any

from pydantic import Field

from semspill._progress import Progress
from semspill.errors import MissingExtraError, SemspillError
from semspill.experiment._data import Data
from semspill.experiment._jobs import Job, Notify
from semspill.experiment._perform import perform
from semspill.experiment.executors._base import Done, Executor


class Ray(Executor):
    """Performs jobs as Ray tasks (Ray Core; no actors). The data are put into its store once.

    On a cluster, all machines need the same packages, components and files. A worker that dies is
    replaced and its job repeated. Source: Moritz et al. 2018, arXiv:1712.05889.
    """

    address: str | None = None
    """Address of a running cluster, such as `auto`; None starts Ray on this machine."""
    workers: int | None = Field(None, ge=1)
    """CPUs of the Ray that is started here, each for one job at a time; None for all cores."""
    gpus: float = Field(0, ge=0)
    """GPUs that each job needs; a fraction shares one."""
    retries: int = Field(3, ge=-1)
    """How often a job is repeated when its worker died; -1 for no limit."""

    def run(
        self,
        jobs: Sequence[Job],
        data: Mapping[str, Data],
        notify: Notify,
        done: Done,
        progress: Progress,
    ) -> None:
        """Perform all jobs.

        Raises:
            MissingExtraError: Ray is not installed.
            SemspillError: A job's workers died more often than `retries` allows.
        """
        ray = _ray()
        started = not ray.is_initialized()
        if started:
            local = {} if self.address else {"num_cpus": self.workers, "include_dashboard": False}
            ray.init(address=self.address, log_to_driver=False, **local)
        try:
            self._submit(ray, jobs, data, notify, done)
        except ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, Exception):
                raise error.cause from error
            raise
        except ray.exceptions.RayError as error:
            raise SemspillError(f"Ray gave a job up: {type(error).__name__}.") from error
        finally:
            if started:
                ray.shutdown()

    def _submit(
        self, ray: Any, jobs: Sequence[Job], data: Mapping[str, Data], notify: Notify, done: Done
    ) -> None:
        import torch  # every job needs it

        held = {key: ray.put(each) for key, each in data.items()}
        threads = torch.get_num_threads()
        # Numbers depend on the number of threads, of which Ray gives its workers one.
        task = ray.remote(_perform).options(
            num_returns="streaming",
            num_cpus=1,
            num_gpus=self.gpus,
            max_retries=self.retries,
            runtime_env={"env_vars": {"OMP_NUM_THREADS": str(threads)}},
        )
        streams = {task.remote(job, held[job.data], threads): job for job in jobs}
        while streams:
            ready, _ = ray.wait(list(streams), num_returns=1)
            for stream in ready:
                try:
                    stage, fields = ray.get(next(stream))
                except StopIteration:
                    del streams[stream]
                    continue
                if stage == _DONE:
                    done(streams[stream], fields)
                else:
                    notify(stage, **fields)


_DONE = "done"


def _perform(job: Job, data: Data, threads: int) -> Iterator[tuple[str, Any]]:
    """Yield what happens, and at last what was answered."""
    import torch  # every job needs it

    torch.set_num_threads(threads)
    events: Queue[tuple[str, Any]] = Queue()

    def work() -> None:
        try:
            answers = perform(job, data, lambda stage, **fields: events.put((stage, fields)))
            events.put((_DONE, answers))
        except BaseException as error:
            events.put(("error", error))

    threading.Thread(target=work, daemon=True).start()
    while True:
        stage, value = events.get()
        if stage == "error":
            raise value
        yield stage, value
        if stage == _DONE:
            return


def _ray() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError as error:
        raise MissingExtraError(
            'The executor ray needs Ray: pip install "semspill[ray]".'
        ) from error
    return ray
