"""Similarity by the encoder's vectors: of contexts of two categories, or of their names."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from jaxtyping import Float
from pydantic import Field

from semspill._mask import listing, named
from semspill.analysis._similarity._base import Similarity
from semspill.corpus import Corpus, Exchange
from semspill.encoders import BiEncoder
from semspill.errors import DataError


class CentroidSimilarity(Similarity):
    """Cosine between the mean context vectors of two categories.

    From -1 to 1; 1 for a category and itself. The contexts are shown in the model's own format, so
    with the label in it, part of the similarity is that of the labels.
    """

    citation: ClassVar[str] = "original"

    most: int = Field(100, ge=1)
    """How many exchanges of a category are encoded at most, evenly spaced over it."""

    @property
    def method(self) -> str:
        """What it is and what it is measured on."""
        return (
            "cosine between the mean context vectors of two categories, over up to "
            f"{self.most} clean exchanges of each, on the encoder as it comes"
        )

    def measure(
        self, corpus: Corpus, model: BiEncoder, rng: np.random.Generator
    ) -> Float[np.ndarray, "categories categories"]:
        """Return the cosines; a category whose mean vector is 0 is like none, itself included."""
        means = self._means(corpus, model)
        return cosines(means, means)

    def each(
        self,
        exchanges: Sequence[Exchange],
        corpus: Corpus,
        model: BiEncoder,
        rng: np.random.Generator,
    ) -> Float[np.ndarray, "exchanges categories"]:
        """Return the cosines of single contexts with the mean context vectors."""
        return cosines(model.encode_contexts(exchanges), self._means(corpus, model))

    def _means(self, corpus: Corpus, model: BiEncoder) -> Float[np.ndarray, "categories dim"]:
        chosen = even_sample(corpus, self.most)
        vectors = model.encode_contexts(chosen)
        names = np.array([exchange.category for exchange in chosen], dtype=object)
        return np.stack([vectors[names == name].mean(axis=0) for name in corpus.categories])


class LabelSimilarity(Similarity):
    """Cosine between the vectors of two categories' names, with spaces for underscores.

    From -1 to 1; 1 for a category and itself. It sees no dialogue at all. The names are encoded by
    the response tower, which reads a text as it is.
    """

    citation: ClassVar[str] = "original"

    @property
    def method(self) -> str:
        """What it is and what it is measured on."""
        return "cosine between the vectors of two categories' names, on the encoder as it comes"

    def measure(
        self, corpus: Corpus, model: BiEncoder, rng: np.random.Generator
    ) -> Float[np.ndarray, "categories categories"]:
        """Return the cosines; a name whose vector is 0 is like none, itself included."""
        names = [name.replace("_", " ") for name in corpus.categories]
        vectors = model.encode_responses(names)
        return cosines(vectors, vectors)


def even_sample(corpus: Corpus, most: int) -> list[Exchange]:
    """Return up to `most` exchanges of each category, evenly spaced over it, in category order.

    Raises:
        DataError: A category has no exchange.
    """
    by_name: dict[str, list[Exchange]] = {name: [] for name in corpus.categories}
    for exchange in corpus.exchanges:
        by_name[exchange.category].append(exchange)
    empty = [name for name, exchanges in by_name.items() if not exchanges]
    if empty:
        raise DataError(
            f"Corpus {named(corpus.name)} ({corpus.split}) has no exchange of {listing(empty)}; "
            "similarity needs a listener's response in every category."
        )
    return [exchange for exchanges in by_name.values() for exchange in _spread(exchanges, most)]


def _spread(exchanges: list[Exchange], most: int) -> list[Exchange]:
    count = min(most, len(exchanges))
    return [exchanges[i * len(exchanges) // count] for i in range(count)]


def cosines(
    one: Float[np.ndarray, "rows dim"], other: Float[np.ndarray, "columns dim"]
) -> Float[np.ndarray, "rows columns"]:
    """Return the cosine of each row of one array with each row of another; 0 with a row of 0s."""
    # Rounding may take the cosine of equal vectors over 1.
    return np.asarray(np.clip(_units(one) @ _units(other).T, -1, 1))


def _units(vectors: Float[np.ndarray, "rows dim"]) -> Float[np.ndarray, "rows dim"]:
    lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return np.asarray((vectors / lengths).astype(np.float64))
