"""What a similarity promises: a number for each pair of categories, in their order."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from semspill._progress import Progress, quiet
from semspill.analysis import Similarity
from semspill.corpus import ContextFormat, Corpus, Exchange
from semspill.encoders import BiEncoder, HashingEncoder
from semspill.errors import DataError
from semspill.testing._conformance._check import Broken, Promise, described_error, promise
from semspill.testing._conformance._common import errors_pickle, promise_of_missing_files
from semspill.testing._conformance._probes import odd_corpus, tiny_corpus
from semspill.testing._conformance._same import (
    ROUNDING,
    WITH_RNG,
    Numbers,
    promise_the_same,
    same,
    scale,
)

PROMISES: list[Promise] = []


def given(*, corpus: Corpus | None = None) -> Corpus:
    """Return the corpus whose categories are compared.

    Raises:
        DataError: It has fewer than two.
    """
    chosen = tiny_corpus() if corpus is None else corpus
    if len(chosen.categories) < 2:
        raise DataError(
            f"Corpus {chosen.name!r} has {len(chosen.categories)} categories; give one of at least "
            "2, or leave `corpus` out for a made-up one."
        )
    # A new object, so that one check does not see what another let happen to it.
    return replace(chosen)


@promise(PROMISES, "says in one sentence without a full stop what it measures, as its `method`")
def says_its_method(similarity: Similarity, corpus: Corpus) -> None:
    method: object = similarity.method  # the report prints it
    if not isinstance(method, str) or not method.strip() or method.endswith("."):
        mend = "Write a docstring that begins with that sentence, or override it"
        raise Broken(f"it is {method!r}", mend)


@promise(PROMISES, "gives a numpy array of floats, one row and one column per category")
def square_array(similarity: Similarity, corpus: Corpus) -> None:
    rows: object = similarity.measure(corpus, _untrained(), np.random.default_rng(0))
    if not isinstance(rows, np.ndarray):
        raise Broken(f"it gave {type(rows).__name__}", "Return np.array(rows, dtype=float)")
    if rows.dtype.kind != "f":
        raise Broken(f"it gave an array of {rows.dtype}", "Return np.array(rows, dtype=float)")
    count = len(corpus.categories)
    if rows.shape != (count, count):
        raise Broken(
            f"its shape is {rows.shape} for {count} categories",
            "Return a row and a column for each of corpus.categories, and for no other",
        )


@promise(PROMISES, "gives finite numbers")
def finite(similarity: Similarity, corpus: Corpus) -> None:
    _refuse_infinite(_measure(similarity, corpus), corpus, "that of")


@promise(PROMISES, "gives rows and columns in the order of corpus.categories, whoever is met first")
def order_of_categories(similarity: Similarity, corpus: Corpus) -> None:
    results = []
    for names in (corpus.categories, corpus.categories[::-1]):
        # Within a category the order stays: a definition may well take every second dialogue.
        ordered = tuple(one for name in names for one in corpus if one.category == name)
        results.append(_measure(similarity, replace(corpus, dialogues=ordered)))
    if not same(results[0], results[1], ROUNDING * scale(results[0])):
        raise Broken(
            "they came otherwise where the categories came in another order",
            "Go through corpus.categories, not through the dialogues as they come",
        )


@promise(PROMISES, "leaves the corpus as it was")
def leaves_the_corpus(similarity: Similarity, corpus: Corpus) -> None:
    before = replace(corpus).fingerprint  # a new object takes it anew
    _measure(similarity, corpus)
    if replace(corpus).fingerprint != before:
        raise Broken("its dialogues or their order changed", "Work on a copy: list(corpus)")


@promise(PROMISES, "leaves the model's weights as they were")
def leaves_the_model(similarity: Similarity, corpus: Corpus) -> None:
    model = _untrained()
    exchanges, texts = list(corpus.exchanges[:20]), list(corpus.categories)
    before = model.encode_contexts(exchanges), model.encode_responses(texts)
    format_before = model.context
    similarity.measure(corpus, model, np.random.default_rng(0))
    # Its context format may be set: a run gives each definition a copy that allows it.
    model.context = format_before
    after = model.encode_contexts(exchanges), model.encode_responses(texts)
    if not all(map(np.array_equal, before, after)):
        raise Broken("its vectors changed", "Train a copy: copy.deepcopy(model)")


@promise(PROMISES, "takes any BiEncoder, as a run gives it one without towers")
def takes_any_biencoder(similarity: Similarity, corpus: Corpus) -> None:
    plain = _OnlyEncodes(_untrained())
    try:
        rows = np.asarray(similarity.measure(corpus, plain, np.random.default_rng(0)))
    except Exception as error:
        raise Broken(
            f"it raised {described_error(error)}",
            "Use nothing of the model but encode_contexts, encode_responses and context",
        ) from error
    expected = _measure(similarity, corpus)
    if not same(rows, expected, ROUNDING * scale(expected)):
        mend = "Do not look at what kind of model it is given"
        raise Broken("the same vectors gave others", mend)


@promise(PROMISES, "takes any text: emoji, right to left, 10,000 characters, none")
def takes_odd_texts(similarity: Similarity, corpus: Corpus) -> None:
    odd = odd_corpus(corpus)
    try:
        rows = _measure(similarity, odd)
    except Exception as error:
        # An odd text may be all that the error says, so it is not repeated.
        raise Broken(
            f"among odd texts it raised {type(error).__name__}",
            "Let it take a dialogue whatever is said in it",
        ) from error
    _refuse_infinite(rows, odd, "among odd texts that of")


@promise(PROMISES, "gives single exchanges one finite number per category, or None; twice alike")
def single_exchanges(similarity: Similarity, corpus: Corpus) -> None:
    exchanges = corpus.exchanges[:20]

    def each() -> object:
        return similarity.each(exchanges, corpus, _untrained(), np.random.default_rng(0))

    rows = each()
    if rows is None:
        return
    shape = (len(exchanges), len(corpus.categories))
    if not isinstance(rows, np.ndarray) or rows.shape != shape or rows.dtype.kind != "f":
        found = (
            f"an array of {rows.dtype} of shape {rows.shape}"
            if isinstance(rows, np.ndarray)
            else type(rows).__name__
        )
        raise Broken(
            f"each gave {found} for {shape[0]} exchanges and {shape[1]} categories",
            "Return an array of floats, a row per exchange and a column for each of "
            "corpus.categories, or None",
        )
    if not np.isfinite(rows).all():
        raise Broken("each gave NaN or infinity", "Divide by no length that can be 0")
    if not same(rows, np.asarray(each()), ROUNDING * scale(rows)):
        raise Broken("a second call of each gave others", "Draw from the rng that is given")


promise_of_missing_files(PROMISES, lambda similarity, corpus: _measure(similarity, corpus))


@promise(PROMISES, "raises errors that get out of a worker")
def errors_get_out(similarity: Similarity, corpus: Corpus) -> None:
    errors_pickle(lambda: _measure(similarity, replace(corpus, dialogues=())))


def _numbers(similarity: Similarity, corpus: Corpus) -> Numbers:
    # A corpus that has counted its categories cannot be pickled, and this one goes to a process.
    rows = _measure(similarity, replace(corpus))
    return Numbers(rows, ROUNDING * scale(rows))


promise_the_same(PROMISES, _numbers, "similarities", WITH_RNG)


def _measure(similarity: Similarity, corpus: Corpus) -> np.ndarray:
    return np.asarray(similarity.measure(corpus, _untrained(), np.random.default_rng(0)))


def _untrained() -> BiEncoder:
    """Return a small model, always the same."""
    return HashingEncoder(buckets=512, dim=16).load(np.random.default_rng(0))


def _refuse_infinite(rows: np.ndarray, corpus: Corpus, which: str) -> None:
    faults = np.argwhere(~np.isfinite(rows))
    if len(faults):
        pair = " and ".join(corpus.categories[place] for place in faults[0])
        raise Broken(
            f"{which} {pair} is {rows[tuple(faults[0])]}",
            "Divide by no length and no count that can be 0, and give 0 where nothing compares",
        )


class _OnlyEncodes(BiEncoder):
    """A model of which nothing can be seen but its vectors."""

    def __init__(self, model: BiEncoder) -> None:
        self._model = model

    @property
    def context(self) -> ContextFormat:
        return self._model.context

    @context.setter
    def context(self, context: ContextFormat) -> None:
        self._model.context = context

    def encode_contexts(
        self, exchanges: Sequence[Exchange], *, progress: Progress = quiet
    ) -> Float[np.ndarray, "exchanges dim"]:
        return self._model.encode_contexts(exchanges, progress=progress)

    def encode_responses(
        self, texts: Sequence[str], *, progress: Progress = quiet
    ) -> Float[np.ndarray, "texts dim"]:
        return self._model.encode_responses(texts, progress=progress)
