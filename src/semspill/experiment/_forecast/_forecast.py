"""The forecast: the design from the data themselves, the time from a training just begun."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from semspill._progress import Progress, quiet
from semspill._random import stream
from semspill.experiment._artifacts import Artifacts
from semspill.experiment._config import ExperimentConfig
from semspill.experiment._data import Data
from semspill.experiment._forecast._probe import Paces, measure
from semspill.experiment._forecast._reckoning import Plan, Reckoning, part, plans_of
from semspill.experiment._forecast._rehearsal import rehearse_analysis, rehearse_similarities
from semspill.experiment._forecast._size import bytes_of, lift_found
from semspill.experiment._forecast._standing import standing_of
from semspill.experiment._forecast._values import Forecast
from semspill.experiment._load import load_config
from semspill.experiment._provenance import peak_memory
from semspill.experiment._study import Study, Task
from semspill.scoring import ToxicityScorer, assess_rater

# A run can take so much less or more than its forecast: other programs come and go.
_LOW, _HIGH = 0.7, 1.5
# Seconds for what is drawn and written at the end.
_PICTURES = 6.0


def forecast(
    config: ExperimentConfig | Mapping[str, Any] | str | Path,
    *,
    out: str | Path | None = None,
    overwrite: bool = False,
    show_text: bool = False,
    patience: float = 16.0,
    progress: Progress = quiet,
) -> Forecast:
    """Return what `run` with the same arguments would do, and what it would take here.

    All data are loaded and poisoned, one training is begun and thrown away, and a few texts are
    encoded, looked up and rated; the rest is extrapolated. Nothing is written, but a dataset that
    downloads its files does so.

    Args:
        config: Path of a .toml, .yaml or .json file, a mapping, or a config.
        out: Folder that the run would write.
        overwrite: Whether it might be replaced.
        show_text: Whether responses would be written unmasked; finished arms are of one kind.
        patience: About how many seconds the measurements may take, besides loading.
        progress: Wraps the batches of the training that is begun.

    Raises:
        ConfigError: The config is not usable.
        DataError: The data are not as promised.
        RegistryError: A component name is unknown.
        PluginError: A component does not keep its contract.
    """
    begun = time.perf_counter()
    config = load_config(config)
    folder = None if out is None else Path(out)
    standing = standing_of(config, folder, overwrite=overwrite, show_text=show_text)
    study, first, plans = _studied(config, standing.done)
    model = config.encoder.load(stream(0, "similarity"))
    model.context = config.context
    loading = time.perf_counter() - begun
    similarity = rehearse_similarities(study, model, patience / 8)
    # The last arm, because there the corpus and the pool are poisoned if in any.
    paces = measure(study, first[-1], patience, progress)
    ending = rehearse_analysis(study, first[-1], paces.rated) + _PICTURES
    parts = (
        part("loading", loading, "data, models, poisoned corpora"),
        part("similarity", similarity, "before anything is trained"),
        *Reckoning(study, paces, plans).parts(),
        part("report", ending, "analysis, pictures, pages"),
    )
    seconds = sum(each.seconds for each in parts)
    return Forecast(
        **_design(study, first, paces, len(plans)),
        parts=parts,
        low=_LOW * seconds,
        high=_HIGH * seconds,
        measured=time.perf_counter() - begun,
        memory_mib=peak_memory(),
        disk_mib=bytes_of(study) / 2**20,
        smallest_lift=lift_found(study, paces.rated) if len(config.arms) > 1 else None,
        folder=standing.said,
        refused=standing.refused,
    )


def _studied(
    config: ExperimentConfig, done: frozenset[tuple[int, str]]
) -> tuple[Study, list[Task], list[Plan]]:
    """Return the study, the tasks of its first seed, and the trainings that are left to do."""
    # A rater that cannot rate is found out now, as in a run.
    ToxicityScorer(rater=config.rater, cache=None).score(("Hello.",))
    data, labelled = Data.load(config), config.labelled
    quality = None if labelled is None else assess_rater(config.scorer, labelled)
    study = Study(config, data, Artifacts(None), quality)
    plans: list[Plan] = []
    first: list[Task] = []
    for seed in config.seeds:
        tasks = study.tasks(seed)
        plans += plans_of([task for task in tasks if (seed, task.arm) not in done])
        first = first or tasks  # one seed's corpora are held at once, as in a run
    return study, first, plans


def _design(study: Study, first: Sequence[Task], paces: Paces, trainings: int) -> dict[str, Any]:
    config, data = study.config, study.data
    summaries = [study.planted[seed] for seed in config.seeds]
    return {
        "target": config.watched,
        "seeds": config.seeds,
        "arms": config.arms,
        "trainings": trainings,
        "epochs": config.finetuner.epochs,
        "batches": paces.steps,
        "batch_size": config.finetuner.batch_size,
        "train_dialogues": len(data.train),
        "train_exchanges": data.train.exchange_count,
        "candidates": len(study.clean_pool),
        "planted": {
            seed: told["planted"] for seed, told in zip(config.seeds, summaries, strict=True)
        },
        "limit": summaries[0]["limit"],
        "dropped": max(task.candidates.planted_dropped for task in first),
        "tests": data.test.sizes,
        "test_exchanges": len(data.test.exchanges),
    }
