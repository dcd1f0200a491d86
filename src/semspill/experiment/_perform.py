"""Perform one job: train a model, let every arm it serves answer, rate the answers."""

import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from semspill._fast.garbage import settled
from semspill._progress import Progress, quiet
from semspill._random import stream
from semspill.corpus import Candidates, Corpus
from semspill.encoders import RankingTask
from semspill.errors import PluginError
from semspill.experiment._cleaning import Defended, facts_of, finished, manifests_of
from semspill.experiment._cuts import cuts
from semspill.experiment._data import Data
from semspill.experiment._environment import versions
from semspill.experiment._examination import Examination, Rated
from semspill.experiment._fingerprints import json_digest
from semspill.experiment._jobs import Job, Notify, Part
from semspill.experiment._keep import keep_model
from semspill.experiment._matched import PLAIN, applied, found_by
from semspill.experiment._matched import facts_of as facts_of_matchers
from semspill.experiment._materials import Materials, materials_of
from semspill.experiment._probed import asked
from semspill.experiment._treatment import Treatment
from semspill.matching import Given, Matcher, Matches
from semspill.models import Model, ModelEpoch, TrainedModel
from semspill.probes import Probe
from semspill.results import KIND, Answers, Probed


def perform(
    job: Job, data: Data, notify: Notify, progress: Progress = quiet
) -> tuple[Answers, ...]:
    """Return what every arm of a job answered, in the order of its parts.

    Args:
        job: What to do.
        data: What the job's experiments name, loaded.
        notify: Takes stages and epochs.
        progress: Wraps the iterables of long stages.

    Raises:
        PluginError: The poisoned corpus is another one than the plan saw.
    """
    with settled():
        return _Performance(job, data, notify, progress).answers()


