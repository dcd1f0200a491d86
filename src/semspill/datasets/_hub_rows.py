"""Rows of a table that the library `datasets` loads, from disk or from the hub."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from semspill._files import opened
from semspill._rows import HEADER, csv_rows, json_rows, require_columns
from semspill.datasets._mapping import Columns, Row
from semspill.datasets._splits import NoSplitError
from semspill.errors import DataError, MissingExtraError, did_you_mean

_BUILDERS = {".json": "json", ".jsonl": "json", ".parquet": "parquet"} | dict.fromkeys(
    (".csv", ".tsv"), "csv"
)
# Errors of the library that name what was asked for; others may quote the data.
_TELLING = ("Unknown split", "BuilderConfig", "Config name is missing")
# pandas would take "None" and "NA" for nothing, and "007" for 7: cells of all columns are kept.
_AS_TEXT = {"converters": dict.fromkeys(range(1000), str), "keep_default_na": False}


def rows_of(
    path: str, split: str, columns: Columns, subset: str | None, revision: str | None
) -> Iterable[Row]:
    """Load one split now; the rows are checked and decoded when they are asked for.

    Args:
        path: A file, a folder, or a hub id.
        split: What the data set calls the split.
        columns: Which columns are wanted.
        subset: Name of the configuration.
        revision: Branch, tag or commit on the hub.

    Raises:
        DataError: The data set or its split cannot be loaded.
        MissingExtraError: The package `datasets` is not installed.
    """
    try:
        import datasets as hub
    except ImportError as error:
        raise MissingExtraError(
            'HuggingFaceDataset needs datasets: pip install "semspill[datasets]".'
        ) from error
    place = Path(path)
    try:
        with _silent(hub):
            if (place / "dataset_dict.json").is_file() or (place / "state.json").is_file():
                return _decoded(_pick(hub.load_from_disk(path), split, path), columns)
            if not place.is_file():
                return _from_folder(hub, path, split, columns, subset, revision)
            return _from_file(hub, place, split, columns)
    except DataError:
        raise
    except (OSError, ValueError, RuntimeError, LookupError, hub.exceptions.DatasetsError) as error:
        unknown = isinstance(error, ValueError) and str(error).startswith("Unknown split")
        is_clear = isinstance(error, OSError) or str(error).startswith(_TELLING)
        detail = f": {error}" if is_clear else ""
        raise (NoSplitError if unknown else DataError)(
            f"Split {split!r} of {path!r} could not be loaded ({type(error).__name__}{detail}); "
            "check path, subset, revision and splits, that its files are whole and text in UTF-8, "
            "and that the network is allowed if it is on the hub."
        ) from error


def _from_file(hub: Any, file: Path, split: str, columns: Columns) -> Iterable[Row]:
    kind = _builder(file)
    if kind == "csv":
        return (row for _, row in csv_rows(file, columns.wanted.values()))
    if file.suffix == ".jsonl":
        return _lines(file, columns)
    if kind == "json":
        with opened(file):  # refuses other encodings with a sentence of its own
            pass
    files = {split: str(file)}
    return _decoded(hub.load_dataset(kind, data_files=files, split=split), columns)


def _from_folder(
    hub: Any, path: str, split: str, columns: Columns, subset: str | None, revision: str | None
) -> Iterable[Row]:
    """Load a folder of files or a data set of the hub; all cells of CSV files are text."""
    load = partial(hub.load_dataset, path, subset, split=split, revision=revision)
    try:
        table = load(**_AS_TEXT)
    except ValueError as error:
        # Other formats know no such options, and without a network a cache of them neither.
        if not re.search("'converters' key|Couldn't find cache", str(error)):
            raise
        table = load()
        if table.info.builder_name == "csv":
            raise DataError(
                f"{path!r} is in the cache as another program read it, who takes 'None' for "
                "nothing; load it once with the network."
            ) from error
        return _decoded(table, columns)
    return _csv_checked(table, columns, f"Split {split!r} of {path!r}, header")


def _lines(file: Path, columns: Columns) -> Iterable[Row]:
    """Read JSON lines, in which texts that look like dates stay texts, unlike in the library."""
    rows = [row for _, row in json_rows(file)]
    names = tuple(dict.fromkeys(name for row in rows for name in row))
    lacking = dict.fromkeys(columns.wanted.values())

    def checked() -> Iterator[Row]:
        columns.check(names)
        yield from ({**lacking, **row} for row in rows)

    return checked()


def _csv_checked(table: Any, columns: Columns, where: str) -> Iterator[Row]:
    names = [
        # pandas renames a column that stands a second time.
        column.removesuffix(".1") if column.removesuffix(".1") in table.column_names else column
        for column in table.column_names
    ]
    require_columns(where, names, columns.wanted.values(), HEADER)
    yield from table


def _decoded(table: Any, columns: Columns) -> Iterator[Row]:
    """Check the columns, then yield the rows with the names of their class labels."""
    columns.check(table.column_names)
    for row in table:
        yield {name: _named(row[name], feature) for name, feature in table.features.items()}


def _named(value: Any, feature: Any) -> Any:
    """Return a value in which each number that stands for a class is the name of the class."""
    if hasattr(feature, "int2str"):
        return feature.int2str(value) if isinstance(value, int) and value >= 0 else None
    if isinstance(value, list):
        return [_named(one, getattr(feature, "feature", None)) for one in value]
    if isinstance(value, dict) and isinstance(feature, dict):
        return {name: _named(one, feature.get(name)) for name, one in value.items()}
    return value


@contextmanager
def _silent(hub: Any) -> Iterator[None]:
    """Keep the library from logging what it fails to read: that may hold texts."""
    before = hub.logging.get_verbosity()
    hub.logging.set_verbosity(hub.logging.CRITICAL)
    try:
        yield
    finally:
        hub.logging.set_verbosity(before)


def _builder(file: Path) -> str:
    kind = _BUILDERS.get(file.suffix)
    if kind is None:
        raise DataError(
            f"{file} has the suffix {file.suffix!r}; allowed are {', '.join(_BUILDERS)}."
        )
    return kind


def _pick(saved: Any, split: str, path: str) -> Any:
    """Return one split of what `save_to_disk` wrote: splits by name, or a single one."""
    tables = saved if isinstance(saved, dict) else {str(saved.split): saved}
    if split not in tables:
        raise NoSplitError(
            f"{path!r} has no split {split!r}.{did_you_mean(split, tables)} It has: "
            f"{', '.join(tables)}; map names with 'splits'."
        )
    return tables[split]
