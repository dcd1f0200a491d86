"""Changes of single fields, written as `field.subfield=value`."""

from collections.abc import Mapping, Sequence
from typing import Any

from semspill._mask import described, spelled
from semspill.errors import ConfigError
from semspill.experiment._fields import default_component, is_text
from semspill.experiment._formats import DEEPEST
from semspill.experiment._values import value_of


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
