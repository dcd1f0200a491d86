"""Batches of exchanges: tokenized once, then cut by index."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from semspill.corpus import Exchange
from semspill.encoders.two_tower import Tokens, TwoTower


@dataclass(frozen=True, eq=False)
class Pairs:
    """The tokens of contexts and of distinct responses, and which response answers which."""

    contexts: Tokens
    """One text per exchange."""
    responses: Tokens
    """One text per distinct response."""
    gold: Int[np.ndarray, " exchanges"]
    """The response of each exchange, as an index into `responses`."""

    @classmethod
    def of(cls, model: TwoTower, exchanges: Sequence[Exchange]) -> "Pairs":
        """Tokenize exchanges as a model reads them."""
        rows: dict[str, int] = {}
        gold = [rows.setdefault(exchange.response, len(rows)) for exchange in exchanges]
        return cls(
            model.context_tokens(exchanges),
            model.response_tokens(tuple(rows)),
            np.array(gold, dtype=np.int64),
        )

    @property
    def tokens(self) -> tuple[Tokens, Tokens]:
        """The tokens of contexts and of responses."""
        return self.contexts, self.responses

    def with_tokens(self, contexts: Tokens, responses: Tokens) -> "Pairs":
        """Return the same pairs with other ids for the same tokens."""
        return Pairs(contexts, responses, self.gold)

    def take(self, chosen: Int[np.ndarray, " batch"]) -> "Pairs":
        """Return some of the pairs; a response that repeats among them is still held once."""
        distinct, gold = np.unique(self.gold[chosen], return_inverse=True)
        return Pairs(self.contexts.take(chosen), self.responses.take(distinct), gold)


def shuffled(count: int, size: int, rng: np.random.Generator) -> list[Int[np.ndarray, " batch"]]:
    """Return the indices below `count` in random order, cut into batches; the last may be short."""
    order = rng.permutation(count)
    return [order[start : start + size] for start in range(0, count, size)]


def without_repeats(
    gold: Int[np.ndarray, " exchanges"], size: int, rng: np.random.Generator
) -> list[Int[np.ndarray, " batch"]]:
    """Return all indices in random batches in which no response occurs twice.

    Batches are as full as `shuffled` would make them, until a response has more copies than there
    are batches: its surplus copies, drawn at random, form further and shorter batches at the end.

    Args:
        gold: The response of each exchange.
        size: Most exchanges in a batch.
        rng: Draws which copy goes where.
    """
    order = rng.permutation(len(gold))
    counts = np.bincount(gold)
    count, fewer = 0, -(-len(gold) // size)
    while count != fewer:  # a surplus that is put off may leave the last batches empty
        count, fewer = fewer, -(-int(np.minimum(counts, fewer).sum()) // size)
    dealt = _deal(gold[order], count, size, rng)
    # At most `size` responses have more copies than batches, so one copy of each fits in one.
    surplus = np.flatnonzero(dealt < 0)
    dealt[surplus] = count + _place_among_equals(gold[order][surplus])
    by_batch = np.argsort(dealt, kind="stable")
    return np.split(order[by_batch], np.flatnonzero(np.diff(dealt[by_batch])) + 1)


def _deal(
    gold: Int[np.ndarray, " exchanges"], count: int, size: int, rng: np.random.Generator
) -> Int[np.ndarray, " exchanges"]:
    """Return the batch of each exchange, or -1 for a copy whose response is in every batch."""
    room = np.full(count, size)
    dealt = np.full(len(gold), -1)
    by_response = np.argsort(gold, kind="stable")
    groups = np.split(by_response, np.flatnonzero(np.diff(gold[by_response])) + 1)
    # The most frequent response first, into the emptiest batches: so room is left for all.
    for copies in sorted((group for group in groups if len(group) > 1), key=len, reverse=True):
        emptiest = np.lexsort((rng.random(count), -room))[: len(copies)]
        dealt[copies[: len(emptiest)]] = emptiest
        room[emptiest] -= 1
    single = np.array([group[0] for group in groups if len(group) == 1], dtype=np.int64)
    dealt[rng.permutation(single)] = np.repeat(np.arange(count), room)[: len(single)]
    return dealt


def _place_among_equals(values: Int[np.ndarray, " values"]) -> Int[np.ndarray, " values"]:
    """Return how many equal values stand before each value: 5, 7, 5 gives 0, 0, 1."""
    order = np.argsort(values, kind="stable")
    _, starts, counts = np.unique(values[order], return_index=True, return_counts=True)
    places = np.empty(len(values), dtype=np.int64)
    places[order] = np.arange(len(values)) - np.repeat(starts, counts)
    return places