class _Performance:
    """One job under way."""

    def __init__(self, job: Job, data: Data, notify: Notify, progress: Progress) -> None:
        self.job, self.data, self.progress = job, data, progress
        # The arms of one experiment are made of the same materials.
        made = [materials_of(part.config, data, job.seed) for part in job.parts]
        self.parts = [_Served(*one) for one in zip(job.parts, made, strict=True)]
        first = self.parts[0]
        if first.materials.training_key(first.part.arm) != job.corpus:
            raise PluginError(
                "The training corpus is another one than when the jobs were planned: dataset, "
                "selector, strategy and source must give the same in every process for one seed."
            )
        self.model = first.treatment.model(job.config.model)
        self.shared = first.materials.clean_pool.texts
        self.tasks: list[tuple[tuple[Probe, ...], RankingTask]] = []
        self.losses: list[float] = []
        self.last: dict[str, Examination] = {}
        self.last_model: TrainedModel | None = None
        names = [part.name for part in job.parts]
        arms = tuple(dict.fromkeys(part.arm.name for part in job.parts))
        self.notify = partial(
            notify, variants=names, seed=job.seed, arms=arms, epochs=self.model.epoch_count()
        )

    def answers(self) -> tuple[Answers, ...]:
        """Train, and let every part answer."""
        began = time.perf_counter()
        self.notify("train", epoch=1 if self.model.epoch_count() else None)
        first, labels = self.parts[0], self.data.response_labels
        # Only a model that says so knows the names.
        options: dict[str, Any] = {} if labels is None else {"response_labels": labels}
        if begins := first.treatment.begins:
            options["begins"] = begins
        if self.job.checkpoint_at is not None:
            options["checkpoint"] = self.job.checkpoint_at
        if self.model.takes_condition():
            options |= {"condition": first.part.arm.trains, "seed": self.job.seed}
        model = self.model.train(
            first.defended.corpus,
            stream(self.job.seed, "finetune"),
            context=first.treatment.contexts(self.job.config.contexts)[0],
            valid=self._valid(first.treatment),
            observer=self._watch,
            progress=self.progress,
            **options,
        )
        if self.job.model_at is not None:
            arms = [part.arm for part in self.job.parts]
            keep_model(model, self.job.model_at, first.materials, arms)
        self.notify("answer")
        answers = []
        for served in self.parts:
            answers.append(self._answered(served, self._examined(model, served)))
            served.forget()
        seconds = (time.perf_counter() - began) / len(answers)
        return tuple(replace(a, record={**a.record, "seconds": seconds}) for a in answers)

    def _valid(self, treatment: Treatment) -> Corpus | None:
        """Return what is validated on, without labels where a defense makes those of training."""
        valid = self.data.valid
        if valid is None or valid.labels or not any(one.relabels for one in treatment.training):
            return valid
        return replace(valid, labels=("",) * valid.exchange_count)

    def _examined(self, model: TrainedModel, served: "_Served") -> "Examination":
        if not isinstance(model, TrainedModel):
            raise PluginError(
                f"{type(self.model).__name__}.train returned {type(model).__name__}; return a "
                "TrainedModel."
            )
        if self.last_model is not model:
            self.last, self.last_model = {}, model
        if served.finish not in self.last:
            finished = served.finished(model, self.job.seed)
            if self.shared:
                finished.expect(self.shared)
            examination = Examination(finished, self.data, self.job.seed, self.progress)
            self.last[served.finish] = examination
        return self.last[served.finish]

    def _watch(self, epoch: ModelEpoch) -> None:
        self.losses.append(epoch.loss)
        self.notify(
            "epoch",
            epoch=epoch.number,
            loss=epoch.loss,
            valid_precision=epoch.precision,
            seconds=epoch.seconds,
        )
        curves = [served for served in self.parts if served.watches]
        if curves:
            self.notify("answer", epoch=epoch.number)
            for served in curves:
                examined = self._examined(epoch.model, served)
                config = served.part.config
                rated = examined.rated(config.scorer, served.defended.pool)
                [marks] = self._found(served, examined, rated[0], config.matchers[:1]).values()
                served.watched.append(rated)
                served.planted.append(marks.planted)
                if examined.hits is not None:
                    served.hits.append(examined.hits)
        if epoch.number < self.model.epoch_count():
            self.notify("train", epoch=epoch.number + 1)

    def _answered(self, served: "_Served", end: "Examination") -> Answers:
        part, pool = served.part, served.defended.pool
        texts, score, toxicity, kinds = end.rated(part.config.scorer, pool)
        drawn = part.config.scorer.ratings(served.materials.drawn_from(part.arm))
        curve = [rated[2] for rated in served.watched]
        shape = (len(curve), len(texts))
        blank = np.zeros(len(texts), dtype=np.bool_)
        correct, beside = end.hits, end.hits_beside(pool)
        found = self._found(served, end, texts, applied(part.config.matchers))
        told = part.config.matchers != PLAIN
        return Answers(
            texts=texts,
            score=score,
            toxicity=toxicity,
            planted=next(iter(found.values())).planted,
            correct=blank if correct is None else correct,
            served=blank if beside is None else beside,
            drawn_from=drawn.toxicity,
            epoch_texts=tuple(rated[0] for rated in served.watched),
            epoch_toxicity=np.array(curve, np.float64).reshape(shape),
            epoch_planted=np.array(served.planted, np.bool_).reshape(shape),
            epoch_correct=np.array(served.hits, np.bool_).reshape(len(served.hits), len(texts)),
            loss=np.array(self.losses, dtype=np.float64),
            measures={
                **(end.measures(texts) if part.config.measures_answers else {}),
                **{f"{KIND}{name}": rated for name, rated in kinds.items()},
            },
            matched={name: one.planted for name, one in found.items()} if told else {},
            probed=self._probed(served, end),
            cleaning=manifests_of(served.defended.steps),
            record={
                "versions": versions(),
                "device": end.model.device,
                "ranked": correct is not None,
                **({"matchers": facts_of_matchers(found)} if told else {}),
                **({"kinds": _means(drawn.kinds)} if drawn.kinds else {}),
                **_pool_facts(pool, self.model),
                **({"unanswered": [end.unanswered, len(texts)]} if end.unanswered else {}),
                **self._cuts(served, end.model),
                **facts_of(served.defended, end.model, self.job.seed),
            },
        )

    def _probed(self, served: "_Served", end: "Examination") -> dict[str, Probed]:
        """Return what a part answers to the test exchanges as each probe leaves them."""
        part, answers = served.part, {}
        for name, parts in part.config.probes.items() if not part.arm.defense else ():
            self.notify("answer")
            task = self._task(parts)
            pool = served.defended.pool
            texts, _, toxicity, _ = end.rated(part.config.scorer, pool, task.exchanges)
            [found] = self._found(served, end, texts, part.config.matchers[:1], task).values()
            # To rank a hundred texts again takes a model that generates longer than to answer.
            ranks = self.model.uses_pool()
            correct = end.model.rank(task, progress=self.progress) if ranks else None
            answers[name] = Probed(toxicity, found.planted, correct)
        return answers

    def _cuts(self, served: "_Served", model: TrainedModel) -> dict[str, Any]:
        arm, probes = served.part.arm, served.part.config.probes
        planted = () if arm.trains == "clean" else served.materials.texts(arm)
        asked = {name: self._task(parts).exchanges for name, parts in probes.items()}
        return cuts(model, planted, self.data.test.exchanges, {} if arm.defense else asked)

    def _task(self, parts: tuple[Probe, ...]) -> RankingTask:
        """Return the test exchanges as probes leave them, with their lists; one for all arms."""
        for known, task in self.tasks:
            if known == parts:
                return task
        task = RankingTask(asked(parts, self.data.test.exchanges), self.data.ranking.lists)
        self.tasks.append((parts, task))
        return task

    def _found(
        self,
        served: "_Served",
        examined: "Examination",
        texts: tuple[str, ...],
        matchers: tuple[Matcher, ...],
        ranking: RankingTask | None = None,
    ) -> dict[str, Matches]:
        """Return what matchers find among the responses of a part, to probed exchanges or not."""
        given = Given(
            texts=texts,
            planted=served.materials.texts(served.part.arm),
            clean=served.materials.responses,
            ranking=ranking or self.data.ranking,
            model=examined.model,
        )
        return found_by(matchers, given, self.job.seed)


