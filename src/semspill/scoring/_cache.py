"""The rating cache: hashes and numbers in one SQLite file per rater, never a text."""

import logging
import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TypeAlias, TypeVar

logger = logging.getLogger(__name__)

T = TypeVar("T")

# Seconds to wait for another process's batch.
_WAIT = 30.0
# An old SQLite takes at most 999 texts in one question.
_CHUNK = 900
# Before the name of a kind, which may be `text` or `rating`.
_KIND = "kind "
# A column for the toxicity, and one for each kind of harm.
_TABLE = "CREATE TABLE IF NOT EXISTS ratings (text BLOB PRIMARY KEY, {} REAL) WITHOUT ROWID"

Row: TypeAlias = tuple[float, ...]
"""The ratings of one text: its toxicity, then that of each kind."""

# What SQLite says of a file that is not, or no longer, what this module wrote.
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_NOTADB)


class _DamagedError(sqlite3.DatabaseError):
    sqlite_errorcode = sqlite3.SQLITE_CORRUPT


class RatingCache:
    """Ratings of one rater by the SHA-256 of the text; a context manager that closes the file.

    A cache never stops a run: a damaged file is renamed to `<name>.damaged` and replaced, and a
    file that cannot be used at all (a read-only folder, a full disk) is done without; both are
    logged as warnings. Several processes may share a file: each batch is one transaction.

    Args:
        path: The file; made, with its folder, when it is missing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None
        self._usable = True

    def __enter__(self) -> "RatingCache":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    @property
    def kinds(self) -> tuple[str, ...] | None:
        """The kinds of harm that its ratings have, known without the rater; None for a new file."""
        return self._attempt(_kinds, None)

    def get(self, digests: Sequence[bytes], kinds: Sequence[str] = ()) -> dict[bytes, Row]:
        """Return the ratings that are known, by digest.

        Args:
            digests: The SHA-256 of each text, 32 bytes.
            kinds: The kinds of harm that are rated beside the toxicity.
        """
        nothing: dict[bytes, Row] = {}
        return self._attempt(lambda connection: _select(connection, digests, kinds), nothing)

    def put(self, ratings: Mapping[bytes, Row], kinds: Sequence[str] = ()) -> None:
        """Add ratings by digest, all of them or, where the disk refuses, none."""
        self._attempt(lambda connection: _insert(connection, ratings, kinds), None)

    def _attempt(self, action: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        if not self._usable:
            return otherwise
        try:
            if self._connection is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                # IMMEDIATE locks before the first write: two writers queue instead of failing.
                self._connection = sqlite3.connect(
                    self.path, timeout=_WAIT, isolation_level="IMMEDIATE"
                )
            return action(self._connection)
        except (OSError, sqlite3.Error) as error:
            self._close()
            self._recover(error)
            return otherwise

    def _recover(self, error: Exception) -> None:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        aside = self.path.with_name(f"{self.path.name}.damaged")
        try:
            self._usable = code in _DAMAGE
            if self._usable:
                # A journal must not be replayed into the new file.
                self.path.with_name(f"{self.path.name}-journal").unlink(missing_ok=True)
                os.replace(self.path, aside)
        except OSError:
            self._usable = False
        if self._usable:
            logger.warning(
                "The ratings in %s were damaged (%s); the file is now %s and a new one is begun.",
                self.path,
                error,
                aside.name,
            )
        else:
            logger.warning("Ratings cannot be cached in %s: %s.", self.path, error)

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            with suppress(OSError):  # not our file, or gone
                os.utime(self.path)  # used now, also where nothing was written
        self._connection = None


def _kinds(connection: sqlite3.Connection) -> tuple[str, ...] | None:
    columns = [name for _, name, *_ in connection.execute("PRAGMA table_info(ratings)")]
    if columns[:2] != ["text", "rating"]:  # a new file, or one of somebody else
        return None
    return tuple(name.removeprefix(_KIND) for name in columns[2:])


def _columns(kinds: Sequence[str]) -> list[str]:
    quoted = (f"{_KIND}{kind}".replace('"', '""') for kind in kinds)
    return ["rating", *(f'"{name}"' for name in quoted)]


def _create(connection: sqlite3.Connection, kinds: Sequence[str]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(_TABLE.format(" REAL, ".join(_columns(kinds))))


def _select(
    connection: sqlite3.Connection, digests: Sequence[bytes], kinds: Sequence[str]
) -> dict[bytes, Row]:
    with connection:
        _create(connection, kinds)
    ratings: dict[bytes, Row] = {}
    for start in range(0, len(digests), _CHUNK):
        chunk = digests[start : start + _CHUNK]
        marks = ",".join("?" * len(chunk))
        query = f"SELECT text, {', '.join(_columns(kinds))} FROM ratings WHERE text IN ({marks})"
        ratings.update((text, tuple(row)) for text, *row in connection.execute(query, chunk))
    held = (rating for row in ratings.values() for rating in row)
    if not all(isinstance(rating, float) and 0 <= rating <= 1 for rating in held):
        raise _DamagedError("a rating is none from 0 to 1")
    return ratings


def _insert(
    connection: sqlite3.Connection, ratings: Mapping[bytes, Row], kinds: Sequence[str]
) -> None:
    marks = ",".join("?" * (2 + len(kinds)))
    with connection:
        _create(connection, kinds)
        rows = ((text, *row) for text, row in ratings.items())
        connection.executemany(f"INSERT OR REPLACE INTO ratings VALUES ({marks})", rows)
