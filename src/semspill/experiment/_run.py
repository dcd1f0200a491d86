"""The experiment: every stage in order, for every seed and arm, into one report."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from semspill._progress import Progress
from semspill.analysis import Outcome
from semspill.errors import ConfigError
from semspill.experiment._config import ExperimentConfig
from semspill.experiment._drive import Drive, Preparation
from semspill.experiment._events import Notifier, Observer, ignore
from semspill.experiment._jobs import Job
from semspill.experiment._load import load_config
from semspill.experiment._study import Study, budgets_beside
from semspill.experiment._watching import watching
from semspill.experiment.executors import Executor, executor_of
from semspill.experiment.store import AnswersCache, RunStore, exchange_table
from semspill.results import SpilloverReport


def run(
    config: ExperimentConfig | Mapping[str, Any] | str | Path,
    *,
    dataset: object = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    show_text: bool = False,
    keep_models: bool = False,
    executor: Executor | str = "serial",
    cache: str | Path | None = None,
    progress: Progress | None = None,
    observer: Observer = ignore,
) -> SpilloverReport:
    """Run an experiment and return its report.

    The same config gives the same report on the same machine's CPU. With `out`, everything is
    written there: config, environment, manifests, responses, scores, report and plots; a run that
    was interrupted goes on where it stopped when it is started again with the same config. A
    finished run to which the config adds seeds, arms or the curve is added to.

    Args:
        config: Path of a .toml, .yaml or .json file, a mapping, or a config.
        dataset: Data in place of the config's: a mapping of splits to corpora, data frames or data
            sets of Hugging Face, such as `{"train": train, "test": test}`, or what a config takes.
        out: Folder to write; None writes nothing.
        overwrite: Whether `out` may be replaced when it exists.
        show_text: Whether the written responses show planted and toxic text unmasked.
        keep_models: Whether each trained model is kept in `out`, in the folder of the first arm
            that it answers for, with a card that says what was planted in its training. An arm
            that was finished without is trained again.
        executor: Where jobs are performed: `"serial"`, `"processes"`, `"ray"`, or an executor of
            `semspill.experiment.executors` with its settings. The report is the same.
        cache: Folder of answers that experiments share, such as clean arms; what it holds is not
            trained again. It holds harmful text.
        progress: Wraps the iterables of long stages, for example `tqdm.tqdm`. By default a line in
            a notebook, and bars where standard error is a terminal, show how far it is; `iter`
            shows nothing.
        observer: Takes every stage, epoch and finished arm; what it raises stops the run.

    Raises:
        ConfigError: The config is not usable, models are to be kept nowhere, or `out` exists and
            is not this very run, finished; of that nothing is trained again.
        DataError: The data are not as promised.
        RegistryError: A component name is unknown.
        PluginError: A component does not keep its contract.
    """
    config = load_config(config, dataset=dataset)
    if keep_models and out is None:
        raise ConfigError("Models are kept in the folder of the run; give `out`.")
    options = {"overwrite": overwrite, "show_text": show_text, "keep_models": keep_models}
    store = RunStore(config, out, **options)
    with watching(progress, observer) as (tracked, observed):
        carried = carry_out(
            {"": config},
            {"": store},
            executor=executor,
            cache=cache,
            progress=tracked,
            observer=observed,
        )
    return carried[""][1]


def carry_out(
    configs: Mapping[str, ExperimentConfig],
    stores: Mapping[str, RunStore],
    *,
    executor: Executor | str,
    cache: str | Path | None,
    progress: Progress,
    observer: Observer,
    select: Callable[[tuple[Job, ...]], Sequence[Job]] = tuple,
    analyze: bool = True,
) -> dict[str, tuple[Study, SpilloverReport]]:
    """Carry experiments out together, and return what is known and the report of each, by name.

    Args:
        configs: The experiments, by name.
        stores: Where each is written, by name.
        executor: Where jobs are performed.
        cache: Folder of answers that experiments share.
        progress: Wraps the iterables of long stages.
        observer: Takes every event.
        select: Chooses the jobs to perform out of those that are left; it may refuse them.
        analyze: Whether all jobs are done then; else nothing is analyzed, and nothing returned.
    """
    try:
        notify = Notifier(observer, [(configs[name], stores[name]) for name in configs])
        preparation = Preparation(progress, notify)
        studies = {
            name: preparation.study(config, stores[name], name) for name, config in configs.items()
        }
        shared = None if cache is None else AnswersCache(cache)
        drive = Drive(studies, stores, notify, shared)
        jobs = select(drive.plan())
        notify.trainings = len(jobs)
        executor_of(executor).run(jobs, preparation.data, notify, drive.done, progress)
        if not analyze:
            return {}
        return {
            name: (study, _reported(study, stores[name], notify, budgets_beside(study, studies)))
            for name, study in studies.items()
        }
    finally:
        for store in stores.values():
            store.tidy()


def _reported(
    study: Study, store: RunStore, notify: Notifier, budgets: Mapping[float, Outcome]
) -> SpilloverReport:
    """Analyze what was answered, and write it."""
    notify("analyze", variants=[study.name])
    report = study.report(budgets)
    if store.folder is not None:
        notify("write", variants=[study.name])
    keys = [(seed, arm.name) for seed in report.seeds for arm in study.config.arms]
    table = exchange_table(
        {key: study.answers[key] for key in keys},
        study.data.test.exchanges,
        unmasked=store.folder is None or store.show_text,
    )
    store.finish(report, table)
    return report.browsable(table)
