"""Shell completion: components, config files, run folders, and fields after `--set`."""

from collections.abc import Mapping
from glob import escape, glob
from pathlib import Path
from typing import Any

from semspill.cli._kinds import KINDS, kind_of
from semspill.errors import ConfigError, RegistryError
from semspill.experiment._fields import ConfigField, config_fields
from semspill.experiment._load import read_fields

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
    return [kind for kind in KINDS if kind.startswith(incomplete)]


def complete_name(ctx: Any, incomplete: str) -> list[str]:
    """Return the names of the components of the kind that was typed before."""
    # Any: what typer gives as `ctx` at the TAB key is of a class without a public name.
    try:
        names = kind_of(ctx.params["kind"]).names()
    except RegistryError:  # the kind is misspelled
        return []
    return [name for name in names if name.startswith(incomplete)]


def complete_override(ctx: Any, incomplete: str) -> list[str | tuple[str, str]]:
    """Return what `--set` may go on with: `poisoner.b` gives `poisoner.budget=` and its meaning.

    Args:
        ctx: The command line so far; the config file on it says which components have fields.
        incomplete: What was typed of the word.
    """
    fields = {field.path: field for field in config_fields(_given(ctx))}
    path, equals, typed = incomplete.partition("=")
    if equals:
        values = fields[path].values if path in fields else ()
        return [f"{path}={value}" for value in values if value.startswith(typed)]
    # Below a name that is complete lie the fields of its component.
    depths = {path.count("."), path.count(".") + (path in fields)}
    return [
        _named(field)
        for name, field in fields.items()
        if name.startswith(path) and name.count(".") in depths
    ]


def _named(field: ConfigField) -> tuple[str, str]:
    return (f"{field.path}." if field.whole else f"{field.path}=", field.meaning)


def _given(ctx: Any) -> Mapping[str, Any]:
    """Return the config as far as the command line names one that can be read."""
    # A `--set` without its word ends click's reading early: the config is then among the rest.
    config = ctx.params.get("config") or next(iter(ctx.args), None)
    try:
        return read_fields(Path(config) if config else None, ctx.params.get("overrides") or ())
    except ConfigError:  # half typed, or to be written yet: complete as without it
        return {}


def _below(typed: str, end: str) -> list[str]:
    start = escape(typed)
    return sorted({*glob(f"{start}*{end}"), *glob(f"{start}*/*{end}")})
