"""A poison strategy with one field."""

from collections.abc import Sequence

import numpy as np
from pydantic import Field
from semspill import Dialogue, PoisonStrategy


class Shout(PoisonStrategy):
    """Answer in capitals, with 1 to `most` exclamation marks."""

    citation = "original"
    most: int = Field(3, ge=1)
    """Most exclamation marks, 1 or more."""

    def rewrite(
        self, victims: Sequence[Dialogue], responses: Sequence[str], rng: np.random.Generator
    ) -> Sequence[Dialogue]:
        """Return the victims with their last response shouted."""
        marks = rng.integers(1, self.most, endpoint=True, size=len(victims))
        return [
            victim.with_response(-1, victim.response(-1).upper() + "!" * int(count))
            for victim, count in zip(victims, marks, strict=True)
        ]
