"""Exact search for the rows of a pool with the largest dot products, in bounded memory."""

import numpy as np
from jaxtyping import Float, Int

from semspill._progress import Progress, quiet
from semspill.errors import DataError
from semspill.responding._kernels import kernel_for
from semspill.responding._pool import Pool

MAX_BYTES = 64 * 2**20
"""Default bound on the scores and widened rows held at once; more of it is not faster."""

UNRANKABLE = (
    "The vectors hold NaN, infinity or values too large to multiply, so candidates cannot be "
    "ranked; check the encoder, for example whether its training diverged."
)
"""The message for scores that cannot be compared."""

# A tile of scores that stays in a processor's cache until its largest are taken out.
_TILE_ROWS = 2048
_TILE_QUERIES = 512
# A row of a tile is held as it is kept, widened, and as the kernel packs it.
_ROW_COPIES = 3
# Scores are held as the kernel gives them and copied; the search for several also counts them.
_SCORE_COPIES = 4


def top_k(
    queries: Float[np.ndarray, "queries dim"],
    pool: Pool,
    k: int,
    *,
    max_bytes: int = MAX_BYTES,
    progress: Progress = quiet,
) -> tuple[Int[np.ndarray, "queries k"], Float[np.ndarray, "queries k"]]:
    """Return the `k` rows of `pool` with the largest dot product, for each query, best first.

    No candidate is skipped, and of equal scores the lowest index wins. Equal rows of the pool have
    equal scores, bit for bit, because each distinct row is multiplied once. Scores are float32
    (float64 where the vectors are; float16 is widened first). Those of different rows are rounded
    as their type rounds (float32 about 1e-7 of the vectors' lengths): two rows that differ by less
    than that may come in either order, and the order may then depend on `max_bytes`, the machine
    and its linear algebra library.

    Args:
        queries: One row per query.
        pool: One row per candidate.
        k: How many to return, 1 to the size of the pool.
        max_bytes: Bound on the scores and widened rows held at once, whatever the size of the
            pool; at least one of each is always held.
        progress: Wraps the iterable of tiles of the pool.

    Raises:
        DataError: `k` is out of range, or the vectors hold NaN, infinity, or values so large that
            a dot product overflows.

    Example:
        >>> pool = Pool(np.array([[0.0, 1.0], [2.0, 0.0], [0.0, 1.0]]))
        >>> top_k(np.array([[0.0, 3.0]]), pool, 2)
        (array([[0, 2]]), array([[3., 3.]]))
    """
    pool.require(k)
    dtype = np.result_type(queries, pool.vectors, np.float32)
    queries = queries.astype(dtype, copy=False)
    kernel = kernel_for(len(queries), pool.vectors, dtype)
    shape = len(queries), min(k, len(pool.rows))
    places, scores = np.zeros(shape, dtype=np.int64), np.full(shape, -np.inf, dtype=dtype)
    row_bytes = queries.shape[1] * dtype.itemsize * _ROW_COPIES
    size = min(_TILE_ROWS, max(1, max_bytes // 2 // row_bytes))
    asked = min(_TILE_QUERIES, max(1, max_bytes // 2 // (size * dtype.itemsize * _SCORE_COPIES)))
    for start in progress(range(0, len(pool.rows), size)):
        product = kernel(pool.tile(start, size))
        for at in range(0, len(queries), asked):
            part = slice(at, at + asked)
            _keep_best(places[part], scores[part], product(queries[part]), start)
        pool.let_go()
    return pool.ranked(places, scores, k, max_bytes)


def _keep_best(
    places: Int[np.ndarray, "queries k"],
    scores: Float[np.ndarray, "queries k"],
    tile: Float[np.ndarray, "queries rows"],
    start: int,
) -> None:
    """Put what is better in a tile, whose first row has the place `start`, into the best so far."""
    top = tile.argmax(axis=1)
    highest = np.take_along_axis(tile, top[:, None], axis=1)
    # NaN is the minimum of what holds it, so two comparisons vouch for all scores.
    if not (np.isfinite(tile.min()) and np.isfinite(highest).all()):
        raise DataError(UNRANKABLE)
    k = places.shape[1]
    # A tie with what came before is lost: its place is higher.
    rows = np.flatnonzero(highest[:, 0] > scores[:, -1])
    if k == 1:
        places[rows], scores[rows] = top[rows, None] + start, highest[rows]
    elif len(rows):
        columns = _largest(tile[rows], min(k, tile.shape[1]))
        values = np.take_along_axis(tile[rows], columns, axis=1)
        values = np.concatenate([scores[rows], values], axis=1)
        columns = np.concatenate([places[rows], columns + start], axis=1)
        order = np.argsort(-values, axis=1, kind="stable")[:, :k]
        places[rows] = np.take_along_axis(columns, order, axis=1)
        scores[rows] = np.take_along_axis(values, order, axis=1)


def _largest(tile: Float[np.ndarray, "queries rows"], k: int) -> Int[np.ndarray, "queries k"]:
    """Return the columns of the `k` largest scores of each row; the lowest of equal ones wins."""
    # A partition finds the k-th score but leaves open which of several equal ones it kept.
    smallest = np.partition(tile, -k, axis=1)[:, -k, None]
    above, equal = tile > smallest, tile == smallest
    room = k - above.sum(axis=1, keepdims=True)
    largest = above | (equal & (np.cumsum(equal, axis=1, dtype=np.int32) <= room))
    columns = np.nonzero(largest)[1].reshape(len(tile), k)
    order = np.argsort(-np.take_along_axis(tile, columns, axis=1), axis=1, kind="stable")
    return np.take_along_axis(columns, order, axis=1)
