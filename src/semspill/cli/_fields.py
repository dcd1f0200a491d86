"""Completes what follows `--set` at the TAB key: names of fields, then their values."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from semspill.cli._completion import in_bash
from semspill.errors import ConfigError
from semspill.experiment._fields import ConfigField, config_fields
from semspill.experiment._load import read_fields


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
    found = [_named(field) for field in _next(fields, path)]
    if in_bash() and len(found) == 1:  # which would get a space behind it
        return [*found, f"{found[0][0]}..."]
    return [*found]


def _next(fields: Mapping[str, ConfigField], typed: str) -> list[ConfigField]:
    """Return the fields that begin with what was typed, of the level that was typed so far."""
    # Below a name that is complete lie the fields of its component.
    depths = {typed.count("."), typed.count(".") + (typed in fields)}
    return [
        field
        for path, field in fields.items()
        if path.startswith(typed) and path.count(".") in depths
    ]


def _named(field: ConfigField) -> tuple[str, str]:
    return (f"{field.path}." if field.whole else f"{field.path}=", field.meaning)


def _given(ctx: Any) -> Mapping[str, Any]:
    """Return the config as far as the command line names one that can be read."""
    # A `--set` without its word ends click's reading early: the config is then among the rest.
    config = ctx.params.get("config") or next(iter(ctx.args), None)
    overrides = ctx.params.get("overrides") or ()
    try:
        return read_fields(Path(config) if config else None, overrides)
    except ConfigError:  # half typed, or to be written yet: complete as without it
        return {}
