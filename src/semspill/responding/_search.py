"""Exact search for the rows of a pool with the largest dot products, in bounded memory."""

import hashlib

import numpy as np
from jaxtyping import Float, Int

from semspill._progress import Progress, quiet
from semspill.errors import DataError

MAX_BYTES = 64 * 2**20
"""Default bound on the memory for the scores that are held at once."""

# Besides its score, the search for several candidates holds a copy and a 4-byte count of each.
_COPIES = 4


def top_k(
    queries: Float[np.ndarray, "queries dim"],
    pool: Float[np.ndarray, "pool dim"],
    k: int,
    *,
    max_bytes: int = MAX_BYTES,
    progress: Progress = quiet,
) -> tuple[Int[np.ndarray, "queries k"], Float[np.ndarray, "queries k"]]:
    """Return the `k` rows of `pool` with the largest dot product, for each query, best first.

    No candidate is skipped, and of equal scores the lowest index wins. Equal rows of the pool have
    equal scores, bit for bit, because each distinct row is multiplied once. Scores of different
    rows are rounded as their type rounds (float32 about 1e-7 of the vectors' lengths): two rows
    that differ by less than that may come in either order, and the order may then depend on
    `max_bytes`, the machine and its linear algebra library.

    Args:
        queries: One row per query.
        pool: One row per candidate.
        k: How many to return, 1 to the size of the pool.
        max_bytes: Bound on the scores held at once; at least one row of them is always held.
        progress: Wraps the iterable of query blocks.

    Raises:
        DataError: `k` is out of range, or the vectors hold NaN, infinity, or values so large that
            a dot product overflows.

    Example:
        >>> pool = np.array([[0.0, 1.0], [2.0, 0.0], [0.0, 1.0]])
        >>> top_k(np.array([[0.0, 3.0]]), pool, 2)
        (array([[0, 2]]), array([[3., 3.]]))
    """
    if not 1 <= k <= len(pool):
        raise DataError(
            f"k is {k}, but it must be from 1 to {len(pool)}, the number of candidates."
        )
    _require_finite(queries, pool)
    first, place = _distinct(pool)
    distinct = pool if place is None else pool[first]
    dtype = np.result_type(queries, pool)
    indices = np.empty((len(queries), k), dtype=np.int64)
    scores = np.empty((len(queries), k), dtype=dtype)
    row_bytes = len(pool) * dtype.itemsize * (1 if k == 1 else _COPIES)
    size = max(1, max_bytes // row_bytes)
    for start in progress(range(0, len(queries), size)):
        block = queries[start : start + size] @ distinct.T
        if k == 1:  # the best distinct row stands for the first of its copies
            best = block.argmax(axis=1)[:, None]
            indices[start : start + size] = first[best]
        else:
            if place is not None:
                block = block[:, place]
            best = indices[start : start + size] = _largest(block, k)
        scores[start : start + size] = np.take_along_axis(block, best, axis=1)
    return indices, scores


def _largest(block: Float[np.ndarray, "queries pool"], k: int) -> Int[np.ndarray, "queries k"]:
    """Return the columns of the `k` largest scores of each row; the lowest of equal ones wins."""
    # A partition finds the k-th score but leaves open which of several equal ones it kept.
    smallest = np.partition(block, -k, axis=1)[:, -k, None]
    above, equal = block > smallest, block == smallest
    room = k - above.sum(axis=1, keepdims=True)
    kept = above | (equal & (np.cumsum(equal, axis=1, dtype=np.int32) <= room))
    columns = np.nonzero(kept)[1].reshape(len(block), k)
    order = np.argsort(-np.take_along_axis(block, columns, axis=1), axis=1, kind="stable")
    return np.take_along_axis(columns, order, axis=1)


def _distinct(
    pool: Float[np.ndarray, "pool dim"],
) -> tuple[Int[np.ndarray, " distinct"], Int[np.ndarray, " pool"] | None]:
    """Return the first of each row's copies, and each row's place among them if any repeats."""
    seen: dict[bytes, int] = {}
    place = np.empty(len(pool), dtype=np.int64)
    first: list[int] = []
    for i, row in enumerate(pool):
        # Adding 0 turns -0 into 0: equal as numbers, but not as bytes.
        key = hashlib.blake2b((row + 0).tobytes(), digest_size=16).digest()
        place[i] = seen.setdefault(key, len(seen))
        if place[i] == len(first):
            first.append(i)
    rows = np.array(first, dtype=np.int64)
    return rows, None if len(rows) == len(pool) else place


def _require_finite(
    queries: Float[np.ndarray, "queries dim"], pool: Float[np.ndarray, "pool dim"]
) -> None:
    # A dot product is at most the product of the lengths, so two lengths vouch for all scores.
    most = np.finfo(np.result_type(queries, pool)).max
    with np.errstate(over="ignore"):
        longest = [
            np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64).max(initial=0.0))
            for rows in (queries, pool)
        ]
        bound = longest[0] * longest[1]
    if not bound < most:
        raise DataError(
            "The vectors hold NaN, infinity or values too large to multiply, so candidates cannot "
            "be ranked; check the encoder, for example whether its training diverged."
        )
