"""Outcomes written by hand: a category per exchange, a dialogue each unless named."""

from collections.abc import Callable

import numpy as np
import pytest

from semspill import Outcome


def make(arm="poison", toxicity=(0.0,), categories=None, dialogues=None, **changes) -> Outcome:
    """One seed where `toxicity` is a flat list; rated 0.5 or more means planted."""
    rated = np.atleast_2d(np.array(toxicity, dtype=np.float64))
    count = rated.shape[1]
    fields = {
        "arm": arm,
        "target": "fear",
        "seeds": tuple(range(len(rated))),
        "categories": tuple(["fear"] * count if categories is None else categories),
        "dialogues": tuple(
            [f"d{i:04}" for i in range(count)] if dialogues is None else map(str, dialogues)
        ),
        "toxicity": rated,
        "planted": rated >= 0.5,
        "correct": np.ones(rated.shape, dtype=np.bool_),
    }
    return Outcome(**{**fields, **changes})


@pytest.fixture(scope="session")
def outcome() -> Callable[..., Outcome]:
    return make
