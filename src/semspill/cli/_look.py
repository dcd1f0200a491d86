"""What `semspill init --data` finds in the file of a user."""

import re
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from semspill._mask import is_name, listing, named
from semspill._rows import Place
from semspill._tables._files_of import file_of
from semspill.cli._share import span, with_split
from semspill.corpus import Columns, Corpus, LeftOut
from semspill.corpus._cells import groups_of
from semspill.corpus._columns import LABEL, ROLE, USUAL, USUAL_OF, Row, Shape, find
from semspill.corpus._order import with_index
from semspill.corpus._reading import left_out_untold
from semspill.datasets import TableDataset
from semspill.errors import DataError

_PEOPLE = ("speaker_id", "user_id", "customer_id", "person_id", "author_id")
_MOST_CATEGORIES = 50


@dataclass(frozen=True)
class Look:
    """A table, how it is read, and its two splits."""

    dataset: TableDataset
    shape: Shape
    rows: int
    train: Corpus
    test: Corpus
    guessed: bool
    """Whether who speaks is taken from who comes first."""
    answers_as: tuple[str, ...]
    """What the data call the listener, the commonest first; empty where they do not."""
    at_half: tuple[int, int] | None = None
    """The fewest and the most test dialogues of a category with half of all to test; None where
    the data have splits, or there is enough to test."""

    def sizes(self) -> dict[str, tuple[int, int]]:
        """Return the exchanges of each category in train and in test, the commonest first."""
        train = Counter(exchange.category for exchange in self.train.exchanges)
        test = Counter(exchange.category for exchange in self.test.exchanges)
        names = sorted(train | test, key=lambda name: (-train[name], name))
        return {name: (train[name], test[name]) for name in names}

    def tested(self) -> tuple[int, int]:
        """Return the fewest and the most test dialogues that a category has."""
        return span(self.train, self.test)

    def left_out(self) -> tuple[tuple[LeftOut, ...], int]:
        """Return what was left out, each once, and how many dialogues there were with it."""
        is_drawn = any(isinstance(share, float) for share in self.dataset.splits.values())
        left = self.train.left_out + (() if is_drawn else self.test.left_out)
        return left, len(self.train) + len(self.test) + sum(len(one.rows) for one in left)

    def not_exchanges(self) -> tuple[int, int]:
        """Return how many turns are in no exchange: unanswered, and with nothing before them."""
        talks = [[turn.role for turn in one.utterances] for one in (*self.train, *self.test)]
        unanswered = sum(
            role == "speaker" and "listener" not in roles[place + 1 : place + 2]
            for roles in talks
            for place, role in enumerate(roles)
        )
        return unanswered, sum(roles[0] == "listener" for roles in talks)


def look(dataset: TableDataset) -> Look:
    """Read a file, find out what is in it, and load its splits.

    Args:
        dataset: Where it lies, and what is known of it, such as its column of the category.

    Raises:
        DataError: It cannot be read, or a column cannot be placed; the message says what to pass.
    """
    called = dataset.splits.get("train")
    file = file_of(dataset.path, called if isinstance(called, str) else "train")
    rows = list(file.rows(dataset.delimiter, dataset.encoding))
    if not rows:
        raise DataError(f"{file.path} holds no row; give one or more.")
    names = tuple(dict.fromkeys(name for _, row in rows for name in row))
    columns = dataset.columns
    if not {"category", "turn_category"} & columns.model_fields_set:
        columns = columns.replace(category=_category(columns, names, rows, str(file.path)))
    try:
        shape, columns = find(columns, names, rows[0][1], quote=file.kind != "csv")
    except DataError as error:
        raise DataError(f"{error} {_options(columns, names, rows)}") from None
    if shape == "turns":
        with suppress(DataError):  # what cannot be ordered is refused when it is loaded
            columns = with_index(columns, groups_of(rows, columns), names)
    seen = Counter(role.strip() for role in _roles(columns, shape, rows))
    guessed = _guessed(columns, seen)
    changes: dict[str, Any] = {"roles": {**guessed, **columns.roles}}
    person = next((name for name in _PEOPLE if name in names), None)
    if columns.speaker is None and person is not None:
        changes["speaker"] = person
    if shape != "turns" and not file.is_split and columns.id is None and _is_key("id", rows):
        changes["id"] = "id"
    columns = columns.replace(**changes)
    known = columns.known_roles
    listeners = (
        name
        for name, _ in seen.most_common()
        if (known.get(name) or known.get(name.casefold())) == "listener"
    )
    with left_out_untold():
        dataset, splits, at_half = with_split(dataset.replace(columns=columns))
    of = dataset, shape, len(rows), *splits
    found = Look(*of, bool(guessed), tuple(listeners), at_half)
    _check(found, columns.turn_category or columns.category)
    return found


