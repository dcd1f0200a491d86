"""The arms of one experiment put side by side: each with the arm that its lifts are paired with."""

from collections.abc import Sequence
from dataclasses import replace

from semspill._mask import named
from semspill.analysis._outcome import Outcome
from semspill.errors import DataError
from semspill.results import reference, require_baselines
from semspill.statistics import Resampling


def paired(outcomes: Sequence[Outcome], resampling: Resampling) -> list[Outcome]:
    """Return the outcomes with their baselines in `clean`, the clean arm first.

    Args:
        outcomes: One per arm, on the same seeds and test exchanges.
        resampling: How their intervals and tests are made.

    Raises:
        DataError: The arms differ in seeds, target or exchanges.
        ConfigError: There is no clean arm, an arm comes twice or lacks its baseline.
    """
    given = [outcome.arm for outcome in outcomes]
    require_baselines(given)
    alone = {
        outcome.arm.name: replace(outcome, resampling=resampling, clean=None)
        for outcome in outcomes
    }
    clean = alone[reference(given).name]
    for outcome in outcomes:
        require_same(clean, outcome, f"Arm {named(outcome.arm.name)}")
    rest = [outcome for outcome in alone.values() if outcome is not clean]
    return [
        clean,
        *(
            outcome
            if outcome.arm.baseline == outcome.arm.name
            else replace(outcome, clean=alone[outcome.arm.baseline])
            for outcome in rest
        ),
    ]


def require_same(clean: Outcome, outcome: Outcome, what: str) -> None:
    """Refuse an outcome that cannot be paired with the clean arm.

    Args:
        clean: The clean arm.
        outcome: Another arm.
        what: What a message calls it.

    Raises:
        DataError: They differ in seeds, target or exchanges.
    """
    same = (outcome.seeds, outcome.target, outcome.categories, outcome.dialogues)
    if same != (clean.seeds, clean.target, clean.categories, clean.dialogues):
        raise DataError(
            f"{what} has other seeds, another target or other test exchanges than the clean arm; "
            "lifts must be paired."
        )
