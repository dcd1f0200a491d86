"""Token ids of many texts in one flat array: no padding, cheap to slice."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeVar

import numpy as np
from jaxtyping import Int

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Tokens:
    """Ragged token ids: text `i` has `ids[offsets[i]:offsets[i + 1]]`.

    Example:
        >>> tokens = Tokens.of([[7, 8], [], [9]])
        >>> tokens.lengths.tolist(), tokens.take(np.array([2, 0])).ids.tolist()
        ([2, 0, 1], [9, 7, 8])
    """

    ids: Int[np.ndarray, " tokens"]
    """All token ids, one text after the other."""
    offsets: Int[np.ndarray, " bounds"]
    """Where each text begins, and at the end the number of tokens: one more than texts."""

    @classmethod
    def of(cls, rows: Sequence[Sequence[int]]) -> "Tokens":
        """Return the tokens of texts given as lists of ids."""
        lengths = np.fromiter((len(row) for row in rows), dtype=np.int64, count=len(rows))
        total = int(lengths.sum())
        ids = np.fromiter(chain.from_iterable(rows), dtype=np.int64, count=total)
        return cls(ids, np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> Int[np.ndarray, " texts"]:
        """Number of tokens of each text."""
        return np.diff(self.offsets)

    def take(self, indices: Int[np.ndarray, " chosen"]) -> "Tokens":
        """Return the tokens of some texts, in the order of `indices`."""
        lengths = self.lengths[indices]
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        within = np.arange(int(offsets[-1])) - np.repeat(offsets[:-1], lengths)
        return Tokens(self.ids[np.repeat(self.offsets[indices], lengths) + within], offsets)


def shorten(head: Sequence[T], tail: Sequence[T], most: int) -> list[T]:
    """Join two lists of tokens: `head` keeps its start, `tail` its end, `most` at most.

    Example:
        >>> shorten([1, 2], [3, 4, 5], 4)
        [1, 2, 4, 5]
    """
    kept = list(head[:most])
    room = most - len(kept)
    return [*kept, *tail[max(len(tail) - room, 0) :]]
