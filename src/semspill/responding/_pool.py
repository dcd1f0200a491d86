"""A pool of vectors: its rows in tiles, and which of them are copies of earlier ones."""

import mmap
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int, UInt

from semspill.errors import DataError

_PIECE = 2**20  # bytes of rows that are hashed at once: they fit a core's cache
_DROP = getattr(mmap, "MADV_DONTNEED", None)  # Windows has none
_ENTRY = 64  # bytes that one entry of a flat ranking takes while it is sorted


@dataclass(frozen=True, eq=False)
class Pool:
    """The vectors that are searched; a distinct one is multiplied once and stands for its copies.

    Besides the vectors it keeps up to 32 bytes a row, most of them while copies are looked for.
    """

    vectors: Float[np.ndarray, "pool dim"]
    """One row per candidate; float16 and memory-mapped arrays are widened tile by tile."""

    @cached_property
    def copies(self) -> tuple[Int[np.ndarray, " copies"], Int[np.ndarray, " copies"]]:
        """The rows equal to an earlier row, ordered by the first such row, and that first row."""
        rest, group = _alike(self._keys())
        copies, firsts = [rest[:0]], [rest[:0]]
        # Different rows may share a key: each pass settles what equals the first of its group.
        while len(rest):
            starts = np.flatnonzero(np.diff(group, prepend=-1))
            first = np.repeat(rest[starts], np.diff(starts, append=len(rest)))
            same = self._equal(rest, first)
            copy = same & (rest != first)
            copies.append(rest[copy])
            firsts.append(first[copy])
            rest, group = rest[~same], group[~same]
        row, first = np.concatenate(copies), np.concatenate(firsts)
        order = np.lexsort((row, first))
        return row[order], first[order]

    @cached_property
    def rows(self) -> Int[np.ndarray, " distinct"]:
        """The first of each row's copies."""
        return np.delete(np.arange(len(self.vectors)), self.copies[0])

    def tile(self, start: int, size: int) -> Float[np.ndarray, "tile dim"]:
        """Return the distinct rows from the place `start` on, at most `size`, as they are kept."""
        part = slice(start, start + size)
        return np.asarray(self.vectors[self.rows[part] if len(self.copies[0]) else part])

    def let_go(self) -> None:
        """Give back the memory that pages of a read-only file take; reading maps them again."""
        file = self.vectors.base
        if isinstance(file, mmap.mmap) and not self.vectors.flags.writeable and _DROP is not None:
            file.madvise(_DROP)

    def require(self, k: int) -> None:
        """Raise DataError unless there are `k` candidates."""
        if not 1 <= k <= len(self.vectors):
            raise DataError(
                f"k is {k}, but it must be from 1 to {len(self.vectors)}, the number of candidates."
            )

    def ranked(
        self,
        best: Int[np.ndarray, "queries distinct"],
        scores: Float[np.ndarray, "queries distinct"],
        k: int,
        max_bytes: int,
    ) -> tuple[Int[np.ndarray, "queries k"], Float[np.ndarray, "queries k"]]:
        """Return the `k` best rows, copies included; of equal scores the lowest row wins.

        Args:
            best: Places in `rows` of the best `k` distinct rows, or of all; best first.
            scores: Their scores.
            k: How many rows to return.
            max_bytes: Bound on what is held at once; one query is always held.
        """
        heads = self.rows[best]
        if k == 1 or not len(self.copies[0]):
            return heads, scores
        indices = np.empty((len(heads), k), dtype=np.int64)
        values = np.empty((len(heads), k), dtype=scores.dtype)
        most = np.unique(self.copies[1], return_counts=True)[1].max(initial=0)
        widest = min(heads.shape[1] * min(int(most) + 1, k), len(self.vectors))
        size = max(1, max_bytes // (_ENTRY * widest))
        for at in range(0, len(heads), size):
            part = slice(at, at + size)
            indices[part], values[part] = self._expanded(heads[part], scores[part], k)
        return indices, values

    def _expanded(
        self,
        heads: Int[np.ndarray, "queries distinct"],
        scores: Float[np.ndarray, "queries distinct"],
        k: int,
    ) -> tuple[Int[np.ndarray, "queries k"], Float[np.ndarray, "queries k"]]:
        copy, first = self.copies
        start = np.searchsorted(first, heads.ravel())
        # No more than k rows of one vector can be among the best k.
        more = np.minimum(np.searchsorted(first, heads.ravel(), side="right") - start, k - 1)
        steps = np.arange(more.sum()) - np.repeat(np.cumsum(more) - more, more)
        query = np.repeat(np.arange(len(heads)), heads.shape[1])
        query = np.concatenate([query, np.repeat(query, more)])
        row = np.concatenate([heads.ravel(), copy[np.repeat(start, more) + steps]])
        score = np.concatenate([scores.ravel(), np.repeat(scores.ravel(), more)])
        order = np.lexsort((row, -score, query))
        begin = np.searchsorted(query[order], np.arange(len(heads)))
        best = order[begin[:, None] + np.arange(k)]
        return row[best], score[best]

    def _keys(self) -> UInt[np.ndarray, " pool"]:
        """Return one number per row, the same for equal rows and hardly ever for others."""
        keys = np.empty(len(self.vectors), dtype=np.uint64)
        width = _words(self.vectors[:1]).shape[1]
        # Fixed: the numbers only have to be irregular, and no result depends on them.
        factors = np.random.default_rng(0).integers(2**64, size=width, dtype=np.uint64)
        for part in self._pieces(len(keys)):
            keys[part] = np.einsum("ij,j->i", _words(self.vectors[part]), factors)
            self.let_go()
        return keys

    def _equal(
        self, some: Int[np.ndarray, " pairs"], others: Int[np.ndarray, " pairs"]
    ) -> Bool[np.ndarray, " pairs"]:
        """Return whether row `some[i]` equals row `others[i]`."""
        same = np.empty(len(some), dtype=np.bool_)
        for part in self._pieces(len(some)):
            pair = (_words(self.vectors[which[part]]) for which in (some, others))
            same[part] = np.equal(*pair).all(axis=1)
        return same

    def _pieces(self, count: int) -> list[slice]:
        size = max(1, _PIECE // max(1, self.vectors[:1].nbytes))
        return [slice(start, start + size) for start in range(0, count, size)]


def _alike(
    keys: UInt[np.ndarray, " pool"],
) -> tuple[Int[np.ndarray, " alike"], Int[np.ndarray, " alike"]]:
    """Return the rows that share a key with another, by key and then row, and the key's number."""
    ordered = np.sort(keys)
    shared = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    place = np.searchsorted(shared, keys)
    rows = np.flatnonzero(np.append(shared, 0)[place] == keys) if len(shared) else place[:0]
    order = np.argsort(place[rows], kind="stable")
    return rows[order], place[rows[order]]


def _words(rows: Float[np.ndarray, "rows dim"]) -> UInt[np.ndarray, "rows words"]:
    """Return a copy of the rows as bits, -0 as 0: equal as numbers is then equal as words."""
    size = 8 * rows.itemsize
    words = np.array(rows, order="C").view(f"u{rows.itemsize}")
    words[words == words.dtype.type(1 << (size - 1))] = 0
    return words.view(np.uint32 if words.shape[1] * rows.itemsize % 4 == 0 else np.uint16)
