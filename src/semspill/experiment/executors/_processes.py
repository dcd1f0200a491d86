"""Jobs in several processes of this machine; a killed one is replaced and its job repeated."""

import logging
import multiprocessing
import os
import pickle
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from queue import Empty
from typing import Any

from pydantic import Field

from semspill._progress import Progress
from semspill.errors import ConfigError, SemspillError
from semspill.experiment._data import Data
from semspill.experiment._jobs import Job, Notify
from semspill.experiment._perform import perform
from semspill.experiment.executors._base import Done, Executor
from semspill.results import Answers

logger = logging.getLogger(__name__)

_VISIBLE = "CUDA_VISIBLE_DEVICES"
_SECONDS = 0.2  # between two looks at what the workers report


class Processes(Executor):
    """Performs jobs in several processes of this machine, each started afresh (spawn).

    Components must be importable in a new process, as those of an installed package are. Workers
    compute with as many threads as this process, so that their numbers are the same. Where there
    are GPUs, each worker sees one of them; more workers than GPUs share them in turn.
    """

    workers: int | None = Field(None, ge=1)
    """How many processes; None for one per GPU, or where there is none one per two cores, at least
    two."""
    retries: int = Field(3, ge=0)
    """How often workers may die before the experiment gives up."""

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
            ConfigError: A component cannot be copied to another process.
            SemspillError: Workers died more often than `retries` allows.
        """
        left, deaths = list(jobs), 0
        _require_copies(left)
        before = set(multiprocessing.active_children())
        try:
            with multiprocessing.get_context("spawn").Manager() as manager:
                events = manager.Queue()
                while left:
                    try:
                        self._pass(left, data, events, notify, done)
                    except BrokenProcessPool as error:
                        deaths += 1
                        if deaths > self.retries:
                            raise SemspillError(
                                f"Worker processes died {deaths} times; the memory of this machine "
                                "may not suffice: lower the number of workers."
                            ) from error
                        logger.warning(
                            "a worker process died; %s jobs are left and go on", len(left)
                        )
        finally:
            for child in set(multiprocessing.active_children()) - before:
                child.terminate()

    def _pass(
        self, left: list[Job], data: Mapping[str, Data], events: Any, notify: Notify, done: Done
    ) -> None:
        """Perform what is left; jobs that are done leave the list, even if a worker then dies."""
        gpus = _gpus()
        count = min(self.workers or len(gpus) or max((os.cpu_count() or 2) // 2, 2), len(left))
        seen = multiprocessing.get_context("spawn").SimpleQueue()
        for place in range(count if gpus else 0):
            seen.put(gpus[place % len(gpus)])
        pool = ProcessPoolExecutor(
            count,
            multiprocessing.get_context("spawn"),
            initializer=_begin,
            initargs=(data, events, _threads(), seen if gpus else None),
        )
        try:
            job_of = {pool.submit(_perform, job): job for job in left}
            waiting = set(job_of)
            while waiting:
                finished, waiting = wait(waiting, _SECONDS, FIRST_COMPLETED)
                _hand_on(events, notify)
                for future in finished:
                    answers = future.result()
                    done(job_of[future], answers)
                    left.remove(job_of[future])
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


class _Worker:
    """What a worker process holds between jobs."""

    data: Mapping[str, Data]
    events: Any


def _require_copies(jobs: Sequence[Job]) -> None:
    """Refuse components that cannot go to another process, before any is started.

    Raises:
        ConfigError: Which one, and how to write it.
    """
    for config in {id(part.config): part.config for job in jobs for part in job.parts}.values():
        for name in type(config).model_fields:
            try:
                pickle.dumps(getattr(config, name))
            except (AttributeError, TypeError, pickle.PicklingError):
                # Not what pickle says: it may show a value.
                raise ConfigError(
                    f"{name} holds what cannot be copied to another process, such as a lambda or a "
                    "function inside another one; define it by `def` at the top of a module, or "
                    "take executor='serial'."
                ) from None


def _begin(data: Mapping[str, Data], events: Any, threads: int, seen: Any) -> None:
    if seen is not None:
        os.environ[_VISIBLE] = seen.get()  # before torch looks for GPUs
    import torch  # every job needs it

    torch.set_num_threads(threads)
    _Worker.data, _Worker.events = data, events


def _perform(job: Job) -> tuple[Answers, ...]:
    return perform(job, _Worker.data[job.data], partial(_report, _Worker.events))


def _report(events: Any, stage: str, **fields: object) -> None:
    events.put((stage, fields))


def _hand_on(events: Any, notify: Notify) -> None:
    while True:
        try:
            stage, fields = events.get_nowait()
        except Empty:
            return
        notify(stage, **fields)


def _threads() -> int:
    import torch  # every job needs it

    return torch.get_num_threads()


def _gpus() -> list[str]:
    """Return what this process calls the GPUs that it may use; none where there is none."""
    import torch  # every job needs it

    count = torch.cuda.device_count()
    named = [name.strip() for name in os.environ.get(_VISIBLE, "").split(",") if name.strip()]
    return named[:count] or [str(place) for place in range(count)]
