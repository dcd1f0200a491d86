"""What the cache of ratings holds: one file per rater, and those that were damaged."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote


@dataclass(frozen=True)
class KeptRatings:
    """One file of ratings."""

    path: Path
    """The file."""
    rater: str | None
    """Name of the rater's class; None where the file does not say."""
    count: int | None
    """How many ratings it holds; None where it is damaged."""


def kept_ratings(folder: str | Path) -> tuple[KeptRatings, ...]:
    """Return what a folder of ratings holds, without changing anything.

    Args:
        folder: The `cache` of a `ToxicityScorer`; it may be missing.

    Example:
        >>> kept_ratings("no/such/folder")
        ()
    """
    return tuple(_kept(Path(folder)))


def _kept(folder: Path) -> Iterator[KeptRatings]:
    for path in sorted(folder.glob("*.sqlite3*")) if folder.is_dir() else ():
        if path.is_symlink() or path.suffix == ".damaged":
            yield KeptRatings(path, None, None)
        elif path.suffix == ".sqlite3":
            yield KeptRatings(path, *_read(path))


def _read(path: Path) -> tuple[str | None, int | None]:
    # Read only: looking must not make, repair or lock a file that a run is writing.
    address = f"file:{quote(str(path.resolve()))}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True)) as connection:
            [count] = connection.execute("SELECT count(*) FROM ratings").fetchone()
            known = "SELECT name FROM sqlite_master WHERE name = 'about'"
            if connection.execute(known).fetchone() is None:
                return None, int(count)  # written before files said it
            names = [str(name) for (name,) in connection.execute("SELECT rater FROM about")]
    except sqlite3.Error:
        return None, None
    return ", ".join(filter(None, names)) or None, int(count)
