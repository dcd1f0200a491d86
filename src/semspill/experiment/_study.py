"""One experiment under way: its data, its folder, and what its arms did so far."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from semspill._model import shown
from semspill._random import stream
from semspill.analysis import Outcome, Similarities, group_members
from semspill.corpus import Candidates, Corpus, Exchange
from semspill.errors import DataError
from semspill.experiment._artifacts import Artifacts, what_is_planted
from semspill.experiment._config import Arm, ExperimentConfig
from semspill.experiment._data import Data
from semspill.experiment._evaluation import ArmRun, columns_of
from semspill.experiment._made import (
    fingerprints_of,
    inputs_of,
    mixed_note,
    pool_note,
    provenance_of,
)
from semspill.experiment._memory import memory_notes
from semspill.experiment._provenance import citations_of, config_digest, device, versions
from semspill.experiment._rater_error import rater_note, with_quality
from semspill.poison import PoisonedCorpus, swapped
from semspill.results import CurvePoint, SpilloverReport
from semspill.scoring import RaterQuality
from semspill.sources._base import load_texts

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Task:
    """One arm of one study under one seed: what trains, what answers, what counts as planted."""

    study: "Study"
    seed: int
    arm: Arm
    corpus: Corpus
    """What the model is trained on."""
    candidates: Candidates
    """What it answers from."""
    planted: frozenset[str] = field(repr=False)
    """Every text that was planted; a clean pool can hold one by coincidence."""
    drawn_from: tuple[str, ...] = field(repr=False)
    """The texts of which the one that was planted was drawn; none where many were planted."""
    fingerprints: Mapping[str, str]
    """What the arm is made from, to be compared when it is found again."""

    @property
    def training(self) -> tuple[object, ...]:
        """A key that is equal for tasks that the same trained model serves."""
        config = self.study.config
        recipe = config.model_dump_json(include={"encoder", "context", "finetuner"})
        return self.seed, recipe, id(self.study.data), self.corpus.fingerprint


class Study:
    """One experiment under way.

    Args:
        config: What to do.
        data: What the config names, loaded.
        artifacts: Where to write.
        quality: The rater's errors, if they were measured.
        name: What the log and events call it, where there are several.
    """

    def __init__(
        self,
        config: ExperimentConfig,
        data: Data,
        artifacts: Artifacts,
        quality: RaterQuality | None = None,
        name: str = "",
    ) -> None:
        self.name = name
        self.label = f"{name}, " if name else ""
        data.train.require_category(config.watched)
        data.test.require_category(config.watched)
        self.config = config
        self.data = data
        self._similarities: tuple[Similarities, ...] = ()
        self.artifacts = artifacts
        self.quality = quality
        self.analyzer = with_quality(config, quality)
        self.memory = memory_notes(config)
        self.scorer = config.scorer
        self.clean_pool = data.train.responses(config.candidates)
        self.planted: dict[int, dict[str, object]] = {}
        self._runs: dict[tuple[str, int], ArmRun] = {}

    @property
    def similarities(self) -> tuple[Similarities, ...]:
        """How near categories are, one per definition, the one used first."""
        return self._similarities

    @similarities.setter
    def similarities(self, found: tuple[Similarities, ...]) -> None:
        self._similarities = found
        # What the analyzer cannot use is found out now, not after hours of training.
        shape = (1, len(self.data.test.exchanges))
        no = np.zeros(shape, dtype=np.bool_)
        blank = {"toxicity": np.zeros(shape), "planted": no, "correct": no}
        outcome = self._outcome_of("clean", (0,), blank)
        group_members(outcome, *self.analyzer.neighbours(outcome))

    @cached_property
    def fingerprints(self) -> dict[str, str]:
        """What identifies data, ratings and pretrained weights; empty where nothing is written."""
        return fingerprints_of(self.config, self.data) if self.artifacts.folder else {}

    @cached_property
    def inputs(self) -> dict[str, str]:
        """The same of the files that further components read."""
        return inputs_of(self.config) if self.artifacts.folder else {}

    def tasks(self, seed: int) -> list[Task]:
        """Poison the corpus, and return what is left to do under one seed."""
        config = self.config
        poisoned = config.poisoner.poison(self.data.train, stream(seed, "poison"))
        logger.info("%sseed %s: %s", self.label, seed, poisoned.manifest.summary)
        self.artifacts.manifest(seed, "manifest", poisoned.manifest)
        self.artifacts.same_data(self.inputs)
        summary = poisoned.manifest.summary.model_dump(mode="json", exclude={"poisoner"})
        self.planted[seed] = summary | {"by_category": dict(poisoned.manifest.by_category)}
        planted = {arm: poisoned for arm in config.arms}
        if "benign_swap" in config.arms:
            planted["benign_swap"] = self._swapped(seed, poisoned)
        tasks = []
        for arm in config.arms:
            saved = self.artifacts.arm(seed, arm)
            if saved is None:
                tasks.append(self._task(arm, seed, planted[arm]))
            else:
                self.artifacts.same_arm(saved, self._prints(seed, arm, planted[arm]))
                logger.info("%sseed %s, arm %s: done by an earlier run", self.label, seed, arm)
                self._runs[arm, seed] = saved
        return tasks

    def done(self, task: Task, made: ArmRun, seconds: float) -> None:
        """Keep what one arm did, and its part of the time that its training took."""
        pool = task.candidates
        record = {
            "versions": versions(),
            "device": device(self.config.finetuner.device),
            "pool": {"planted": int(pool.planted.sum()), "dropped": pool.planted_dropped},
            "fingerprints": dict(task.fingerprints),
        }
        made = replace(made, record=record)
        self._runs[task.arm, task.seed] = made
        self.artifacts.seconds += seconds
        self.artifacts.arm_done(
            task.seed, task.arm, made, self.data.test.exchanges, task.candidates
        )

    def outcomes(self) -> list[Outcome]:
        """Return one outcome per arm, in the config's order, once all arms are done."""
        return [self._outcome(arm) for arm in self.config.arms]

    def report(self) -> SpilloverReport:
        """Analyze what the arms did, once all are done."""
        outcomes = self.outcomes()
        groups = group_members(outcomes[0], *self.analyzer.neighbours(outcomes[0]))
        report = self.analyzer.analyze(
            outcomes,
            curve=[point for arm in self.config.arms for point in self._curve(arm, groups)],
            similarity_method=self.similarities[0].method,
            alternatives=self.similarities[1:],
            provenance=self._provenance(),
        )
        notes = (*self.data.notes, *rater_note(self.quality), *self.memory)
        notes = (*notes, *pool_note(self._records), *mixed_note(self._records))
        return report.replace(notes=(*report.notes, *notes))

    @property
    def _records(self) -> dict[tuple[int, str], Mapping[str, object]]:
        config = self.config
        made = {(seed, arm): self._runs[arm, seed] for seed in config.seeds for arm in config.arms}
        return {key: run.record for key, run in made.items()}

    def _task(self, arm: Arm, seed: int, poisoned: PoisonedCorpus) -> Task:
        trained_clean = arm in ("clean", "pool_only")
        answers_clean = arm in ("clean", "train_only")
        pool = self.clean_pool if answers_clean else poisoned.responses(self.config.candidates)
        planted = frozenset(
            said.text for talk in poisoned.corpus for said in talk.utterances if said.planted
        )
        corpus = self.data.train if trained_clean else poisoned.corpus
        if pool.planted_dropped and not pool.planted.any():
            logger.warning(
                "%sseed %s, arm %s: the candidate filter keeps all %s planted responses out of the "
                "pool, so none can be chosen",
                *(self.label, seed, arm, pool.planted_dropped),
            )
        drawn = () if answers_clean else self._drawn_from(arm, planted)
        prints = self._prints(seed, arm, poisoned)
        return Task(self, seed, arm, corpus, pool, planted, drawn, prints)

    def _drawn_from(self, arm: Arm, planted: frozenset[str]) -> tuple[str, ...]:
        """Return the texts of which the one planted text was drawn."""
        texts = self._harmless if arm == "benign_swap" else self._toxic
        return texts if len(planted) == 1 and planted <= set(texts) else ()

    @cached_property
    def _toxic(self) -> tuple[str, ...]:
        return load_texts(self.config.poisoner.source)

    @cached_property
    def _harmless(self) -> tuple[str, ...]:
        # What the clean arm can say as well would count as planted there and not here.
        known = {said.text for talk in self.data.train for said in talk.utterances}
        return tuple(text for text in load_texts(self.config.benign) if text not in known)

    def _prints(self, seed: int, arm: Arm, poisoned: PoisonedCorpus) -> dict[str, str]:
        planted = poisoned.manifest.summary.poisoned_fingerprint
        own = {} if arm == "clean" else {what_is_planted(seed): planted}
        return {**self.fingerprints, **self.inputs, **own}

    def _swapped(self, seed: int, poisoned: PoisonedCorpus) -> PoisonedCorpus:
        if not self._harmless:
            raise DataError(
                "Every harmless response of the field benign is said in the training corpus; give "
                "a source with others."
            )
        made = swapped(poisoned, self._harmless, stream(seed, "benign"))
        self.artifacts.manifest(seed, "manifest-benign", made.manifest)
        return made

    def _runs_of(self, arm: Arm) -> list[ArmRun]:
        return [self._runs[arm, seed] for seed in self.config.seeds]

    def _outcome(self, arm: Arm) -> Outcome:
        return self._outcome_of(arm, self.config.seeds, columns_of(self._runs_of(arm)))

    def _outcome_of(self, arm: str, seeds: tuple[int, ...], columns: Mapping[str, Any]) -> Outcome:
        exchanges = self.data.test.exchanges
        return Outcome(
            arm=arm,
            target=self.config.watched,
            seeds=seeds,
            categories=tuple(exchange.category for exchange in exchanges),
            dialogues=tuple(exchange.dialogue for exchange in exchanges),
            similarity=self.similarities[0].to(self.config.watched),
            **columns,
        )

    def _curve(self, arm: Arm, groups: Mapping[str, Sequence[str]]) -> list[CurvePoint]:
        runs = self._runs_of(arm)
        exchanges: Sequence[Exchange] = self.data.test.exchanges
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

    def _provenance(self) -> dict[str, object]:
        return {
            "config": shown(self.config),
            "config_sha256": config_digest(self.config.model_dump(mode="json")),
            **provenance_of(self._records),
            "fingerprints": {
                "train": self.data.train.fingerprint,
                "test": self.data.test.fingerprint,
                "poisoned": [
                    self.planted[seed]["poisoned_fingerprint"] for seed in self.config.seeds
                ],
                "ranking": self.data.ranking.fingerprint,
                "rater": self.config.rater.fingerprint,
            },
            "manifests": [self.planted[seed] for seed in self.config.seeds],
            "licence": self.data.train.licence,
            "citations": citations_of(self.config),
        }
