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
        return Tokens(self.ids[spans(self.offsets[indices], lengths)], offsets)

    def framed(self, prefix: Sequence[int], suffix: Sequence[int], blank: int) -> "Tokens":
        """Return the tokens with others before and after each text; `blank` for one that has none.

        Example:
            >>> Tokens.of([[7, 8], []]).framed([1], [2], 0).ids.tolist()
            [1, 7, 8, 2, 1, 2]
        """
        around = len(prefix) + len(suffix)
        lengths = self.lengths + around
        offsets = np.concatenate([[0], np.cumsum(np.maximum(lengths, 1))])
        ids = np.full(offsets[-1], blank, dtype=np.int64)
        ids[spans(offsets[:-1] + len(prefix), self.lengths)] = self.ids
        if around:
            for places, added in ((offsets[:-1], prefix), (offsets[1:] - len(suffix), suffix)):
                ids[places[:, None] + np.arange(len(added))] = added
        return Tokens(ids, offsets)


def spans(
    starts: Int[np.ndarray, " spans"], lengths: Int[np.ndarray, " spans"]
) -> Int[np.ndarray, " places"]:
    """Return the places that lie in spans, one span after the other.

    Example:
        >>> spans(np.array([5, 0]), np.array([2, 3])).tolist()
        [5, 6, 0, 1, 2]
    """
    before = np.cumsum(lengths) - lengths
    places: Int[np.ndarray, " places"]
    places = np.arange(int(lengths.sum())) + np.repeat(starts - before, lengths)
    return places


def shorten(head: Sequence[T], tail: Sequence[T], most: int) -> list[T]:
    """Join two lists of tokens: `head` keeps its start, `tail` its end, `most` at most.

    Example:
        >>> shorten([1, 2], [3, 4, 5], 4)
        [1, 2, 4, 5]
    """
    start = list(head[:most])
    room = most - len(start)
    return [*start, *tail[max(len(tail) - room, 0) :]]
