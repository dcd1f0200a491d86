"""Drives experiments: prepares them, plans their jobs, collects the answers."""

import logging
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from semspill._progress import Progress
from semspill._random import stream
from semspill.analysis import Similarities, measure_exchanges, measure_similarity
from semspill.corpus import Corpus
from semspill.encoders import BiEncoder
from semspill.experiment._cleaning import measuring_encoder
from semspill.experiment._config import ExperimentConfig
from semspill.experiment._data import Data, data_key
from semspill.experiment._events import Notifier
from semspill.experiment._fingerprints import fingerprints_of, json_digest
from semspill.experiment._jobs import Job, Part, Training, answers_key
from semspill.experiment._matched import PLAIN, remarked
from semspill.experiment._materials import Materials
from semspill.experiment._probed import phrases_near
from semspill.experiment._study import Study
from semspill.experiment.store import CHECKPOINTS, AnswersCache, RunStore, what_is_planted
from semspill.matching import matchers
from semspill.models import Effort
from semspill.results import Answers, Arm
from semspill.scoring import RaterQuality, ToxicityScorer, assess_rater

logger = logging.getLogger(__name__)


class Preparation:
    """Makes studies ready, and does once what several of them need alike."""

    def __init__(self, progress: Progress, notify: Notifier) -> None:
        self.progress = progress
        self.notify = notify
        self.data: dict[str, Data] = {}
        self._similarities: dict[tuple[str, str], tuple[Similarities, ...]] = {}
        self._quality: dict[str, RaterQuality | None] = {}
        self._warned: list[Effort] = []

    def study(self, config: ExperimentConfig, store: RunStore, name: str = "") -> Study:
        """Return a study with its data loaded and checked, before anything is trained."""
        key = data_key(config)
        if key not in self.data:
            self.notify("load", variants=[name])
        # A rater that cannot rate is found out now, not after hours of training.
        ToxicityScorer(rater=config.rater, cache=None).score(("Hello.",))
        if key not in self.data:
            self.data[key] = Data.load(config)
        data = self.data[key]
        effort = config.model.effort(data.train.exchange_count)
        if effort is not None and effort.too_few and effort not in self._warned:
            self._warned.append(effort)  # the variants of a sweep mostly train alike
            logger.warning("%s", effort.too_few)
        quality = self._rater_quality(config)
        for corpus in (data.train, data.test):
            corpus.require_category(config.watched)
        if store.folder is not None:
            store.same_data(fingerprints_of(config, data))
        store.exchanges(data.test.exchanges)
        near = self._measured(config, data, store, name)
        return Study(config, data, near, quality, name, phrases_near(config))

    def _rater_quality(self, config: ExperimentConfig) -> RaterQuality | None:
        if config.labelled is None:
            return None
        key = config.model_dump_json(include={"rater", "labelled"})
        if key not in self._quality:
            self._quality[key] = assess_rater(config.scorer, config.labelled)
        return self._quality[key]

    def _measured(
        self, config: ExperimentConfig, data: Data, store: RunStore, name: str
    ) -> tuple[Similarities, ...]:
        recipe = config.model_dump_json(
            include={"model", "similarity_encoder", "context", "similarities"}
        )
        key = (data_key(config), recipe)
        if key not in self._similarities:
            self.notify("similarity", variants=[name])
            self._similarities[key] = self._measure(config, data, store.similarities)
        store.write_similarities(self._similarities[key])
        return self._similarities[key]

    def _measure(
        self, config: ExperimentConfig, data: Data, known: tuple[Similarities, ...] | None
    ) -> tuple[Similarities, ...]:
        model = measuring_encoder(config)

        def arguments() -> tuple[Corpus, BiEncoder, np.random.Generator, Progress]:
            return data.train, model, stream(0, "similarity"), self.progress

        measured = known or tuple(
            measure_similarity(part, *arguments()) for part in config.similarities
        )
        return tuple(
            replace(one, exchanges=measure_exchanges(part, data.test.exchanges, *arguments()))
            for part, one in zip(config.similarities, measured, strict=True)
        )


