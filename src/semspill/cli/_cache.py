"""The commands that show and clear what semspill keeps between runs."""

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import platformdirs
import typer
from rich.table import Table

from semspill.cli._app import MACHINE, app, flag, out_console, say_json
from semspill.cli._sizes import readable, size_of
from semspill.errors import ConfigError, did_you_mean
from semspill.scoring import kept_ratings

cache = typer.Typer(
    help="Show and clear what is kept between runs: ratings and downloaded corpora.",
    no_args_is_help=True,
)
app.add_typer(cache, name="cache", rich_help_panel=MACHINE)

_SHORT = 12
_JOURNAL = "-journal"


@dataclass(frozen=True)
class _Entry:
    """One file or folder in the cache."""

    group: str
    """The folder of the cache that it lies in, such as `ratings`."""
    name: str
    """What a person calls it."""
    path: Path
    what: str
    """What it is, in words."""

    @property
    def bytes(self) -> int:
        return size_of(self.path)

    @property
    def used(self) -> str:
        try:
            return f"{datetime.fromtimestamp(self.path.lstat().st_mtime):%Y-%m-%d %H:%M}"
        except FileNotFoundError:
            return "gone meanwhile"


def _complete_what(incomplete: str) -> list[str]:
    names = [name for entry in _entries() for name in (entry.group, entry.name)]
    return [name for name in dict.fromkeys(names) if name.startswith(incomplete)]


@cache.command("list")
def list_cache(
    as_json: Annotated[bool, flag("--json", help="Print one JSON object.")] = False,
) -> None:
    """List what is kept, how large it is and when it was last used."""
    entries = list(_entries())
    if as_json:
        keys = ("group", "name", "what", "bytes", "used")
        rows = [{key: getattr(entry, key) for key in keys} for entry in entries]
        say_json({"folder": str(_root()), "entries": rows})
        return
    table = Table(box=None, pad_edge=False)
    for column in ("kept in", "name", "what", "size", "last used"):
        table.add_column(column, justify="right" if column == "size" else "left")
    for entry in entries:
        table.add_row(entry.group, entry.name, entry.what, readable(entry.bytes), entry.used)
    if entries:
        out_console.print(table)
    total = sum(entry.bytes for entry in entries)
    out_console.print(f"{_root()} holds {readable(total)}.", soft_wrap=True, highlight=False)


@cache.command("clear")
def clear_cache(
    what: Annotated[
        list[str] | None,
        typer.Argument(
            help="Names as `semspill cache list` shows them, such as ratings; without any, all.",
            autocompletion=_complete_what,
        ),
    ] = None,
    yes: Annotated[bool, flag("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete what is kept; a run makes or downloads it again."""
    chosen = _chosen(list(_entries()), what)
    if not chosen:
        out_console.print("There is nothing to clear.")
        return
    total = sum(entry.bytes for entry in chosen)
    said = f"{len(chosen)} {'entry' if len(chosen) == 1 else 'entries'}, {readable(total)}"
    if not yes:
        if not sys.stdin.isatty():
            raise ConfigError(
                f"This would delete {said}, and nobody can be asked here; give --yes."
            )
        typer.confirm(f"Delete {said} in {_root()}?", abort=True)
    for entry in chosen:
        _delete(entry.path)
    out_console.print(f"Deleted {said}.", highlight=False)


def _root() -> Path:
    return Path(platformdirs.user_cache_dir("semspill"))


def _entries() -> Iterator[_Entry]:
    """Yield what lies in the cache."""
    for place in _children(_root()):
        if place.is_symlink() or not place.is_dir():
            yield _Entry("other", place.name, place, "unknown")
        elif place.name == "ratings":
            yield from _ratings(place)
        else:
            yield from (_Entry(place.name, p.name, p, _kind(place, p)) for p in _children(place))


def _kind(folder: Path, path: Path) -> str:
    if path.name.endswith((".tmp", _JOURNAL)):
        return "unfinished"  # being written now, or left by a crash
    return "downloaded" if folder.name == "datasets" else "unknown"


def _children(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return [path for path in sorted(folder.iterdir()) if not _belongs(path)]


def _belongs(path: Path) -> bool:
    """Return whether a file is the journal of another, with which it is deleted."""
    owner = str(path).removesuffix(_JOURNAL)
    return owner != str(path) and Path(owner).is_file() and path.is_file()


def _ratings(folder: Path) -> Iterator[_Entry]:
    kept = {found.path: found for found in kept_ratings(folder)}
    for path in _children(folder):
        found = kept.get(path)
        name = path.name[:_SHORT] if found else path.name
        if path.name.endswith(".damaged"):
            name += ".damaged"
        if found is None:
            what = _kind(folder, path)
        elif found.problem:
            what = found.problem
        else:
            by = f" by {found.rater}" if found.rater else ""
            what = f"{found.count} {'rating' if found.count == 1 else 'ratings'}{by}"
        yield _Entry(folder.name, name, path, what)


def _chosen(entries: list[_Entry], wanted: list[str] | None) -> list[_Entry]:
    if not wanted:
        return entries
    known = {name for entry in entries for name in (entry.group, entry.name)}
    for name in wanted:
        if name not in known:
            raise ConfigError(
                f"The cache holds no {name!r}.{did_you_mean(name, known)} `semspill cache list` "
                "shows what it holds."
            )
    return [entry for entry in entries if {entry.group, entry.name} & set(wanted)]


def _delete(path: Path) -> None:
    # A link is deleted as a link: what it leads to is not ours.
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    # What a crash left of a transaction must not be replayed into a new file.
    journal = path.with_name(f"{path.name}{_JOURNAL}")
    if journal.is_file():
        journal.unlink()
