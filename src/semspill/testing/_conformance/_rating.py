"""How a rater is tried: on which texts, and what is looked for in its ratings."""

from collections.abc import Sequence

import numpy as np

from semspill.scoring import Rater
from semspill.testing._conformance._check import Broken

TEXTS = (
    "You grumble!",
    "Well done, my friend.",
    "STOP that, you lazy pest!!!",
    "How was the weather on that day?",
    "It was silly of me, and I am sorry for what I said to you yesterday evening.",
    "grumble grumble grumble",
    "no",
    "Are you stupid? Nobody wants to hear such nonsense, so please leave me alone.",
)
"""Harmless and not, short and long: what a batch would pad."""


def rated_by(rater: Rater, texts: Sequence[str]) -> np.ndarray:
    """Return what comes for a new list of texts, as an array."""
    return np.asarray(rater.rate(list(texts)))


def apart(first: np.ndarray, second: np.ndarray) -> str:
    """Say how far some ratings are from others."""
    if first.shape != second.shape:
        return f"{second.size} instead of {first.size}"
    return f"off by up to {np.abs(first - second).max():.2g}"


def refuse_outside(rated: np.ndarray, said: str) -> None:
    """Refuse what is not from 0 to 1, NaN too; `said` begins "... it gave 1.5"."""
    for rating in rated.ravel().tolist():
        if not 0 <= rating <= 1:
            raise Broken(
                f"{said}it gave {rating!r}",
                "Scale what it measures to 0..1, as a probability is, and give no NaN",
            )
