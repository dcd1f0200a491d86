"""The encoder that needs no files: hashed n-grams and random weights."""

from typing import Annotated, ClassVar, TypeAlias

import numpy as np
from pydantic import AfterValidator, Field

from semspill.encoders._base import BiEncoder, _TorchEncoder


def _ordered(span: tuple[int, int]) -> tuple[int, int]:
    if not 1 <= span[0] <= span[1]:
        raise ValueError(f"a range of n-gram lengths is [low, high] with 1 <= low <= high, {span=}")
    return span


NgramRange: TypeAlias = Annotated[tuple[int, int], AfterValidator(_ordered)]


class HashingEncoder(_TorchEncoder):
    """Hashed word and character n-grams, one trained vector per bucket, added up.

    It starts from random weights, so an untrained one measures shared n-grams and nothing else;
    training gives the vectors their meaning. A token is a word or a punctuation mark: the context
    format's `max_tokens` counts those. A text without any has a vector of its own.

    Example:
        >>> model = HashingEncoder(buckets=512, dim=16).load(np.random.default_rng(0))
        >>> model.encode_responses(["I heard a noise.", ""]).shape
        (2, 16)
    """

    citation: ClassVar[str] = (
        "Joulin et al. 2017, Bag of Tricks for Efficient Text Classification, arXiv:1607.01759; "
        "Bojanowski et al. 2017, Enriching Word Vectors with Subword Information, arXiv:1607.04606"
    )

    fewest_steps: ClassVar[int] = 3

    buckets: int = Field(2**15, ge=2, le=2**26)
    """Number of trained vectors that all n-grams share, 2 to 2**26."""
    dim: int = Field(128, ge=2, le=4096)
    """Length of a vector, 2 to 4096."""
    word_ngrams: NgramRange = (1, 2)
    """Shortest and longest run of words that has a feature, in words, at least 1."""
    char_ngrams: NgramRange | None = (3, 5)
    """Shortest and longest run of characters within a word that has a feature, in characters, at
    least 1; None for words only."""

    def load(self, rng: np.random.Generator) -> BiEncoder:
        """Return a bi-encoder with random weights.

        Args:
            rng: Draws the weights; the same state gives the same weights.
        """
        from semspill.encoders._bag import HashingTower
        from semspill.encoders.two_tower import TwoTower

        tower = HashingTower.drawn(self.buckets, self.dim, self.word_ngrams, self.char_ngrams, rng)
        return TwoTower.of(self, tower)
