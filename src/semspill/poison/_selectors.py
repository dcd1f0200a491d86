"""Which dialogues an adversary selects: one category, or anyone as a control."""

from typing import Any

import numpy as np
from jaxtyping import Int
from pydantic import Field

from semspill._mask import named
from semspill._names import CategoryName
from semspill.corpus import Corpus
from semspill.errors import DataError
from semspill.poison._base import Selector


class CategorySelector(Selector):
    """Every dialogue of one category: the subpopulation of the paper.

    Where utterances have labels of their own, it is every dialogue with an exchange of the
    category, and only in these exchanges responses are planted.
    """

    citation = (
        "Jagielski et al. 2021, Subpopulation Data Poisoning Attacks, arXiv:2006.14026 "
        "(FeatureMatch, with the category label as the feature)"
    )
    category: CategoryName
    """Name of the category, for example an emotion label."""

    @property
    def target(self) -> str:
        """The category."""
        return self.category

    def select(self, corpus: Corpus, rng: np.random.Generator) -> Int[np.ndarray, " selected"]:
        """Return the indices of the category's dialogues, in corpus order.

        Raises:
            DataError: The category does not occur; the nearest names are given.
        """
        chosen = [i for i, dialogue in enumerate(corpus) if self.category in dialogue.categories]
        if not chosen:
            corpus.require_category(self.category)
        return np.array(chosen, dtype=np.int64)


class RandomSelector(Selector):
    """Dialogues drawn from the whole corpus: a control without a subpopulation."""

    citation = "original"
    dialogues: int | None = Field(None, ge=1)
    """How many dialogues are drawn; None for all, so that the budget alone decides."""

    def select(self, corpus: Corpus, rng: np.random.Generator) -> Int[np.ndarray, " selected"]:
        """Return distinct indices in random order.

        Raises:
            DataError: The corpus has fewer dialogues than asked for.
        """
        count = len(corpus) if self.dialogues is None else self.dialogues
        if count > len(corpus):
            raise DataError(
                f"The random selector was asked for {count} dialogues; corpus {named(corpus.name)} "
                f"has {len(corpus)}. Ask for fewer, or leave `dialogues` out."
            )
        order: Any = rng.permutation(len(corpus))[:count]
        return np.asarray(order, dtype=np.int64)
