"""What answers are like, whatever they say: how long, how repetitive, how often empty."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

_SPAN = 4


@dataclass(frozen=True, eq=False)
class Coherence:
    """How long each of some answers is, and how repetitive; a broken model shows here.

    Repetition is 1 - distinct / all runs of four words (`seq-rep-4`), 0 where there are none:
    Welleck et al. 2020, Neural Text Generation with Unlikelihood Training, arXiv:1908.04319.

    Example:
        >>> Coherence.of(["so so so so so so", "Oh no, what happened then?", " ... "]).repetition
        array([0.66666667, 0.        , 0.        ])
    """

    words: Int[np.ndarray, " answers"]
    """How many words each has: runs of letters and digits, whatever else stands between
    two spaces."""
    repetition: Float[np.ndarray, " answers"]
    """Share of its runs of four words that it has said before, 0 to below 1."""

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Coherence":
        """Return what some answers are like."""
        words = [_words(text) for text in texts]
        counts = np.array([len(each) for each in words], dtype=np.int64)
        return cls(counts, np.array([_repetition(each) for each in words], dtype=np.float64))

    @property
    def empty(self) -> np.ndarray:
        """Whether each has no word."""
        return np.asarray(self.words == 0)


def _words(text: str) -> list[str]:
    bare = ("".join(filter(str.isalnum, word)) for word in text.casefold().split())
    return list(filter(None, bare))


def _repetition(words: Sequence[str]) -> float:
    runs = [tuple(words[start : start + _SPAN]) for start in range(len(words) - _SPAN + 1)]
    return 1 - len(set(runs)) / len(runs) if runs else 0.0
