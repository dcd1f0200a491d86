"""What the defenses of an experiment did, from the answers of its arms."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from semspill.analysis import DefenseFacts, EpochOutcomes, Outcome, defenses_report
from semspill.defenses import Cleaner, Defense
from semspill.experiment._config import ExperimentConfig
from semspill.experiment._provenance import citations_of
from semspill.experiment._treatment import staged, title_of
from semspill.results import Answers, DefensesReport, Detection, Guarding, main_arm

R = TypeVar("R", Detection, Guarding)


def report_of_defenses(
    config: ExperimentConfig,
    outcomes: Sequence[Outcome],
    answers: Mapping[tuple[int, str], Answers],
    budgets: Mapping[float, Outcome],
) -> DefensesReport:
    """Return what the defenses of an experiment did.

    Args:
        config: The experiment.
        outcomes: One per arm, defended ones too.
        answers: What every arm answered, by seed and arm.
        budgets: Outcomes of the attacked arm at other budgets.
    """
    attacked = main_arm(config.arms).name
    nearest = config.analyzer.neighbours(outcomes[0])[0]
    return defenses_report(
        [replace(outcome, nearest=nearest) for outcome in outcomes],
        facts={name: _facts(config, name) for name in config.defenses},
        detections=_recorded(config, answers, "detection", Detection),
        guardings=_recorded(config, answers, "guarding", Guarding),
        epochs=_epochs([answers[seed, attacked] for seed in config.seeds]),
        budgets=budgets,
        declared=config.analyzer.declared,
        level=config.analyzer.level,
    )


def _facts(config: ExperimentConfig, name: str) -> DefenseFacts:
    parts = staged(config.defenses[name])
    return DefenseFacts(
        title=title_of(parts),
        cost="; ".join(dict.fromkeys(map(_cost, parts))),
        citations=tuple(citations_of(list(parts)).values()),
    )


def _cost(part: Defense) -> str:
    return part.detector.cost if isinstance(part, Cleaner) else part.cost


def _recorded(
    config: ExperimentConfig,
    answers: Mapping[tuple[int, str], Answers],
    field: str,
    kind: type[R],
) -> dict[str, tuple[R, ...]]:
    """Return what was recorded in each arm under each seed, by arm."""
    found = {}
    for arm in config.all_arms:
        rows = [answers[seed, arm.name].record.get(field) for seed in config.seeds]
        if all(row is not None for row in rows):
            found[arm.name] = tuple(kind.model_validate(row) for row in rows)
    return found


def _epochs(answers: Sequence[Answers]) -> EpochOutcomes | None:
    """Return what the attacked arm did after each epoch; None where it was not watched."""
    count = min(min(len(one.epoch_planted), len(one.epoch_correct)) for one in answers)
    if not count:
        return None
    return EpochOutcomes(
        planted=np.stack([one.epoch_planted[:count] for one in answers]),
        correct=np.stack([one.epoch_correct[:count] for one in answers]),
    )
