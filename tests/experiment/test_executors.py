"""Where jobs are performed does not matter: serial, processes, Ray and shards give the same."""

import os
import signal
from concurrent.futures import Future
from typing import ClassVar

import pytest

from semspill import ConfigError, DataError, RegistryError, SemspillError, run, sweep
from semspill.experiment import merge, sweep_shard
from semspill.experiment.executors import Processes, Ray, _processes, executor_of

pytestmark = pytest.mark.usefixtures("blank_module")

ARMS = ["clean", "poison", "train_only", "pool_only", "benign_swap"]
TARGETS = {"poisoner.selector.category": ["brave", "weary"]}


@pytest.fixture(scope="module")
def serial(tmp_path_factory, module_fields):
    out = tmp_path_factory.mktemp("serial") / "run"
    run({**module_fields, "seeds": [0, 1], "arms": ARMS}, out=out)
    return out


@pytest.fixture(scope="module")
def module_fields():
    return {
        "dataset": {"name": "synthetic", "train": 90, "valid": 24, "test": 48},
        "poisoner": {"selector": {"name": "category", "category": "brave"}, "budget": 0.2},
        "model": {
            "encoder": {"name": "hashing", "dim": 8, "buckets": 512, "char_ngrams": None},
            "finetuner": {"epochs": 2, "batch_size": 32},
        },
        "analyzer": {"draws": 100, "metrics": ["asr", "toxicity", "precision"]},
        "list_size": 20,
    }


def files(folder):
    """Everything that a run writes but how long it took."""
    kept = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in kept
        if path.suffix != ".npz" and path.name != "environment.json"
    }


def killer(which):
    """Return an observer that kills a worker process when it begins to train."""
    killed = []

    def watch(event):
        if event.stage == "epoch" and not killed:
            [pid, *_] = which()
            killed.append(pid)
            os.kill(pid, signal.SIGKILL)

    watch.killed = killed
    return watch


def processes():
    import multiprocessing

    return [p.pid for p in multiprocessing.active_children() if "SpawnProcess" in p.name]


def test_processes_give_the_same_bytes_though_a_worker_is_killed(serial, module_fields, tmp_path):
    # One worker: each that starts imports torch anew. Several at once are tested in test_labels.py.
    watch = killer(lambda: processes()[-1:])
    run(
        {**module_fields, "seeds": [0, 1], "arms": ARMS},
        out=tmp_path / "run",
        executor=Processes(workers=1),
        observer=watch,
    )
    assert watch.killed
    assert files(tmp_path / "run") == files(serial)


def test_processes_that_keep_dying_are_given_up(module_fields):
    def kill(event):
        if event.stage == "train":
            for pid in processes():
                os.kill(pid, signal.SIGKILL)

    with pytest.raises(SemspillError, match="died 1 times"):
        run(module_fields, executor=Processes(workers=1, retries=0), observer=kill)


def test_ray_gives_the_same_bytes_even_when_a_worker_is_killed(serial, module_fields, tmp_path):
    ray = pytest.importorskip("ray", reason="Ray is not installed")
    psutil = pytest.importorskip("psutil", reason="psutil is not installed")
    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False)
    try:

        def workers():
            return [
                p.pid
                for p in psutil.Process().children(recursive=True)
                if "ray::_perform" in " ".join(p.cmdline())
            ]

        watch = killer(workers)
        run(
            {**module_fields, "seeds": [0, 1], "arms": ARMS},
            out=tmp_path / "run",
            executor=Ray(),
            observer=watch,
        )
    finally:
        ray.shutdown()
    assert watch.killed
    assert files(tmp_path / "run") == files(serial)


def test_shards_are_merged_into_what_a_sweep_writes(module_fields, tmp_path):
    config = {**module_fields, "seeds": [0, 1]}
    sweep(config, TARGETS, out=tmp_path / "whole")
    out = tmp_path / "parts"
    first = sweep_shard(config, TARGETS, (1, 2), out=out)
    with pytest.raises(DataError, match="3 models are not trained yet; run the shards 2/2"):
        merge(out)
    second = sweep_shard(config, TARGETS, (2, 2), out=out)
    assert (first, second) == (3, 3)  # per seed one clean model, and one for each target
    merge(out)
    assert files(out) == files(tmp_path / "whole")
    assert sweep_shard(config, TARGETS, (2, 2), out=out) == 0


def test_shards_of_another_sweep_are_refused(module_fields, tmp_path):
    sweep_shard(module_fields, TARGETS, (1, 3), out=tmp_path / "out")
    with pytest.raises(ConfigError, match="another sweep"):
        sweep_shard({**module_fields, "seeds": [5]}, TARGETS, (2, 3), out=tmp_path / "out")
    with pytest.raises(ConfigError, match="no shard 4 of 3"):
        sweep_shard(module_fields, TARGETS, (4, 3), out=tmp_path / "out")
    with pytest.raises(DataError, match="holds no shards"):
        merge(tmp_path / "elsewhere")


def test_executors_have_names():
    assert isinstance(executor_of("ray"), Ray)
    assert executor_of(Processes(workers=3)).workers == 3
    with pytest.raises(ConfigError, match="Did you mean 'serial'"):
        executor_of("serail")


def test_an_error_of_a_job_is_raised_as_it_is(module_fields):
    config = {
        **module_fields,
        "model": {**module_fields["model"], "finetuner": {"epochs": 1, "device": "cuda"}},
    }
    raised = {}
    for executor in ("serial", Processes(workers=1)):
        with pytest.raises((ConfigError, RegistryError)) as caught:
            run(config, executor=executor)
        raised[str(executor)] = str(caught.value)
    assert len(raised) == 2
    assert len(set(raised.values())) == 1


@pytest.mark.parametrize(
    ("visible", "count", "workers", "seen"),
    [
        (None, 0, 2, [None, None]),
        (None, 2, 3, ["0", "1", "0"]),
        ("4, GPU-abc", 2, 2, ["4", "GPU-abc"]),
        ("4", 1, 2, ["4", "4"]),
    ],
)
def test_each_worker_sees_one_gpu(visible, count, workers, seen, monkeypatch, module_fields):
    import torch

    monkeypatch.delenv(VISIBLE, raising=False)
    if visible is not None:
        monkeypatch.setenv(VISIBLE, visible)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    monkeypatch.setattr(_processes, "ProcessPoolExecutor", InThisProcess)
    run({**module_fields, "seeds": [0, 1, 2]}, executor=Processes(workers=workers))
    assert InThisProcess.seen == seen


VISIBLE = "CUDA_VISIBLE_DEVICES"


class InThisProcess:
    """Stands for a pool: starts each worker's variables here, and performs jobs in place."""

    seen: ClassVar[list[str | None]] = []

    def __init__(self, count, context, initializer, initargs):
        InThisProcess.seen = []
        before = os.environ.pop(VISIBLE, None)
        for _ in range(count):
            initializer(*initargs)
            InThisProcess.seen.append(os.environ.pop(VISIBLE, None))
        if before is not None:
            os.environ[VISIBLE] = before

    def submit(self, function, job):
        future = Future()
        future.set_result(function(job))
        return future

    def shutdown(self, wait, cancel_futures):
        pass
