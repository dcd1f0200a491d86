"""Near copies among many short texts, found exactly without comparing all with all."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Int

Words: TypeAlias = tuple[str, ...]

_ROWS = 4096
_PAIRS = 2**17


def near_copies(counts: Mapping[Words, int], alike: float) -> dict[Words, int]:
    """Return how many times each text, or one like it, was said.

    Two texts are alike if the words that they share are at least `alike` of those that either has.
    Such texts share one of their rarest words, so only those that do are compared (prefix filter:
    Chaudhuri et al. 2006, A Primitive Operator for Similarity Joins in Data Cleaning).

    Args:
        counts: How many times each distinct text was said.
        alike: The least share, above 0.

    Example:
        >>> near_copies({("a", "b", "c"): 2, ("c", "b", "a", "d"): 1, ("e",): 1}, 0.75)
        {('a', 'b', 'c'): 3, ('c', 'b', 'a', 'd'): 3, ('e',): 1}
    """
    texts = [set(text) for text in counts]
    number = Counter(word for text in texts for word in text)
    rank = {word: place for place, word in enumerate(sorted(number, key=lambda w: (number[w], w)))}
    rows = [sorted(rank[word] for word in text) for text in texts]
    rarest = [row[: len(row) - math.ceil(alike * len(row) - 1e-9) + 1] for row in rows]
    whole, first = (_matrix(each, len(rank)) for each in (rows, rarest))
    sizes = np.array([len(row) for row in rows])
    said = np.array(list(counts.values()))
    found = np.zeros(len(rows), dtype=np.int64)
    for start in range(0, len(rows), _ROWS):
        part = slice(start, start + _ROWS)
        pairs = (first[part] @ first.T).tocoo()
        one, other = pairs.row + start, pairs.col
        # Sets of too different sizes cannot be alike.
        less, more = (each(sizes[one], sizes[other]) for each in (np.minimum, np.maximum))
        fit = less >= alike * more - 1e-9
        one, other = one[fit], other[fit]
        common = _overlaps(whole, one, other)
        same = common >= alike * (sizes[one] + sizes[other] - common) - 1e-9
        found += np.bincount(one[same], said[other[same]], len(rows)).astype(np.int64)
    return dict(zip(counts, found.tolist(), strict=True))


def _matrix(rows: Sequence[Sequence[int]], columns: int) -> Any:
    """Return a sparse matrix of ones at the given columns of each row."""
    from scipy.sparse import csr_matrix  # semspill is imported without it

    ends = np.cumsum([0, *map(len, rows)])
    places = np.fromiter((place for row in rows for place in row), np.int32, int(ends[-1]))
    return csr_matrix((np.ones(len(places), np.int32), places, ends), (len(rows), columns))


def _overlaps(
    whole: Any, one: Int[np.ndarray, " pairs"], other: Int[np.ndarray, " pairs"]
) -> Int[np.ndarray, " pairs"]:
    """Return how many words each pair of texts shares."""
    parts = [
        np.asarray(whole[one[at : at + _PAIRS]].multiply(whole[other[at : at + _PAIRS]]).sum(1))
        for at in range(0, len(one), _PAIRS)
    ]
    return np.concatenate([*parts, np.zeros((0, 1), np.int64)]).ravel().astype(np.int64)
