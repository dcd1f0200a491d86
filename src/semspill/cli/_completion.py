"""What the TAB key offers: kinds and names of components, config files, folders of runs."""

from glob import escape, glob
from pathlib import Path

import typer

_CONFIGS = (".toml", ".yaml", ".yml", ".json")


def complete_config(incomplete: str) -> list[str]:
    """Return config files, here and in folders right below, that begin with what was typed.

    A folder by itself is not offered: shells put a space behind what is.
    """
    return [path for path in _below(incomplete, "") if path.endswith(_CONFIGS)]


def complete_out(incomplete: str) -> list[str]:
    """Return the folders of interrupted runs, which the same command resumes."""
    return [path.removesuffix(".partial") for path in _below(incomplete, ".partial")]


def complete_run(incomplete: str) -> list[str]:
    """Return the folders of finished runs, one or two levels down."""
    return [path for path in _below(incomplete, "") if Path(path, "report.json").is_file()]


def complete_kind(incomplete: str) -> list[str]:
    """Return the kinds of components."""
    from semspill.cli._components import KINDS

    return [kind for kind in KINDS if kind.startswith(incomplete)]


def complete_name(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the names of the components of the kind that was typed before."""
    from semspill.cli._components import kind_of

    names = kind_of(ctx.params["kind"]).names()
    return [name for name in names if name.startswith(incomplete)]


def _below(typed: str, end: str) -> list[str]:
    start = escape(typed)
    return sorted({*glob(f"{start}*{end}"), *glob(f"{start}*/*{end}")})
