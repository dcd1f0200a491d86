"""Parts of a batch that are computed at once: of similar lengths, so that little is padding."""

import numpy as np
from jaxtyping import Int


def parts(
    prompts: Int[np.ndarray, " rows"],
    responses: Int[np.ndarray, " rows"],
    most: int,
    overhead: int,
) -> list[Int[np.ndarray, " part"]]:
    """Return the rows in parts that cost least, the cheapest that sorting by lengths can give.

    Prompts and responses are padded apart. A part costs its rows times its longest prompt and its
    longest response together, and `overhead` besides.

    Args:
        prompts: Tokens of the prompt of each row.
        responses: Tokens of its response.
        most: Most tokens of a part, padding included; a longer row is a part of its own.
        overhead: What a part costs whatever is in it, in tokens.
    """
    lengths = np.stack([prompts, responses]).astype(np.int64)
    keys = (lengths.sum(axis=0), lengths[0], lengths[1])
    found = [_cut(lengths, np.argsort(key, kind="stable"), most, overhead) for key in keys]
    return min(found, key=lambda one: one[0])[1]


def _cut(
    lengths: Int[np.ndarray, "2 rows"], order: Int[np.ndarray, " rows"], most: int, overhead: int
) -> tuple[int, list[Int[np.ndarray, " part"]]]:
    """Return what parts of neighbours cost least, and those parts; by dynamic programming."""
    ordered = lengths[:, order]
    cost = np.zeros(len(order) + 1, dtype=np.int64)
    begin = np.zeros(len(order) + 1, dtype=np.int64)
    for end in range(1, len(order) + 1):
        # Of the parts that end here, by how many rows they have; of equal ones the larger wins.
        longest = np.maximum.accumulate(ordered[:, :end][:, ::-1], axis=1).sum(axis=0)
        padded = longest * np.arange(1, end + 1)
        fits = max(1, int(np.searchsorted(padded, most, side="right")))
        costs = cost[end - fits : end] + padded[:fits][::-1] + overhead
        begin[end] = end - fits + int(costs.argmin())
        cost[end] = costs.min()
    found, end = [], len(order)
    while end:
        found.append(order[begin[end] : end])
        end = int(begin[end])
    return int(cost[-1]), found[::-1]
