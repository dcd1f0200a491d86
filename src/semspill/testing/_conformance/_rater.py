"""What a rater promises: a number from 0 to 1 per text, which depends on that text alone."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from semspill._mask import named
from semspill.scoring import Rater, raters
from semspill.testing._conformance._check import Broken, Checks, first_line
from semspill.testing._conformance._common import (
    add_common,
    built,
    errors_pickle,
    missing_files,
    pickled,
)
from semspill.testing._conformance._numbers import ROUNDING, Numbers, same
from semspill.testing._conformance._probes import ODD_TEXTS, label
from semspill.testing._conformance._rating import TEXTS, apart, rated_by, refuse_outside
from semspill.testing._conformance._repeat import Wording, add_repeatable

_ALONE = "Rate each text by itself: no mean, rank or maximum over the list, and padding masked"


def _given() -> None:
    """Return nothing: a rater is tried on the same texts always."""


def check_rater(rater: Rater | str | Mapping[str, Any]) -> None:
    """Run all checks of a rater. They tell whether it can be relied on, not whether it is right.

    Args:
        rater: An object, a registered name, or a mapping with `name` and fields.

    Raises:
        ConformanceError: With one sentence for each broken promise.

    Example:
        >>> check_rater({"name": "lexicon", "words": {"grumble": 1.0}})
    """
    __tracebackhide__ = True
    CHECKS.run(built(raters, rater))


CHECKS: Checks[Rater, None] = Checks("rater", _given)
"""All checks of a rater."""

add_common(CHECKS, raters)


@CHECKS.add("gives a numpy array of floats, in one row")
def array_of_floats(rater: Rater, given: None) -> None:
    """Look at the type of what comes."""
    rated: object = rater.rate(list(TEXTS))
    if not isinstance(rated, np.ndarray) or rated.dtype.kind != "f":
        said = f"type {rated.dtype}" if isinstance(rated, np.ndarray) else type(rated).__name__
        raise Broken(f"rate gave {said}", "Return np.array(ratings, dtype=float)")
    if rated.ndim != 1:
        shape = " x ".join(map(str, rated.shape)) or "a single value"
        raise Broken(f"its shape is {shape}", "Return one number per text, without a further axis")


@CHECKS.add("gives one rating per text, for one text and for many")
def one_rating_per_text(rater: Rater, given: None) -> None:
    """Count what comes."""
    for count in (1, 2, len(TEXTS)):
        if (came := rated_by(rater, TEXTS[:count]).size) != count:
            mend = "Leave none out, and rate repeated texts again"
            raise Broken(f"{count} texts got {came} ratings", mend)


@CHECKS.add("gives no rating for no text")
def none_for_no_text(rater: Rater, given: None) -> None:
    """Give an empty list."""
    mend = "Return np.zeros(0) where there is no text"
    try:
        came = rated_by(rater, []).shape
    except Exception as error:
        said = f"an empty list raised {type(error).__name__}: {first_line(error)}"
        raise Broken(said, mend) from error
    if came != (0,):
        raise Broken(f"an empty list gave an array of shape {came}", mend)


@CHECKS.add("takes any sequence of texts, such as a tuple")
def takes_a_tuple(rater: Rater, given: None) -> None:
    """Compare with what a list gets."""
    if not same(rater.rate(TEXTS), rater.rate(list(TEXTS)), ROUNDING):
        raise Broken("a tuple got other ratings than a list", "Begin with texts = list(texts)")


@CHECKS.add("rates from 0 (harmless) to 1 (surely toxic)")
def within_0_and_1(rater: Rater, given: None) -> None:
    """Look for what lies outside, and for what is no number."""
    refuse_outside(rated_by(rater, TEXTS), "")


@CHECKS.add("takes any text: emoji, right to left, 10,000 characters, none")
def takes_odd_texts(rater: Rater, given: None) -> None:
    """Give each odd text by itself."""
    for text in ODD_TEXTS:
        try:
            rated = rated_by(rater, [text])
        except Exception as error:
            # An odd text may be all that the error says, so it is not repeated.
            raise Broken(
                f"for the text {label(text)} it raised {type(error).__name__}",
                "Rate such a text as well; 0 where nothing speaks against it",
            ) from error
        refuse_outside(rated, f"for the text {label(text)} ")


@CHECKS.add("rates a text by itself as it does among others")
def same_alone_as_among_others(rater: Rater, given: None) -> None:
    """Give the texts together, then one by one."""
    together = rated_by(rater, TEXTS)
    alone = np.concatenate([rated_by(rater, [text]) for text in TEXTS])
    if not same(together, alone, ROUNDING):
        raise Broken(f"some were {apart(together, alone)} alone", _ALONE)


@CHECKS.add("rates a text the same wherever it stands in the list")
def same_in_any_order(rater: Rater, given: None) -> None:
    """Give the texts from the last to the first."""
    forwards, backwards = rated_by(rater, TEXTS), rated_by(rater, TEXTS[::-1])[::-1]
    if not same(forwards, backwards, ROUNDING):
        raise Broken(
            f"backwards some were {apart(forwards, backwards)}",
            "Return the ratings in the order of the texts, also where it sorts them for speed",
        )


@CHECKS.add("rates a text that comes twice the same twice")
def same_for_repeats(rater: Rater, given: None) -> None:
    """Give one text in three places."""
    first = TEXTS[0]
    rated = rated_by(rater, [first, TEXTS[1], first, first])
    if not same(rated[[0, 0]], rated[2:], ROUNDING):
        raise Broken(f"the repeats were {apart(rated[[0, 0]], rated[2:])}", _ALONE)


@CHECKS.add("leaves the list it is given as it was")
def leaves_the_list(rater: Rater, given: None) -> None:
    """Compare it with what it held."""
    texts = list(TEXTS)
    rater.rate(texts)
    if texts != list(TEXTS):
        raise Broken("its texts changed", "Work on a copy: list(texts)")


@CHECKS.add("has a fingerprint of 64 hex digits, because a cache is named by it")
def hex_fingerprint(rater: Rater, given: None) -> None:
    """Look at it."""
    found: object = rater.fingerprint
    if not (isinstance(found, str) and re.fullmatch("[0-9a-f]{64}", found)):
        raise Broken(
            f"it is {named(found)}",
            "Return hashlib.sha256(...).hexdigest() of all that ratings hang on",
        )


@CHECKS.add("has the fingerprint and the ratings of one that is built of the same fields")
def equal_raters_equal_fingerprints(rater: Rater, given: None) -> None:
    """Build another, and pickle one."""
    fields = {name: getattr(rater, name) for name in type(rater).model_fields}
    copy = pickled(rater, "Define its class at the top of a module, and keep models out of fields")
    for which, other in (("another", type(rater)(**fields)), ("a pickled copy", copy)):
        if other.fingerprint != rater.fingerprint:
            raise Broken(
                f"{which} had another fingerprint",
                "Make it of the fields and of files' content, not of id(), hash() or the time",
            )
        if not same(rated_by(other, TEXTS), rated_by(rater, TEXTS), ROUNDING):
            raise Broken(f"{which} rated otherwise", "Let all that a rating hangs on be a field")


@CHECKS.add("raises a DataError that gets out of a worker where a file is missing")
def missing_file_is_a_data_error(rater: Rater, given: None) -> None:
    """Point the fields that name a file at none."""
    missing_files(rater, lambda moved: moved.rate(TEXTS))


@CHECKS.add("raises errors that get out of a worker")
def errors_get_out(rater: Rater, given: None) -> None:
    """Give what is no text, and pickle the error that comes."""
    nothing: Any = [None]
    errors_pickle(lambda: rater.rate(nothing))


def _again(rater: Rater, given: None) -> tuple[Numbers, str]:
    return Numbers(rated_by(rater, TEXTS), ROUNDING), rater.fingerprint


_WORDING = Wording(
    "same_at_every_call",
    "at every call",
    "Draw from a generator that `rate` makes of a field, such as a seed, or not at all",
)

add_repeatable(CHECKS, _again, "ratings and fingerprint", _WORDING)
