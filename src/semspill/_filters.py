"""Which rows of a table are taken: conditions on cells, also on those inside mappings and lists."""

from collections.abc import Collection, Iterable, Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field

from semspill._rows import Place
from semspill.errors import DataError

Comparison: TypeAlias = Literal[">=", ">", "<=", "<"]
_COMPARES = {
    ">=": float.__ge__,
    ">": float.__gt__,
    "<=": float.__le__,
    "<": float.__lt__,
}


def _condition(given: object) -> object:
    """Return a condition with its values as strings; one value stands for a list of one."""
    if not isinstance(given, Mapping):
        return _values(given)
    numbers = [one for key, one in given.items() if key in _COMPARES]
    if not given or set(given) - {*_COMPARES, "not"} or not all(map(_is_number, numbers)):
        raise ValueError(f"a comparison is one of {', '.join(_COMPARES)} and a number, or 'not'")
    return {key: _values(one) if key == "not" else float(one) for key, one in given.items()}


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _values(given: object) -> tuple[str, ...]:
    """Return values as strings; one value stands for a list of one."""
    values = given if isinstance(given, (list, tuple)) else [given]
    if not values:
        raise ValueError("a filter needs one value or more; give a value, or leave the column out")
    if not all(isinstance(one, (str, int, float)) for one in values):
        raise ValueError("a filter value must be a string, a number, or a list of them")
    return tuple(str(one) for one in values)


_Values: TypeAlias = Annotated[tuple[str, ...], Field(min_length=1)]
Values: TypeAlias = Annotated[_Values, BeforeValidator(_values)]
"""One or more values that a cell may have."""
Condition: TypeAlias = Annotated[
    _Values | dict[Comparison | Literal["not"], float | _Values], BeforeValidator(_condition)
]
"""What a cell must be: a value, one of several, or a comparison such as `{ ">=" = 0.5 }`."""
Where: TypeAlias = dict[str, Condition]
"""The condition of each column; all must hold."""


def cell(row: Mapping[str, Any], name: str) -> Any:
    """Return a cell by the name of its column, or by a path into one; None where there is none.

    Example:
        >>> cell({"prompt": {"text": "Hello."}, "turns": ["One.", "Two."]}, "prompt.text")
        'Hello.'
    """
    if name in row:
        return row[name]
    value: Any = row
    for part in name.split("."):
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, (list, tuple)) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def has(names: Collection[str], name: str) -> bool:
    """Return whether a table of these columns can have a cell of that name or path."""
    return name in names or ("." in name and name.partition(".")[0] in names)


def taken(
    rows: Iterable[tuple[Place, Mapping[str, Any]]], where: Where
) -> list[tuple[Place, Mapping[str, Any]]]:
    """Return the rows that meet all conditions, in their order.

    Raises:
        DataError: A cell that is compared with a number is none, or no row has a column.
    """
    placed = list(rows)
    names = tuple(dict.fromkeys(name for _, row in placed for name in row)) if where else ()
    for name in where if placed else ():
        if not has(names, name):
            raise DataError(
                f"The data has no column {name!r}, which 'where' names; name one of its "
                f"{len(names)} columns."
            )
    return [(place, row) for place, row in placed if meets(row, where, place)]


def meets(row: Mapping[str, Any], where: Where, place: Place) -> bool:
    """Return whether a row meets all conditions.

    Raises:
        DataError: A cell that is compared with a number is none.
    """
    return all(_meets(cell(row, name), one, f"{place}: {name!r}") for name, one in where.items())


def _meets(value: Any, condition: Any, what: str) -> bool:
    if isinstance(condition, tuple):
        return _is_one(value, condition)
    for name, bound in condition.items():
        if name == "not":
            if _is_one(value, bound):
                return False
        elif value is None or not _COMPARES[name](_number(value, what), float(bound)):
            return False
    return True


def _is_one(value: Any, allowed: tuple[str, ...]) -> bool:
    """Return whether a cell, or one of a list in it, is an allowed value."""
    held = value if isinstance(value, (list, tuple)) else (value,)
    return any(str(one) in allowed or _as_whole(one) in allowed for one in held)


def _as_whole(value: Any) -> str | None:
    """Return a whole number as it is written: pandas makes 1.0 of a 1 in a column with gaps."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else None


def _number(value: Any, what: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise DataError(
            f"{what} must be a number to be compared with one, got {type(value).__name__}."
        ) from None
