"""The mark that a run wrote a folder, without which no folder is ever replaced or removed."""

import json
import os
import shutil
from importlib.metadata import version
from pathlib import Path

from semspill._atomic import is_temporary, write_text
from semspill._read import parse_json

MARKER = "run.json"
"""The file of the mark."""
FORMAT = 2
"""Version of the format of the files in it."""


def mark(folder: Path, *, complete: bool) -> None:
    """Mark a folder as written by a run, and whether everything in it belongs together."""
    content = {"semspill_run": FORMAT, "semspill": version("semspill"), "complete": complete}
    write_text(folder / MARKER, json.dumps(content) + "\n")


def format_of(folder: Path) -> int | None:
    """Return the format version of a folder that a run wrote; None for any other."""
    number = _read(folder).get("semspill_run")
    return number if isinstance(number, int) else None


def is_complete(folder: Path) -> bool:
    """Return whether a run wrote this folder, and its last write came to its end."""
    return format_of(folder) is not None and _read(folder).get("complete") is True


def may_take(folder: Path) -> bool:
    """Return whether a run may write or remove a folder: a run made it, or nothing is in it."""
    if not folder.is_dir() or folder.is_symlink():
        return False
    # A run that was killed within its first write leaves nothing but that.
    marked = format_of(folder) is not None
    return marked or all(is_temporary(path, MARKER) for path in folder.iterdir())


def remove(folder: Path) -> None:
    """Remove a folder that `may_take` agreed to; the mark goes last, in case this is stopped."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != MARKER:
            path.unlink()
    (folder / MARKER).unlink(missing_ok=True)
    folder.rmdir()


def replace(new: Path, old: Path) -> None:
    """Put one folder in the place of another, which is removed.

    Whoever is killed between the two steps leaves the old one aside, for `recover`.
    """
    aside = _aside(old)
    os.rename(old, aside)
    os.rename(new, old)
    remove(aside)


def recover(folder: Path) -> None:
    """Finish or take back what a killed `replace` left."""
    aside = _aside(folder)
    if may_take(aside):
        if folder.exists():
            remove(aside)
        else:
            os.rename(aside, folder)


def _aside(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.old")


def _read(folder: Path) -> dict[str, object]:
    try:
        content = parse_json((folder / MARKER).read_bytes())
    except (OSError, ValueError):  # none, or not written whole
        return {}
    return content if isinstance(content, dict) else {}