def _means(kinds: Mapping[str, Float[np.ndarray, " texts"]]) -> dict[str, float]:
    return {name: float(rated.mean()) for name, rated in kinds.items()}


def _pool_facts(pool: Candidates, model: Model) -> dict[str, Any]:
    facts = {"size": len(pool), "planted": int(pool.planted.sum()), "dropped": pool.planted_dropped}
    return {"pool": facts} if model.uses_pool() else {}


class _Served:
    """One part of a job, with its materials and what it answered so far."""

    def __init__(self, part: Part, materials: Materials) -> None:
        self.part, self.materials = part, materials
        self.treatment = part.config.treatment(part.arm)
        self.watched: list[Rated] = []
        self.planted: list[Bool[np.ndarray, " exchanges"]] = []
        self.hits: list[Bool[np.ndarray, " exchanges"]] = []
        self._defended: Defended | None = None

    @property
    def defended(self) -> Defended:
        """What the arm is trained on and answers from."""
        if self._defended is None:
            self._defended = self.materials.defended(self.part.arm)
        return self._defended

    def forget(self) -> None:
        """Let go of what the arm was made of, once it has answered."""
        self._defended = None

    @property
    def watches(self) -> bool:
        """Whether the model answers after every epoch: without a defense, where it is asked."""
        return self.part.config.curve and not self.part.arm.defense

    @property
    def finish(self) -> str:
        """What is done to the trained model before it answers; equal ones answer alike."""
        answering = self.treatment.contexts(self.part.config.contexts)[1]
        return json_digest([answering.model_dump(mode="json"), self.treatment.finish])

    def finished(self, model: TrainedModel, seed: int) -> TrainedModel:
        """Return the trained model as the arm's defense leaves it."""
        training, answering = self.treatment.contexts(self.part.config.contexts)
        if answering != training:
            model = model.with_context(answering)
        return finished(model, self.treatment, self.defended.corpus, self.materials.aid, seed)
