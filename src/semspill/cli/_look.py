"""What `semspill init --data` finds in the file of a user."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from semspill._mask import listing
from semspill._rows import Place
from semspill.corpus import Columns, Corpus
from semspill.corpus._columns import LABEL, ROLE, Row, Shape, find
from semspill.datasets import TableDataset
from semspill.datasets._files_of import file_of
from semspill.datasets._splits import NoSplitError
from semspill.errors import DataError

SHARE = 0.2
"""What is set aside for the test where the data have no split."""
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

    def sizes(self) -> dict[str, tuple[int, int]]:
        """Return the exchanges of each category in train and in test, the commonest first."""
        train = Counter(exchange.category for exchange in self.train.exchanges)
        test = Counter(exchange.category for exchange in self.test.exchanges)
        names = sorted(train | test, key=lambda name: (-train[name], name))
        return {name: (train[name], test[name]) for name in names}


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
    if "category" not in columns.model_fields_set:
        columns = columns.replace(category=_category(names, rows, str(file.path)))
    try:
        shape, columns = find(columns, names, rows[0][1], quote=file.kind != "csv")
    except DataError as error:
        raise DataError(f"{error} Pass them with --set, as in --set columns.text=NAME.") from None
    guessed = _guessed(columns, shape, rows)
    changes: dict[str, Any] = {"roles": {**guessed, **columns.roles}}
    person = next((name for name in _PEOPLE if name in names), None)
    if columns.speaker is None and person is not None:
        changes["speaker"] = person
    if shape != "turns" and not file.is_split and columns.id is None and _is_key("id", rows):
        changes["id"] = "id"
    dataset = dataset.replace(columns=columns.replace(**changes))
    dataset = _split(dataset)
    splits = dataset.load("train"), dataset.load("test")
    found = Look(dataset, shape, len(rows), *splits, bool(guessed))
    _check(found, columns.category)
    return found


def _category(names: Sequence[str], rows: Sequence[tuple[Place, Row]], source: str) -> str:
    """Return the usual name of a category that the table has, in its columns or its turns."""
    held = [value for value in rows[0][1].values() if isinstance(value, (list, tuple))]
    keys = {key for turns in held for turn in turns if isinstance(turn, Mapping) for key in turn}
    for name in LABEL:
        if name in names or name in keys:
            return name
    few = [
        name
        for name in names
        if 2 <= len({str(row.get(name)) for _, row in rows}) <= min(_MOST_CATEGORIES, len(rows) / 2)
    ]
    likely = f" Few different values are in: {listing(few)}." if few else ""
    raise DataError(
        f"No column of {source} is known to be the category; name it with --category COLUMN."
        f"{likely}"
    )


def _guessed(columns: Columns, shape: Shape, rows: Sequence[tuple[Place, Row]]) -> dict[str, str]:
    """Return what two unknown roles mean: who comes first is the speaker."""
    seen = dict.fromkeys(role.strip() for role in _roles(columns, shape, rows))
    known = columns.known_roles
    unknown = [role for role in seen if role not in known and role.casefold() not in known]
    meant = {known.get(role) or known.get(role.casefold()) for role in seen}
    if not unknown:
        return {}
    if len(unknown) == 2 and not meant & {"speaker", "listener"}:
        return {unknown[0]: "speaker", unknown[1]: "listener"}
    raise DataError(
        f"The column of roles has values whose meaning is not known: {listing(unknown)}; say it "
        'with --set \'columns.roles={NAME="speaker", NAME="listener", NAME="drop"}\'.'
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


def _split(dataset: TableDataset) -> TableDataset:
    """Return the data set with a share for the test, where the data have none."""
    try:
        dataset.load("test")
    except NoSplitError:
        if not any(isinstance(share, float) for share in dataset.splits.values()):
            return dataset.replace(splits={**dataset.splits, "test": SHARE})
    return dataset


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
