"""Makes dialogues of the rows of a table whose columns are known; says what is wrong with them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple, TypeAlias, cast

from semspill._read import UnreadableError, parse_json
from semspill._rows import Place
from semspill.corpus._cells import Bad, attributes_of, groups_of, is_blank, merged, name_in
from semspill.corpus._columns import ROLE, TEXT, Columns, Row
from semspill.corpus._dialogue import Dialogue, Role, Utterance
from semspill.corpus._order import are_comparable, rank, with_index


class _Turn(NamedTuple):
    where: Place
    what: str
    """What a message calls it."""
    text: object
    role: str | None
    """Its role, `"drop"`, or None where roles alternate."""
    label: object = None


_Draft: TypeAlias = tuple[Place, Callable[[], Dialogue]]


class Drafts:
    """Makes dialogues of rows whose columns are known."""

    def __init__(self, columns: Columns, split: str) -> None:
        self.columns, self.split = columns, split
        self.roles = columns.known_roles
        self.merged = 0

    def single(self, placed: Iterable[tuple[Place, Row]]) -> Iterator[_Draft]:
        """Yield a dialogue per row."""
        turns_of = self._pair if self.columns.messages is None else self._listed

        def make(where: Place, row: Row) -> Dialogue:
            name = self._id(row) or f"{self.split}-{where.row}"
            return self._dialogue(name, [(where, row)], turns_of(where, row))

        for where, row in placed:
            yield where, partial(make, where, row)

    def grouped(
        self, placed: Iterable[tuple[Place, Row]], names: Sequence[str]
    ) -> Iterator[_Draft]:
        """Yield a dialogue per id, in order of their first rows.

        Raises:
            DataError: Nothing tells the order of its rows.
        """
        groups = groups_of(placed, self.columns)
        self.columns = with_index(self.columns, groups, names)
        for rows in groups.values():
            yield rows[0][0], partial(self._ordered, rows)

    def _ordered(self, placed: Sequence[tuple[Place, Row]]) -> Dialogue:
        """Return the dialogue of rows that are its turns, or its exchanges."""
        name = self._id(placed[0][1])
        if self.columns.index is not None:
            placed = self._sorted(placed, self.columns.index)
        turns_of = self._turn if self.columns.context is None else self._pair
        turns = [turn for where, row in placed for turn in turns_of(where, row)]
        return self._dialogue(name, placed, turns)

    def _turn(self, where: Place, row: Row) -> list[_Turn]:
        columns = self.columns
        role = None
        if columns.role is not None:
            role = self._role(where, repr(columns.role), row.get(columns.role))
        label = None if columns.turn_category is None else row.get(columns.turn_category)
        return [_Turn(where, repr(columns.text), row.get(str(columns.text)), role, label)]

    def _sorted(self, placed: Sequence[tuple[Place, Row]], column: str) -> list[tuple[Place, Row]]:
        by_place: dict[Any, tuple[Place, Row]] = {}
        ranks = [rank(row.get(column)) for _, row in placed]
        for place, (where, row) in zip(ranks, placed, strict=True):
            if place is None or not are_comparable([ranks[0], place]):
                kind = "with a turn whose place is no number or time"
                message = f"{column!r} must be a number or a time such as 2026-01-31T12:00:00"
                raise Bad(kind, message, where=where)
            if place in by_place:
                before = by_place[place][0].row
                message = f"{column!r} is the same in row {before} of the same dialogue"
                raise Bad("with two turns at one place", message, where=where)
            by_place[place] = where, row
        return [by_place[place] for place in sorted(by_place)]

    def _pair(self, where: Place, row: Row) -> list[_Turn]:
        context, response = str(self.columns.context), str(self.columns.response)
        if is_blank(row.get(response)):
            raise Bad("without a response", f"{response!r} is empty", where=where)
        label = row.get(self.columns.turn_category or "")
        said = _Turn(where, repr(context), row.get(context), "speaker", label)
        return [said, _Turn(where, repr(response), row.get(response), "listener")]

    def _listed(self, where: Place, row: Row) -> list[_Turn]:
        column = str(self.columns.messages)
        held = row.get(column)
        if isinstance(held, str) and held.lstrip().startswith("["):
            try:
                held = parse_json(held, strict=True)
            except UnreadableError as error:
                message = f"{column!r} looks like a list in JSON and is none ({error})"
                raise Bad("whose list of turns is not JSON", message) from None
        if not isinstance(held, (list, tuple)) or not held:
            message = f"{column!r} must be a list of turns with at least one"
            raise Bad("without a list of turns", message)
        turns = [self._one(where, place, turn) for place, turn in enumerate(held, 1)]
        labels = row.get(self.columns.turn_category or "")
        if not isinstance(labels, (list, tuple)):
            return turns
        if len(labels) != len(turns):
            message = f"{self.columns.turn_category!r} has {len(labels)} labels for {len(turns)}"
            raise Bad("with more or fewer labels than turns", f"{message} turns")
        return [turn._replace(label=label) for turn, label in zip(turns, labels, strict=True)]

    def _one(self, where: Place, place: int, turn: object) -> _Turn:
        columns, what = self.columns, f"turn {place}"
        if not isinstance(turn, Mapping):
            return _Turn(where, what, turn, None)
        role_key = columns.role or next((key for key in ROLE if key in turn), None)
        text_key = columns.text or next((key for key in TEXT if key in turn), None)
        if text_key not in turn:
            raise Bad(
                "with a turn without a text",
                f"{what} has no text under {text_key or 'a usual key'!r}",
                "Name its key with columns.text",
            )
        role = None if role_key is None else self._role(where, what, turn.get(role_key))
        label = turn.get(columns.turn_category or columns.category)
        return _Turn(where, what, turn[text_key], role, label)

    def _role(self, where: Place, what: str, role: object) -> str:
        name = str(role).strip()
        meaning = self.roles.get(name) or self.roles.get(name.casefold())
        if meaning is None or role is None:
            kind = f"a {type(role).__name__} of {len(name)} characters"
            raise Bad(
                "with a role that is not mapped",
                f"{what} has a role ({'none' if role is None else kind}) that columns.roles does "
                "not map to 'speaker', 'listener', 'system' or 'drop'",
                'Say what it means, such as columns.roles = { guest = "speaker", host = '
                f'"listener" }}; known are {", ".join(self.roles)}',
                where=where,
            )
        return meaning

    def _dialogue(
        self, name: str, placed: Sequence[tuple[Place, Row]], turns: Sequence[_Turn]
    ) -> Dialogue:
        columns = self.columns
        first = placed[0][1]
        rows = [row for _, row in placed] if len(placed) == len(turns) else [first] * len(turns)
        said = [pair for pair in zip(rows, turns, strict=True) if pair[1].role != "drop"]
        system = self._plain(name_in(columns.system, first))
        if said and said[0][1].role == "system":
            system, said = self._text(said[0][1]), said[1:]
        utterances = tuple(self._utterance(place, turn) for place, (_, turn) in enumerate(said))
        category = self._category(placed, utterances)
        if columns.turn_labels != "keep":
            utterances = tuple(replace(turn, category=None) for turn in utterances)
        if not any(turn.role == "listener" for turn in utterances[1:]):
            raise Bad("without a response", "the dialogue has no response of a listener")
        situation = self._plain(name_in(columns.situation, first))
        speaks = (row for (row, _), turn in zip(said, utterances, strict=True)
                  if turn.role == "speaker")  # fmt: skip
        person = name_in(columns.speaker, next(speaks, first)) or None
        if columns.merge is not None:
            before = len(utterances)
            utterances = merged(utterances, columns.merge)
            self.merged += before - len(utterances)
        more = attributes_of(placed, columns)
        return Dialogue(name, category, utterances, situation, person, system, more)

    def _utterance(self, place: int, turn: _Turn) -> Utterance:
        if turn.role == "system":
            raise Bad(
                "with a system turn behind the first",
                f"{turn.what} is a system turn, and not the first turn",
                'Leave them out with columns.roles = { system = "drop" }',
                where=turn.where,
            )
        role = turn.role or ("listener" if place % 2 else "speaker")
        label = self._label(f"the label of {turn.what}", turn.label)
        return Utterance(self._text(turn), cast(Role, role), category=label or None)

    def _label(self, what: str, value: object) -> str:
        """Return the name of a category, of which a cell may hold a list."""
        if isinstance(value, (list, tuple)):
            several = len(value) > 1 and self.columns.category_list != "first"
            if several:
                raise Bad(
                    "with several categories",
                    f"{what!r} is a list of {len(value)} categories",
                    'Take one with columns.category_list = "first", or leave such dialogues out '
                    'with "drop"',
                    asked=self.columns.category_list == "drop",
                )
            value = value[0] if value else None
        name = name_in(what, {what: value})
        return self.columns.category_names.get(name, name)

    def _text(self, turn: _Turn) -> str:
        if not (is_blank(turn.text) or isinstance(turn.text, str)):
            message = f"{turn.what} must be a text, got {type(turn.text).__name__}"
            raise Bad("with a turn without a text", message, where=turn.where)
        text = self._plain(str(turn.text or ""))
        if not text:
            raise Bad("with an empty text", f"{turn.what} is empty", where=turn.where)
        return text

    def _category(
        self, placed: Sequence[tuple[Place, Row]], utterances: Sequence[Utterance]
    ) -> str:
        column, label = self.columns.category, ""
        for where, row in placed if column != self.columns.turn_category else ():
            name = self._label(column, row.get(column))
            if name and label and name != label:
                raise Bad(
                    "with two categories",
                    f"{column!r} is another one than in the rows before of the same dialogue",
                    'Mend it, leave such dialogues out with on_error = "skip", or say '
                    f'columns.turn_category = "{column}" if every turn has its own',
                    where=where,
                )
            label = label or name
        own = [turn.category for turn in utterances if turn.role == "speaker" and turn.category]
        if own and (self.columns.turn_labels != "keep" or not label):
            label = own[-1 if self.columns.turn_labels == "last" else 0]
        if not label:
            raise Bad("without a category", f"{column!r} is empty; every dialogue needs one")
        return label

    def _id(self, row: Row) -> str:
        name = name_in(self.columns.id, row)
        if not name and self.columns.id is not None:
            raise Bad("without an id", f"{self.columns.id!r} is empty; every dialogue needs one")
        return name

    def _plain(self, text: str) -> str:
        for old, new in self.columns.substitute.items():
            text = text.replace(old, new)
        return text.strip()
