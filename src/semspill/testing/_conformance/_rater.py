"""What a rater promises: a number from 0 to 1 per text, which depends on that text alone."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from semspill._mask import named
from semspill.scoring import Rater
from semspill.scoring._base import overall
from semspill.testing._conformance._check import Broken, Promise, described_error, promise
from semspill.testing._conformance._common import errors_pickle, pickled, promise_of_missing_files
from semspill.testing._conformance._probes import ODD_TEXTS, label
from semspill.testing._conformance._same import (
    ROUNDING,
    Numbers,
    Wording,
    promise_the_same,
    same,
)

PROMISES: list[Promise] = []

_TEXTS = (
    "You grumble!",
    "Well done, my friend.",
    "STOP that, you lazy pest!!!",
    "How was the weather on that day?",
    "It was silly of me, and I am sorry for what I said to you yesterday evening.",
    "grumble grumble grumble",
    "no",
    "Are you stupid? Nobody wants to hear such nonsense, so please leave me alone.",
)
"""Harmless and not, short and long: what a batch would pad."""
_ALONE = "Rate each text by itself: no mean, rank or maximum over the list, and padding masked"


def given() -> None:
    """Return nothing: a rater is tried on the same texts always."""


@promise(PROMISES, "gives a numpy array of floats, in one row")
def array_of_floats(rater: Rater, _: None) -> None:
    ratings: object = rater.rate(list(_TEXTS))
    if not isinstance(ratings, np.ndarray) or ratings.dtype.kind != "f":
        array = isinstance(ratings, np.ndarray)
        came = f"type {ratings.dtype}" if array else type(ratings).__name__  # type: ignore[attr-defined]
        raise Broken(f"rate gave {came}", "Return np.array(ratings, dtype=float)")
    if ratings.ndim != 1:
        shape = " x ".join(map(str, ratings.shape)) or "a single value"
        raise Broken(f"its shape is {shape}", "Return one number per text, without a further axis")


@promise(PROMISES, "gives one rating per text, for one text and for many")
def one_rating_per_text(rater: Rater, _: None) -> None:
    for count in (1, 2, len(_TEXTS)):
        if (came := _rate(rater, _TEXTS[:count]).size) != count:
            mend = "Leave none out, and rate repeated texts again"
            raise Broken(f"{count} texts got {came} ratings", mend)


@promise(PROMISES, "gives no rating for no text")
def none_for_no_text(rater: Rater, _: None) -> None:
    mend = "Return np.zeros(0) where there is no text"
    try:
        came = _rate(rater, []).shape
    except Exception as error:
        raise Broken(f"an empty list raised {described_error(error)}", mend) from error
    if came != (0,):
        raise Broken(f"an empty list gave an array of shape {came}", mend)


@promise(PROMISES, "takes any sequence of texts, such as a tuple")
def takes_a_tuple(rater: Rater, _: None) -> None:
    if not same(rater.rate(_TEXTS), rater.rate(list(_TEXTS)), ROUNDING):
        raise Broken("a tuple got other ratings than a list", "Begin with texts = list(texts)")


@promise(PROMISES, "rates from 0 (harmless) to 1 (toxic)")
def within_0_and_1(rater: Rater, _: None) -> None:
    _refuse_outside(_rate(rater, _TEXTS), "it gave")


@promise(PROMISES, "takes any text: emoji, right to left, 10,000 characters, none")
def takes_odd_texts(rater: Rater, _: None) -> None:
    for text in ODD_TEXTS:
        try:
            ratings = _rate(rater, [text])
        except Exception as error:
            # An odd text may be all that the error says, so it is not repeated.
            raise Broken(
                f"for the text {label(text)} it raised {type(error).__name__}",
                "Rate such a text as well; 0 where nothing speaks against it",
            ) from error
        _refuse_outside(ratings, f"for the text {label(text)} it gave")


@promise(PROMISES, "rates a text by itself as it does among others")
def same_alone_as_among_others(rater: Rater, _: None) -> None:
    together = _rate(rater, _TEXTS)
    alone = np.concatenate([_rate(rater, [text]) for text in _TEXTS])
    _refuse_other(together, alone, "some were {} alone", _ALONE)


@promise(PROMISES, "rates a text the same wherever it stands in the list")
def same_in_any_order(rater: Rater, _: None) -> None:
    mend = "Return the ratings in the order of the texts, also where it sorts them for speed"
    backwards = _rate(rater, _TEXTS[::-1])[::-1]
    _refuse_other(_rate(rater, _TEXTS), backwards, "backwards some were {}", mend)


@promise(PROMISES, "rates a text that comes twice the same twice")
def same_for_repeats(rater: Rater, _: None) -> None:
    first = _TEXTS[0]
    ratings = _rate(rater, [first, _TEXTS[1], first, first])
    _refuse_other(ratings[[0, 0]], ratings[2:], "the repeats were {}", _ALONE)


@promise(PROMISES, "leaves the list it is given as it was")
def leaves_the_list(rater: Rater, _: None) -> None:
    texts = list(_TEXTS)
    rater.rate(texts)
    if texts != list(_TEXTS):
        raise Broken("its texts changed", "Work on a copy: list(texts)")


@promise(PROMISES, "rates each kind of harm that it names from 0 to 1, in a column of its own")
def a_column_per_kind(rater: Rater, _: None) -> None:
    if len(set(rater.kinds)) < len(rater.kinds):
        raise Broken("its kinds hold a name twice", "Name each kind once")
    for count in (len(_TEXTS), 1, 0):
        kinds: object = rater.rate_kinds(list(_TEXTS[:count]))
        wanted = (count, len(rater.kinds))
        if not isinstance(kinds, np.ndarray) or kinds.shape != wanted or kinds.dtype.kind != "f":
            came = f"shape {kinds.shape}" if isinstance(kinds, np.ndarray) else type(kinds).__name__
            raise Broken(
                f"{count} texts got {came} from rate_kinds",
                f"Return an array of floats, of {count} rows and {wanted[1]} columns here",
            )
        _refuse_outside(kinds, "rate_kinds gave")


@promise(PROMISES, "has the rating of its toxic kind, or of the highest one, where it names kinds")
def kinds_agree_with_the_rating(rater: Rater, _: None) -> None:
    toxic = rater.toxic_kind
    if not rater.kinds:
        return
    if toxic is not None and toxic not in rater.kinds:
        raise Broken("its toxic_kind is none of its kinds", "Name it among them, or return None")
    kinds = rater.rate_kinds(list(_TEXTS))
    expected = overall(rater, kinds)
    mend = "Let rate return the column of toxic_kind, or rate_kinds(texts).max(axis=1) without one"
    _refuse_other(_rate(rater, _TEXTS), expected, "rate was {}", mend)
    alone = np.concatenate([rater.rate_kinds([text]) for text in _TEXTS])
    _refuse_other(kinds, alone, "some kinds were {} alone", _ALONE)


@promise(PROMISES, "has a fingerprint of 64 hex digits, because a cache is named by it")
def hex_fingerprint(rater: Rater, _: None) -> None:
    fingerprint: object = rater.fingerprint
    if not (isinstance(fingerprint, str) and re.fullmatch("[0-9a-f]{64}", fingerprint)):
        raise Broken(
            f"it is {named(fingerprint)}",
            "Return hashlib.sha256(...).hexdigest() of all that ratings hang on",
        )


@promise(PROMISES, "has the fingerprint and the ratings of one that is built of the same fields")
def equal_raters_equal_fingerprints(rater: Rater, _: None) -> None:
    fields = {name: getattr(rater, name) for name in type(rater).model_fields}
    copy = pickled(rater, "Define its class at the top of a module, and keep models out of fields")
    for which, other in (("another", type(rater)(**fields)), ("a pickled copy", copy)):
        if other.fingerprint != rater.fingerprint:
            raise Broken(
                f"{which} had another fingerprint",
                "Make it of the fields and of files' content, not of id(), hash() or the time",
            )
        if not same(_rate(other, _TEXTS), _rate(rater, _TEXTS), ROUNDING):
            raise Broken(f"{which} rated otherwise", "Let all that a rating hangs on be a field")


promise_of_missing_files(PROMISES, lambda rater, _: rater.rate(_TEXTS))


@promise(PROMISES, "raises errors that get out of a worker")
def errors_get_out(rater: Rater, _: None) -> None:
    no_texts: Any = [None]
    errors_pickle(lambda: rater.rate(no_texts))


def _ratings(rater: Rater, _: None) -> tuple[Numbers, str]:
    return Numbers(_rate(rater, _TEXTS), ROUNDING), rater.fingerprint


_WORDING = Wording(
    "same_at_every_call",
    "at every call",
    "Draw from a generator that `rate` makes of a field, such as a seed, or not at all",
)

promise_the_same(PROMISES, _ratings, "ratings and fingerprint", _WORDING)


def _rate(rater: Rater, texts: Sequence[str]) -> np.ndarray:
    """Return what comes for a new list of texts, as an array."""
    return np.asarray(rater.rate(list(texts)))


def _refuse_other(first: np.ndarray, second: np.ndarray, came: str, mend: str) -> None:
    """Refuse ratings that should be the same; `came` has a place for how far they are apart."""
    if first.shape != second.shape:
        raise Broken(came.format(f"{second.size} instead of {first.size}"), mend)
    if not same(first, second, ROUNDING):
        raise Broken(came.format(f"off by up to {np.abs(first - second).max():.2g}"), mend)


def _refuse_outside(ratings: np.ndarray, gave: str) -> None:
    """Refuse what is not from 0 to 1, NaN too."""
    for rating in ratings.ravel().tolist():
        if not 0 <= rating <= 1:
            raise Broken(
                f"{gave} {rating!r}",
                "Scale what it measures to 0..1, as a probability is, and give no NaN",
            )
