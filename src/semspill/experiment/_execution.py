"""Trains what several arms and studies need, each model once, and lets all of them answer."""

import logging
import time
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Bool

from semspill._garbage import settled
from semspill._progress import Progress
from semspill._random import stream
from semspill.encoders import BiEncoder
from semspill.experiment._evaluation import Answers, ArmRun, Remembering
from semspill.experiment._events import Teller
from semspill.experiment._study import Study, Task
from semspill.training import Epoch

logger = logging.getLogger(__name__)


def execute(studies: Sequence[Study], progress: Progress, tell: Teller) -> None:
    """Run every arm of every study under every seed.

    Arms that train on the same corpus under the same seed share one training: `clean` and
    `pool_only`, `poison` and `train_only`, and the clean arms of all studies.
    """
    planned = _planned(studies, tell)
    tell.trainings = planned.total()
    for seed in dict.fromkeys(seed for study in studies for seed in study.config.seeds):
        trainings: dict[tuple[object, ...], list[Task]] = {}
        for study in studies:
            if seed in study.config.seeds:
                for task in _tasks(study, seed, tell):
                    trainings.setdefault(task.training, []).append(task)
        # Different budgets, for one, may turn out to plant the same.
        tell.trainings -= planned[seed] - len(trainings)
        while trainings:  # what is done is let go
            with settled():
                _train(trainings.pop(next(iter(trainings))), progress, tell)


def _planned(studies: Sequence[Study], tell: Teller) -> Counter[int]:
    """Return how many models each seed has left to train, as far as is known before poisoning."""
    keys = set()
    for study in studies:
        config = study.config
        for seed in config.seeds:
            for arm in config.arms:
                if (study.name, seed, arm) not in tell.kept:
                    fields = {"encoder", "context", "finetuner"}
                    if arm not in ("clean", "pool_only"):
                        fields |= {"poisoner", "benign"} if arm == "benign_swap" else {"poisoner"}
                    keys.add((seed, id(study.data), config.model_dump_json(include=fields)))
    return Counter(seed for seed, *_ in keys)


def _tasks(study: Study, seed: int, tell: Teller) -> list[Task]:
    tell("poison", variants=[study.name], seed=seed)
    tasks = study.tasks(seed)
    for arm in study.config.arms:
        if (study.name, seed, arm) in tell.kept:
            tell("kept", variants=[study.name], seed=seed, arms=(arm,))
    return tasks


def _train(tasks: Sequence[Task], progress: Progress, tell: Teller) -> None:
    """Train one model and let every task have its answers from it."""
    study, seed = tasks[0].study, tasks[0].seed
    config = study.config
    watching = [task for task in tasks if task.study.config.curve]
    watched: list[list[Answers]] = []
    losses: list[float] = []
    last: list[_Examination] = []
    begun = time.perf_counter()
    arms = tuple(dict.fromkeys(task.arm for task in tasks))
    names = [task.study.name for task in tasks]
    say = partial(tell, variants=names, seed=seed, arms=arms, epochs=config.finetuner.epochs)

    def watch(epoch: Epoch) -> None:
        losses.append(epoch.loss)
        number = epoch.number
        say(
            "epoch",
            epoch=number,
            loss=epoch.loss,
            valid_precision=epoch.precision,
            seconds=epoch.seconds,
        )
        if watching:
            say("answer", epoch=number)
            last[:] = [_Examination(epoch.model, study, progress)]
            watched.append([last[0].answers(task) for task in watching])
        if number < config.finetuner.epochs:
            say("train", epoch=number + 1)

    say("train", epoch=1 if config.finetuner.epochs else None)
    model = config.finetuner.finetune(
        config.encoder,
        tasks[0].corpus,
        stream(seed, "finetune"),
        context=config.context,
        valid=study.data.valid,
        observer=watch,
        progress=progress,
    )
    tell.trained += 1
    say("answer")
    kept_last = config.finetuner.keep == "last" and last
    examination = last[0] if kept_last else _Examination(model, study, progress)
    for task in tasks:
        curve = [answers[watching.index(task)] for answers in watched if task in watching]
        made = _made(task, examination, curve, losses)
        task.study.done(task, made, (time.perf_counter() - begun) / len(tasks))
        _tell_done(task, made, time.perf_counter() - begun, tell)


def _tell_done(task: Task, made: ArmRun, seconds: float, tell: Teller) -> None:
    pool = task.candidates
    precision, planted = float(made.correct.mean()), float(made.planted.mean())
    logger.info(
        "%sseed %s, arm %s: epochs %s, %s candidates (%s planted, %s planted filtered out), "
        "P@1 %.3f, planted chosen %.2f %%, %.0f s",
        *(task.study.label, task.seed, task.arm, len(made.loss)),
        *(len(pool), pool.planted.sum(), pool.planted_dropped),
        *(precision, 100 * planted, seconds),
    )
    tell.finished += 1
    tell(
        "arm",
        variants=[task.study.name],
        seed=task.seed,
        arms=(task.arm,),
        epochs=len(made.loss),
        loss=float(made.loss[-1]) if len(made.loss) else None,
        precision=precision,
        planted=planted,
        seconds=seconds,
    )


class _Examination:
    """Puts the test questions to one model as it stands, each only once."""

    def __init__(self, model: BiEncoder, study: Study, progress: Progress) -> None:
        self.model = Remembering(model, study.clean_pool.texts)
        self.data = study.data
        self.progress = progress
        self._answers: dict[tuple[object, ...], Answers] = {}
        self._judged: tuple[Any, Any] | None = None

    def answers(self, task: Task) -> Answers:
        """Return what the model answers from a task's candidates."""
        scorer = task.study.scorer
        key = task.candidates.texts, scorer.rater.fingerprint
        if key not in self._answers:
            self._answers[key] = Answers.of(
                self.model, self.data.test.exchanges, task.candidates, scorer, self.progress
            )
        return self._answers[key]

    def judged(self) -> tuple[Any, Any]:
        """Return for which exchanges the gold response ranks first in its list, and its score."""
        if self._judged is None:
            self._judged = self.data.ranking.judged(self.model, self.progress)
        return self._judged

    def served(self, task: Task) -> Bool[np.ndarray, " exchanges"]:
        """Return the same with a task's planted candidates in every list."""
        pool = task.candidates
        texts = [text for text, planted in zip(pool.texts, pool.planted, strict=True) if planted]
        return self.data.ranking.hits_beside(self.model, texts, self.judged(), self.progress)


def _made(
    task: Task, examination: _Examination, curve: Sequence[Answers], losses: Sequence[float]
) -> ArmRun:
    end = examination.answers(task)
    shape = (len(curve), len(end.texts))
    toxicity = np.array([answers.toxicity for answers in curve], np.float64)
    planted = np.array([answers.planted(task.planted) for answers in curve], np.bool_)
    return ArmRun(
        chosen=end.chosen,
        score=end.score,
        toxicity=end.toxicity,
        planted=end.planted(task.planted),
        correct=examination.judged()[0],
        served=examination.served(task),
        drawn_from=task.study.scorer.score(task.drawn_from),
        epoch_toxicity=toxicity.reshape(shape),
        epoch_planted=planted.reshape(shape),
        loss=np.array(losses, dtype=np.float64),
    )
