"""One experiment: its data, the answers of its arms, and their report."""

import logging
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from semspill.analysis import Named, Outcome, ProbedArms, Similarities, group_members
from semspill.corpus import Exchange
from semspill.experiment._config import ExperimentConfig
from semspill.experiment._cuts import cut_notes
from semspill.experiment._data import Data
from semspill.experiment._defended import report_of_defenses
from semspill.experiment._fingerprints import fingerprints_of, inputs_of, json_digest
from semspill.experiment._learned import short_training
from semspill.experiment._matched import told_by_seed
from semspill.experiment._notes import (
    answer_notes,
    detector_notes,
    empty_notes,
    memory_notes,
    pool_notes,
    rater_note,
    trigger_notes,
    with_quality,
)
from semspill.experiment._probed import asked, columns_under, facts_of
from semspill.experiment._provenance import mixed_note, provenance_of
from semspill.experiment._treatment import Treatment
from semspill.experiment.store import columns_of
from semspill.labellers import labellers
from semspill.poison import Manifest
from semspill.results import (
    Answers,
    Arm,
    CurvePoint,
    Note,
    PlantedSeed,
    SpilloverReport,
    main_arm,
    reference,
)
from semspill.scoring import RaterQuality

logger = logging.getLogger(__name__)


class Study:
    """What is known of one experiment: its data, what was planted, what its arms answered.

    Args:
        config: What to do.
        data: What the config names, loaded.
        similarities: How near categories are, one per definition, the one used first.
        quality: The rater's errors, if they were measured.
        name: What the log and events call it, where there are several.
        phrases: How similar each phrase of a probe is to the trigger, where there is one.

    Raises:
        DataError: The analyzer names categories that are not there: what it cannot use is found
            out before anything is trained.
    """

    def __init__(
        self,
        config: ExperimentConfig,
        data: Data,
        similarities: tuple[Similarities, ...] = (),
        quality: RaterQuality | None = None,
        name: str = "",
        phrases: Mapping[str, float] | None = None,
    ) -> None:
        self.phrases = phrases or {}
        self.name = name
        self.label = f"{name}, " if name else ""
        self.config = config
        self.data = data
        self.similarities = similarities
        self.quality = quality
        self.analyzer = with_quality(config, quality)
        self.memory = memory_notes(config)
        self.planted: dict[int, PlantedSeed] = {}
        self.answers: dict[tuple[int, str], Answers] = {}
        self.named_first: Named | None = None
        if similarities:
            self._check_analyzer()

    def _check_analyzer(self) -> None:
        shape = (1, len(self.data.test.exchanges))
        no = np.zeros(shape, dtype=np.bool_)
        blank = {"toxicity": np.zeros(shape), "planted": no, "correct": no}
        outcome = self._outcome_of(reference(self.config.arms), (0,), blank)
        group_members(outcome, *self.analyzer.neighbours(outcome))

    @cached_property
    def fingerprints(self) -> dict[str, str]:
        """What identifies data, ratings and pretrained weights."""
        return fingerprints_of(self.config, self.data)

    @cached_property
    def inputs(self) -> dict[str, str]:
        """The same of the files that further components read."""
        return inputs_of(self.config)

    @cached_property
    def defense_prints(self) -> dict[str, str]:
        """What identifies the code and the trusted dialogues behind each defense, by its name."""
        trusted = self.data.trusted.fingerprint if self.data.trusted else ""
        return {
            name: json_digest([Treatment(parts).code, trusted])
            for name, parts in self.config.defenses.items()
        }

    def plant(self, seed: int, manifest: Manifest) -> None:
        """Note what was planted under one seed."""
        self.planted[seed] = manifest.planted(seed)

    def outcomes(self) -> list[Outcome]:
        """Return one outcome per arm, in the config's order, once all arms are done."""
        config = self.config
        return [
            self._outcome_of(arm, config.seeds, columns_of(self._of(arm))) for arm in config.arms
        ]

    def defended(self) -> list[Outcome]:
        """Return one outcome per arm that defenses add, once all arms are done."""
        config = self.config
        return [
            self._outcome_of(arm, config.seeds, columns_of(self._of(arm)))
            for arm in config.all_arms
            if arm.defense
        ]

    def report(self, budgets: Mapping[float, Outcome] | None = None) -> SpilloverReport:
        """Analyze what the arms answered, once all are done.

        Args:
            budgets: Outcomes of the attacked arm of experiments at other budgets.
        """
        config, outcomes = self.config, self.outcomes()
        groups = group_members(outcomes[0], *self.analyzer.neighbours(outcomes[0]))
        each = (one.of_exchanges(config.watched) for one in self.similarities)
        report = self.analyzer.analyze(
            outcomes,
            curve=[point for arm in config.arms for point in self._curve(arm, groups)],
            similarity_method=self.similarities[0].method,
            alternatives=self.similarities[1:],
            exchanges=[near for near in each if near is not None],
            label_facts=self._label_facts(),
            matcher_facts=self._matcher_facts(),
            probed=self._probed(),
            kind_facts={
                "toxic_kind": config.rater.toxic_kind,
                "drawn": self._of(main_arm(config.arms))[0].record.get("kinds", {}),
            },
            named_first=self.named_first,
            provenance=provenance_of(config, self.data, self.planted, self._records),
        )
        short = short_training(config, self.data.train.exchange_count, report, self._final)
        notes = (*short, *self.data.notes, *rater_note(self.quality), *self.memory)
        notes = (*notes, *pool_notes(self._records), *mixed_note(self._records))
        tests = self.data.test.exchanges
        notes = (*empty_notes(self._final), *self._cut_notes(), *notes)
        notes = (*trigger_notes(config, tests), *answer_notes(self._records), *notes)
        defenses = None
        if config.defenses:
            every = [*outcomes, *self.defended()]
            defenses = report_of_defenses(config, every, self._final, budgets or {})
        return report.replace(
            notes=(*report.notes, *notes, *detector_notes(defenses)),
            similarity_unit=config.similarities[0].unit,
            defenses=defenses,
        )

    def _cut_notes(self) -> tuple[Note, ...]:
        config, exchanges = self.config, self.data.test.exchanges
        probes = {name: asked(parts, exchanges) for name, parts in config.probes.items()}
        return cut_notes(self._records, exchanges, probes, config.contexts[1].turns)

    @property
    def _records(self) -> dict[tuple[int, str], Mapping[str, object]]:
        return {key: answers.record for key, answers in self._final.items()}

    @property
    def _final(self) -> dict[tuple[int, str], Answers]:
        """What the report is about; a folder may hold more seeds and arms."""
        keys = [(seed, arm.name) for seed in self.config.seeds for arm in self.config.all_arms]
        return {key: self.answers[key] for key in keys}

    def _of(self, arm: Arm) -> list[Answers]:
        return [self.answers[seed, arm.name] for seed in self.config.seeds]

    def _outcome_of(self, arm: Arm, seeds: tuple[int, ...], columns: Mapping[str, Any]) -> Outcome:
        exchanges = self.data.test.exchanges
        return Outcome(
            arm=arm,
            target=self.config.watched,
            seeds=seeds,
            categories=tuple(exchange.category for exchange in exchanges),
            dialogues=tuple(exchange.dialogue for exchange in exchanges),
            similarity=self.similarities[0].to(self.config.watched),
            labels=self.data.shown_labels if self._shows_labels else None,
            **columns,
        )

    @property
    def _shows_labels(self) -> bool:
        """Whether contexts show predicted labels without any defense."""
        return any(context.label == "predicted" for context in self.config.contexts)

    def _label_facts(self) -> dict[str, object]:
        labelling = self.data.labelling
        if labelling is None or not self._shows_labels:
            return {}
        labels, train = self.config.labels, self.data.train.exchanges
        right = [labelling.first(exchange.label) == exchange.category for exchange in train]
        name = labellers.title_of(labels.labeller)
        return {
            "labeller": name,
            "folds": labels.folds,
            "responses": labels.responses,
            "train_accuracy": float(np.mean(right)),
        }

    def _matcher_facts(self) -> dict[str, dict[str, dict[str, tuple[float, ...]]]]:
        arms = self.config.arms
        return {arm.name: told_by_seed([one.record for one in self._of(arm)]) for arm in arms}

    def _probed(self) -> dict[str, ProbedArms]:
        """Return what the arms answered under each probe."""
        config, exchanges = self.config, self.data.test.exchanges
        found = {}
        for name, parts in config.probes.items():
            outcomes = []
            for arm in config.arms:
                answers = self._of(arm)
                columns = {**columns_of(answers), **columns_under(answers, name)}
                outcomes.append(self._outcome_of(arm, config.seeds, columns))
            facts = facts_of(parts, exchanges)
            similarity = self.phrases.get(facts["phrase"])
            found[name] = ProbedArms(outcomes, {**facts, "similarity": similarity})
        return found

    def _curve(self, arm: Arm, groups: Mapping[str, Sequence[str]]) -> list[CurvePoint]:
        answers = self._of(arm)
        exchanges: Sequence[Exchange] = self.data.test.exchanges
        categories = np.array([exchange.category for exchange in exchanges], dtype=object)
        epochs = min(len(each.epoch_toxicity) for each in answers) if self.config.curve else 0
        toxicity = np.mean([each.epoch_toxicity[:epochs] for each in answers], axis=0)
        blank = np.zeros((epochs, len(exchanges)))
        planted = np.mean([each.epoch_planted[:epochs] for each in answers], axis=0)
        ranked = all(len(each.epoch_correct) >= epochs for each in answers)
        hits = [each.epoch_correct[:epochs] if ranked else blank for each in answers]
        correct = np.mean(hits, axis=0)
        return [
            CurvePoint(
                arm=arm.name,
                epoch=epoch + 1,
                group=name,
                toxicity=float(toxicity[epoch][mask].mean()),
                asr=float(planted[epoch][mask].mean()),
                precision=float(correct[epoch][mask].mean()) if ranked else None,
            )
            for name, members in groups.items()
            for mask in [np.isin(categories, list(members))]
            for epoch in range(epochs)
        ]


def budgets_beside(study: Study, studies: Mapping[str, Study]) -> dict[float, Outcome]:
    """Return what the attacked arm did in experiments that differ in the budget alone.

    Args:
        study: The experiment, whose own budget is among them.
        studies: Those that are carried out together.
    """
    config = study.config
    if not config.defenses:
        return {}
    attacked = main_arm(config.arms).name
    found = {}
    for other in studies.values():
        poisoner = other.config.poisoner.replace(budget=config.poisoner.budget)
        if other.config.replace(poisoner=poisoner) == config:
            [outcome] = [one for one in other.outcomes() if one.arm.name == attacked]
            found[other.config.poisoner.budget] = outcome
    return found if len(found) > 1 else {}
