"""What the cache of ratings holds: one file per rater, and those that were damaged."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
# Seconds to wait for a run's batch.
_WAIT = 1.0


@dataclass(frozen=True)
class KeptRatings:
    """One file of ratings."""

    path: Path
    """The file."""
    rater: str | None
    """Name of the rater's class; None where the file does not say."""
    count: int | None
    """How many ratings it holds; None where they cannot be counted."""
    problem: str | None = None
    """Why they cannot: `damaged`, `in use or unfinished`, `a link`; None where they can."""


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
        if path.is_symlink():
            yield KeptRatings(path, None, None, "a link")
        elif path.suffix == ".damaged":
            yield KeptRatings(path, None, None, "damaged")
        elif path.suffix == ".sqlite3" and path.is_file():
            yield _read(path)


def _read(path: Path) -> KeptRatings:
    # Read only: looking must not make, repair or lock a file that a run is writing.
    address = f"file:{quote(str(path.resolve()))}?mode=ro"
    try:
        with closing(sqlite3.connect(address, _WAIT, uri=True)) as connection:
            [count] = connection.execute("SELECT count(*) FROM ratings").fetchone()
            known = "SELECT name FROM sqlite_master WHERE name = 'about'"
            if connection.execute(known).fetchone() is None:
                return KeptRatings(path, None, int(count))  # written before files said it
            names = [str(name) for (name,) in connection.execute("SELECT rater FROM about")]
    except sqlite3.Error as error:
        # A run may hold it, or have left it before its first batch or within one.
        damaged = error.sqlite_errorcode & 0xFF in _DAMAGE
        return KeptRatings(path, None, None, "damaged" if damaged else "in use or unfinished")
    return KeptRatings(path, ", ".join(filter(None, names)) or None, int(count))
