"""Fields and values typed on the command line: TOML, null, or text without quotes."""

from collections.abc import Mapping, Sequence
from typing import Any

from semspill._mask import described, spelled
from semspill._read import UnreadableError
from semspill.errors import ConfigError
from semspill.experiment._fields import default_component, is_text
from semspill.experiment._formats import DEEPEST, parse_toml


def quoted(name: str) -> str:
    """Return what may be the name of a field in quotes; of any other text only the size."""
    return spelled(name) or described(name)


def keys_of(override: str) -> tuple[str, ...]:
    """Return the parts of the field's dotted name.

    Raises:
        ConfigError: It does not begin with a field and `=`.
    """
    path, equals, _ = override.partition("=")
    keys = tuple(path.strip().split("."))
    if not equals or not all(keys):
        raise ConfigError(f"overrides: {quoted(path)}: write it as field.subfield=value.")
    if len(keys) > DEEPEST:
        raise ConfigError(f"overrides: a field of {len(keys)} parts; no config is so deep.")
    return keys


def overridden(fields: Mapping[str, Any], override: str) -> dict[str, Any]:
    """Return the fields with one changed.

    Args:
        fields: The config so far.
        override: `field.subfield=value`.

    Raises:
        ConfigError: It is of another form, or leads into what has no fields.
    """
    keys = keys_of(override)
    typed = override.partition("=")[2].strip()
    try:
        value = value_of(typed, text=is_text(fields, ".".join(keys)))
    except ConfigError as error:
        raise ConfigError(f"overrides: {quoted('.'.join(keys))}: {error}") from error
    return _put(fields, keys, value)


def value_of(typed: str, *, text: bool = False) -> Any:
    """Return what was typed for a field.

    Args:
        typed: A TOML value, null, or text without quotes.
        text: Whether the field takes text, so that a number or date is its own spelling.

    Raises:
        ConfigError: It goes on after a line break.

    Example:
        >>> value_of("0.5"), value_of("[1, 2]"), value_of("null"), value_of("calm")
        (0.5, [1, 2], None, 'calm')
        >>> value_of("007", text=True), value_of("1e3", text=True)
        ('007', '1e3')
    """
    if typed == "null":  # TOML has no word for None
        return None
    values = _toml(typed)
    if values is not None and len(values) == 1:
        return typed if text and not isinstance(values[0], str | list | dict) else values[0]
    if len(typed.splitlines()) > 1:
        raise ConfigError("a line break ends the value; set each field by itself.")
    return typed


def values_of(typed: str, *, text: bool = False) -> list[Any]:
    """Return several values that were typed for a field, as a TOML list or with commas between.

    Args:
        typed: `1, 2`, `[1, 2]`, `calm,angry` or `null,80`.
        text: Whether the field takes text.

    Raises:
        ConfigError: It looks like TOML and is not.
    """
    if not set(typed) & set("[]{}'\""):
        parts = [part.strip() for part in typed.split(",")]
        return [value_of(part, text=text) for part in parts if part]
    values = _toml(typed)
    if values is None:
        raise ConfigError("it is no TOML list; write it as [1, 2] or ['a', 'b'].")
    return values[0] if len(values) == 1 and isinstance(values[0], list) else values


def _put(
    fields: Mapping[str, Any], keys: Sequence[str], value: Any, above: Sequence[str] = ()
) -> dict[str, Any]:
    first, *rest = keys
    if not rest:
        return {**fields, first: value}
    # What is not there begins as its default, whose fields are those that can be set.
    inner = fields[first] if first in fields else default_component([*above, first]) or {}
    if isinstance(inner, str):
        inner = {"name": inner}  # a bare component name gets its first field
    if not isinstance(inner, Mapping):
        raise ConfigError(
            f"overrides: {quoted(first)} is {described(inner)}, which has no field "
            f"{quoted(rest[0])}."
        )
    return {**fields, first: _put(inner, rest, value, [*above, first])}


def _toml(typed: str) -> list[Any] | None:
    """Return the TOML values of a list's inside; None where that is not all there is to read."""
    try:
        # In brackets, so that a comment swallows the end and is not dropped without a word.
        document = parse_toml(f"values = [{typed}]")
    except UnreadableError:
        return None
    whole = list(document) == ["values"] and not typed.endswith(",")
    return document["values"] if whole else None
