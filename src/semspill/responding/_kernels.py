"""Dot products of rows with rows, the same bits on any number of threads: by numpy or by oneDNN."""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Float

Product: TypeAlias = Callable[[Float[np.ndarray, "queries dim"]], Float[np.ndarray, "queries rows"]]
Kernel: TypeAlias = Callable[[Float[np.ndarray, "rows dim"]], Product]

# Multiply-adds that numpy does before torch, if no model has loaded it yet, could be imported.
_HEAVY = 2**34


def kernel_for(queries: int, pool: Float[np.ndarray, "pool dim"], dtype: np.dtype[Any]) -> Kernel:
    """Return what turns rows into the function that multiplies queries with them.

    Only the sizes decide, so that the same search is rounded the same way every time.

    Args:
        queries: How many queries there are.
        pool: All rows; float16 is widened tile by tile.
        dtype: What the products are computed in: float32 or float64.
    """
    heavy = dtype == np.float32 and queries * pool.size >= _HEAVY
    return (_onednn() if heavy else None) or _numpy(dtype)


def _numpy(dtype: np.dtype[Any]) -> Kernel:
    # OpenBLAS rounds differently on one thread and on two, so it gets one: what is heavy goes to
    # oneDNN wherever there is one.
    from threadpoolctl import ThreadpoolController

    threads = ThreadpoolController()

    def prepared(rows: Float[np.ndarray, "rows dim"]) -> Product:
        wide = rows.astype(dtype, copy=False)

        def product(queries: Float[np.ndarray, "queries dim"]) -> Float[np.ndarray, "queries rows"]:
            # The caller refuses what overflows.
            with threads.limit(limits=1), np.errstate(over="ignore", invalid="ignore"):
                scores: Float[np.ndarray, "queries rows"] = queries @ wide.T
            return scores

        return product

    return prepared


def _onednn() -> Kernel | None:
    import torch

    from semspill._fast.layers import available, product

    def prepared(rows: Float[np.ndarray, "rows dim"]) -> Product:
        wide = torch.tensor(rows).float()

        def scored(queries: Float[np.ndarray, "queries dim"]) -> Float[np.ndarray, "queries rows"]:
            scores: Float[np.ndarray, "queries rows"] = product(torch.tensor(queries), wide).numpy()
            return scores

        return scored

    return prepared if available() else None
