"""Messages about invalid fields of a config: the place, what is allowed, what to do."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from semspill._mask import spelled
from semspill._problems import leaves, sentence
from semspill._registry import registries
from semspill.experiment._fields import config_fields
from semspill.results import PRESETS


def problems(
    error: ValidationError, fields: Mapping[str, Any]
) -> list[tuple[tuple[str, ...], str]]:
    """Return the place of every problem, and a sentence on it that names the place.

    Args:
        error: What pydantic raised.
        fields: The config that it looked at.
    """
    names = {*PRESETS, *(name for kind in registries().values() for name in kind.names())}
    messages = []
    for problem in leaves(error):
        loc = _as_written(problem["loc"], fields)
        keys = tuple(map(str, loc))
        if problem["type"] == "unknown_field":
            context = problem["ctx"]
            messages.append(((*keys, context["name"]), _unknown(loc, context, fields)))
        else:
            place = f"{'.'.join(keys)}: " if keys else ""
            messages.append((keys, f"{place}{sentence(problem, names)}"))
    return messages


def _as_written(loc: Sequence[int | str], fields: Any) -> tuple[int | str, ...]:
    """Return a place without the index of what stands alone where a list may stand."""
    written = []
    for part in loc:
        alone = fields is not ... and not isinstance(fields, list | tuple)
        if isinstance(part, int) and alone:
            continue
        written.append(part)
        if isinstance(fields, Mapping):
            fields = fields.get(part, ...)
        elif isinstance(part, int) and isinstance(fields, list | tuple):
            fields = fields[part] if part < len(fields) else ...
        else:
            fields = ...
    return tuple(written)


def _unknown(loc: Sequence[object], context: Mapping[str, str], fields: Mapping[str, Any]) -> str:
    """Say what an unknown field may have been meant as, here or elsewhere in the config."""
    name, place = context["name"], ".".join(map(str, loc))
    owner = f"{place}{_component_at(loc, fields)}" if place else "A config"
    elsewhere = [
        field.path for field in config_fields(fields) if field.path.rpartition(".")[2] == name
    ]
    near = context["near"].rstrip("?")
    # The same name in another place is likelier meant than one that merely resembles it.
    if elsewhere and f"'{name}" not in near:
        near = ""
    for other in elsewhere:
        near += f" or {other!r}" if near else f" Did you mean {other!r}"
    near += "?" if near else ""
    has = f"{owner} has: {context['fields']}."
    if not near and not context["quoted"].startswith("'"):  # it may be a text in the wrong place
        return f"{place + ': ' if place else ''}unknown field {context['quoted']}. {has}"
    path = f"{place}.{name}" if place else name
    return f"{path}: unknown field.{near} {has}"


def _component_at(loc: Sequence[object], fields: Any) -> str:
    """Return the registered name of the component at a place, in brackets; else nothing."""
    for part in loc:
        fields = fields[part]
    name = fields if isinstance(fields, str) else fields.get("name")
    # Where a component is not expected, its name may be any text.
    return f" ({name})" if spelled(name) else ""
