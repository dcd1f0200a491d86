"""From the rows of any table to dialogues: the one mapping that all readers share."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from semspill._filters import Where, taken
from semspill._rows import Place
from semspill.corpus._cells import Bad
from semspill.corpus._columns import Columns, Row, find, is_grouped
from semspill.corpus._dialogue import Dialogue
from semspill.corpus._drafts import Drafts
from semspill.corpus._prepared import opened, with_paths
from semspill.errors import DataError

logger = logging.getLogger(__name__)

OnError: TypeAlias = Literal["refuse", "skip"]


@dataclass(frozen=True)
class LeftOut:
    """Dialogues that a reader left out, because their rows contradict themselves.

    Example:
        >>> print(LeftOut("with an empty text", (3, 17)))
        2 dialogues with an empty text (rows 3, 17)
    """

    kind: str
    """What is wrong with them, in words; never a text of theirs."""
    rows: tuple[int, ...]
    """The number of the row that shows it, counted from 1, one per dialogue."""

    def __str__(self) -> str:
        count = f"{len(self.rows)} dialogue{'s' if len(self.rows) > 1 else ''}"
        some = ", ".join(map(str, self.rows[:10])) + (", ..." if len(self.rows) > 10 else "")
        return f"{count} {self.kind} (row{'s' if len(self.rows) > 1 else ''} {some})"


@contextmanager
def left_out_untold() -> Iterator[None]:
    """Log nothing of what is left out, for a caller that tells it itself."""

    def drop(record: logging.LogRecord) -> bool:
        return False

    logger.addFilter(drop)
    try:
        yield
    finally:
        logger.removeFilter(drop)


class Reading(NamedTuple):
    """What the rows of a table hold."""

    dialogues: tuple[Dialogue, ...]
    left_out: tuple[LeftOut, ...]
    has_ids: bool
    """Whether the rows have ids, or the dialogues are numbered."""
    merged: int = 0
    """Turns that were joined with the one before, which has the same role."""


def read(
    rows: Iterable[tuple[Place, Row]],
    columns: Columns,
    split: str,
    on_error: OnError = "refuse",
    *,
    names: Sequence[str] = (),
    quote: bool = True,
    where: Where | None = None,
) -> Reading:
    """Return the dialogues of a table in order of their first rows, and what was left out.

    Args:
        rows: The rows, each with its place.
        columns: Which columns hold what.
        split: Name of the split, for the ids of dialogues that have none.
        on_error: What becomes of a dialogue whose rows contradict themselves: `"refuse"` raises,
            `"skip"` leaves it out.
        names: The columns of the table; none for the keys of the rows.
        quote: Whether messages may show names of columns.
        where: Which rows are read; None for all.

    Raises:
        DataError: A column is missing, or a row is not as the columns say.
    """
    placed: Sequence[tuple[Place, Row]]
    placed = taken(opened(rows, columns.json_text), where or {})
    if not placed:
        return Reading((), (), False)
    if not names or columns.json_text is not None:
        names = tuple(dict.fromkeys(name for _, row in placed for name in row))
    placed, names = with_paths(placed, names, columns)
    shape, settled = find(columns, names, placed[0][1], quote=quote)
    drafts = Drafts(settled, split)
    dialogues: dict[str, Dialogue] = {}
    left: dict[str, list[int]] = {}
    grouped = is_grouped(shape, settled)
    made = drafts.grouped(placed, names) if grouped else drafts.single(placed)
    for place, make in made:
        try:
            dialogue = make()
            if dialogue.id in dialogues:
                raise Bad("whose id another has", f"{settled.id!r} is that of a row before too")
            dialogues[dialogue.id] = dialogue
        except Bad as bad:
            place = bad.where or place
            if on_error == "refuse" and not bad.asked:
                raise DataError(f"{place}: {bad.message}. {bad.advice}.") from None
            left.setdefault(bad.kind, []).append(place.row)
    left_out = tuple(LeftOut(kind, tuple(numbers)) for kind, numbers in left.items())
    if left_out:
        source = placed[0][0].source
        logger.warning("%s: left out %s", source, "; ".join(map(str, left_out)))
    return Reading(tuple(dialogues.values()), left_out, settled.id is not None, drafts.merged)
