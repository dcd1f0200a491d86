"""Types that mark fields of harmful text, which output masks."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal, TypeAlias, TypeVar, get_args, get_origin

from semspill._mask import strings_in

T = TypeVar("T")

UNMASKED = "UNMASKED-HARMFUL-TEXT"
"""Part of the name of every file that may hold harmful text."""

_LONGEST_ID = 200


class HarmfulText:
    """The mark of a field whose value a person must not come upon: see `Harmful`."""


class HarmlessText:
    """The mark of a field whose texts anybody may read: see `Harmless`."""


Harmful: TypeAlias = Annotated[T, HarmfulText()]
"""A field of harmful text, such as `slurs: Harmful[tuple[str, ...]]`: masked in what is printed,
in reports and on pages. Only `config.json` holds it, because a run could not be repeated without.
"""

Harmless: TypeAlias = Annotated[T, HarmlessText()]
"""A field of texts that are shown: a rater, source or strategy masks those it does not mark."""


def is_harmful(annotation: Any, marks: Iterable[Any]) -> bool:
    """Return whether a field of this type, with these marks, is declared `Harmful`."""
    return any(isinstance(part, HarmfulText) for part in (*marks, *_parts(annotation)))


def withheld(annotation: Any, marks: Iterable[Any], value: object, *, careful: bool) -> bool:
    """Return whether the value of a field must be masked where a person reads.

    Args:
        annotation: The type of the field.
        marks: What is annotated to it.
        value: What it holds.
        careful: Whether texts without a mark are masked as well: every collection of them, and a
            single one that cannot be a name, a path or an id.
    """
    if is_harmful(annotation, marks):
        return value is not None
    parts = [*marks, *_parts(annotation)]
    if any(isinstance(part, HarmlessText) for part in parts) or not careful:
        return False
    if not any(part in (str, Any, object) for part in parts if isinstance(part, type | type(Any))):
        return False
    if isinstance(value, str):
        return len(value) > _LONGEST_ID or len(value.split()) > 1
    return next(iter(strings_in(value)), None) is not None


def _parts(annotation: Any) -> Iterator[Any]:
    """Yield the types and marks that an annotation is made of; choices of a Literal are none."""
    yield annotation
    if get_origin(annotation) is not Literal:
        for part in get_args(annotation):
            yield from _parts(part)