def _options(columns: Columns, names: Sequence[str], rows: Sequence[tuple[Place, Row]]) -> str:
    """Return the options that name the columns, all in one line, with likely ones."""
    few = _few(names, rows)
    usual = columns.category, *LABEL
    label = _first(usual, names) or (few[0] if few else "COLUMN")
    fields = ("id", "text") if any(name in ROLE for name in names) else ("context", "response")
    found = {field: getattr(columns, field) or _first(USUAL_OF[field], names) for field in fields}
    others = [name for name in names if name not in {label, *few, *found.values()}]
    missing = [field for field in fields if found[field] is None]
    if fields == ("id", "text"):  # the texts are the longer ones
        others.sort(key=lambda name: sum(len(str(row.get(name))) for _, row in rows))
    is_likely = len(others) == len(missing)
    said = others if is_likely else ["COLUMN"] * len(missing)
    line = "".join(
        f" --set columns.{field}={_quoted(name)}" for field, name in zip(missing, said, strict=True)
    )
    return f"Pass their names{', likely' if is_likely else ''}: --category {_quoted(label)}{line}"


def _first(usual: Sequence[str], names: Sequence[str]) -> str | None:
    return next((name for name in usual if name in names), None)


def as_options(message: str) -> str:
    """Return a message in which what to set in a config is said as options."""
    return re.sub(
        r'\b(on_error|encoding|columns\.turn_category) = "(\S+)"', r"--set \1=\2", message
    )


def _quoted(name: str) -> str:
    return shlex.quote(name) if is_name(name) else "COLUMN"


def _few(names: Sequence[str], rows: Sequence[tuple[Place, Row]]) -> list[str]:
    """Return the columns of few different values."""
    most = min(_MOST_CATEGORIES, len(rows) / 2)
    return [name for name in names if 2 <= len({str(row.get(name)) for _, row in rows}) <= most]


def _category(
    columns: Columns, names: Sequence[str], rows: Sequence[tuple[Place, Row]], source: str
) -> str:
    """Return the usual name of a category that the table has, in its columns or its turns."""
    held = [value for value in rows[0][1].values() if isinstance(value, (list, tuple))]
    keys = {key for turns in held for turn in turns if isinstance(turn, Mapping) for key in turn}
    for name in LABEL:
        if name in names or name in keys:
            return name
    few = _few(names, rows)
    usual = [name for name in names if name in USUAL]
    likely = f" Few different values are in: {listing(few)}." if few else ""
    if not few and usual:
        likely = f" It has: {listing(names)}."
    complete = f" {_options(columns, names, rows)}" if few and not usual else ""
    raise DataError(
        f"No column of {source} is known to be the category; name it with --category COLUMN."
        f"{likely}{complete}"
    )


def _guessed(columns: Columns, seen: Mapping[str, int]) -> dict[str, str]:
    """Return what two unknown roles mean: who comes first is the speaker."""
    known = columns.known_roles
    meant = {role: known.get(role) or known.get(role.casefold()) for role in seen}
    unknown = [role for role, meaning in meant.items() if meaning is None]
    if not unknown:
        return {}
    if len(unknown) == 2 and not {"speaker", "listener"} & set(meant.values()):
        return {unknown[0]: "speaker", unknown[1]: "listener"}
    counts = [
        f"{role if is_name(role) else named(role)} ({seen[role]:,}"
        f"{'' if meaning is None else f', {meaning}'})"
        for role, meaning in meant.items()
    ]
    example = next((role for role in unknown if re.fullmatch("[A-Za-z0-9_-]+", role)), "NAME")
    raise DataError(
        f"The column of roles has values whose meaning is not known: {listing(unknown)}; of "
        f"{listing(counts)}. Say it with --set 'columns.roles={{{example}=\"drop\"}}', or "
        '"speaker" or "listener".'
    )


def _roles(columns: Columns, shape: Shape, rows: Sequence[tuple[Place, Row]]) -> Iterable[str]:
    for _, row in rows:
        if shape == "turns":
            yield from [str(row.get(columns.role))] if columns.role else []
        elif shape == "list" and isinstance(turns := row.get(str(columns.messages)), (list, tuple)):
            for turn in turns:
                keys = [columns.role] if columns.role else ROLE
                own = turn if isinstance(turn, Mapping) else {}
                yield from [str(own[key]) for key in keys if key in own][:1]


def _is_key(column: str, rows: Sequence[tuple[Place, Row]]) -> bool:
    values = [row.get(column) for _, row in rows]
    plain = all(isinstance(value, (str, int)) and value != "" for value in values)
    return plain and len(set(values)) == len(values)


def _check(found: Look, column: str) -> None:
    categories = len(found.sizes())
    if categories < 2:
        raise DataError(
            f"The column {column!r} holds one category, so that nothing can spill over; name "
            "another with --category."
        )
    if categories > max(_MOST_CATEGORIES, len(found.train) / 10):
        raise DataError(
            f"The column {column!r} holds {categories:,} different values in {len(found.train):,} "
            "dialogues, too many for a category; name another with --category."
        )
    if found.test.exchange_count < 2:
        raise DataError(
            "The test split holds one exchange; give more data, or a larger share, such as --set "
            "splits={test=0.5}."
        )
