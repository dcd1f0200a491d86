"""Approximate search: faiss proposes candidates, which are scored exactly."""

from math import isqrt
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from pydantic import Field

from semspill._model import FrozenModel
from semspill._progress import Progress, quiet
from semspill.errors import DataError, MissingExtraError
from semspill.responding._pool import Pool
from semspill.responding._search import MAX_BYTES, UNRANKABLE, top_k

# k-means wants this many rows per list, and says so on stderr when it gets fewer.
_FEWEST_PER_LIST = 39
_TRAIN_PER_LIST = 64
# Distinct rows that are scored exactly for each that is wanted: the index rounds to 8 bits.
_RESCORED = 4
_TILE_ROWS = 8192


class ApproximateSearch(FrozenModel):
    """Search a part of the pool: inverted lists of 8-bit vectors, from the extra `faiss`.

    The pool is cut into lists of similar vectors by k-means, once per responder, and a query is
    compared with the lists nearest to it. Building the lists costs as much as answering some
    thousands of queries exactly, so it pays where one pool answers many. On a CPU the same pool and
    queries give the same answers on the same number of threads.

    Reference: Johnson, Douze and Jégou 2017, Billion-scale similarity search with GPUs,
    arXiv 1702.08734.

    Example:
        >>> ApproximateSearch(probes=64)
        ApproximateSearch(lists=None, probes=64, check=100)
    """

    lists: int | None = Field(None, ge=1)
    """How many lists the pool is cut into, at most one per 39 vectors; None is the square root of
    the number of vectors."""
    probes: int = Field(32, ge=1)
    """How many lists are looked through for a query: more find more and take longer."""
    check: int = Field(100, ge=0)
    """How many queries, drawn evenly, are answered exactly too, to measure recall; 0 for none."""


class Index:
    """The lists of one pool, ready to be asked.

    Args:
        search: How many lists, and how many of them are looked through.
        pool: What is searched.
        progress: Wraps the iterable of tiles of the pool.

    Raises:
        MissingExtraError: faiss is not installed.
        DataError: The pool holds NaN or infinity.
    """

    def __init__(
        self, search: ApproximateSearch, pool: Pool, *, progress: Progress = quiet
    ) -> None:
        try:
            import faiss
        except ImportError as error:
            raise MissingExtraError(
                'ApproximateSearch needs the package faiss-cpu: pip install "semspill[faiss]".'
            ) from error
        self.search, self.pool = search, pool
        count = len(pool.rows)
        lists = min(search.lists or isqrt(count), max(1, count // _FEWEST_PER_LIST))
        form = f"IVF{lists},SQ8"
        self._lists: Any = faiss.index_factory(
            pool.vectors.shape[1], form, faiss.METRIC_INNER_PRODUCT
        )
        learned = np.linspace(0, count - 1, min(count, _TRAIN_PER_LIST * lists)).astype(np.int64)
        self._lists.train(_finite(pool.vectors[pool.rows[learned]]))
        pool.let_go()
        for start in progress(range(0, count, _TILE_ROWS)):
            self._lists.add(_finite(pool.tile(start, _TILE_ROWS)))
            pool.let_go()
        faiss.ParameterSpace().set_index_parameter(self._lists, "nprobe", search.probes)

    def top_k(
        self,
        queries: Float[np.ndarray, "queries dim"],
        k: int,
        *,
        max_bytes: int = MAX_BYTES,
        progress: Progress = quiet,
    ) -> tuple[Int[np.ndarray, "queries k"], Float[np.ndarray, "queries k"]]:
        """Return what the exact `top_k` returns, but only of the lists nearest to each query.

        Args:
            queries: One row per query.
            k: How many to return, 1 to the size of the pool.
            max_bytes: Bound on the vectors that are scored at once; those of one query always are.
            progress: Wraps the iterable of blocks of queries.

        Raises:
            DataError: `k` is out of range or more than the lists hold, or the queries hold NaN,
                infinity or values too large to multiply.
        """
        self.pool.require(k)
        shape = len(queries), min(k, len(self.pool.rows))
        places, scores = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.float32)
        wide = min(_RESCORED * (shape[1] + 1), len(self.pool.rows))
        size = max(1, max_bytes // (wide * (8 * queries.shape[1] + 64)))
        for at in progress(range(0, len(queries), size)):
            part = slice(at, at + size)
            places[part], scores[part] = self._rescored(_finite(queries[part]), shape[1], wide)
        return self.pool.ranked(places, scores, k, max_bytes)

    def recall(
        self,
        queries: Float[np.ndarray, "queries dim"],
        indices: Int[np.ndarray, "queries k"],
        *,
        max_bytes: int = MAX_BYTES,
    ) -> float | None:
        """Return the mean share of the exact best that was found, over evenly drawn queries.

        Args:
            queries: One row per query.
            indices: What `top_k` returned for them.
            max_bytes: Bound on the memory of the exact search.
        """
        count = min(self.search.check, len(queries))
        if not count:
            return None
        drawn = np.linspace(0, len(queries) - 1, count).astype(np.int64)
        exact, _ = top_k(queries[drawn], self.pool, indices.shape[1], max_bytes=max_bytes)
        pairs = zip(exact, indices[drawn], strict=True)
        return float(np.mean([np.isin(best, rows).mean() for best, rows in pairs]))

    def _rescored(
        self, queries: Float[np.ndarray, "queries dim"], k: int, wide: int
    ) -> tuple[Int[np.ndarray, "queries k"], Float[np.ndarray, "queries k"]]:
        _, places = self._lists.search(queries, wide)
        missing = places < 0
        if missing[:, :k].any():
            raise DataError(
                f"The {self.search.probes} lists nearest to a query hold fewer than {k} distinct "
                "vectors; give ApproximateSearch more probes or fewer lists."
            )
        places = np.where(missing, 0, places)
        near = self.pool.vectors[self.pool.rows[places]].astype(np.float32, copy=False)
        with np.errstate(over="ignore", invalid="ignore"):
            scores = np.einsum("qd,qnd->qn", queries, near)
        if not np.isfinite(scores).all():
            raise DataError(UNRANKABLE)
        scores[missing] = -np.inf
        order = np.lexsort((places, -scores), axis=-1)[:, :k]
        return np.take_along_axis(places, order, axis=1), np.take_along_axis(scores, order, axis=1)


def _finite(rows: Float[np.ndarray, "rows dim"]) -> Float[np.ndarray, "rows dim"]:
    """Return rows as faiss takes them; it answers NaN with nonsense or a crash."""
    wide = np.ascontiguousarray(rows, dtype=np.float32)
    if not np.isfinite(wide).all():
        raise DataError(UNRANKABLE)
    return wide
