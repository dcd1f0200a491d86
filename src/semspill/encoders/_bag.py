"""Towers that sum one trained vector per token: fast enough for whole corpora on a CPU."""

import math
import re
from abc import abstractmethod
from collections.abc import Sequence
from zlib import crc32

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from semspill._random import torch_seed
from semspill._tokens import Tokens, shorten
from semspill.corpus import Text
from semspill.encoders.two_tower import Tower

_WORD = re.compile(r"\w+|[^\w\s]")


class BagTower(Tower):
    """Mean of the token vectors, scaled to length 1; the order of the tokens does not matter.

    Scaling makes the mean equal to the sum, so the sum is what is computed.

    Args:
        weights: One row per token, the vectors to start from.
    """

    unit = True
    encode_batch = 1024
    table = "bag.weight"

    def __init__(self, weights: Float[Tensor, "rows dim"]) -> None:
        super().__init__()
        self.dim = weights.shape[1]
        self.bag = nn.EmbeddingBag.from_pretrained(
            weights, freeze=False, mode="sum", include_last_offset=True
        )

    @abstractmethod
    def tokenize(self, texts: Sequence[Text], max_tokens: int) -> Tokens:
        """Return the token ids of each text, at least one for every text."""

    def forward(self, tokens: Tokens) -> Float[Tensor, "texts dim"]:
        """Return one vector of length 1 per text."""
        device = self.bag.weight.device
        ids = torch.from_numpy(tokens.ids).to(device)
        rows = self.bag(ids, torch.from_numpy(tokens.offsets).to(device))
        return functional.normalize(rows, dim=1)


class HashingTower(BagTower):
    """Adds up the vectors of the buckets that a text's n-grams fall into.

    Args:
        weights: The vectors to start from; the last row is for a text without any n-gram.
        word_ngrams: Shortest and longest run of words that has a feature.
        char_ngrams: Shortest and longest run of characters in a word; None for none.
    """

    learning_rate = 1e-2

    def __init__(
        self,
        weights: Float[Tensor, "rows dim"],
        word_ngrams: tuple[int, int],
        char_ngrams: tuple[int, int] | None,
    ) -> None:
        super().__init__(weights)
        self.buckets = len(weights) - 1
        self.word_ngrams, self.char_ngrams = word_ngrams, char_ngrams

    @classmethod
    def drawn(
        cls,
        buckets: int,
        dim: int,
        word_ngrams: tuple[int, int],
        char_ngrams: tuple[int, int] | None,
        rng: np.random.Generator,
    ) -> "HashingTower":
        """Return a tower with weights drawn from `rng`."""
        generator = torch.Generator().manual_seed(torch_seed(rng))
        # One row more than buckets: the vector of a text without any word.
        weights = torch.randn(buckets + 1, dim, generator=generator)
        return cls(weights / math.sqrt(dim), word_ngrams, char_ngrams)

    def tokenize(self, texts: Sequence[Text], max_tokens: int) -> Tokens:
        """Return the buckets of each text's n-grams.

        Args:
            texts: `head` keeps its start and `tail` its end when a text is too long.
            max_tokens: The most words a text may have; a word gives several buckets.
        """
        ids_of: dict[str, list[int]] = {}
        return Tokens.of(
            [
                self._buckets(shorten(_words(text.head), _words(text.tail), max_tokens), ids_of)
                for text in texts
            ]
        )

    def _buckets(self, words: list[str], ids_of: dict[str, list[int]]) -> list[int]:
        ids: list[int] = []
        for word in words:
            if word not in ids_of:
                ids_of[word] = self._of_word(word)
            ids += ids_of[word]
        low, high = self.word_ngrams
        for size in range(max(low, 2), high + 1):
            for start in range(len(words) - size + 1):
                run = " ".join(words[start : start + size])
                if run not in ids_of:
                    ids_of[run] = [self._bucket("w" + run)]
                ids += ids_of[run]
        return ids or [self.buckets]

    def _of_word(self, word: str) -> list[int]:
        ids = [self._bucket("w" + word)] if self.word_ngrams[0] == 1 else []
        if self.char_ngrams is not None:
            low, high = self.char_ngrams
            marked = f"<{word}>"
            for size in range(low, high + 1):
                starts = range(len(marked) - size + 1)
                ids += [self._bucket("c" + marked[start : start + size]) for start in starts]
        return ids

    def _bucket(self, feature: str) -> int:
        return crc32(feature.encode("utf-8", "surrogatepass")) % self.buckets


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())
