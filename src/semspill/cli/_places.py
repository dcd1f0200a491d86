"""Paths as a person types them."""

from pathlib import Path
from typing import Any

import typer

from semspill._read import can_be_path

_LONGEST = 4096


def place(typed: str | Path) -> Path:
    """Return a path with its home folder written out, or refuse what can be none.

    Args:
        typed: The path, or the default of one.

    Raises:
        typer.BadParameter: It is empty, or names a home folder that is not known.
    """
    typed = str(typed)
    if not typed.strip() or not can_be_path(typed) or len(typed) > _LONGEST:
        raise typer.BadParameter("a path is needed here, and this is empty or can be none")
    try:
        return Path(typed).expanduser()
    except RuntimeError:
        raise typer.BadParameter(
            "the home folder that it begins with is not known here; write the whole path"
        ) from None


def new_folder(typed: str | Path) -> Path:
    """Return a path whose last part can be the name of a folder to make.

    Raises:
        typer.BadParameter: It cannot, like `.` and `/`.
    """
    path = place(typed)
    if path.name in ("", ".."):
        raise typer.BadParameter("the folder has no name of its own; give one, such as runs/first")
    return path


def argument(metavar: str, help: str, **options: Any) -> Any:
    """Return an argument that is a path."""
    return typer.Argument(parser=place, metavar=metavar, help=help, **options)
