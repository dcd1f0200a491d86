"""What a selector promises: whole numbers inside the corpus, each at most once."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from semspill.corpus import Corpus
from semspill.errors import DataError
from semspill.poison import Selector, selectors
from semspill.testing._conformance._check import Broken, Checks, first_line
from semspill.testing._conformance._common import add_common, built, errors_pickle
from semspill.testing._conformance._probes import odd_corpus, tiny_corpus
from semspill.testing._conformance._repeat import WITH_RNG, add_repeatable

_FIND = "Give `corpus=` one in which it finds dialogues"


def _given(*, corpus: Corpus | None = None) -> Corpus:
    given = tiny_corpus() if corpus is None else corpus
    if not len(given):
        raise DataError(
            f"Corpus {given.name!r} has no dialogue to select from; give one that has, or leave "
            "`corpus` out for a made-up one."
        )
    # A new object, so that one check does not see what another let happen to it.
    return replace(given)


def check_selector(
    selector: Selector | str | Mapping[str, Any], *, corpus: Corpus | None = None
) -> None:
    """Run all checks of a selector.

    Args:
        selector: An object, a registered name, or a mapping with `name` and fields.
        corpus: One in which it finds dialogues; None for a made-up one, in which `brave` is a
            category.

    Raises:
        ConformanceError: With one sentence for each broken promise.

    Example:
        >>> check_selector({"name": "category", "category": "brave"})
    """
    __tracebackhide__ = True
    CHECKS.run(built(selectors, selector), corpus=corpus)


CHECKS: Checks[Selector, Corpus] = Checks("selector", _given)
"""All checks of a selector."""

add_common(CHECKS, selectors)


@CHECKS.add("gives whole numbers, in one row")
def whole_numbers(selector: Selector, given: Corpus) -> None:
    """Look at the type of what comes."""
    selected = _selected(selector, given)
    if selected.ndim != 1:
        shape = " x ".join(str(length) for length in selected.shape) or "a single value"
        raise Broken(f"their shape is {shape}", "Return one row of indices")
    if selected.size and selected.dtype.kind not in "iu":
        mend = "np.flatnonzero(mask)" if selected.dtype.kind == "b" else "an array of dtype int"
        raise Broken(f"they are of type {selected.dtype}", f"Return {mend}")


@CHECKS.add("gives numbers of dialogues that the corpus has")
def inside_the_corpus(selector: Selector, given: Corpus) -> None:
    """Compare them with the length of the corpus."""
    for index in _indices(selector, given):
        if not 0 <= index < len(given):
            raise Broken(
                f"it gave {index}, and the dialogues are 0 to {len(given) - 1}",
                "Return the places that enumerate(corpus) counts",
            )


@CHECKS.add("gives each dialogue at most once")
def each_at_most_once(selector: Selector, given: Corpus) -> None:
    """Count repeats."""
    indices = _indices(selector, given)
    if twice := len(indices) - len(set(indices)):
        raise Broken(f"{twice} of {len(indices)} came before", "Draw without replacement")


@CHECKS.add("gives at least one dialogue")
def at_least_one(selector: Selector, given: Corpus) -> None:
    """Refuse a selection of none."""
    if not _indices(selector, given):
        raise Broken(f"it found none in corpus {given.name!r}", _FIND)


@CHECKS.add("leaves the corpus as it was")
def leaves_the_corpus(selector: Selector, given: Corpus) -> None:
    """Compare its fingerprint, taken anew each time."""
    before = replace(given).fingerprint
    _selected(selector, given)
    if replace(given).fingerprint != before:
        raise Broken(
            "its dialogues or their order changed",
            "Work on a copy, list(corpus), and count places in the corpus as it came",
        )


@CHECKS.add("takes any text: emoji, right to left, 10,000 characters, none")
def takes_odd_texts(selector: Selector, given: Corpus) -> None:
    """Add dialogues of odd texts to the corpus."""
    odd = odd_corpus(given)
    try:
        indices = _indices(selector, odd)
    except Broken:
        raise
    except Exception as error:
        said = f"among odd texts it raised {type(error).__name__}: {first_line(error)}"
        raise Broken(said, "Let it take a dialogue whatever is said in it") from error
    if outside := [index for index in indices if not 0 <= index < len(odd)]:
        raise Broken(
            f"among odd texts it gave {outside[0]}, and the dialogues are 0 to {len(odd) - 1}",
            "Return the places that enumerate(corpus) counts",
        )


@CHECKS.add("gives nothing, or raises a DataError, where nothing can be selected")
def nothing_to_select(selector: Selector, given: Corpus) -> None:
    """Give a corpus without dialogues."""
    try:
        selected = selector.select(_emptied(given), np.random.default_rng(0))
    except DataError:
        return
    except Exception as error:
        raise Broken(
            f"for an empty corpus it raised {type(error).__name__}: {first_line(error)}",
            "Raise a semspill.errors.DataError that says what was looked for",
        ) from error
    if indices := np.ravel(selected).tolist():
        raise Broken(f"for an empty corpus it gave {indices}", "Return no index")


@CHECKS.add("raises errors that get out of a worker")
def errors_get_out(selector: Selector, given: Corpus) -> None:
    """Give a corpus without dialogues, and pickle the error that comes."""
    errors_pickle(lambda: selector.select(_emptied(given), np.random.default_rng(0)))


def _again(selector: Selector, given: Corpus) -> list[Any]:
    return _indices(selector, given)


add_repeatable(CHECKS, _again, "dialogues", WITH_RNG)


def _emptied(corpus: Corpus) -> Corpus:
    return replace(corpus, dialogues=())


def _selected(selector: Selector, corpus: Corpus) -> np.ndarray:
    """Return what comes for a new rng of always the same seed."""
    try:
        return np.asarray(selector.select(corpus, np.random.default_rng(0)))
    except DataError as error:
        raise Broken(f"it raised DataError: {first_line(error)}", _FIND) from error


def _indices(selector: Selector, corpus: Corpus) -> list[Any]:
    indices: list[Any] = _selected(selector, corpus).ravel().tolist()
    return indices
