"""Parts of a batch that are computed at once: of similar length, so that little is padding."""

import numpy as np
from jaxtyping import Int


def parts(
    lengths: Int[np.ndarray, " rows"], most: int, overhead: int
) -> list[Int[np.ndarray, " part"]]:
    """Return the rows in parts that cost least, each sorted by length, shortest first.

    A part costs its rows times the longest of them, and `overhead` besides.

    Args:
        lengths: Tokens of each row.
        most: Most tokens of a part, padding included; a longer row is a part of its own.
        overhead: What a part costs whatever is in it, in tokens.
    """
    order = np.argsort(lengths, kind="stable")
    ordered = lengths[order].astype(np.int64)
    cost = np.zeros(len(order) + 1, dtype=np.int64)
    begin = np.zeros(len(order) + 1, dtype=np.int64)
    for end in range(1, len(order) + 1):
        longest = int(ordered[end - 1])
        first = max(0, end - max(1, most // max(1, longest)))
        starts = np.arange(first, end)
        costs = cost[first:end] + (end - starts) * longest + overhead
        begin[end] = first + int(costs.argmin())
        cost[end] = costs.min()
    found, end = [], len(order)
    while end:
        found.append(order[begin[end] : end])
        end = int(begin[end])
    return found[::-1]
