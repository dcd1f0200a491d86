"""Train only the rows of an embedding table that occur; the others have no gradient."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TypeAlias

import numpy as np
import torch
from jaxtyping import Int
from torch import nn

from semspill._tokens import Tokens

Ids: TypeAlias = Int[np.ndarray, " ids"]


class UsedRows:
    """The tables of a model, cut to the rows that occur in what is learned from.

    Args:
        model: All that is trained.
        readers: For each of `tokens`, the module that reads it, and the name of the weight there
            that has one row per id; None for none, which leaves the module as it is.
        tokens: All that will be learned from.
    """

    def __init__(
        self,
        model: nn.Module,
        readers: Sequence[tuple[nn.Module, str | None]],
        tokens: tuple[Tokens, ...],
    ) -> None:
        known = [weight for _, weight in model.named_parameters(remove_duplicate=False)]
        self._tables: list[_Table] = []
        for module, path in dict.fromkeys(readers):
            if path is None:
                continue
            whole = module.get_parameter(path)
            # A table that another module reads too, by ids of its own, stays whole.
            if sum(weight is whole for weight in known) == 1:
                sides = [side for side, (reader, _) in enumerate(readers) if reader is module]
                used = _ids(tokens, sides, len(whole))
                self._tables.append(_Table(module, path, sides, used))
                tokens = _renumbered(tokens, sides, used)
        self.tokens = tokens
        """The tokens, with ids that are rows of the cut tables."""

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let the modules hold the cut tables for a while; then put their rows back."""
        with ExitStack() as stack:
            for table in self._tables:
                stack.enter_context(table.held())
            yield

    @contextmanager
    def batch(self, tokens: tuple[Tokens, ...]) -> Iterator[tuple[Tokens, ...]]:
        """Let the modules hold the rows of one batch alone, while its gradient is taken.

        Yields:
            The tokens of the batch, with ids that are rows of these.
        """
        with ExitStack() as stack:
            for table in self._tables:
                used = _ids(tokens, table.sides, len(table.rows))
                tokens = _renumbered(tokens, table.sides, used)
                stack.enter_context(table.batch(torch.from_numpy(used)))
            yield tokens


class _Table:
    """One table, and those of its rows that occur.

    Three weights take turns as the module's: `whole` outside of training; `rows`, which the
    optimizer moves; and the rows of one batch, so that no gradient is as large as the table.
    """

    def __init__(self, module: nn.Module, path: str, sides: Sequence[int], used: Ids) -> None:
        owner, _, self.name = path.rpartition(".")
        self.owner = module.get_submodule(owner)
        self.sides = sides
        self.whole = module.get_parameter(path)
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


def _ids(tokens: Sequence[Tokens], sides: Sequence[int], rows: int) -> Ids:
    """Return which of the ids below `rows` occur, in rising order."""
    # Marked, not sorted: there are far more tokens than rows.
    occurs = np.zeros(rows, dtype=np.bool_)
    for side in sides:
        occurs[tokens[side].ids] = True
    return np.flatnonzero(occurs)


def _renumbered(tokens: tuple[Tokens, ...], sides: Sequence[int], used: Ids) -> tuple[Tokens, ...]:
    """Return tokens in which each id is its place among the used ones."""
    places = np.empty(used[-1] + 1, dtype=np.int64)
    places[used] = np.arange(len(used))
    return tuple(
        Tokens(places[part.ids], part.offsets) if side in sides else part
        for side, part in enumerate(tokens)
    )
