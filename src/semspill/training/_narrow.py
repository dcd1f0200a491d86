"""Trains only the rows of a table that occur: the others would have no gradient in any step."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TypeAlias

import numpy as np
import torch
from jaxtyping import Int
from torch import nn

from semspill.encoders.two_tower import Tokens, Tower, TwoTower
from semspill.training._batches import Pairs

Numbers: TypeAlias = Int[np.ndarray, " ids"]


class Narrow:
    """The tables of a bi-encoder, cut to the rows that occur in the pairs to learn from.

    Args:
        model: Whose towers may name a `table` each; those that do not are left as they are.
        pairs: All that will be learned from.
    """

    def __init__(self, model: TwoTower, pairs: Pairs) -> None:
        sides = ("contexts", "responses")
        towers = (model.context_tower, model.response_tower)
        readers = [(towers[0], sides)] if model.tied else list(zip(towers, zip(sides), strict=True))
        known = [weight for _, weight in model.module.named_parameters(remove_duplicate=False)]
        self._tables: list[_Table] = []
        for tower, of in readers:
            if tower.table is None:
                continue
            whole = tower.get_parameter(tower.table)
            # A table that another module reads too, by ids of its own, stays whole.
            if sum(weight is whole for weight in known) == 1:
                used = _ids(pairs, of, len(whole))
                self._tables.append(_Table(tower, tower.table, of, used))
                pairs = _renumbered(pairs, of, used)
        self.pairs = pairs
        """The pairs, with ids that are rows of the cut tables."""

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let the towers hold the cut tables for a while; then put their rows back."""
        with ExitStack() as stack:
            for table in self._tables:
                stack.enter_context(table.held())
            yield

    @contextmanager
    def batch(self, pairs: Pairs) -> Iterator[Pairs]:
        """Let the towers hold the rows of one batch alone, while its gradient is taken.

        Yields:
            The batch, with ids that are rows of these.
        """
        with ExitStack() as stack:
            for table in self._tables:
                used = _ids(pairs, table.sides, len(table.rows))
                pairs = _renumbered(pairs, table.sides, used)
                stack.enter_context(table.batch(torch.from_numpy(used)))
            yield pairs


class _Table:
    """One table, and those of its rows that occur.

    Three weights take turns as the tower's: `whole` outside of training; `rows`, which the
    optimizer moves; and the rows of one batch, so that no gradient is as large as the table.
    """

    def __init__(self, tower: Tower, path: str, sides: tuple[str, ...], used: Numbers) -> None:
        owner, _, self.name = path.rpartition(".")
        self.owner = tower.get_submodule(owner)
        self.sides = sides
        self.whole = tower.get_parameter(path)
        self.used = torch.from_numpy(used).to(self.whole.device)
        self.rows = nn.Parameter(self.whole.detach()[self.used], self.whole.requires_grad)
        self.gradient = torch.zeros_like(self.rows)
        self.moved = self.used[:0]

    @contextmanager
    def held(self) -> Iterator[None]:
        setattr(self.owner, self.name, self.rows)
        try:
            yield
        finally:
            setattr(self.owner, self.name, self.whole)
            with torch.no_grad():
                self.whole[self.used] = self.rows

    @contextmanager
    def batch(self, used: torch.Tensor) -> Iterator[None]:
        used = used.to(self.rows.device)
        few = nn.Parameter(self.rows.detach()[used], self.rows.requires_grad)
        setattr(self.owner, self.name, few)
        try:
            yield
        finally:
            setattr(self.owner, self.name, self.rows)
        if few.grad is not None:
            # In place: memory that is new in each step takes longer to get than to fill.
            self.gradient[self.moved] = 0
            self.gradient[used] = few.grad
            self.rows.grad, self.moved = self.gradient, used


def _ids(pairs: Pairs, sides: Sequence[str], rows: int) -> Numbers:
    """Return which of the ids below `rows` occur, in rising order."""
    # Marked, not sorted: there are far more tokens than rows.
    found = np.zeros(rows, dtype=np.bool_)
    for side in sides:
        found[getattr(pairs, side).ids] = True
    return np.flatnonzero(found)


def _renumbered(pairs: Pairs, sides: Sequence[str], used: Numbers) -> Pairs:
    """Return pairs in which each id is its place among the used ones."""
    places = np.empty(used[-1] + 1, dtype=np.int64)
    places[used] = np.arange(len(used))
    changed = {side: _moved(getattr(pairs, side), places) for side in sides}
    return Pairs(
        changed.get("contexts", pairs.contexts),
        changed.get("responses", pairs.responses),
        pairs.gold,
    )


def _moved(tokens: Tokens, places: Numbers) -> Tokens:
    return Tokens(places[tokens.ids], tokens.offsets)
