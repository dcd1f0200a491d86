"""Whether a training was long enough to learn from: said before it, and of its report."""

import math
from collections.abc import Mapping
from typing import TypeAlias, TypeGuard

import numpy as np

from semspill.experiment._config import ExperimentConfig
from semspill.results import Answers, Note, SpilloverReport
from semspill.statistics import Estimate

_NEAR = 0.9
"""A loss of so much of guessing's is near it: as unsure as one who chooses among 147 of 256."""
_HALF = 0.5
"""Below so much of it the exchanges were learned: as sure as one who chooses among 16 of 256."""

_SHORT = "Training was too short to learn from"
_REACHED = (
    "Training was short, so what you see, the target too, may be mostly what the model does before "
    "training, given planted candidates"
)

Final: TypeAlias = Mapping[tuple[int, str], Answers]
"""What every arm answered, by seed and arm."""


def short_training(
    config: ExperimentConfig, exchanges: int, report: SpilloverReport, answers: Final
) -> tuple[Note, ...]:
    """Return a note where a training was too short to learn from.

    It was too short if its last loss is near that of guessing; if it ranks the gold response no
    better than chance, unless its loss says that it tells its own exchanges apart; or if the target
    was not reached by a training whose steps are few or whose loss is above half of guessing's.
    Where the target was reached all the same, the note says that the candidates may have done it.

    Args:
        config: What was done.
        exchanges: How many exchanges were trained on.
        report: What came out.
        answers: What every arm answered.
    """
    effort = config.model.effort(exchanges)
    if effort is None:
        return ()
    # The loss of a single epoch is a mean that begins with the untrained model.
    losses = [float(each.loss[-1]) for each in answers.values() if len(each.loss) > 1]
    loss = float(np.mean(losses)) if losses else math.nan
    share = loss / effort.guessing
    chance = 1 / config.list_size
    rank = report.group("all", report.clean_arm).measured("precision")
    arm = report.arm()
    plants = (arm.trains, arm.pool) == ("poison", "planted")
    lift = report.category(report.target).measured("asr", "change") if plants else None
    signs = (
        share >= _NEAR,
        _known(rank) and rank.low <= chance and not (effort.ranks and share <= _HALF),
        _known(lift) and lift.low <= 0 and (bool(effort.too_few) or share > _HALF),
    )
    if not any(signs):
        return ()
    values: dict[str, float] = {"steps": effort.steps, "guessing": effort.guessing}
    facts = []
    if losses:
        values["loss"] = loss
        facts.append(f"its last loss is {loss:.2f}, that of guessing {effort.guessing:.2f}")
    if _known(rank):
        values |= {"precision": rank.value, "chance": chance}
        facts.append(
            f"clean training ranks the gold response first in {100 * rank.value:.1f} % of lists of "
            f"{config.list_size}, guessing in {100 * chance:.1f} %"
        )
    if _known(lift):
        values["lift"] = lift.value
        facts.append(
            f"the planted-rate lift of the target is {100 * lift.value:.1f} points "
            f"[{100 * lift.low:.1f}, {100 * lift.high:.1f}]"
        )
    said = _REACHED if _known(lift) and lift.low > 0 else _SHORT
    text = f"{said}: {effort.counted}; {'; '.join(facts)}. {effort.imperative}."
    return (Note(kind="short_training", values=values, text=text),)


def _known(estimate: Estimate | None) -> TypeGuard[Estimate]:
    return estimate is not None and math.isfinite(estimate.value) and math.isfinite(estimate.low)
