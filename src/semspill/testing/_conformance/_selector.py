"""What a selector promises: whole numbers inside the corpus, each at most once."""

from dataclasses import replace
from typing import Any

import numpy as np

from semspill.corpus import Corpus
from semspill.errors import DataError
from semspill.poison import Selector
from semspill.testing._conformance._check import Broken, Promise, described_error, promise
from semspill.testing._conformance._common import errors_pickle
from semspill.testing._conformance._probes import odd_corpus, tiny_corpus
from semspill.testing._conformance._same import WITH_RNG, promise_the_same

PROMISES: list[Promise] = []

_OTHER_CORPUS = "Give `corpus=` one in which it finds dialogues"


def given(*, corpus: Corpus | None = None) -> Corpus:
    """Return the corpus to select from.

    Raises:
        DataError: It has no dialogue.
    """
    chosen = tiny_corpus() if corpus is None else corpus
    if not len(chosen):
        raise DataError(
            f"Corpus {chosen.name!r} has no dialogue to select from; give one that has, or leave "
            "`corpus` out for a made-up one."
        )
    # A new object, so that one check does not see what another let happen to it.
    return replace(chosen)


@promise(PROMISES, "gives whole numbers, in one row")
def whole_numbers(selector: Selector, corpus: Corpus) -> None:
    selected = _selected(selector, corpus)
    if selected.ndim != 1:
        shape = " x ".join(str(length) for length in selected.shape) or "a single value"
        raise Broken(f"their shape is {shape}", "Return one row of indices")
    if selected.size and selected.dtype.kind not in "iu":
        mend = "np.flatnonzero(mask)" if selected.dtype.kind == "b" else "an array of dtype int"
        raise Broken(f"they are of type {selected.dtype}", f"Return {mend}")


@promise(PROMISES, "gives numbers of dialogues that the corpus has")
def inside_the_corpus(selector: Selector, corpus: Corpus) -> None:
    _refuse_outside(_indices(selector, corpus), corpus, "it gave")


@promise(PROMISES, "gives each dialogue at most once")
def each_at_most_once(selector: Selector, corpus: Corpus) -> None:
    indices = _indices(selector, corpus)
    if repeats := len(indices) - len(set(indices)):
        raise Broken(f"{repeats} of {len(indices)} came before", "Draw without replacement")


@promise(PROMISES, "gives at least one dialogue")
def at_least_one(selector: Selector, corpus: Corpus) -> None:
    if not _indices(selector, corpus):
        raise Broken(f"it found none in corpus {corpus.name!r}", _OTHER_CORPUS)


@promise(PROMISES, "leaves the corpus as it was")
def leaves_the_corpus(selector: Selector, corpus: Corpus) -> None:
    before = replace(corpus).fingerprint  # a new object takes it anew
    _selected(selector, corpus)
    if replace(corpus).fingerprint != before:
        raise Broken(
            "its dialogues or their order changed",
            "Work on a copy, list(corpus), and count places in the corpus as it came",
        )


@promise(PROMISES, "takes any text: emoji, right to left, 10,000 characters, none")
def takes_odd_texts(selector: Selector, corpus: Corpus) -> None:
    odd = odd_corpus(corpus)
    try:
        indices = _indices(selector, odd)
    except Broken:
        raise
    except Exception as error:
        raised = f"among odd texts it raised {described_error(error)}"
        raise Broken(raised, "Let it take a dialogue whatever is said in it") from error
    _refuse_outside(indices, odd, "among odd texts it gave")


@promise(PROMISES, "gives nothing, or raises a DataError, where nothing can be selected")
def nothing_to_select(selector: Selector, corpus: Corpus) -> None:
    try:
        selected = selector.select(replace(corpus, dialogues=()), np.random.default_rng(0))
    except DataError:
        return
    except Exception as error:
        raise Broken(
            f"for an empty corpus it raised {described_error(error)}",
            "Raise a semspill.errors.DataError that says what was looked for",
        ) from error
    if indices := np.ravel(selected).tolist():
        raise Broken(f"for an empty corpus it gave {indices}", "Return no index")


@promise(PROMISES, "raises errors that get out of a worker")
def errors_get_out(selector: Selector, corpus: Corpus) -> None:
    errors_pickle(lambda: selector.select(replace(corpus, dialogues=()), np.random.default_rng(0)))


def _indices(selector: Selector, corpus: Corpus) -> list[Any]:
    indices: list[Any] = _selected(selector, corpus).ravel().tolist()
    return indices


promise_the_same(PROMISES, _indices, "dialogues", WITH_RNG)


def _selected(selector: Selector, corpus: Corpus) -> np.ndarray:
    """Return what comes for a new rng of always the same seed."""
    try:
        return np.asarray(selector.select(corpus, np.random.default_rng(0)))
    except DataError as error:
        raise Broken(f"it raised {described_error(error)}", _OTHER_CORPUS) from error


def _refuse_outside(indices: list[Any], corpus: Corpus, gave: str) -> None:
    for index in indices:
        if not 0 <= index < len(corpus):
            outside = f"{gave} {index}, and the dialogues are 0 to {len(corpus) - 1}"
            raise Broken(outside, "Return the places that enumerate(corpus) counts")
