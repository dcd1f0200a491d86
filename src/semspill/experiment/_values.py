"""Field values typed on the command line: TOML, null, or text without quotes."""

from typing import Any

from semspill._read import UnreadableError
from semspill.errors import ConfigError
from semspill.experiment._formats import parse_toml


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


def _toml(typed: str) -> list[Any] | None:
    """Return the TOML values of a list's inside; None where that is not all there is to read."""
    try:
        # In brackets, so that a comment swallows the end and is not dropped without a word.
        document = parse_toml(f"values = [{typed}]")
    except UnreadableError:
        return None
    whole = list(document) == ["values"] and not typed.endswith(",")
    return document["values"] if whole else None