@dataclass(eq=False)
class Drive:
    """Experiments that are carried out together: one, or the variants of a sweep."""

    studies: Mapping[str, Study]
    """By name."""
    stores: Mapping[str, RunStore]
    """Where each is written, by name."""
    notify: Notifier
    """Sends events."""
    cache: AnswersCache | None = None
    """Answers that experiments share."""
    _found: set[str] = field(default_factory=set)
    """Studies whose planted answers were found in the cache, whenever they were given."""

    def plan(self) -> tuple[Job, ...]:
        """Poison every corpus, find what is answered already, and return the jobs that are left.

        Arms that train on the same corpus under the same seed share a job: `clean` and
        `pool_only`, `poison` and `train_only`, and the clean arms of all variants.

        Raises:
            DataError: What is answered already was trained on other data.
        """
        parts: dict[Training, list[Part]] = {}
        models: dict[Training, Path | None] = {}
        checkpoints: dict[Training, Path | None] = {}
        for seed in dict.fromkeys(s for study in self.studies.values() for s in study.config.seeds):
            for name, study in self.studies.items():
                if seed in study.config.seeds:
                    for key, part, materials in self._parts(name, seed):
                        place = self.stores[name].model_at(seed, part.arm.name)
                        kept = models.setdefault(key, place)
                        checkpoints.setdefault(key, self._checkpoint_at(part, key))
                        # A model that is to be kept is trained again where it was not.
                        known = kept is None or kept.is_dir()
                        answered = known and self._is_answered(part, seed, materials)
                        parts.setdefault(key, []).extend([] if answered else [part])
        for name, study in self.studies.items():
            study.named_first = self.stores[name].named_first(
                study.analyzer.named.replace(before=name not in self._found)
            )
        jobs = tuple(
            Job(key.seed, key.corpus, tuple(left), models[key], checkpoints[key], place)
            for place, (key, left) in enumerate(parts.items())
            if left
        )
        self.notify.trainings = len(jobs)
        return jobs

    def done(self, job: Job, answers: Sequence[Answers]) -> None:
        """Write what a job answered."""
        written: set[str] = set()
        for part, each in zip(job.parts, answers, strict=True):
            prints = self._prints(part, job.seed)
            each = replace(each, record={**each.record, "fingerprints": prints})
            if self.cache is not None and part.key not in written:
                self.cache.put(part.key, each)  # once for the clean arms of all variants
                written.add(part.key)
            final = self._write(part.name, job.seed, part.arm, each)
            _log(self.studies[part.name], job.seed, part.arm, final)
            self.notify.finished += 1
            self.notify(
                "arm",
                variants=[part.name],
                seed=job.seed,
                arms=(part.arm.name,),
                epochs=len(final.loss),
                loss=float(final.loss[-1]) if len(final.loss) else None,
                precision=float(final.correct.mean()) if final.ranked else None,
                planted=float(final.planted.mean()),
                seconds=float(final.record["seconds"]) * len(job.parts),
            )
        if job.checkpoint_at is not None:
            shutil.rmtree(job.checkpoint_at, ignore_errors=True)

    def _checkpoint_at(self, part: Part, key: Training) -> Path | None:
        """Return where a training writes how far it is: where answers are shared, or a run is."""
        if not part.config.treatment(part.arm).model(part.config.model).keeps_checkpoints():
            return None
        shared = None if self.cache is None else self.cache.folder.absolute() / CHECKPOINTS
        folder = shared or self.stores[part.name].checkpoints
        return None if folder is None else folder / json_digest(key)

    def _parts(self, name: str, seed: int) -> Iterable[tuple[Training, Part, Materials]]:
        """Yield the arms, each with what decides its training, and what they are made of."""
        study, store = self.studies[name], self.stores[name]
        config = study.config
        self.notify("poison", variants=[name], seed=seed)
        materials = Materials(config, study.data, seed)
        manifest = materials.poisoned.manifest
        logger.info("%sseed %s: %s", study.label, seed, manifest.summary)
        store.manifest(seed, "manifest", manifest)
        if any(arm.planted == "benign" for arm in config.arms):
            store.manifest(seed, "manifest-benign", materials.benign.manifest)
        if store.folder is not None:
            store.same_data(study.inputs)
        study.plant(seed, manifest)
        for arm in config.all_arms:
            corpus = materials.training_key(arm)
            part = Part(name, config, arm, self._key(study, materials, arm, corpus))
            yield Training.of(config, seed, corpus, arm), part, materials

    def _is_answered(self, part: Part, seed: int, materials: Materials) -> bool:
        """Return whether an arm is answered already, and collect its answers."""
        store, study = self.stores[part.name], self.studies[part.name]
        at = (study.label, seed, part.arm.name)
        earlier = store.arm(seed, part.arm.name)
        if earlier is not None and part.config.measures_answers and not earlier.measures:
            logger.info("%sseed %s, arm %s: answered again, to measure what was not", *at)
            return False
        if earlier is not None:
            store.same_arm(earlier, self._prints(part, seed))
            study.answers[seed, part.arm.name] = earlier
            logger.info("%sseed %s, arm %s: already done", *at)
        elif self.cache is not None and (cached := self.cache.get(part.key)) is not None:
            if part.config.matchers == PLAIN:
                cached = remarked(cached, materials.texts(part.arm))
            record = {**cached.record, "fingerprints": self._prints(part, seed)}
            self._write(part.name, seed, part.arm, replace(cached, record=record))
            if part.arm.planted != "nothing" and not self.cache.planned:
                self._found.add(part.name)
            logger.info("%sseed %s, arm %s: found in the cache", *at)
            self.notify.finished += 1
        else:
            return False
        self.notify("reused", variants=[part.name], seed=seed, arms=(part.arm.name,))
        return True

    def _write(self, name: str, seed: int, arm: Arm, answers: Answers) -> Answers:
        study, store = self.studies[name], self.stores[name]
        store.seconds += float(answers.record.get("seconds", 0))
        answers = store.write_arm(seed, arm.name, answers, study.data.test.exchanges)
        # The texts of every epoch were needed for the cache only.
        study.answers[seed, arm.name] = answers = replace(answers, epoch_texts=())
        return answers

    def _prints(self, part: Part, seed: int) -> dict[str, str]:
        study = self.studies[part.name]
        if self.stores[part.name].folder is None and self.cache is None:
            return {}
        planted = study.planted[seed].poisoned_fingerprint
        own = {} if part.arm.planted == "nothing" else {what_is_planted(seed): planted}
        if part.arm.defense:
            own[f"defenses.{part.arm.defense}"] = study.defense_prints[part.arm.defense]
        return {**study.fingerprints, **study.inputs, **own}

    def _key(self, study: Study, materials: Materials, arm: Arm, corpus: str) -> str:
        if self.cache is None:
            return ""
        # `corpus` identifies what is trained on.
        facts: dict[str, Any] = {k: v for k, v in study.fingerprints.items() if k != "train"}
        pool = materials.pool(arm)
        facts |= {"corpus": corpus, "pool": json_digest([pool.texts, pool.planted.tolist()])}
        facts["drawn_from"] = json_digest(materials.drawn_from(arm))
        if study.config.probes and not arm.defense:
            # Answers under probes are not marked again.
            facts["probes"] = [*study.config.model_dump(mode="json")["probes"].items()]
            facts["planted"] = json_digest(materials.texts(arm))
        if study.config.matchers != PLAIN:  # else what is found is marked again
            facts["matchers"] = [
                [matchers.describe(part) for part in study.config.matchers],
                json_digest(materials.texts(arm)),
            ]
        if study.config.model.uses_pool() and study.config.measures_answers:
            facts["measures"] = True
        if arm.defense:
            facts["defense"] = [
                study.config.treatment(arm).recipe,
                study.defense_prints[arm.defense],
            ]
        return answers_key(materials.config, materials.seed, facts)


def _log(study: Study, seed: int, arm: Arm, answers: Answers) -> None:
    pool = answers.record.get("pool")
    held = "{size} candidates ({planted} planted, {dropped} planted filtered out), "
    logger.info(
        "%sseed %s, arm %s: epochs %s, %sP@1 %.3f, planted rate %.2f %%, %.0f s",
        *(study.label, seed, arm.name, len(answers.loss)),
        held.format(**pool) if pool else "",
        *(answers.correct.mean(), 100 * answers.planted.mean(), answers.record["seconds"]),
    )
    if pool and pool["dropped"] and not pool["planted"]:
        logger.warning(
            "%sseed %s, arm %s: the candidate filter keeps all %s planted responses out of the "
            "pool, so none can be chosen",
            *(study.label, seed, arm.name, pool["dropped"]),
        )
