"""The experiment: every stage in order, for every seed and arm, into one report."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from semspill._progress import Progress, quiet
from semspill._random import stream
from semspill.analysis import Similarities, measure_similarity
from semspill.experiment._artifacts import Artifacts
from semspill.experiment._config import ExperimentConfig
from semspill.experiment._data import Data, data_key
from semspill.experiment._events import Observer, Teller, ignore
from semspill.experiment._execution import execute
from semspill.experiment._load import load_config
from semspill.experiment._study import Study
from semspill.results import SpilloverReport
from semspill.scoring import RaterQuality, ToxicityScorer, assess_rater


def run(
    config: ExperimentConfig | Mapping[str, Any] | str | Path,
    *,
    out: str | Path | None = None,
    overwrite: bool = False,
    show_text: bool = False,
    progress: Progress = quiet,
    observer: Observer = ignore,
) -> SpilloverReport:
    """Run an experiment and return its report.

    The same config gives the same report on the same machine's CPU. With `out`, everything is
    written there: config, environment, manifests, responses, scores, report and plots; a run that
    was interrupted goes on where it stopped when it is started again with the same config.

    Args:
        config: Path of a .toml, .yaml or .json file, a mapping, or a config.
        out: Folder to write; None writes nothing.
        overwrite: Whether `out` may be replaced when it exists.
        show_text: Whether the written responses show planted and toxic text unmasked.
        progress: Wraps the iterables of long stages, for example `tqdm.tqdm`.
        observer: Is told every stage, epoch and finished arm; what it raises stops the run.

    Raises:
        ConfigError: The config is not usable, or `out` exists and is not this very run, finished;
            of that nothing is trained again.
        DataError: The data are not as promised.
        RegistryError: A component name is unknown.
        PluginError: A component does not keep its contract.
    """
    config = load_config(config)
    artifacts = Artifacts.open(config, out, overwrite=overwrite, show_text=show_text)
    try:
        tell = Teller(observer, {"": (config, artifacts)})
        study = Preparation(progress, tell).study(config, artifacts)
        execute([study], progress, tell)
        tell("analyze")
        report = study.report()
        if out is not None:
            tell("write")
        artifacts.finish(report)
    finally:
        artifacts.tidy()
    return report


class Preparation:
    """Makes studies ready, and does once what several of them need alike."""

    def __init__(self, progress: Progress, tell: Teller | None = None) -> None:
        self.progress = progress
        self.tell = tell or Teller()
        self._data: dict[str, Data] = {}
        self._similarities: dict[tuple[str, str], tuple[Similarities, ...]] = {}
        self._quality: dict[str, RaterQuality | None] = {}

    def study(self, config: ExperimentConfig, artifacts: Artifacts, name: str = "") -> Study:
        """Return a study with its data loaded and checked, before anything is trained."""
        key = data_key(config)
        if key not in self._data:
            self.tell("load", variants=[name])
        # A rater that cannot rate is found out now, not after hours of training.
        ToxicityScorer(rater=config.rater, cache=None).score(("Hello.",))
        if key not in self._data:
            self._data[key] = Data.load(config)
        data = self._data[key]
        study = Study(config, data, artifacts, self._rater_quality(config), name)
        artifacts.same_data(study.fingerprints)
        artifacts.exchanges(data.test.exchanges)
        study.similarities = self._measured(study)
        return study

    def _rater_quality(self, config: ExperimentConfig) -> RaterQuality | None:
        if config.labelled is None:
            return None
        key = config.model_dump_json(include={"rater", "labelled"})
        if key not in self._quality:
            self._quality[key] = assess_rater(config.scorer, config.labelled)
        return self._quality[key]

    def _measured(self, study: Study) -> tuple[Similarities, ...]:
        config, data, artifacts = study.config, study.data, study.artifacts
        recipe = config.model_dump_json(include={"encoder", "context", "similarities"})
        key = (data_key(config), recipe)
        if key not in self._similarities:
            self.tell("similarity", variants=[study.name])
            self._similarities[key] = artifacts.similarities() or self._measure(config, data)
        artifacts.similarities(self._similarities[key])
        return self._similarities[key]

    def _measure(self, config: ExperimentConfig, data: Data) -> tuple[Similarities, ...]:
        # One draw for all experiments: random initial weights must not move who is near.
        model = config.encoder.load(stream(0, "similarity"))
        model.context = config.context
        return tuple(
            measure_similarity(
                part, data.train, model, stream(0, "similarity"), progress=self.progress
            )
            for part in config.similarities
        )
