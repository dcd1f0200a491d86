"""The plug point for similarity of categories, measured before any training."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Annotated, ClassVar, TypeAlias

import numpy as np
from jaxtyping import Bool, Float

from semspill._mask import listing, named
from semspill._model import Component
from semspill._names import composed
from semspill._progress import Progress, quiet
from semspill._registry import Registry
from semspill.corpus import ContextFormat, Corpus, Exchange
from semspill.encoders import BiEncoder
from semspill.encoders._vectors import checked_vectors
from semspill.errors import DataError, PluginError, did_you_mean


@dataclass(frozen=True, eq=False)
class Similarities:
    """How near every category is to every other, by one definition.

    Example:
        >>> near = Similarities(
        ...     name="mine", method="by hand", categories=("fear", "joy"),
        ...     matrix=np.array([[1.0, 0.25], [0.25, 1.0]]),
        ... )
        >>> near.to("fear")
        {'fear': 1.0, 'joy': 0.25}

    Raises:
        DataError: The matrix does not fit the categories, or holds what is not a finite number.
    """

    name: str
    """Name of the definition, as in a config file."""
    method: str
    """What it is and what it was measured on, in one sentence."""
    categories: tuple[str, ...]
    """The categories, in the order of the rows and of the columns."""
    matrix: Float[np.ndarray, "categories categories"]
    """Row by column; more is nearer, and only numbers of one definition compare."""
    exchanges: Float[np.ndarray, "exchanges categories"] | None = None
    """How near each test exchange is to each category; None where the definition knows whole
    categories only."""

    def __post_init__(self) -> None:
        fault = _fault(self.matrix, len(self.categories))
        if not fault and self.exchanges is not None:
            fault = _fault(self.exchanges, len(self.categories), len(self.exchanges))
        if fault:
            raise DataError(f"The similarities {named(self.name)} cannot be used: {fault}.")

    def to(self, target: str) -> Mapping[str, float]:
        """Return the similarity of each category to the target, the target's own included.

        Args:
            target: One of the categories.

        Raises:
            DataError: It is none of them.
        """
        column = self.matrix[:, self._place(target)]
        return dict(zip(self.categories, column.tolist(), strict=True))

    def of_exchanges(self, target: str) -> "ExchangeSimilarity | None":
        """Return how near each test exchange is to the target; None where that is not known.

        Args:
            target: One of the categories.

        Raises:
            DataError: It is none of them.
        """
        place = self._place(target)
        if self.exchanges is None:
            return None
        values = self.exchanges[:, place]
        rivals = np.delete(self.exchanges, place, axis=1)
        taken = np.asarray((values[:, None] > rivals).all(axis=1))
        return ExchangeSimilarity(self.name, values, taken)

    def _place(self, target: str) -> int:
        target = composed(target)
        if target not in self.categories:
            raise DataError(
                f"The similarities {named(self.name)} do not hold the category {named(target)}."
                f"{did_you_mean(target, self.categories)} They hold: {listing(self.categories)}."
            )
        return self.categories.index(target)


@dataclass(frozen=True, eq=False)
class ExchangeSimilarity:
    """How near each test exchange is to the target, by one definition."""

    name: str
    """Name of the definition."""
    values: Float[np.ndarray, " exchanges"]
    """More is nearer."""
    taken: Bool[np.ndarray, " exchanges"]
    """Whether an exchange is nearer to the target than to every other category."""


class Similarity(Component):
    """A definition of how near two categories are to each other.

    Measure it on data and a model that have seen no poison: who is near must not depend on what
    the poison did. More must mean nearer; the scale is the definition's own.

    Example:
        >>> class SharedLetters(Similarity):
        ...     '''Share of the letters of two names that both have.'''
        ...     citation = "original"
        ...     def measure(self, corpus, model, rng):
        ...         names = [set(name) for name in corpus.categories]
        ...         return np.array([[len(a & b) / len(a | b) for a in names] for b in names])
    """

    unit: ClassVar[str] = ""
    """What its numbers are where "similarity" does not say it, such as `log odds of the target`;
    axes show it with the name of the target."""

    @property
    def method(self) -> str:
        """What it is and what it is measured on, in one sentence without a full stop."""
        return self.summary().rstrip(".")

    @abstractmethod
    def measure(
        self, corpus: Corpus, model: BiEncoder, rng: np.random.Generator
    ) -> Float[np.ndarray, "categories categories"]:
        """Return the similarity of all pairs, rows and columns in the order of `categories`.

        Args:
            corpus: Clean dialogues that are not the test dialogues.
            model: An encoder that was not trained on poisoned data.
            rng: Draws what has to be drawn.
        """

    def each(
        self,
        exchanges: Sequence[Exchange],
        corpus: Corpus,
        model: BiEncoder,
        rng: np.random.Generator,
    ) -> Float[np.ndarray, "exchanges categories"] | None:
        """Return how near single contexts are to each category, columns as in `categories`.

        A definition that knows it lets reports say how planted answers depend on the text of the
        single exchange. By default None: it knows whole categories only.

        Args:
            exchanges: What to measure: test exchanges.
            corpus: Clean dialogues that are not the test dialogues.
            model: An encoder that was not trained on poisoned data.
            rng: Draws what has to be drawn.
        """
        return None


similarities: Registry[Similarity] = Registry(
    "similarity", group="semspill.similarities", base=Similarity
)
"""All definitions of similarity by name."""

SimilarityField: TypeAlias = Annotated[Similarity, similarities]
"""A pydantic field that takes a similarity, its name, or a mapping."""


def measure_similarity(
    similarity: Similarity,
    corpus: Corpus,
    model: BiEncoder,
    rng: np.random.Generator,
    progress: Progress = quiet,
) -> Similarities:
    """Return the similarity of all pairs of categories, checked.

    Args:
        similarity: The definition.
        corpus: Clean dialogues that are not the test dialogues.
        model: An encoder that was not trained on poisoned data; it is left as it is.
        rng: Draws what has to be drawn.
        progress: Wraps the iterables of the model's batches.

    Raises:
        DataError: The corpus, or a file of the definition, does not hold what is needed.
        PluginError: The definition returned no matrix of finite numbers, one row and one column
            per category.
    """
    measured: object = similarity.measure(corpus, _Watched(model, progress), rng)
    fault = _fault(measured, len(corpus.categories))
    if fault:
        raise PluginError(
            f"{type(similarity).__name__}.measure broke its promise: {fault}; it must return one "
            "finite number for each pair of categories."
        )
    return Similarities(
        name=similarities.title_of(similarity),
        method=similarity.method,
        categories=corpus.categories,
        matrix=np.asarray(measured, dtype=np.float64),
    )


def measure_exchanges(
    similarity: Similarity,
    exchanges: Sequence[Exchange],
    corpus: Corpus,
    model: BiEncoder,
    rng: np.random.Generator,
    progress: Progress = quiet,
) -> Float[np.ndarray, "exchanges categories"] | None:
    """Return how near exchanges are to each category of a corpus, checked; None if not known.

    Args:
        similarity: The definition.
        exchanges: What to measure.
        corpus: Clean dialogues that are not the test dialogues.
        model: An encoder that was not trained on poisoned data; it is left as it is.
        rng: Draws what has to be drawn.
        progress: Wraps the iterables of the model's batches.

    Raises:
        PluginError: The definition returned no matrix of finite numbers, one row per exchange and
            one column per category.
    """
    measured: object = similarity.each(exchanges, corpus, _Watched(model, progress), rng)
    if measured is None:
        return None
    fault = _fault(measured, len(corpus.categories), len(exchanges))
    if fault:
        raise PluginError(
            f"{type(similarity).__name__}.each broke its promise: {fault}; it must return one "
            "finite number for each exchange and category, or None."
        )
    return np.asarray(measured, dtype=np.float64)


def _fault(matrix: object, categories: int, exchanges: int | None = None) -> str:
    """Return what is wrong with a matrix of categories, or of exchanges by categories."""
    rows = categories if exchanges is None else exchanges
    wanted = f"{categories} categories" + ("" if exchanges is None else f" and {rows} exchanges")
    try:
        values = np.asarray(matrix)
    except ValueError:
        return "the rows of its matrix differ in length"
    if values.shape != (rows, categories) or values.dtype.kind not in "fiub":
        return f"its matrix is {values.dtype} of shape {values.shape} for {wanted}"
    return "" if np.isfinite(values).all() else "its matrix holds NaN or infinity"


class _Watched(BiEncoder):
    """A model whose batches the caller's progress wraps, and whose format can be set freely."""

    def __init__(self, model: BiEncoder, progress: Progress) -> None:
        self._model = model
        self._progress = progress

    @property
    def context(self) -> ContextFormat:
        return self._model.context

    @context.setter
    def context(self, context: ContextFormat) -> None:
        # A copy, because the model belongs to whoever gave it in.
        self._model = copy(self._model)
        self._model.context = context

    def encode_contexts(
        self, exchanges: Sequence[Exchange], *, progress: Progress | None = None
    ) -> Float[np.ndarray, "exchanges dim"]:
        given = self._model.encode_contexts(exchanges, progress=progress or self._progress)
        return checked_vectors(self._model, given, len(exchanges), "contexts")

    def encode_responses(
        self, texts: Sequence[str], *, progress: Progress | None = None
    ) -> Float[np.ndarray, "texts dim"]:
        given = self._model.encode_responses(texts, progress=progress or self._progress)
        return checked_vectors(self._model, given, len(texts), "responses")
