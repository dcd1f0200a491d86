"""The functions that run all checks of a kind of defense."""

from collections.abc import Mapping
from typing import Any

from semspill.defenses import Detector, OutputGuard, Repair, TrainingDefense
from semspill.models import Model
from semspill.testing._conformance._kinds import check_all


def check_detector(detector: Detector | str | Mapping[str, Any]) -> None:
    """Run all checks of a detector. They do not tell whether it finds anything.

    Args:
        detector: An object, a registered name, or a mapping with `name` and fields.

    Raises:
        ConformanceError: With one sentence for each broken promise.

    Example:
        >>> check_detector("frequency")
    """
    __tracebackhide__ = True
    check_all("detector", detector)


def check_training_defense(
    defense: TrainingDefense | str | Mapping[str, Any],
    *,
    model: Model | str | Mapping[str, Any] | None = None,
) -> None:
    """Run all checks of a training defense. They do not tell whether it defends anything.

    Args:
        defense: An object, a registered name, or a mapping with `name` and fields.
        model: The model that it is tried on; None for a small bi-encoder of hashed words.

    Raises:
        ConformanceError: With one sentence for each broken promise.
    """
    __tracebackhide__ = True
    check_all("training_defense", defense, model=model)


def check_repair(
    repair: Repair | str | Mapping[str, Any],
    *,
    model: Model | str | Mapping[str, Any] | None = None,
) -> None:
    """Run all checks of a repair. They do not tell whether it mends anything.

    Args:
        repair: An object, a registered name, or a mapping with `name` and fields.
        model: The model that it is tried on; None for a small bi-encoder of hashed words.

    Raises:
        ConformanceError: With one sentence for each broken promise.
    """
    __tracebackhide__ = True
    check_all("repair", repair, model=model)


def check_guard(
    guard: OutputGuard | str | Mapping[str, Any],
    *,
    model: Model | str | Mapping[str, Any] | None = None,
) -> None:
    """Run all checks of an output guard. They do not tell whether it refuses the right responses.

    Args:
        guard: An object, a registered name, or a mapping with `name` and fields.
        model: The model that it is tried on; None for a small bi-encoder of hashed words.

    Raises:
        ConformanceError: With one sentence for each broken promise.

    Example:
        >>> check_guard({"name": "rater_guard", "rater": "lexicon"})
    """
    __tracebackhide__ = True
    check_all("guard", guard, model=model)
