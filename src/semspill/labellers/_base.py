"""The plug point for labellers: what predicts a category from the conversation so far."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Annotated, ClassVar, TypeAlias

import numpy as np
from jaxtyping import Float

from semspill._model import Component
from semspill._registry import Registry
from semspill.corpus import Corpus, Exchange


class Labels(ABC):
    """A fitted labeller."""

    categories: tuple[str, ...]
    """What it tells apart, in the order of the columns of its probabilities."""

    @abstractmethod
    def probabilities(
        self, exchanges: Sequence[Exchange]
    ) -> Float[np.ndarray, "exchanges categories"]:
        """Return how probable each category is; a row adds up to 1.

        Args:
            exchanges: What to label. Only the context may decide: no deployed model knows the
                category or the response.
        """


class Labeller(Component):
    """A kind of classifier of contexts."""

    needs_category: ClassVar[bool] = False
    """Whether it looks at the category of what it labels, so that it cannot label a response,
    which has none; only a tool for experiments does."""

    @abstractmethod
    def fit(self, corpus: Corpus, rng: np.random.Generator) -> Labels:
        """Return the labeller, fitted on the contexts of a corpus and their categories.

        Args:
            corpus: A clean training corpus, or a part of it.
            rng: Draws everything that is random; the same state gives the same labels.

        Raises:
            DataError: The corpus has fewer than two categories.
        """


labellers: Registry[Labeller] = Registry("labeller", group="semspill.labellers", base=Labeller)
"""All labellers by name."""

LabellerField: TypeAlias = Annotated[Labeller, labellers]
"""A pydantic field that takes a labeller, its name, or a mapping."""


def text_of(exchange: Exchange) -> str:
    """Return the conversation so far as one text."""
    return " ".join(exchange.context)
