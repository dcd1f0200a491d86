"""The dial for experiments: gold labels with a given share of errors."""

import zlib
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from jaxtyping import Float
from pydantic import Field, model_validator

from semspill._mask import named
from semspill._names import CategoryName
from semspill.corpus import Corpus, Exchange
from semspill.errors import ConfigError, DataError
from semspill.labellers._base import Labeller, Labels


class _Noisy(Labels):
    def __init__(
        self,
        categories: tuple[str, ...],
        rates: Float[np.ndarray, "categories labels"],
        seed: int,
    ) -> None:
        self.categories, self.rates, self.seed = categories, rates, seed
        self.row = {name: row for row, name in enumerate(categories)}

    def probabilities(
        self, exchanges: Sequence[Exchange]
    ) -> Float[np.ndarray, "exchanges categories"]:
        rows = np.zeros((len(exchanges), len(self.categories)))
        for place, exchange in enumerate(exchanges):
            if exchange.category not in self.row:
                raise DataError("The labeller `noisy` knows no category of some exchange.")
            # An exchange is labelled alike whatever others are asked with it.
            key = [self.seed, zlib.crc32(exchange.dialogue.encode()), exchange.turn]
            drawn = np.random.default_rng(key).random()
            chances = np.cumsum(self.rates[self.row[exchange.category]])
            rows[place, min(int(np.searchsorted(chances, drawn, "right")), len(chances) - 1)] = 1
        return rows


class NoisyLabeller(Labeller):
    """The gold label, or another one with a given probability.

    Unlike other labellers it sees the category. It is for experiments on what confusion does.

    Example:
        >>> NoisyLabeller(error=0.3).error
        0.3
    """

    citation = "original"
    needs_category: ClassVar[bool] = True

    error: float = Field(0.0, ge=0, le=1)
    """Share of labels that are another category, drawn evenly."""
    confusion: tuple[tuple[CategoryName, CategoryName, float], ...] = ()
    """Category, label and share, where errors are not even: `[["afraid", "terrified", 0.3]]` calls
    30 % of *afraid* *terrified*. Of a category that is named so, all else stays gold."""

    @model_validator(mode="after")
    def _rows_are_shares(self) -> "NoisyLabeller":
        for name, row in self._rows().items():
            if min(row.values()) < 0 or sum(row.values()) > 1 + 1e-9:
                raise ConfigError(
                    f"the shares of {named(name)} in confusion must be 0 or more and add up to at "
                    "most 1"
                )
        return self

    def _rows(self) -> dict[str, dict[str, float]]:
        rows: dict[str, dict[str, float]] = {}
        for name, label, share in self.confusion:
            rows.setdefault(name, {})[label] = share
        return rows

    def fit(self, corpus: Corpus, rng: np.random.Generator) -> Labels:
        """Return the labels.

        Args:
            corpus: Whose categories there are.
            rng: Draws which exchanges are labelled wrongly.

        Raises:
            DataError: `confusion` names a category that the corpus lacks.
        """
        categories = corpus.categories
        if len(categories) < 2:
            raise DataError("A labeller needs exchanges of at least two categories.")
        row_of = {corpus.require_category(name): row for name, row in self._rows().items()}
        rates = np.full((len(categories),) * 2, self.error / (len(categories) - 1))
        np.fill_diagonal(rates, 1 - self.error)
        for name, row in row_of.items():
            place = categories.index(name)
            rates[place] = 0
            for label, share in row.items():
                rates[place, categories.index(corpus.require_category(label))] = share
            rates[place, place] += 1 - rates[place].sum()
        return _Noisy(categories, rates, int(rng.integers(2**32)))
