"""Rows of tables in memory: mappings, data frames of pandas, data sets of Hugging Face."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from semspill._mask import described
from semspill._rows import Place
from semspill.corpus._columns import Row
from semspill.errors import DataError


def rows_of_mappings(rows: object, split: str) -> Iterator[tuple[Place, Row]]:
    """Yield the rows of a list of mappings.

    Raises:
        DataError: It is none.
    """
    if isinstance(rows, (str, bytes, Mapping)) or not isinstance(rows, Iterable):
        raise DataError(
            f"The rows are given as a list of mappings, one per dialogue; got {described(rows)}."
        )
    for number, row in enumerate(rows, 1):
        where = Place(split, number)
        if not isinstance(row, Mapping):
            raise DataError(f"{where}: a row must be a mapping, got {described(row)}.")
        yield where, row


def rows_of_frame(
    frame: Any, source: str, features: Mapping[str, Any] | None = None
) -> Iterator[tuple[Place, Row]]:
    """Yield the rows of a data frame; what is missing in it is None.

    Args:
        frame: The data frame.
        source: What messages call it.
        features: The columns that hold class labels, as the library `datasets` describes them.

    Raises:
        DataError: It is no data frame, or two of its columns have one name.
    """
    if not all(hasattr(frame, name) for name in ("columns", "iloc", "isna")):
        mappings = isinstance(frame, (list, tuple)) and all(isinstance(r, Mapping) for r in frame)
        line = " Write Corpus.from_messages(rows), or pd.DataFrame(rows)." if mappings else ""
        raise DataError(f"The rows are given as a pandas DataFrame; got {described(frame)}.{line}")
    names = [str(name) for name in frame.columns]
    if len(set(names)) < len(names):
        raise DataError("Two columns of the data frame have one name; rename one of them.")
    columns = [_values(frame.iloc[:, place]) for place in range(len(names))]
    for number, values in enumerate(zip(*columns, strict=True), 1):
        row = zip(names, values, strict=True)
        yield (
            Place(source, number),
            {name: _named(value, (features or {}).get(name)) for name, value in row},
        )


def rows_of_hub(table: Any, split: str) -> Iterator[tuple[Place, Row]]:
    """Yield the rows of a data set of Hugging Face, with the names of its class labels.

    Raises:
        DataError: It is none, or several splits.
    """
    if isinstance(table, Mapping):
        raise DataError(
            f"A Dataset of Hugging Face is one split; got {described(table)}. Give one of them, "
            'such as data["train"].'
        )
    if not hasattr(table, "features") or not hasattr(table, "with_format"):
        raise DataError(f"The rows are given as a Dataset of Hugging Face; got {described(table)}.")
    features = table.features or {}
    for number, row in enumerate(table.with_format(None), 1):
        named = {name: _named(value, features.get(name)) for name, value in row.items()}
        yield Place(split, number), named


def _values(column: Any) -> list[Any]:
    gaps = column.isna().tolist()
    values = column.tolist()
    return [None if gap else _plain(one) for one, gap in zip(values, gaps, strict=True)]


def _plain(value: Any) -> Any:
    """Return a cell without the arrays that Parquet files give for lists."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    return value


def _named(value: Any, feature: Any) -> Any:
    """Return a value in which each number that stands for a class is the name of the class.

    Args:
        value: A cell.
        feature: What the library `datasets` says of its column, as an object of it or as the JSON
            that it writes.
    """
    names = _class_names(feature)
    if names is not None:
        # pandas makes 1.0 of a 1 in a column that has gaps.
        place = int(value) if isinstance(value, float) and value.is_integer() else value
        is_place = isinstance(place, int) and 0 <= place < len(names)
        return names[place] if is_place else None
    if isinstance(value, list):
        inner = feature[0] if isinstance(feature, list) and feature else _within(feature)
        return [_named(one, inner) for one in value]
    if isinstance(value, Mapping) and isinstance(feature, Mapping):
        return {name: _named(one, feature.get(name)) for name, one in value.items()}
    return value


def _class_names(feature: Any) -> Sequence[str] | None:
    if isinstance(feature, Mapping):
        names = feature.get("names") if feature.get("_type") == "ClassLabel" else None
    else:
        names = getattr(feature, "names", None) if hasattr(feature, "int2str") else None
    return names if isinstance(names, list) else None


def _within(feature: Any) -> Any:
    given = feature.get("feature") if isinstance(feature, Mapping) else None
    return getattr(feature, "feature", given)
