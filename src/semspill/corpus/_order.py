"""The order of the turns of a dialogue: by a column of their places, or as the rows stand."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from semspill._rows import Place
from semspill.corpus._columns import INDEX, Columns, Row
from semspill.errors import DataError

Placed: TypeAlias = Sequence[tuple[Place, Row]]

_LONGEST = 40
_ADVICE = (
    "name a number or a time that tells their order with columns.index, or sort the rows by "
    "dialogue and turn"
)


def with_index(columns: Columns, groups: Mapping[str, Placed], names: Sequence[str]) -> Columns:
    """Return columns that name what orders the turns of a dialogue; none where the rows do.

    A column of a usual name counts if all its values are numbers, or all are times.

    Args:
        columns: Those of a table of turns. An `index` that is named stays.
        groups: The rows of each dialogue.
        names: The columns that the table has.

    Raises:
        DataError: The rows of a dialogue are apart, or not in the order of such a column, and none
            orders them.
    """
    if columns.index is not None:
        return columns
    # What has no id is refused by itself.
    groups = {key: rows for key, rows in groups.items() if not key.startswith("\0")}
    tied, ordered = "", False
    for name in (name for name in INDEX if name in names):
        places = [[rank(row.get(name)) for _, row in rows] for rows in groups.values()]
        if not _is_of_one_kind(places):
            continue
        if all(len(set(own)) == len(own) for own in places):
            return columns.replace(index=name)
        ordered = ordered or all(own == sorted(own) for own in places)
        tied = tied or name
    apart = _apart(groups)
    if apart is None and (ordered or not tied):
        return columns
    if apart is not None:
        raise DataError(
            f"{apart[1]}: the row is of the dialogue of row {apart[0].row}, with others between, "
            f"and no column is known to tell the order of turns; {_ADVICE}."
        )
    raise DataError(
        f"{next(iter(groups.values()))[0][0].source}: the rows are not in the order of {tied!r}, "
        f"which two turns of a dialogue have in common; {_ADVICE}."
    )


def rank(value: object) -> Any:
    """Return the number or the time that a cell holds, in UTC if it says its zone; else None.

    Example:
        >>> rank("12"), rank("2026-01-31T12:00:00").year, rank("noon")
        (12, 2026, None)
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, (int, datetime)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    text = value.strip() if isinstance(value, str) else ""
    if not text or len(text) > _LONGEST or not text.isascii():
        return None
    for parse in (int, float, datetime.fromisoformat):
        try:
            found: Any = parse(text)
        except ValueError:
            continue
        return found if not isinstance(found, float) or math.isfinite(found) else None
    return None


def are_comparable(ranks: Sequence[Any]) -> bool:
    """Return whether values of `rank` can be sorted: all numbers, or all times of one kind."""
    return None not in ranks and len(set(map(_kind, ranks))) <= 1


def _kind(value: object) -> str:
    if isinstance(value, datetime):
        return "time" if value.tzinfo is None else "time in a zone"
    return "number"


def _is_of_one_kind(places: Sequence[Sequence[Any]]) -> bool:
    return are_comparable([place for own in places for place in own])


def _apart(groups: Mapping[str, Placed]) -> tuple[Place, Place] | None:
    """Return two rows of one dialogue between which are rows of others."""
    order = {where.row: name for name, rows in groups.items() for where, _ in rows}
    previous = None
    last: dict[str, int] = {}
    for row in sorted(order):
        name = order[row]
        if name in last and name != previous:
            places = {where.row: where for where, _ in groups[name]}
            return places[last[name]], places[row]
        previous, last[name] = name, row
    return None
