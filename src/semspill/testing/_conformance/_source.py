"""What a response source promises: distinct texts, at least one, always in the same order."""

from semspill.sources import ResponseSource
from semspill.testing._conformance._check import Broken, Promise, promise
from semspill.testing._conformance._common import promise_of_missing_files
from semspill.testing._conformance._same import AT_LOAD, promise_the_same

PROMISES: list[Promise] = []


def given() -> None:
    """Return nothing: a source is given nothing."""


@promise(PROMISES, "loads a tuple of texts")
def tuple_of_texts(source: ResponseSource, _: None) -> None:
    texts: object = source.load()
    if not isinstance(texts, tuple):
        raise Broken(f"load gave {type(texts).__name__}", "Return tuple(texts)")
    for place, text in enumerate(texts):
        if not isinstance(text, str):
            of_type = f"item [{place}] is of type {type(text).__name__}"
            raise Broken(of_type, "Leave out what is no text")


@promise(PROMISES, "loads at least one text")
def at_least_one(source: ResponseSource, _: None) -> None:
    if not tuple(source.load()):
        raise Broken(
            "it loaded none",
            "Raise a semspill.errors.DataError that says which filter left nothing, and check a "
            "source that has some",
        )


@promise(PROMISES, "loads no text twice")
def none_twice(source: ResponseSource, _: None) -> None:
    places: dict[str, int] = {}
    for place, text in enumerate(source.load()):
        if places.setdefault(text, place) != place:
            both = f"items [{places[text]}] and [{place}] are the same"
            raise Broken(both, "Return tuple(dict.fromkeys(...))")


@promise(PROMISES, "loads no blank text")
def none_blank(source: ResponseSource, _: None) -> None:
    for place, text in enumerate(source.load()):
        # No candidate pool would take it.
        if not str(text).strip():
            mend = "Leave out texts for which strip() leaves none"
            raise Broken(f"item [{place}] is blank", mend)


promise_of_missing_files(PROMISES, lambda source, _: source.load())


def _texts(source: ResponseSource, _: None) -> tuple[object, ...]:
    return tuple(source.load())


promise_the_same(PROMISES, _texts, "texts in the same order", AT_LOAD)
