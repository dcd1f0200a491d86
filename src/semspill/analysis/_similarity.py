"""How near each category is to the target, on an encoder that has seen no poison."""

from collections.abc import Mapping, Sequence

import numpy as np

from semspill._progress import Progress, quiet
from semspill.corpus import Exchange
from semspill.encoders import BiEncoder
from semspill.errors import DataError

CENTROID = (
    "cosine between the mean context vectors of two categories, on the clean pretrained encoder "
    "and clean training contexts"
)


def centroid_similarity(
    model: BiEncoder,
    exchanges: Sequence[Exchange],
    target: str,
    *,
    most: int = 100,
    progress: Progress = quiet,
) -> Mapping[str, float]:
    """Return the cosine of each category's mean context vector with the target's.

    Args:
        model: An encoder that was not trained on poisoned data.
        exchanges: Clean exchanges that are not the test exchanges.
        target: The poisoned category.
        most: How many exchanges of a category are encoded, evenly spaced over it.
        progress: Wraps the iterable of batches.

    Returns:
        One number in [-1, 1] per category; 1 for the target itself.

    Raises:
        DataError: The target does not occur.
    """
    places: dict[str, list[int]] = {}
    for index, exchange in enumerate(exchanges):
        places.setdefault(exchange.category, []).append(index)
    if target not in places:
        raise DataError(f"No exchange is of the target {target!r}; similarity needs some.")
    chosen = {name: _spread(rows, most) for name, rows in places.items()}
    order = [row for name in sorted(chosen) for row in chosen[name]]
    vectors = model.encode_contexts([exchanges[row] for row in order], progress=progress)
    ends = np.cumsum([len(chosen[name]) for name in sorted(chosen)])
    centroids = np.stack([part.mean(axis=0) for part in np.split(vectors, ends[:-1])])
    lengths = np.maximum(np.linalg.norm(centroids, axis=1, keepdims=True), 1e-12)
    units = (centroids / lengths).astype(np.float64)
    near = units @ units[sorted(chosen).index(target)]
    return {
        name: float(np.clip(value, -1, 1)) for name, value in zip(sorted(chosen), near, strict=True)
    }


def _spread(rows: Sequence[int], most: int) -> Sequence[int]:
    if len(rows) <= most:
        return rows
    return [rows[i * len(rows) // most] for i in range(most)]
