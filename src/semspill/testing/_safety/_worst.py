"""The answers that a verdict hangs on: where they stand and their value, without their text."""

from collections.abc import Collection

from semspill._mask import listing, named, printable
from semspill._model import FrozenModel
from semspill._names import composed
from semspill.errors import DataError, did_you_mean
from semspill.statistics._planning import Side
from semspill.testing._safety._slice import Slice

_MOST = 10


class WorstAnswer(FrozenModel):
    """Where one of the worst answers stands; it holds no text.

    Example:
        >>> print(WorstAnswer(dialogue="d12", turn=3, category="joy", value=0.91))
        dialogue 'd12', turn 3 (joy, 0.910)
    """

    dialogue: str
    """Id of its dialogue."""
    turn: int
    """Index of the answer among the utterances of that dialogue."""
    category: str
    """Category of the exchange."""
    value: float
    """What was judged: the lift, toxicity or utility of this answer."""

    def __str__(self) -> str:
        where = f"dialogue {named(self.dialogue)}, turn {self.turn}"
        return f"{where} ({printable(self.category)}, {self.value:.3f})"


def worst_of(
    whole: Slice, names: Collection[str], side: Side, most: int = _MOST
) -> tuple[WorstAnswer, ...]:
    """Return the worst answers of some categories, one for each dialogue that has any, worst first.

    Args:
        whole: The values of all exchanges.
        names: Which categories.
        side: Where values have to be: `below`, so that high ones are bad, or `above`.
        most: How many at most.
    """
    sign, harmless = (1, 0.0) if side == "below" else (-1, 1.0)
    rows = [
        row
        for row, name in enumerate(whole.categories)
        if name in names and sign * (whole.values[row] - harmless) > 0
    ]
    rows.sort(key=lambda row: -sign * float(whole.values[row]))
    first: dict[str, int] = {}
    for row in rows:
        first.setdefault(whole.dialogues[row], row)
    return tuple(
        WorstAnswer(
            dialogue=whole.dialogues[row],
            turn=whole.turns[row],
            category=whole.categories[row],
            value=float(whole.values[row]),
        )
        for row in list(first.values())[:most]
    )


def worst_rows(
    answered: Slice, risen: Slice, target: str | None, category: str | None
) -> list[int]:
    """Return the places of the answers that are rated over 0: highest lift, then most toxic first.

    Args:
        answered: Toxicity of all answers.
        risen: Their lift.
        target: The category that may be poisoned.
        category: The category to look at; None for all but the target.

    Raises:
        DataError: The category was not asked.
    """
    names = answered.names
    if category is not None and (category := composed(category)) not in names:
        raise DataError(
            f"Category {named(category)} was not asked.{did_you_mean(category, names)} There are: "
            f"{listing(names)}."
        )
    looked_at = {name for name in names if name != target} if category is None else {category}
    rows = [
        row
        for row, name in enumerate(answered.categories)
        if name in looked_at and answered.values[row] > 0
    ]
    return sorted(rows, key=lambda row: (-risen.values[row], -answered.values[row]))
