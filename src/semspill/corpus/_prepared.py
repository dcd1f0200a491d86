"""Rows before they are read: texts that are rows in JSON, and cells inside cells."""

from collections.abc import Iterable, Iterator, Sequence

from semspill._filters import cell, has
from semspill._read import UnreadableError, parse_json
from semspill._rows import Place
from semspill.corpus._columns import Columns, Row
from semspill.errors import DataError


def opened(rows: Iterable[tuple[Place, Row]], column: str | None) -> Iterator[tuple[Place, Row]]:
    """Yield rows, those that are JSON in one of their cells opened.

    Args:
        rows: The rows, each with its place.
        column: The column of such cells; None for none.

    Raises:
        DataError: Such a cell holds no object in JSON.
    """
    for where, row in rows:
        held = row.get(column) if column is not None else None
        yield where, (_object(held, f"{where}: {column!r}") if isinstance(held, str) else row)


def with_paths(
    placed: Sequence[tuple[Place, Row]], names: Sequence[str], columns: Columns
) -> tuple[Sequence[tuple[Place, Row]], Sequence[str]]:
    """Return rows that have a cell of its own for each path that columns name, and their columns.

    Args:
        placed: The rows, each with its place.
        names: The columns that they have.
        columns: Which columns hold what.
    """
    known = (*columns.named.values(), *columns.attributes)
    deep = [name for name in known if "." in name and name not in names]
    paths = [path for path in deep if has(names, path)]
    if not paths:
        return placed, names
    inner = [{path: cell(row, path) for path in paths} for _, row in placed]
    whole = [(where, {**row, **more}) for (where, row), more in zip(placed, inner, strict=True)]
    return whole, (*names, *paths)


def _object(text: str, what: str) -> Row:
    try:
        row = parse_json(text, strict=True)
    except UnreadableError as error:
        raise DataError(f"{what} is to be a row in JSON and is none ({error}).") from None
    if not isinstance(row, dict):
        raise DataError(f"{what} is to be an object in JSON, got {type(row).__name__}.")
    return row
