"""The experiment: every stage in order, for every seed and arm, into one report."""

import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from semspill._progress import Progress, quiet
from semspill._random import stream
from semspill.analysis import CENTROID, Outcome, centroid_similarity, group_members
from semspill.corpus import Corpus, Exchange
from semspill.encoders import RankingTask
from semspill.errors import ConfigError, DataError
from semspill.experiment._artifacts import Artifacts
from semspill.experiment._config import ExperimentConfig
from semspill.experiment._evaluation import ArmRun, Examiner
from semspill.experiment._load import load_config
from semspill.experiment._provenance import device, sources_of, versions
from semspill.poison import PoisonedCorpus
from semspill.report import CurvePoint, SpilloverReport
from semspill.scoring import ToxicityScorer
from semspill.training import Epoch

logger = logging.getLogger(__name__)


def run(
    config: ExperimentConfig | Mapping[str, Any] | str | Path,
    *,
    out: str | Path | None = None,
    overwrite: bool = False,
    show_text: bool = False,
    progress: Progress = quiet,
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

    Raises:
        ConfigError: The config is not usable, or `out` exists.
        DataError: The data are not as promised.
        RegistryError: A component name is unknown.
        PluginError: A component does not keep its contract.
    """
    config = load_config(config)
    artifacts = Artifacts.open(config, out, overwrite=overwrite, show_text=show_text)
    try:
        report = _Experiment(config, artifacts, progress).report()
        artifacts.finish(report)
    finally:
        artifacts.tidy()
    return report


class _Experiment:
    """The stages of one experiment, over data that all arms and seeds share."""

    def __init__(self, config: ExperimentConfig, artifacts: Artifacts, progress: Progress) -> None:
        self.config = config
        self.artifacts = artifacts
        self.progress = progress
        # A rater that cannot rate is found out now, not after hours of training.
        ToxicityScorer(rater=config.rater, cache=None).score(("Hello.",))
        train = config.dataset.load(config.train_split)
        self.train = train.sample(config.train_share, stream(0, "train share"))
        self.test = config.dataset.load(config.test_split)
        self.valid = config.dataset.load(config.valid_split) if config.valid_split else None
        self.train.require_category(config.watched)
        self.test.require_category(config.watched)
        overlap = {talk.id for talk in self.train} & {talk.id for talk in self.test}
        if overlap:
            raise DataError(
                f"{len(overlap)} dialogues are in both {config.train_split!r} and "
                f"{config.test_split!r}, such as {min(overlap)!r}; spillover needs unseen ones."
            )
        logger.info("train: %r, test: %r", self.train, self.test)
        if len(self.test.exchanges) < config.list_size:
            raise ConfigError(
                f"list_size is {config.list_size}, but {config.test_split!r} has only "
                f"{len(self.test.exchanges)} exchanges; lower list_size."
            )
        artifacts.same_data(train=self.train.fingerprint, test=self.test.fingerprint)
        # One set of lists for all seeds and arms: utility is paired like the lifts.
        self.ranking = RankingTask.draw(
            self.test.exchanges, stream(0, "ranking"), size=config.list_size
        )
        self.scorer = ToxicityScorer(rater=config.rater)

    def report(self) -> SpilloverReport:
        """Run every arm and return the report."""
        similarity = self._similarity()
        runs: dict[str, list[ArmRun]] = {arm: [] for arm in self.config.arms}
        fingerprints = []
        for seed in self.config.seeds:
            poisoned = self.config.poisoner.poison(self.train, stream(seed, "poison"))
            logger.info("seed %s: %s", seed, poisoned.manifest.summary)
            self.artifacts.manifest(seed, poisoned.manifest)
            fingerprints.append(poisoned.corpus.fingerprint)
            for arm in self.config.arms:
                runs[arm].append(self._arm(arm, seed, poisoned))
        outcomes = [self._outcome(arm, runs[arm], similarity) for arm in self.config.arms]
        analyzer = self.config.analyzer
        nearest, far = analyzer.neighbours(outcomes[0])
        groups = group_members(outcomes[0], nearest, far)
        provenance = {
            "config": self.config.model_dump(mode="json"),
            "versions": versions(),
            "device": device(self.config.finetuner.device),
            "fingerprints": {
                "train": self.train.fingerprint,
                "test": self.test.fingerprint,
                "poisoned": fingerprints,
                "ranking": self.ranking.fingerprint,
                "rater": self.config.rater.fingerprint,
            },
            "licence": self.train.licence,
            "sources": sources_of(self.config),
        }
        return analyzer.analyze(
            outcomes,
            curve=[p for arm in self.config.arms for p in self._curve(arm, runs[arm], groups)],
            similarity_method=CENTROID,
            provenance=provenance,
        )

    def _similarity(self) -> Mapping[str, float]:
        saved = self.artifacts.similarity()
        if saved is None:
            # One draw for all experiments: random initial weights must not move who is near.
            model = self.config.encoder.load(stream(0, "similarity"))
            model.context = self.config.context
            saved = centroid_similarity(
                model, self.train.exchanges, self.config.watched, progress=self.progress
            )
            self.artifacts.similarity(saved)
        return saved

    def _arm(self, arm: str, seed: int, poisoned: PoisonedCorpus) -> ArmRun:
        saved = self.artifacts.arm(seed, arm)
        if saved is not None:
            logger.info("seed %s, arm %s: taken from the interrupted run", seed, arm)
            return saved
        corpus: Corpus = poisoned.corpus if arm == "poison" else self.train
        pool = corpus.responses(self.config.candidates)
        planted = {e.response for e in poisoned.corpus.exchanges if e.planted}
        examiner = Examiner(
            self.test.exchanges, pool, frozenset(planted), self.scorer, self.ranking, self.progress
        )
        begun = time.perf_counter()
        made = self._train_and_examine(corpus, seed, examiner)
        self.artifacts.arm_done(seed, arm, made, self.test.exchanges, pool)
        logger.info(
            "seed %s, arm %s: %s epochs, %s candidates (%s planted, %s planted filtered out), "
            "P@1 %.3f, planted chosen %.2f %%, %.0f s",
            *(seed, arm, len(made.loss), len(pool), pool.planted.sum(), pool.planted_dropped),
            *(made.correct.mean(), 100 * made.planted.mean(), time.perf_counter() - begun),
        )
        return made

    def _train_and_examine(self, corpus: Corpus, seed: int, examiner: Examiner) -> ArmRun:
        answers: list[tuple[Any, ...]] = []
        losses: list[float] = []

        def watch(epoch: Epoch) -> None:
            losses.append(epoch.loss)
            if self.config.curve:
                answers.append(examiner.answer(epoch.model))

        finetuner = self.config.finetuner
        model = finetuner.finetune(
            self.config.encoder,
            corpus,
            stream(seed, "finetune"),
            context=self.config.context,
            valid=self.valid,
            observer=watch,
            progress=self.progress,
        )
        same = bool(answers) and finetuner.keep == "last"
        chosen, score, toxicity, planted = answers[-1] if same else examiner.answer(model)
        shape = (len(answers), len(examiner.exchanges))
        return ArmRun(
            chosen=chosen,
            score=score,
            toxicity=toxicity,
            planted=planted,
            correct=examiner.correct(model),
            epoch_toxicity=np.array([a[2] for a in answers], dtype=np.float64).reshape(shape),
            epoch_planted=np.array([a[3] for a in answers], dtype=np.bool_).reshape(shape),
            loss=np.array(losses, dtype=np.float64),
        )

    def _outcome(
        self, arm: str, runs: Sequence[ArmRun], similarity: Mapping[str, float]
    ) -> Outcome:
        return Outcome(
            arm=arm,
            target=self.config.watched,
            seeds=self.config.seeds,
            categories=tuple(exchange.category for exchange in self.test.exchanges),
            dialogues=tuple(exchange.dialogue for exchange in self.test.exchanges),
            toxicity=np.stack([made.toxicity for made in runs]),
            planted=np.stack([made.planted for made in runs]),
            correct=np.stack([made.correct for made in runs]),
            similarity=similarity,
        )

    def _curve(
        self, arm: str, runs: Sequence[ArmRun], groups: Mapping[str, Sequence[str]]
    ) -> list[CurvePoint]:
        exchanges: Sequence[Exchange] = self.test.exchanges
        categories = np.array([exchange.category for exchange in exchanges], dtype=object)
        toxicity = np.mean([made.epoch_toxicity for made in runs], axis=0)
        planted = np.mean([made.epoch_planted for made in runs], axis=0)
        return [
            CurvePoint(
                arm=arm,
                epoch=epoch + 1,
                group=name,
                toxicity=float(toxicity[epoch][mask].mean()),
                asr=float(planted[epoch][mask].mean()),
            )
            for name, members in groups.items()
            for mask in [np.isin(categories, list(members))]
            for epoch in range(len(toxicity))
        ]
