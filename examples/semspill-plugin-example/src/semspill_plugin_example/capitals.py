"""A rater with one field."""

from collections.abc import Sequence

import numpy as np
from pydantic import Field
from semspill import Rater


class Capitals(Rater):
    """Rates a text by its share of capital letters."""

    citation = "original"
    power: float = Field(1.0, gt=0)
    """Exponent of the share, over 0."""

    def rate(self, texts: Sequence[str]) -> np.ndarray:
        """Return 0 for a text without capitals, 1 for one of nothing else."""
        shares = [sum(map(str.isupper, text)) / max(len(text), 1) for text in texts]
        return np.array(shares, dtype=float) ** self.power
