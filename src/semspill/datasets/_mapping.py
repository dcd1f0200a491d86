"""Column mapping: from rows of any data set to dialogues."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import Field, model_validator

from semspill._model import FrozenModel
from semspill.corpus import Dialogue, Role, Utterance
from semspill.errors import DataError, did_you_mean

Row = Mapping[str, Any]

_DIGITS = 18


class Columns(FrozenModel):
    """The names of the columns that make up a dialogue.

    A row is one dialogue whose utterances are a list (of strings, or of mappings with a text and
    perhaps a role), or, with `index`, one utterance.

    Example:
        >>> rows = [{"emotion": "joy", "turns": ["I won!", "Well done."]}]
        >>> [dialogue] = Columns(category="emotion", utterances="turns").dialogues(rows, "train")
        >>> dialogue.id, dialogue.response(-1)
        ('train-1', 'Well done.')
    """

    category: str = "category"
    """Column of the category label."""
    utterances: str = "utterances"
    """Column of the list of utterances; with `index`, of one utterance's text."""
    id: str | None = None
    """Column of the dialogue's id; None numbers the dialogues (not allowed with `index`)."""
    situation: str | None = None
    """Column of the situation; None for none."""
    speaker: str | None = None
    """Column of the id of the person who speaks, the same in all dialogues of that person; with
    `index`, read where the speaker first speaks. None for none."""
    index: str | None = None
    """Column of the utterance's place in its dialogue; None if a row is a whole dialogue."""
    text: str = "text"
    """Key of the text, where utterances are mappings."""
    role: str | None = None
    """Key of the role in such a mapping, or, with `index`, its column; None if speaker and
    listener alternate, the speaker first."""
    roles: dict[str, Role] = Field(
        default={
            "speaker": "speaker",
            "listener": "listener",
            "user": "speaker",
            "assistant": "listener",
        }
    )
    """Which role each value of `role` means; values are compared as strings."""
    substitute: dict[str, str] = Field(default={})
    """What is replaced in every text, for example `{"_comma_": ","}`."""

    @model_validator(mode="after")
    def _check_id(self) -> "Columns":
        if self.index is not None and self.id is None:
            raise ValueError("columns.index needs columns.id, which says what rows belong together")
        return self

    def __hash__(self) -> int:
        return hash(self.model_dump_json())

    @property
    def wanted(self) -> dict[str, str]:
        """The columns that a table must have, by the field that names each."""
        fields = ["category", "utterances", "id", "situation", "speaker", "index"]
        if self.index is not None:
            fields.append("role")
        named = {field: getattr(self, field) for field in fields}
        return {field: column for field, column in named.items() if column is not None}

    def check(self, columns: Sequence[str]) -> None:
        """Refuse a table that lacks a column.

        Raises:
            DataError: With the columns there are, and the nearest names.
        """
        for field, column in self.wanted.items():
            if column not in columns:
                raise DataError(
                    f"The data has no column {column!r}, which columns.{field} names."
                    f"{did_you_mean(column, columns)} It has: {', '.join(columns)}."
                )

    def dialogues(self, rows: Iterable[Row], split: str) -> tuple[Dialogue, ...]:
        """Return the dialogues of a split, in order of their first rows.

        Args:
            rows: The rows of the table.
            split: Name of the split, for numbered ids and messages.

        Raises:
            DataError: A row is not as the fields say; with the split, row number and reason.
        """
        numbered = ((f"{split}, row {n}", f"{split}-{n}", row) for n, row in enumerate(rows, 1))
        if self.index is not None:
            return self._grouped((where, row) for where, _, row in numbered)
        return tuple(self._whole(where, name, row) for where, name, row in numbered)

    def _whole(self, where: str, name: str, row: Row) -> Dialogue:
        held = row[self.utterances]
        if not isinstance(held, (list, tuple)) or not held:
            raise DataError(
                f"{where}: {self.utterances!r} must be a list of utterances with at least one; "
                "name another column, or set columns.index if a row is one utterance."
            )
        turns = tuple(self._utterance(where, place, one) for place, one in enumerate(held))
        return self._dialogue(where, self._name(where, self.id, row) or name, row, turns)

    def _grouped(self, rows: Iterable[tuple[str, Row]]) -> tuple[Dialogue, ...]:
        grouped: dict[str, dict[int, tuple[str, Row]]] = {}
        for where, row in rows:
            place = _whole_number(row[str(self.index)])
            if place is None:
                raise DataError(f"{where}: {self.index!r} must be a whole number.")
            placed = grouped.setdefault(self._name(where, self.id, row), {})
            if place in placed:
                raise DataError(
                    f"{where}: {self.index!r} is {place} in {placed[place][0]} already, with the "
                    f"same {self.id!r}; columns.index must number the utterances of a dialogue."
                )
            placed[place] = (where, row)
        return tuple(self._ordered(name, placed) for name, placed in grouped.items())

    def _ordered(self, name: str, placed: Mapping[int, tuple[str, Row]]) -> Dialogue:
        rows = [placed[place] for place in sorted(placed)]
        turns = []
        for place, (where, row) in enumerate(rows):
            if row[self.category] != rows[0][1][self.category]:
                raise DataError(
                    f"{where}: {self.category!r} is another one than in {rows[0][0]} of the same "
                    "dialogue; it must keep one."
                )
            given = {self.text: row[self.utterances]}
            if self.role is not None:
                given[self.role] = row[self.role]
            turns.append(self._utterance(where, place, given))
        where, first = rows[0]
        if self.speaker is not None:  # in some data sets each row names who says it
            spoken = (
                row for (_, row), turn in zip(rows, turns, strict=True) if turn.role == "speaker"
            )
            first = {**first, self.speaker: next(spoken, {self.speaker: None})[self.speaker]}
        return self._dialogue(where, name, first, tuple(turns))

    def _dialogue(self, where: str, name: str, row: Row, turns: tuple[Utterance, ...]) -> Dialogue:
        category = self._name(where, self.category, row)
        situation = self._plain(_text(where, self.situation, row))
        person = _text(where, self.speaker, row) or None
        return Dialogue(name, category, turns, situation, person)

    def _name(self, where: str, column: str | None, row: Row) -> str:
        """Return the text of a column that may not be empty; an empty one for no column."""
        name = _text(where, column, row)
        if column is not None and not name:
            raise DataError(f"{where}: {column!r} is empty; every dialogue needs one.")
        return name

    def _utterance(self, where: str, place: int, given: object) -> Utterance:
        fields = given if isinstance(given, Mapping) else {self.text: given}
        text = fields.get(self.text)
        if not isinstance(text, str):
            raise DataError(
                f"{where}: utterance {place} has no text under {self.text!r}; columns.text must "
                f"name it. It has: {', '.join(map(str, fields))}."
            )
        return Utterance(self._plain(text), self._role(where, place, fields))

    def _role(self, where: str, place: int, fields: Row) -> Role:
        if self.role is None:
            return "listener" if place % 2 else "speaker"
        role = fields.get(self.role)
        if str(role) not in self.roles:
            raise DataError(
                f"{where}: utterance {place} has a role ({type(role).__name__} of "
                f"{len(str(role))} characters) that columns.roles does not map to 'speaker' or "
                f"'listener'. It knows: {', '.join(self.roles)}."
            )
        return self.roles[str(role)]

    def _plain(self, text: str) -> str:
        for old, new in self.substitute.items():
            text = text.replace(old, new)
        return text.strip()


def _text(where: str, column: str | None, row: Row) -> str:
    """Return a text or a whole number as text, and nothing where there is nothing."""
    value = row[column] if column is not None else None
    if not (value is None or isinstance(value, (str, int))):
        raise DataError(
            f"{where}: {column!r} must be a text or a whole number, got {type(value).__name__}."
        )
    return "" if value is None else str(value)


def _whole_number(value: object) -> int | None:
    """Return a whole number, which in a CSV file is written as digits; None for all else."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= _DIGITS:
        return int(value)
    return value if isinstance(value, int) else None
