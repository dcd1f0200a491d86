"""Rows of a table that the library `datasets` loads, from a folder or from the hub."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from semspill._rows import HEADER, Place, require_columns
from semspill._tables._splits import NoSplitError
from semspill.corpus._columns import Row
from semspill.corpus._frames import rows_of_hub
from semspill.errors import DataError, MissingExtraError, did_you_mean

# Errors of the library that name what was asked for; others may quote the data.
_TELLING = ("Unknown split", "BuilderConfig", "Config name is missing")
# pandas would take "None" and "NA" for nothing, and "007" for 7: cells of all columns are kept.
_AS_TEXT = {"converters": dict.fromkeys(range(1000), str), "keep_default_na": False}


class HubTable(NamedTuple):
    """One split of a table."""

    names: Sequence[str]
    rows: Iterator[tuple[Place, Row]]
    quote: bool
    """Whether the names of its columns are no text, as they may be where a header is missing."""
    revision: str | None = None
    """The commit of the hub that it is of; None where it is not of the hub."""


def table_of(path: str, split: str, subset: str | None, revision: str | None) -> HubTable:
    """Load one split now; the rows are decoded when they are asked for.

    Args:
        path: A folder, or a hub id.
        split: What the data set calls the split.
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
                return _table(_pick(hub.load_from_disk(path), split, path), split)
            if (place / split / "state.json").is_file():
                return _table(hub.load_from_disk(str(place / split)), split)
            return _from_folder(hub, path, split, subset, revision)
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


def _from_folder(
    hub: Any, path: str, split: str, subset: str | None, revision: str | None
) -> HubTable:
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
        return _table(table, split)
    # pandas renames a column that stands a second time.
    twice = {name for name in table.column_names if f"{name}.1" in table.column_names}
    names = [*table.column_names, *twice]
    require_columns(f"Split {split!r} of {path!r}, header", names, twice, HEADER)
    return _table(table, split, quote=False)


def _table(table: Any, split: str, *, quote: bool = True) -> HubTable:
    return HubTable(table.column_names, rows_of_hub(table, split), quote, _commit(table))


def _commit(table: Any) -> str | None:
    """Return the commit that a table was downloaded at, after which its folder is called."""
    files = [Path(file["filename"]) for file in table.cache_files]
    names = {file.parent.name for file in files if "___" in file.as_posix()}
    name = names.pop() if len(names) == 1 else ""
    return name if re.fullmatch("[0-9a-f]{40}", name) else None


@contextmanager
def _silent(hub: Any) -> Iterator[None]:
    """Keep the library from logging what it fails to read, which may be text, and from bars."""
    before, bars = hub.logging.get_verbosity(), not hub.are_progress_bars_disabled()
    hub.logging.set_verbosity(hub.logging.CRITICAL)
    hub.disable_progress_bars()
    try:
        yield
    finally:
        hub.logging.set_verbosity(before)
        if bars:
            hub.enable_progress_bars()


def _pick(saved: Any, split: str, path: str) -> Any:
    """Return one split of what `save_to_disk` wrote: splits by name, or a single one."""
    # A single table that was made of a list or a frame has no name.
    tables = saved if isinstance(saved, dict) else {str(saved.split or "train"): saved}
    if split not in tables:
        raise NoSplitError(
            f"{path!r} has no split {split!r}.{did_you_mean(split, tables)} It has: "
            f"{', '.join(tables)}; map names with 'splits'."
        )
    return tables[split]
