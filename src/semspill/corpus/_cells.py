"""Cells of a row as names, rows by dialogue, and turns of one role as one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from semspill._rows import Place
from semspill.corpus._columns import Columns, Row
from semspill.corpus._dialogue import Utterance


class Bad(Exception):
    """What is wrong with a dialogue, of what kind that is, what to do, and which row shows it."""

    def __init__(
        self,
        kind: str,
        message: str,
        advice: str = "",
        *,
        where: Place | None = None,
        asked: bool = False,
    ) -> None:
        super().__init__(kind, message, advice)
        self.kind, self.message, self.where = kind, message, where
        self.asked = asked  # a user wants such dialogues left out, whatever on_error says
        self.advice = advice or 'Mend it, or leave such dialogues out with on_error = "skip"'


def merged(utterances: Sequence[Utterance], between: str) -> tuple[Utterance, ...]:
    """Return utterances in which those of one role that follow one another are one.

    It has the newest label of them.

    Args:
        utterances: Those of a dialogue.
        between: What stands between two texts.
    """
    made: list[Utterance] = []
    for turn in utterances:
        if made and made[-1].role == turn.role:
            last = made[-1]
            text = f"{last.text}{between}{turn.text}"
            made[-1] = replace(last, text=text, category=turn.category or last.category)
        else:
            made.append(turn)
    return tuple(made)


def attributes_of(placed: Sequence[tuple[Place, Row]], columns: Columns) -> dict[str, str]:
    """Return the attributes of a dialogue by name.

    Args:
        placed: Its rows, each with its place.
        columns: Which columns hold attributes.

    Raises:
        Bad: Two rows differ in one.
    """
    found: dict[str, str] = {}
    for where, row in placed:
        for column in columns.attributes:
            held = row.get(column)
            cells = held if isinstance(held, Mapping) else {column: held}
            for name in cells:
                value = name_in(column, {column: cells[name]})
                if value and found.setdefault(name, value) != value:
                    kind = "with two values of an attribute"
                    message = f"{column!r} is another one than in the rows before of the same "
                    raise Bad(kind, f"{message}dialogue", where=where)
    return found


def groups_of(
    placed: Iterable[tuple[Place, Row]], columns: Columns
) -> dict[str, list[tuple[Place, Row]]]:
    """Return the rows of turns by the id of their dialogue, in order of their first rows."""
    groups: dict[str, list[tuple[Place, Row]]] = {}
    for where, row in placed:
        is_name = can_be_name(row.get(str(columns.id)))
        # What can be no id is looked at, and refused, by itself.
        name = (name_in(columns.id, row) if is_name else "") or f"\0{where.row}"
        groups.setdefault(name, []).append((where, row))
    return groups


def name_in(column: str | None, row: Row) -> str:
    """Return a text or a whole number as text, and nothing where there is nothing."""
    value = row.get(column) if column is not None else None
    if not can_be_name(value):
        message = f"{column!r} must be a text or a whole number, got {type(value).__name__}"
        raise Bad("with a label or an id that is no text", message)
    if isinstance(value, float):
        value = int(value)
    return "" if value is None else str(value).strip()


def can_be_name(value: object) -> bool:
    # pandas makes 1.0 of a 1 in a column that has gaps.
    whole = isinstance(value, float) and value.is_integer()
    return whole or value is None or isinstance(value, (str, int))


def is_blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())
