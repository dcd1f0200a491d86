"""What a response source promises: distinct texts, at least one, always in the same order."""

from collections.abc import Mapping
from typing import Any

from semspill.sources import ResponseSource, sources
from semspill.testing._conformance._check import Broken, Checks
from semspill.testing._conformance._common import add_common, built, missing_files
from semspill.testing._conformance._repeat import AT_LOAD, add_repeatable


def _given() -> None:
    """Return nothing: a source is given nothing."""


def check_source(source: ResponseSource | str | Mapping[str, Any]) -> None:
    """Run all checks of a response source. No message quotes its texts.

    Args:
        source: An object, a registered name, or a mapping with `name` and fields.

    Raises:
        ConformanceError: With one sentence for each broken promise.

    Example:
        >>> check_source("benign")
    """
    __tracebackhide__ = True
    CHECKS.run(built(sources, source))


CHECKS: Checks[ResponseSource, None] = Checks("source", _given)
"""All checks of a response source."""

add_common(CHECKS, sources)


@CHECKS.add("loads a tuple of texts")
def tuple_of_texts(source: ResponseSource, given: None) -> None:
    """Look at the types of what comes."""
    texts: object = source.load()
    if not isinstance(texts, tuple):
        raise Broken(f"load gave {type(texts).__name__}", "Return tuple(texts)")
    for place, text in enumerate(texts):
        if not isinstance(text, str):
            raise Broken(
                f"item [{place}] is of type {type(text).__name__}", "Leave out what is no text"
            )


@CHECKS.add("loads at least one text")
def at_least_one(source: ResponseSource, given: None) -> None:
    """Refuse a source of none."""
    if not tuple(source.load()):
        raise Broken(
            "it loaded none",
            "Raise a semspill.errors.DataError that says which filter left nothing, and check a "
            "source that has some",
        )


@CHECKS.add("loads no text twice")
def none_twice(source: ResponseSource, given: None) -> None:
    """Say where a text comes again."""
    places: dict[str, int] = {}
    for place, text in enumerate(source.load()):
        if text in places:
            raise Broken(
                f"items [{places[text]}] and [{place}] are the same",
                "Return tuple(dict.fromkeys(...))",
            )
        places[text] = place


@CHECKS.add("loads no blank text")
def none_blank(source: ResponseSource, given: None) -> None:
    """Say where a text is empty or white space: no candidate pool would take it."""
    for place, text in enumerate(source.load()):
        if not str(text).strip():
            raise Broken(
                f"item [{place}] is blank", "Leave out texts for which strip() leaves none"
            )


@CHECKS.add("raises a DataError that gets out of a worker where a file is missing")
def missing_file_is_a_data_error(source: ResponseSource, given: None) -> None:
    """Point the fields that name a file at none."""
    missing_files(source, lambda moved: moved.load())


def _again(source: ResponseSource, given: None) -> tuple[object, ...]:
    return tuple(source.load())


add_repeatable(CHECKS, _again, "texts in the same order", AT_LOAD)
