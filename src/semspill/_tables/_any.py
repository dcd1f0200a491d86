"""The rows of a table wherever it lies: a file, a folder, or the hub."""

from contextlib import suppress
from pathlib import Path

from semspill._files import place_of
from semspill._tables._files_of import TableFile, file_of
from semspill._tables._hub_rows import HubTable, table_of
from semspill._tables._splits import NoSplitError

# What the files of a split are called elsewhere.
_ALSO = {
    name: (name, *names)
    for names in (("train", "training"), ("valid", "validation", "dev", "val"), ("test", "eval"))
    for name in names
}


_SAVED = ("state.json", "dataset_dict.json")


def rows_at(path: str, split: str, subset: str | None, revision: str | None) -> HubTable:
    """Return a split of a table; a file is one split, whatever it holds.

    Args:
        path: A file, a folder with a file per split or of `save_to_disk`, or a hub id.
        split: What the data call the split.
        subset: Name of the configuration on the hub.
        revision: Branch, tag or commit on the hub.

    Raises:
        DataError: There is no such table or split.
        MissingExtraError: What reads it is not installed.
    """
    place = place_of(path)
    if is_of_files(place):
        file = file_of_any(place, split)
        return HubTable((), file.rows(), file.kind != "csv")
    return table_of(str(place) if place.exists() else path, split, subset, revision)


def is_of_files(place: Path) -> bool:
    """Return whether a path is a file, or a folder that holds tables and none of `save_to_disk`."""
    if not place.is_dir():
        return place.exists() or TableFile(place, True).is_table
    if any((place / name).exists() for name in _SAVED) or any(place.glob("*/state.json")):
        return False
    return any(TableFile(file, True).is_table for file in place.iterdir())


def file_of_any(place: Path, split: str) -> TableFile:
    """Return the file that holds a split, under any of its usual names.

    Args:
        place: A file, or a folder with a file per split.
        split: What the split is called.

    Raises:
        NoSplitError: There is none.
        DataError: There are several.
    """
    for name in _ALSO.get(split, ()):
        with suppress(NoSplitError):
            return file_of(place, name)
    return file_of(place, split)
