"""Messages about invalid fields of a config: the place, what is allowed, what to do."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from semspill._mask import described, spelled
from semspill.experiment._fields import config_fields


def problems(
    error: ValidationError, fields: Mapping[str, Any]
) -> list[tuple[tuple[str, ...], str]]:
    """Return the place of every problem, and a sentence on it that names the place.

    Args:
        error: What pydantic raised.
        fields: The config that it looked at.
    """
    errors = error.errors(include_url=False)
    messages = []
    for problem in errors:
        loc = problem["loc"]
        below = [other for other in errors if other["loc"][: len(loc)] == loc != other["loc"]]
        if below or problem["type"] == "default_factory_not_called":
            continue  # that a list is too short, say, only follows from what is wrong elsewhere
        keys = tuple(map(str, loc))
        if problem["type"] == "unknown_field":
            context = problem["ctx"]
            messages.append(((*keys, context["name"]), _unknown(loc, context, fields)))
        else:
            place = f"{'.'.join(keys)}: " if keys else ""
            messages.append((keys, f"{place}{sentence(problem)}"))
    return messages


def sentence(problem: Mapping[str, Any]) -> str:
    """Return what is wrong with one value, and how to write it, without the value itself.

    Args:
        problem: One of pydantic's.
    """
    kind, value = problem["type"], problem["input"]
    # A config file has lists; that they are kept as tuples is nobody's business there.
    text = problem["msg"].replace("a valid tuple", "a list")
    text = text.removeprefix("Value error, ").rstrip(".")
    if kind in ("missing", "value_error", "unknown_field"):
        return f"{text}."
    advice = ""
    if kind == "tuple_type" and isinstance(value, str):
        advice = '; write a list, such as ["a", "b"]'
    elif kind in ("string_type", "path_type") and value is not None:
        advice = "; write it in quotes if it is a name" if _is_plain(value) else ""
    return f"{text}, got {described(value)}{advice}."


def _is_plain(value: object) -> bool:
    return not isinstance(value, str | list | tuple | dict)


def _unknown(loc: Sequence[object], context: Mapping[str, str], fields: Mapping[str, Any]) -> str:
    """Say what an unknown field may have been meant as, here or elsewhere in the config."""
    name, place = context["name"], ".".join(map(str, loc))
    owner = f"{place}{_component_at(loc, fields)}" if place else "A config"
    elsewhere = [
        field.path for field in config_fields(fields) if field.path.rpartition(".")[2] == name
    ]
    near = context["near"].rstrip("?")
    for other in elsewhere:  # the same name in another place may be meant as well
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
