"""The tower of hashed n-grams; importing this module imports torch."""

import math
import re
from collections.abc import Sequence
from copy import deepcopy
from zlib import crc32

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from semspill._random import torch_seed
from semspill.corpus import Text
from semspill.encoders._bag import BagTower
from semspill.encoders._hashing import HashingEncoder
from semspill.encoders._tokens import Tokens, shorten
from semspill.encoders._two_tower import TwoTower

_WORD = re.compile(r"\w+|[^\w\s]")


def build(encoder: HashingEncoder, rng: np.random.Generator) -> TwoTower:
    """Return the bi-encoder of `encoder` with weights drawn from `rng`."""
    generator = torch.Generator().manual_seed(torch_seed(rng))
    # One row more than buckets: the vector of a text without any word.
    weights = torch.randn(encoder.buckets + 1, encoder.dim, generator=generator)
    tower = HashingTower(encoder, weights / math.sqrt(encoder.dim))
    return TwoTower(encoder, tower, None if encoder.tied else deepcopy(tower))


class HashingTower(BagTower):
    """Adds up the vectors of the buckets that a text's n-grams fall into.

    Args:
        encoder: Says which n-grams and how many buckets.
        weights: The vectors to start from; the last row is for a text without any n-gram.
    """

    learning_rate = 1e-2

    def __init__(self, encoder: HashingEncoder, weights: Float[Tensor, "rows dim"]) -> None:
        super().__init__(weights)
        self.encoder = encoder

    def tokenize(self, texts: Sequence[Text], max_tokens: int) -> Tokens:
        """Return the buckets of each text's n-grams.

        Args:
            texts: `head` keeps its start and `tail` its end when a text is too long.
            max_tokens: The most words a text may have; a word gives several buckets.
        """
        known: dict[str, list[int]] = {}
        return Tokens.of(
            [
                self._buckets(shorten(_words(text.head), _words(text.tail), max_tokens), known)
                for text in texts
            ]
        )

    def _buckets(self, words: list[str], known: dict[str, list[int]]) -> list[int]:
        ids: list[int] = []
        for word in words:
            if word not in known:
                known[word] = self._of_word(word)
            ids += known[word]
        low, high = self.encoder.word_ngrams
        for size in range(max(low, 2), high + 1):
            for start in range(len(words) - size + 1):
                run = " ".join(words[start : start + size])
                if run not in known:
                    known[run] = [self._bucket("w" + run)]
                ids += known[run]
        return ids or [self.encoder.buckets]

    def _of_word(self, word: str) -> list[int]:
        ids = [self._bucket("w" + word)] if self.encoder.word_ngrams[0] == 1 else []
        if self.encoder.char_ngrams is not None:
            low, high = self.encoder.char_ngrams
            marked = f"<{word}>"
            for size in range(low, high + 1):
                starts = range(len(marked) - size + 1)
                ids += [self._bucket("c" + marked[start : start + size]) for start in starts]
        return ids

    def _bucket(self, feature: str) -> int:
        return crc32(feature.encode("utf-8", "surrogatepass")) % self.encoder.buckets


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())
