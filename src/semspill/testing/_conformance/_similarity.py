"""What a similarity promises: a number for each pair of categories, in their order."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from semspill.analysis import Similarity, similarities
from semspill.corpus import Corpus
from semspill.errors import DataError
from semspill.testing._conformance._check import Broken, Checks, first_line
from semspill.testing._conformance._common import add_common, built, errors_pickle, missing_files
from semspill.testing._conformance._models import OnlyEncodes, untrained
from semspill.testing._conformance._numbers import ROUNDING, Numbers, same, scale
from semspill.testing._conformance._probes import odd_corpus, tiny_corpus
from semspill.testing._conformance._repeat import WITH_RNG, add_repeatable


def _given(*, corpus: Corpus | None = None) -> Corpus:
    given = tiny_corpus() if corpus is None else corpus
    if len(given.categories) < 2:
        raise DataError(
            f"Corpus {given.name!r} has {len(given.categories)} categories; give one of at least "
            "2, or leave `corpus` out for a made-up one."
        )
    # A new object, so that one check does not see what another let happen to it.
    return replace(given)


def check_similarity(
    similarity: Similarity | str | Mapping[str, Any], *, corpus: Corpus | None = None
) -> None:
    """Run all checks of a similarity.

    Args:
        similarity: An object, a registered name, or a mapping with `name` and fields.
        corpus: One whose categories it knows; None for a made-up one of four, `brave` among them.

    Raises:
        ConformanceError: With one sentence for each broken promise.

    Example:
        >>> check_similarity("centroid")
    """
    __tracebackhide__ = True
    CHECKS.run(built(similarities, similarity), corpus=corpus)


CHECKS: Checks[Similarity, Corpus] = Checks("similarity", _given)
"""All checks of a similarity."""

add_common(CHECKS, similarities)


@CHECKS.add("says in one sentence without a full stop what it measures, as its `method`")
def says_its_method(similarity: Similarity, given: Corpus) -> None:
    """Look at it; the report prints it."""
    said: object = similarity.method
    if not isinstance(said, str) or not said.strip() or said.endswith("."):
        raise Broken(
            f"it is {said!r}", "Write a docstring that begins with that sentence, or override it"
        )


@CHECKS.add("gives a numpy array of floats, one row and one column per category")
def square_array(similarity: Similarity, given: Corpus) -> None:
    """Look at its type and its shape."""
    made: object = similarity.measure(given, untrained(), np.random.default_rng(0))
    if not isinstance(made, np.ndarray) or made.dtype.kind != "f":
        said = f"an array of {made.dtype}" if isinstance(made, np.ndarray) else type(made).__name__
        raise Broken(f"it gave {said}", "Return np.array(rows, dtype=float)")
    count = len(given.categories)
    if made.shape != (count, count):
        raise Broken(
            f"its shape is {made.shape} for {count} categories",
            "Return a row and a column for each of corpus.categories, and for no other",
        )


@CHECKS.add("gives finite numbers")
def finite(similarity: Similarity, given: Corpus) -> None:
    """Look for NaN and infinity."""
    _refuse_infinite(_measured(similarity, given), given, "")


@CHECKS.add("gives rows and columns in the order of corpus.categories, whoever is met first")
def order_of_categories(similarity: Similarity, given: Corpus) -> None:
    """Give the dialogues category by category, from the last to the first and back."""
    made = []
    for names in (given.categories, given.categories[::-1]):
        # Within a category the order stays: a definition may well take every second dialogue.
        talks = tuple(talk for name in names for talk in given if talk.category == name)
        made.append(_measured(similarity, replace(given, dialogues=talks)))
    if not same(made[0], made[1], ROUNDING * scale(made[0])):
        raise Broken(
            "they came otherwise where the categories came in another order",
            "Go through corpus.categories, not through the dialogues as they come",
        )


@CHECKS.add("leaves the corpus as it was")
def leaves_the_corpus(similarity: Similarity, given: Corpus) -> None:
    """Compare its fingerprint, taken anew each time."""
    before = replace(given).fingerprint
    _measured(similarity, given)
    if replace(given).fingerprint != before:
        raise Broken("its dialogues or their order changed", "Work on a copy: list(corpus)")


@CHECKS.add("leaves the model's weights as they were")
def leaves_the_model(similarity: Similarity, given: Corpus) -> None:
    """Compare what they make of some exchanges."""
    model = untrained()
    exchanges, texts = list(given.exchanges[:20]), list(given.categories)
    before = model.encode_contexts(exchanges), model.encode_responses(texts)
    format_before = model.context
    similarity.measure(given, model, np.random.default_rng(0))
    # Its context format may be set: a run gives each definition a copy that allows it.
    model.context = format_before
    after = model.encode_contexts(exchanges), model.encode_responses(texts)
    if not all(map(np.array_equal, before, after)):
        raise Broken("its vectors changed", "Train a copy: copy.deepcopy(model)")


@CHECKS.add("takes any BiEncoder, as a run gives it one without towers")
def takes_any_biencoder(similarity: Similarity, given: Corpus) -> None:
    """Give one that only encodes, and compare."""
    plain = OnlyEncodes(untrained())
    try:
        made = np.asarray(similarity.measure(given, plain, np.random.default_rng(0)))
    except Exception as error:
        raise Broken(
            f"it raised {type(error).__name__}: {first_line(error)}",
            "Use nothing of the model but encode_contexts, encode_responses and context",
        ) from error
    expected = _measured(similarity, given)
    if not same(made, expected, ROUNDING * scale(expected)):
        raise Broken(
            "the same vectors gave others", "Do not look at what kind of model it is given"
        )


@CHECKS.add("takes any text: emoji, right to left, 10,000 characters, none")
def takes_odd_texts(similarity: Similarity, given: Corpus) -> None:
    """Add dialogues of odd texts to the corpus."""
    odd = odd_corpus(given)
    try:
        made = _measured(similarity, odd)
    except Exception as error:
        # An odd text may be all that the error says, so it is not repeated.
        raise Broken(
            f"among odd texts it raised {type(error).__name__}",
            "Let it take a dialogue whatever is said in it",
        ) from error
    _refuse_infinite(made, odd, "among odd texts ")


@CHECKS.add("raises a DataError that gets out of a worker where a file is missing")
def missing_file_is_a_data_error(similarity: Similarity, given: Corpus) -> None:
    """Point the fields that name a file at none."""
    missing_files(similarity, lambda moved: _measured(moved, given))


@CHECKS.add("raises errors that get out of a worker")
def errors_get_out(similarity: Similarity, given: Corpus) -> None:
    """Give no dialogue, and pickle the error that comes."""
    errors_pickle(lambda: _measured(similarity, replace(given, dialogues=())))


def _again(similarity: Similarity, given: Corpus) -> Numbers:
    # A corpus that has counted its categories cannot be pickled, and `given` goes to a process.
    made = _measured(similarity, replace(given))
    return Numbers(made, ROUNDING * scale(made))


add_repeatable(CHECKS, _again, "similarities", WITH_RNG)


def _measured(similarity: Similarity, corpus: Corpus) -> np.ndarray:
    return np.asarray(similarity.measure(corpus, untrained(), np.random.default_rng(0)))


def _refuse_infinite(made: np.ndarray, corpus: Corpus, where: str) -> None:
    faults = np.argwhere(~np.isfinite(made))
    if len(faults):
        said = " and ".join(corpus.categories[place] for place in faults[0])
        raise Broken(
            f"{where}that of {said} is {made[tuple(faults[0])]}",
            "Divide by no length and no count that can be 0, and give 0 where nothing compares",
        )
